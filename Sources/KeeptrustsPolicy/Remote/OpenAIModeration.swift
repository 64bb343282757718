import KeeptrustsWire
import NIOCore

/// OpenAI's `POST /v1/moderations`: many texts in one question, a score for every category.
struct OpenAIModeration: ModerationService {
    static let endpoint: String? = "https://api.openai.com"
    static let needsCredential = true
    static let scoresAll = true
    static let mostTexts = 32
    static let categories: [String]? = [
        "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm",
        "self-harm/intent", "self-harm/instructions", "sexual", "sexual/minors", "violence", "violence/graphic",
    ]

    func question(about texts: [ModerationText], categories: [String]) -> ServiceQuestion {
        var body = ByteBuffer(string: #"{"model":"omni-moderation-latest","input":["#)
        for (number, text) in texts.enumerated() {
            if number > 0 { body.writeStaticString(",") }
            body.writeJSONString(text.text)
        }
        body.writeStaticString("]}")
        return ServiceQuestion(path: "/v1/moderations", body: body)
    }

    func scores(in reply: ByteBuffer, of count: Int) throws -> [[CategoryScore]] {
        let tree = try JSONTree(reply: reply)
        let results = tree.children(of: try tree.need("results", of: 0, .array))
        guard results.count == count else { throw MalformedReply(what: "another number of results") }
        return try results.map { result in
            let scores = try tree.scores(try tree.need("category_scores", of: result, .object))
            guard !scores.isEmpty else { throw MalformedReply(what: "no scores") }
            return scores
        }
    }
}
