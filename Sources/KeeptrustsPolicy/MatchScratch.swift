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

    /// Finds out where the view of a suspect differs from other readings of its text, unless that is known.
    ///
    /// - Parameters:
    ///   - index: The suspect.
    ///   - text: The text as it was sent.
    func noteDifferences(ofSuspect index: Int, in text: ByteBuffer) {
        guard suspects[index].differences == nil, let view = suspects[index].view else { return }
        let (segment, hits) = (suspects[index].segment, suspects[index].hits)
        suspects[index].differences = text.withUnsafeReadableBytes { text in
            differences(of: view, segment, before: index, in: text) { zip(hits, $0.hits).contains { $0 & $1 != 0 } }
        }
    }

    /// Where a view differs from the text as it was sent, and from the view before.
    ///
    /// - Parameters:
    ///   - view: The view.
    ///   - segment: The text that it is a view of.
    ///   - end: How many suspects are before it.
    ///   - text: The text as it was sent.
    ///   - isWanted: Whether it is compared with a suspect.
    /// - Returns: The differences from those of the two that are suspects; from the view before only if they may be few.
    func differences(
        of view: TextView, _ segment: Int, before end: Int, in text: UnsafeRawBufferPointer,
        isWanted: (Suspect) -> Bool = { _ in true }
    ) -> [Difference] {
        let own = suspects[..<end].indices.reversed().prefix { suspects[$0].segment == segment }
        let known = own.filter { !suspects[$0].failed && suspects[$0].same == nil && isWanted(suspects[$0]) }
        let plain = known.last { suspects[$0].reading == .plain }
        let before = known.first { suspects[$0].reading != .plain }
        var differences: [Difference] = []
        if let plain { differences.append(Difference(other: plain, places: view.changes(from: text))) }
        if let before, let other = suspects[before].view, view.isAbout(asLongAs: other.bytes.count) {
            let difference = Difference(other: before, places: view.changes(from: other))
            if difference.isSmall(in: view) { differences.append(difference) }
        }
        return differences
    }

    /// Where a view of a text differs from another reading of it.
    struct Difference {
        /// The other one, of the suspects.
        var other: Int

        /// Offsets in the view: what patterns match elsewhere, those that are suspected in both match in the other, too.
        var places: [Range<Int>]

        /// Whether the places are so few that most of the view need not be looked at.
        func isSmall(in view: TextView) -> Bool { places.count <= view.bytes.count / 256 }
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

        /// Where a view differs from other readings of the text; nil until somebody asks.
        var differences: [Difference]?

        /// What was scanned for; nil where the scan was given up.
        var scope: PatternScope?

        /// The reading that gave the same view, and is one of the suspects.
        var same: Reading?

        static func failed(_ segment: Int, _ reading: Reading, _ view: TextView?, _ patterns: [UInt64]) -> Self {
            Self(segment: segment, reading: reading, view: view, hits: patterns, failed: true)
        }
    }
}
