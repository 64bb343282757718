/// A pattern for names, such as those of tools: letters as they are, `*` for any number of characters, `?` for one.
struct NamePattern: Sendable, Hashable {
    private let pattern: [UInt8]

    init(_ pattern: String) { self.pattern = Array(pattern.utf8) }

    /// Whether all of `name` is described by the pattern; takes time in proportion to the product of their lengths.
    func matches(_ name: String) -> Bool { matches(Array(name.utf8)) }

    /// The same of a name's bytes, for one that is compared with many patterns.
    func matches(_ name: [UInt8]) -> Bool {
        var (at, place) = (0, 0)
        // Where the last `*` stood, and how much of the name it has swallowed.
        var star: (at: Int, place: Int)?
        while place < name.count {
            if at < pattern.count, pattern[at] == UInt8(ascii: "*") {
                star = (at, place)
                at += 1
            } else if at < pattern.count, pattern[at] == UInt8(ascii: "?") || pattern[at] == name[place] {
                (at, place) = (at + 1, place + 1)
            } else if let last = star {
                star = (last.at, last.place + 1)
                (at, place) = (last.at + 1, last.place + 1)
            } else {
                return false
            }
        }
        while at < pattern.count, pattern[at] == UInt8(ascii: "*") { at += 1 }
        return at == pattern.count
    }
}
