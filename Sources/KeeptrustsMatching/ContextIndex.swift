/// Which of many ``ContextWords`` the words of a text may speak for: each word is looked up once, however many ask.
public struct ContextIndex: Sendable {
    /// Those that ask, by the hash of a word that ends one of their terms, or of its beginning.
    private var lists: [[Int]] = []
    private var listOfHash = WordHashes<Int32>(nothing: -1)

    /// Of each owner, its place among those that ask.
    private var askers: [Int: Int] = [:]

    /// Of each that asks, whether it has terms inside rows of letters, and whether its candidates may begin with letters.
    private var kinds: [(hasUnspaced: Bool, beginsWithLetter: Bool)] = []

    private var prefixLengths: UInt64 = 0
    private var ends = ByteSet()
    private var beginnings = ByteSet()

    public init() {}

    /// Adds one that asks.
    ///
    /// - Parameters:
    ///   - words: The words.
    ///   - owner: How it is known; several may have the same owner.
    ///   - beginsWithLetter: Whether its candidates may begin with a letter.
    public mutating func add(_ words: ContextWords, of owner: Int, beginsWithLetter: Bool) {
        let asker = askers[owner] ?? kinds.count
        if asker == kinds.count { kinds.append((false, false)) }
        askers[owner] = asker
        kinds[asker].hasUnspaced = kinds[asker].hasUnspaced || !words.infixes.isEmpty
        kinds[asker].beginsWithLetter = kinds[asker].beginsWithLetter || beginsWithLetter
        prefixLengths |= words.prefixLengths
        ends = ends.union(words.ends)
        beginnings = beginnings.union(words.beginnings)
        for (key, meaning) in words.meanings.entries where meaning.finding == .near || meaning.goesOn {
            if listOfHash[key] < 0 {
                listOfHash[key] = Int32(lists.count)
                lists.append([])
            }
            lists[Int(listOfHash[key])].append(asker)
        }
    }

    /// Where words end that may speak for candidates.
    public struct Places {
        fileprivate let askers: [Int: Int]
        fileprivate let kinds: [(hasUnspaced: Bool, beginsWithLetter: Bool)]

        /// Of each that asks, where candidates begin for which a word of it may speak: in order, none touches another.
        fileprivate var own: [[Range<Int>]]

        /// The ends of words of scripts that put no spaces between them; and of words of letters of ASCII and others, of which
        /// a candidate that begins with a letter may see a part only.
        fileprivate var unspaced: [Range<Int>] = []
        fileprivate var mixed: [Range<Int>] = []

        /// Where a candidate must begin so that a word may speak for it.
        ///
        /// - Parameters:
        ///   - owner: The one that asks.
        ///   - longest: Bytes that a candidate has at most.
        /// - Returns: The parts, in order and apart from each other.
        public func starts(of owner: Int, longest: Int) -> [Range<Int>] {
            guard let asker = askers[owner] else { return [] }
            let behind = own[asker]
            var inside: [Range<Int>] = []
            if kinds[asker].hasUnspaced { inside += unspaced }
            if kinds[asker].beginsWithLetter { inside += mixed }
            guard !inside.isEmpty else { return behind }
            let around = inside.sorted { $0.lowerBound < $1.lowerBound }.joinedWhereTheyTouch(
                before: longest + SearchPart.surroundings, behind: SearchPart.surroundings)
            return (behind + around).sorted { $0.lowerBound < $1.lowerBound }.joinedWhereTheyTouch(
                before: 0, behind: 0)
        }
    }

    /// Reads a text, in time in proportion to it.
    public func places(in text: UnsafeRawBufferPointer) -> Places { places(in: text, within: [0..<text.count]) }

    /// The same of those words only that may speak for candidates near to some places.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - near: The places, in order.
    ///   - longest: Bytes that a candidate has at most.
    /// - Returns: The places of these words, and perhaps of some others.
    public func places(in text: UnsafeRawBufferPointer, near: [Range<Int>], longest: Int) -> Places {
        // A candidate is near to a place as far as a word is near to it.
        let reach = longest + 2 * SearchPart.surroundings
        return places(in: text, within: near.joinedWhereTheyTouch(before: reach, behind: reach))
    }

    private func places(in text: UnsafeRawBufferPointer, within spans: [Range<Int>]) -> Places {
        var places = Places(askers: askers, kinds: kinds, own: Array(repeating: [], count: kinds.count))
        var start = 0
        for span in spans {
            start = max(start, span.lowerBound)
            guard start < text.count else { break }
            // Of a word that begins before, all is read.
            while start > 0, ContextWords.isPart(text[start]), !ContextWords.isEdge(start, in: text) { start -= 1 }
            while start < min(span.upperBound, text.count) {
                if ContextWords.isPart(text[start]) {
                    start = read(wordAt: start, in: text, into: &places)
                } else {
                    start += 1
                }
            }
        }
        return places
    }

    /// Reads the word that begins at `start`, and gives where it ends.
    private func read(wordAt start: Int, in text: UnsafeRawBufferPointer, into places: inout Places) -> Int {
        var end = start + 1
        var (high, low) = (text[start], text[start])
        while end < text.count, !ContextWords.isEdge(end, in: text) {
            (high, low) = (high | text[end], low & text[end])
            end += 1
        }
        if high >= 0x80 {
            if low < 0x80 { places.mixed.append(end..<end) }
            if text[start..<end].contains(where: { $0 >= 0xD6 }) { places.unspaced.append(end..<end) }
        }
        if beginnings.contains(text[start]) { note(beginningsOf: start..<end, in: text, into: &places) }
        if ends.contains(text[end - 1]) {
            note(listOfHash[ContextWords.joined(0, ContextWords.hash(text[start..<end]))], at: end, into: &places)
        }
        return end
    }

    private func note(beginningsOf word: Range<Int>, in text: UnsafeRawBufferPointer, into places: inout Places) {
        var hash = ContextWords.WordHash()
        var lengths = prefixLengths
        for byte in text[word].prefix(63) {
            hash.add(byte)
            lengths >>= 1
            guard lengths != 0 else { return }
            guard lengths & 1 != 0 else { continue }
            note(listOfHash[hash.value ^ ContextWords.prefixMark], at: word.upperBound, into: &places)
        }
    }

    /// Notes a word that ends at `end` for those that ask for it.
    private func note(_ list: Int32, at end: Int, into places: inout Places) {
        guard list >= 0 else { return }
        for asker in lists[Int(list)] { places.own[asker].extend(by: end..<end + ContextWords.reach + 1) }
    }
}

extension [Range<Int>] {
    /// Adds a range that does not begin before any of these: to the last, where they touch.
    @inline(__always)
    fileprivate mutating func extend(by span: Range<Int>) {
        guard let last, span.lowerBound <= last.upperBound else { return append(span) }
        self[count - 1] = last.lowerBound..<Swift.max(last.upperBound, span.upperBound)
    }
}
