import KeeptrustsWire
import NIOCore

/// Presidio's analyser, `POST /analyze`: one text a question, a score for each entity that it finds.
struct PresidioService: ModerationService {
    static let asksByCategory = true

    func question(about texts: [ModerationText], categories: [String]) -> ServiceQuestion {
        var body = ByteBuffer(string: #"{"language":"en","text":"#)
        body.writeJSONString(texts.first?.text ?? ByteBuffer())
        if !categories.isEmpty {
            body.writeStaticString(#","entities":"#)
            body.writeJSONStrings(categories)
        }
        body.writeStaticString("}")
        return ServiceQuestion(path: "/analyze", body: body)
    }

    func scores(in reply: ByteBuffer, of count: Int) throws -> [[CategoryScore]] {
        let tree = try JSONTree(reply: reply)
        guard tree.nodes[0].kind == .array else { throw MalformedReply(what: "no list") }
        return [
            try tree.children(of: 0).map { entity in
                CategoryScore(
                    category: tree.string(try tree.need("entity_type", of: entity, .string)),
                    score: try tree.score(try tree.need("score", of: entity)))
            }
        ]
    }
}
