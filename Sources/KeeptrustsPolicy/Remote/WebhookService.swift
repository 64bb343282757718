import KeeptrustsCore
import KeeptrustsWire
import NIOCore

/// A service of the operator's own.
///
/// `{"texts": [{"role", "phase", "text"}], "categories": […]}` is answered `{"results": [{"scores": {…}}]}`: one result
/// for each text, in their order; scores are numbers in 0...1 by category.
struct WebhookService: ModerationService {
    static let mostTexts = 64
    static let scoresAll = true

    func question(about texts: [ModerationText], categories: [String]) -> ServiceQuestion {
        var body = ByteBuffer(string: #"{"texts":["#)
        for (number, text) in texts.enumerated() {
            body.writeString(number > 0 ? ",{" : "{")
            body.writeString("\"role\":\"\(text.role.rawValue)\",\"phase\":\"\(text.phase.rawValue)\",\"text\":")
            body.writeJSONString(text.text)
            body.writeStaticString("}")
        }
        body.writeStaticString(#"],"categories":"#)
        body.writeJSONStrings(categories)
        body.writeStaticString("}")
        return ServiceQuestion(path: "", body: body)
    }

    func scores(in reply: ByteBuffer, of count: Int) throws -> [[CategoryScore]] {
        let tree = try JSONTree(reply: reply)
        let results = tree.children(of: try tree.need("results", of: 0, .array))
        guard results.count == count else { throw MalformedReply(what: "another number of results") }
        return try results.map { try tree.scores(try tree.need("scores", of: $0, .object)) }
    }
}
