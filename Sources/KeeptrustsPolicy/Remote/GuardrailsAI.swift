import KeeptrustsWire
import NIOCore

/// A guard of a Guardrails AI server, `POST /guards/{name}/validate`: one text a question; the guard lets it pass or not.
///
/// The endpoint is the guard's own address, such as `http://guardrails:8000/guards/no-secrets`.
struct GuardrailsAI: ModerationService {
    static let takesCategories = false

    func question(about texts: [ModerationText], categories: [String]) -> ServiceQuestion {
        var body = ByteBuffer(string: #"{"llmOutput":"#)
        body.writeJSONString(texts.first?.text ?? ByteBuffer())
        body.writeStaticString("}")
        return ServiceQuestion(path: "/validate", body: body)
    }

    func scores(in reply: ByteBuffer, of count: Int) throws -> [[CategoryScore]] {
        let tree = try JSONTree(reply: reply)
        let passes = try tree.boolean(try tree.need("validationPassed", of: 0))
        return [[CategoryScore(category: "validation", score: passes ? 0 : 1)]]
    }
}
