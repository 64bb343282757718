import KeeptrustsMatching

/// How far some patterns have been searched for in the readings of a text, where that is further than for all.
struct Cursors: Sendable {
    private var entries: [(pattern: Int, path: Int, offset: Int)] = []

    /// The offset at which the search for a pattern goes on; 0 where that is not known here.
    ///
    /// - Parameters:
    ///   - pattern: The pattern.
    ///   - path: The way in which the text is read: what one view has passed over, another may still find.
    subscript(pattern: Int, path: Int) -> Int {
        get { entries.first { $0.pattern == pattern && $0.path == path }?.offset ?? 0 }
        set {
            if let index = entries.firstIndex(where: { $0.pattern == pattern && $0.path == path }) {
                entries[index].offset = newValue
            } else {
                entries.append((pattern, path, newValue))
            }
        }
    }

    mutating func forget(upTo offset: Int) {
        if !entries.isEmpty { entries.removeAll { $0.offset <= offset } }
    }
}
