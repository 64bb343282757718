import KeeptrustsCore
import KeeptrustsWire
import NIOCore

/// Lakera Guard's `POST /v2/guard`: one text a question; it says of each detector whether it has found something.
struct LakeraGuard: ModerationService {
    static let endpoint: String? = "https://api.lakera.ai"
    static let needsCredential = true

    func question(about texts: [ModerationText], categories: [String]) -> ServiceQuestion {
        let text = texts.first
        var body = ByteBuffer(string: #"{"breakdown":true,"messages":[{"role":""#)
        body.writeString(text?.role == .assistant ? "assistant" : "user")
        body.writeStaticString(#"","content":"#)
        body.writeJSONString(text?.text ?? ByteBuffer())
        body.writeStaticString("}]}")
        return ServiceQuestion(path: "/v2/guard", body: body)
    }

    func scores(in reply: ByteBuffer, of count: Int) throws -> [[CategoryScore]] {
        let tree = try JSONTree(reply: reply)
        let isFlagged = try tree.boolean(try tree.need("flagged", of: 0))
        guard isFlagged else { return [[]] }
        let detectors = tree.children(of: try tree.need("breakdown", of: 0, .array))
        let scores = try detectors.map { detector in
            let category = tree.string(try tree.need("detector_type", of: detector, .string))
            let isDetected = try tree.boolean(try tree.need("detected", of: detector))
            return CategoryScore(category: category, score: isDetected ? 1 : 0)
        }
        // What is flagged is flagged, and it must say by what.
        guard scores.contains(where: { $0.score == 1 }) else { throw MalformedReply(what: "nothing that flags it") }
        return [scores]
    }
}
