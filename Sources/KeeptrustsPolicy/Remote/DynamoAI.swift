import KeeptrustsCore
import KeeptrustsWire
import NIOCore

/// DynamoGuard's `POST /v1/moderation/analyze/`: one text a question; it says what must be done with it.
///
/// The categories are the ids of its policies. What it would only let pass changed does not pass: its changes are not made.
struct DynamoAI: ModerationService {
    static let needsCredential = true

    func question(about texts: [ModerationText], categories: [String]) -> ServiceQuestion {
        var body = ByteBuffer(string: #"{"messages":[{"role":""#)
        body.writeString(texts.first?.role == .assistant ? "assistant" : "user")
        body.writeStaticString(#"","content":"#)
        body.writeJSONString(texts.first?.text ?? ByteBuffer())
        body.writeStaticString("}]")
        if !categories.isEmpty {
            body.writeStaticString(#","policyIds":"#)
            body.writeJSONStrings(categories)
        }
        body.writeStaticString("}")
        return ServiceQuestion(path: "/v1/moderation/analyze/", body: body)
    }

    /// It judges by the policies that it is asked for, so that all that it finds counts.
    static let asksByCategory = true

    func scores(in reply: ByteBuffer, of count: Int) throws -> [[CategoryScore]] {
        let tree = try JSONTree(reply: reply)
        switch tree.string(try tree.need("finalAction", of: 0, .string)) {
        case "NONE", "WARN": return [[]]
        case "BLOCK", "REDACT", "SANITIZE": return [[CategoryScore(category: "policy", score: 1)]]
        default: throw MalformedReply(what: "an unknown action")
        }
    }
}
