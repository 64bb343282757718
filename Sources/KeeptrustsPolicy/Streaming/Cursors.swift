/// How far some patterns have been searched for, where that is further than for all.
struct Cursors: Sendable {
    private var entries: [(pattern: Int, offset: Int)] = []

    /// The offset at which the search for a pattern goes on; 0 where that is not known here.
    subscript(pattern: Int) -> Int {
        get { entries.first { $0.pattern == pattern }?.offset ?? 0 }
        set {
            if let index = entries.firstIndex(where: { $0.pattern == pattern }) {
                entries[index].offset = newValue
            } else {
                entries.append((pattern, newValue))
            }
        }
    }

    mutating func forget(upTo offset: Int) {
        if !entries.isEmpty { entries.removeAll { $0.offset <= offset } }
    }
}
