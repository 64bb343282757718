import KeeptrustsCore
import Testing

@Suite("Secrets")
struct SecretTests {
    struct Holder {
        var name = "n"
        var key = Secret("sk-live-1")
        var keys = ["a": Secret("sk-live-2")]
        var maybe: Secret? = Secret("sk-live-3")
    }

    @Test("No way of printing shows a secret")
    func printing() {
        var dumped = ""
        dump(Holder(), to: &dumped)
        let texts = [
            "\(Holder().key)", String(describing: Holder()), String(reflecting: Holder()), "\([Holder().key])", dumped,
            "\(Optional(Holder().key) as Any)",
        ]
        for text in texts { #expect(!text.contains("sk-live")) }
        #expect("\(Secret("x"))" == "[secret]")
    }

    @Test("A secret is revealed on purpose, and equal to the same secret")
    func reveal() {
        #expect(Secret("sk-live-1").reveal() == "sk-live-1")
        #expect(Secret("a") == Secret("a") && Secret("a") != Secret("b"))
    }
}
