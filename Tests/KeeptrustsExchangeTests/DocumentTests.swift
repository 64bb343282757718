import KeeptrustsExchange
import NIOCore
import Testing

@Suite("Files of a request")
struct DocumentTests {
    @Test("A file of text with code that may do harm reaches the provider empty")
    func sanitized() throws {
        let play = try Play(
            Play.yaml.replacing("pii-detector, audit-logger]", with: "document-analyzer]").replacing(
                "pii-detector: {action: redact}", with: "document-analyzer: {sanitize_code: true}"))
        let script = "data:text/x-python;base64,aW1wb3J0IG9zCm9zLnN5c3RlbSgicm0gLXJmIC9ldGMiKQo="
        let actions = try play.chat(
            """
            {"model":"gpt-4o","messages":[{"role":"user","content":[{"type":"text","text":"Run this."},\
            {"type":"file","file":{"filename":"a.py","file_data":"\(script)"}}]}]}
            """)

        #expect(actions.call?.bytes.contains("\"file_data\":\"data:text/x-python;base64,W1JFREFDVEVEXQ==\"") == true)
        #expect(actions.call?.bytes.contains("Run this.") == true)
    }
}
