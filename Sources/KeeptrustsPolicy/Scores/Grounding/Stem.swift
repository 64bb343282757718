/// Words without their endings, roughly: enough to see that a sentence speaks of the same things as another.
enum Stem {
    /// The hash of a word's stem; `letters` are in lower case.
    static func hash(_ letters: [UInt8], count: Int) -> UInt64 {
        letters.withUnsafeBufferPointer { hash($0, count: count) }
    }

    /// The same of letters that lie elsewhere.
    static func hash(_ letters: UnsafeBufferPointer<UInt8>, count: Int) -> UInt64 {
        var end = count
        // An ending may hide another: `lead-er-s`.
        for _ in 0..<3 {
            guard end > 0, let shorter = strip(letters, end) else { break }
            end = shorter
        }
        var hash = WordHash.start
        for index in 0..<min(end, longest) { hash = WordHash.add(letters[index], to: hash) }
        return hash
    }

    /// Where the word ends without its last ending; nil when it has none.
    private static func strip(_ letters: UnsafeBufferPointer<UInt8>, _ end: Int) -> Int? {
        let last = Int(letters[end - 1]) - 0x61
        guard endings.indices.contains(last) else { return nil }
        for ending in endings[last] where end >= ending.bytes.count + ending.least {
            let start = end - ending.bytes.count
            var same = 0
            while same < ending.bytes.count, letters[start + same] == ending.bytes[same] { same += 1 }
            if same == ending.bytes.count { return start }
        }
        return nil
    }

    /// Letters that count.
    private static let longest = 7

    private struct Ending: Sendable {
        var bytes: [UInt8]

        /// How many letters must stand before it.
        var least: Int
    }

    /// Of each letter, the endings that end with it; longer ones first.
    private static let endings: [[Ending]] = {
        let all: KeyValuePairs = [
            "ations": 3, "ation": 3, "ments": 3, "ment": 3, "ings": 3, "ing": 3, "ness": 3, "ions": 3, "ion": 3,
            "ies": 2,
            "ied": 2, "ers": 3, "ors": 3, "er": 3, "or": 3, "ed": 3, "es": 3, "ly": 3, "al": 4, "s": 3, "e": 3, "y": 2,
        ]
        var endings = [[Ending]](repeating: [], count: 26)
        for (text, least) in all {
            let bytes = Array(text.utf8)
            endings[Int(bytes[bytes.count - 1]) - 0x61].append(Ending(bytes: bytes, least: least))
        }
        return endings
    }()
}
