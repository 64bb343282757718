import KeeptrustsWire
import NIOCore

/// Azure AI Content Safety's `text:analyze`: one text a question, a severity of 0, 2, 4 or 6 for each category.
struct AzureContentSafety: ModerationService {
    static let credential = (header: "ocp-apim-subscription-key", prefix: "")
    static let needsCredential = true
    static let scoresAll = true
    static let categories: [String]? = ["Hate", "SelfHarm", "Sexual", "Violence"]

    /// The service takes 10,000 characters.
    static let mostBytes = 10_000

    func question(about texts: [ModerationText], categories: [String]) -> ServiceQuestion {
        var body = ByteBuffer(string: #"{"text":"#)
        body.writeJSONString(texts.first?.text ?? ByteBuffer())
        if !categories.isEmpty {
            body.writeStaticString(#","categories":"#)
            body.writeJSONStrings(categories)
        }
        body.writeStaticString(#","outputType":"FourSeverityLevels"}"#)
        return ServiceQuestion(path: "/contentsafety/text:analyze?api-version=2024-09-01", body: body)
    }

    func scores(in reply: ByteBuffer, of count: Int) throws -> [[CategoryScore]] {
        let tree = try JSONTree(reply: reply)
        let analyses = tree.children(of: try tree.need("categoriesAnalysis", of: 0, .array))
        guard !analyses.isEmpty else { throw MalformedReply(what: "no categories") }
        return [
            try analyses.map { analysis in
                let category = tree.string(try tree.need("category", of: analysis, .string))
                guard let severity = tree.double(try tree.need("severity", of: analysis)), (0...7).contains(severity)
                else { throw MalformedReply(what: "no severity") }
                return CategoryScore(category: category, score: min(1, severity / 6))
            }
        ]
    }
}
