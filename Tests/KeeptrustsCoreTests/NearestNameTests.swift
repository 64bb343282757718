import KeeptrustsCore
import Testing

struct NearestNameTests {
    @Test(
        "A misspelt name finds the one that was meant",
        arguments: [
            ("max_attemps", "max_attempts"), ("MaxAttempts", "max_attempts"), ("max-attempts", "max_attempts"),
            ("MODEL", "model"), ("modl", "model"), ("od", "id"), ("xy", nil), ("jitter", nil), ("", nil),
        ]
    )
    func nearest(name: String, expected: String?) {
        #expect(nearestName(to: name, among: ["id", "model", "max_attempts"]) == expected)
    }

    @Test(
        "A name that ends early is meant to go on, where only one does",
        arguments: [("secret_key", "secret_key_ref"), ("SECRET-KEY", "secret_key_ref"), ("api_key", nil), ("sec", nil)]
    )
    func beginning(name: String, expected: String?) {
        let names = ["secret_key_ref", "api_key_header", "api_key_prefix"]
        #expect(nearestName(to: name, among: names) == expected)
    }

    @Test("A name of any length is looked at only when it is short")
    func long() {
        #expect(nearestName(to: String(repeating: "a", count: 1_000_000), among: ["a"]) == nil)
    }

    @Test("A quoted value is short and has no control characters")
    func quoting() {
        #expect(quoted("a\u{1B}[31mb") == "'a\u{FFFD}[31mb'")
        #expect(quoted(String(repeating: "x", count: 61)) == "'\(String(repeating: "x", count: 60))…'")
    }
}
