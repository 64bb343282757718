import KeeptrustsCore
import NIOCore

@testable import KeeptrustsPolicy

/// What a chain asks about texts, and what comes of the replies.
struct Asking {
    private let chain: PolicyChain
    private let scratch: MatchScratch
    private let pending: PendingJudgement?
    private let outcome: ChainOutcome?

    init(
        _ chain: PolicyChain, _ segments: [Segment], at stage: ExchangeStage = .request,
        knowing facts: ExchangeFacts = ExchangeFacts(), using scratch: MatchScratch? = nil
    ) {
        self.chain = chain
        self.scratch = scratch ?? MatchScratch(for: chain)
        var numbers = Placeholders()
        let step = chain.begin(segments, at: stage, facts: facts, using: self.scratch, placeholders: &numbers)
        switch step {
        case .finished(let outcome): (pending, self.outcome) = (nil, outcome)
        case .asking(let pending): (self.pending, outcome) = (pending, nil)
        }
    }

    /// The chain has judged, and asks nobody.
    var finished: ChainOutcome? { outcome }
    var questions: [ServiceQuestion] { pending?.asked.map(\.question) ?? [] }
    var paths: [String] { questions.map(\.path) }
    var bodies: [String] { questions.map { String(buffer: $0.body) } }

    func finish(_ replies: [ServiceReply]) -> ChainOutcome {
        var numbers = Placeholders()
        return pending?.finish(replies, using: scratch, placeholders: &numbers) ?? outcome ?? ChainOutcome()
    }

    func finish(_ texts: String...) -> ChainOutcome { finish(texts.map { .text($0) }) }
}

extension ServiceReply {
    static func text(_ text: String, _ type: String? = nil) -> Self {
        .answer(ServiceAnswer(contentType: type, body: ByteBuffer(string: text)))
    }

    /// What a model answers that judges.
    static func graded(_ content: String) -> Self {
        var out = ByteBuffer(string: #"{"choices":[{"message":{"role":"assistant","content":"#)
        out.writeString("\"\(content.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\"}}]}")
        return .answer(ServiceAnswer(body: out))
    }
}
