import KeeptrustsMatching
import NIOCore

/// What one event loop needs to judge texts by a chain: memory that is used again for each text.
public final class MatchScratch {
    /// Nil when there was no memory for it; every policy with patterns fails then.
    let patterns: PatternScratch?

    /// What a classifier works in.
    let room = WindowRoom()

    /// Of each text that is being judged, what must be confirmed.
    var suspects: [Suspect] = []

    /// What the policies of the event loop remember; it outlives the chain.
    public var memory: PolicyMemory

    /// Texts in which nothing was seen; nil where each text is looked at each time.
    var known: KnownTexts?

    /// Whose the texts are that are judged next: the same number for the same caller.
    public var caller = 0

    /// What a classifier makes of each text that it reads, in their order.
    var classified: [ClassifierReading] = []

    /// A classifier finds enough in one of the texts to act on it, whatever the rules find.
    var isAlarmed = false

    /// Texts are graded that no policy acts on, too: see ``PolicyResult/score``.
    ///
    /// Costs more than judging them does, so it is off unless somebody asks.
    public var gradesAll = false

    /// - Parameters:
    ///   - chain: The chain that judges.
    ///   - memory: What its policies remember.
    ///   - passesKnown: Texts of requests in which nothing was seen are not looked at again, as long as this memory lives.
    public init(for chain: PolicyChain, memory: PolicyMemory = PolicyMemory(), passesKnown: Bool = false) {
        patterns = PatternScratch(for: chain.patterns)
        self.memory = memory
        known = passesKnown ? KnownTexts() : nil
    }

    /// Forgets what was noted on the texts before.
    func begin() {
        suspects.removeAll(keepingCapacity: true)
        classified.removeAll(keepingCapacity: true)
        isAlarmed = false
    }

    /// The suspects of the text to which the one at `first` belongs; they stand in the order of their texts.
    func suspectsOfOneText(from first: Int) -> Range<Int> {
        var end = first + 1
        while end < suspects.count, suspects[end].segment == suspects[first].segment { end += 1 }
        return first..<end
    }

    /// Finds out where the view of a suspect differs from the text as it was sent, if any of its patterns are looked for in
    /// both.
    ///
    /// - Parameters:
    ///   - index: The suspect.
    ///   - text: The text as it was sent.
    func noteChanges(ofSuspect index: Int, in text: ByteBuffer) {
        guard suspects[index].changes == nil, let view = suspects[index].view else { return }
        let segment = suspects[index].segment
        let plain = suspects[..<index].last { $0.segment == segment && $0.reading == .plain && !$0.failed }
        guard let plain else { return }
        let known = zip(suspects[index].hits, plain.hits).map { $0 & $1 }
        guard known.contains(where: { $0 != 0 }) else { return }
        suspects[index].changes = (text.withUnsafeReadableBytes { view.changes(from: $0) }, known)
    }

    /// One way of reading one text, in which patterns may match.
    struct Suspect {
        var segment: Int
        var reading: Reading

        /// Nil for the text as it was sent.
        var view: TextView?

        /// The patterns that may match, as bits.
        var hits: [UInt64]

        /// The parts of the text that can hold a match; for patterns without one, it is all of it.
        var regions: [PatternRegion] = []

        /// The scan was given up: nothing is known about this text.
        var failed = false

        /// Where a view differs from the text as it was sent, and which patterns are searched for in that, too.
        ///
        /// What these match elsewhere is found there. Nil until somebody asks.
        var changes: (places: [Range<Int>], known: [UInt64])?

        /// The reading that gave the same view, and is one of the suspects.
        var same: Reading?

        static func failed(_ segment: Int, _ reading: Reading, _ view: TextView?, _ patterns: [UInt64]) -> Self {
            Self(segment: segment, reading: reading, view: view, hits: patterns, failed: true)
        }
    }
}
