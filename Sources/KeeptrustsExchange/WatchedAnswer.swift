import KeeptrustsCore
import KeeptrustsDialects
import KeeptrustsPolicy

/// A copy of a streamed answer for policies that only watch it, and what they say when all of it is there.
struct WatchedAnswer {
    /// Nil when nobody watches, or nobody can any more.
    private var copy: HeldAnswer?

    /// What the policies said.
    var outcome: ChainOutcome?

    /// The answer goes out without them, since there was too much of it.
    private(set) var isMissed = false

    init(isWatched: Bool) { copy = isWatched ? HeldAnswer() : nil }

    /// Keeps an event.
    ///
    /// - Parameters:
    ///   - chunk: The event.
    ///   - labels: What stood already in the places of its texts and seemed to be names.
    ///   - limit: Bytes that may be kept.
    mutating func add(_ chunk: SurfaceChunk, after labels: StreamedLabels, limit: Int) {
        guard var copy else { return }
        self.copy = nil
        let isKept = (try? copy.add(chunk, after: labels, limit: limit) { _ in false }) ?? false
        if isKept { self.copy = copy } else { isMissed = true }
    }

    /// Takes note that nobody has judged it in time.
    mutating func miss() { isMissed = true }

    /// Gives all texts, once.
    ///
    /// - Parameter addsEmpty: Whether a choice is there by an empty text that neither says anything nor calls a tool.
    /// - Returns: The texts; nil when there is nobody to judge them.
    mutating func takeTexts(withEmpty addsEmpty: Bool) -> [Segment]? {
        guard var copy else { return nil }
        self.copy = nil
        let texts = copy.segments(withEmpty: addsEmpty)
        isMissed = texts == nil
        return texts
    }
}
