import KeeptrustsCore
import KeeptrustsDialects
import KeeptrustsPolicy
import NIOCore

/// The texts of a streamed answer, each with a judge of its own, and what the chain says of them.
struct StreamedTexts {
    /// Why a text must not go on, and whose word that is.
    struct Refusal {
        var reason: Reason
        var policy: String
    }

    private struct Text {
        var choice: Int
        var channel: KeeptrustsDialects.Channel
        var judge: StreamJudge?

        /// Nothing of it is held back any more.
        var isOver = false
    }

    private let chain: PolicyChain
    private let share: ChainShare
    private let scratch: MatchScratch

    /// The numbers that the values of the exchange have.
    var placeholders: Placeholders
    private var texts: [Text] = []

    /// What the chain said of texts that continue nothing; the first hundred findings are enough.
    private var loose = ChainOutcome()

    init(
        _ chain: PolicyChain, without leftOut: [Int], _ scratch: MatchScratch, _ placeholders: Placeholders
    ) {
        self.chain = chain
        share = .others.without(leftOut)
        self.scratch = scratch
        self.placeholders = placeholders
    }

    /// What the chain says of all texts together; a finding names its text by the number here.
    var outcome: ChainOutcome {
        var all = loose
        for (number, text) in texts.enumerated() {
            if let judge = text.judge { all.add(judge.outcome) { _ in number } }
        }
        return all
    }

    var count: Int { texts.count }

    /// Whether a piece continues a text that is here.
    func have(_ delta: AnswerText) -> Bool { place(of: delta) != nil }

    /// Whether something was taken out of a text that a piece continues.
    func isCut(_ delta: AnswerText) -> Bool {
        place(of: delta).flatMap { texts[$0].judge?.outcome.verdict } ?? .allow >= .redact
    }

    /// The choice and the channel of a text.
    func key(at place: Int) -> (choice: Int, channel: KeeptrustsDialects.Channel) {
        (texts[place].choice, texts[place].channel)
    }

    /// The texts of a choice, or of all, of which something may be held back.
    ///
    /// - Parameters:
    ///   - choice: The choice; nil for all.
    ///   - deltas: Pieces of texts that are left out.
    /// - Returns: The numbers of the texts.
    func unfinished(of choice: Int?, except deltas: [AnswerText]) -> [Int] {
        texts.indices.filter { place in
            let text = texts[place]
            guard !text.isOver, choice == nil || text.choice == choice, text.judge != nil else { return false }
            return !deltas.contains { $0.choice == text.choice && $0.channel == text.channel }
        }
    }

    /// Hands a piece of a text to its judge; not nil when a policy forbids it.
    ///
    /// - Throws: ``DialectError`` for a text that goes on after its end: what was sent of it counted as all of it.
    mutating func judge(
        _ delta: AnswerText, isLast: Bool, into piece: inout ByteBuffer
    ) throws(DialectError) -> Refusal? {
        let text = delta.text.segment.text
        guard delta.channel != .other, !delta.channel.isField else { return judgeAlone(delta, into: &piece) }
        var place = place(of: delta)
        if place == nil {
            let judge = chain.streamJudge(on: delta.text.segment.phase, by: share, using: scratch)
            texts.append(Text(choice: delta.choice, channel: delta.channel, judge: judge))
            place = texts.count - 1
        }
        guard let place, texts[place].judge != nil else {
            piece = text
            return nil
        }
        guard !texts[place].isOver else { throw .malformed("a text that goes on after its end") }
        return push(text, to: place, isLast: isLast, into: &piece)
    }

    /// Hands a piece to the judge of one text.
    mutating func push(_ text: ByteBuffer, to place: Int, isLast: Bool, into piece: inout ByteBuffer) -> Refusal? {
        let scratch = scratch
        let step = texts[place].judge?.push(
            text, isLast: isLast, using: scratch, placeholders: &placeholders, into: &piece)
        if isLast, case .pass? = step { texts[place].isOver = true }
        guard case .blocked(let reason, let policy)? = step else { return nil }
        return Refusal(reason: reason, policy: policy)
    }

    /// Judges a text that continues nothing; only what was said of it is kept.
    private mutating func judgeAlone(_ delta: AnswerText, into piece: inout ByteBuffer) -> Refusal? {
        let text = delta.text.segment.text
        guard var judge = chain.streamJudge(on: delta.text.segment.phase, by: share, using: scratch) else {
            piece = text
            return nil
        }
        let step = judge.push(text, isLast: true, using: scratch, placeholders: &placeholders, into: &piece)
        loose.add(judge.outcome) { [count = texts.count] _ in count }
        guard case .blocked(let reason, let policy) = step else { return nil }
        return Refusal(reason: reason, policy: policy)
    }

    private func place(of delta: AnswerText) -> Int? {
        texts.firstIndex { $0.choice == delta.choice && $0.channel == delta.channel }
    }
}
