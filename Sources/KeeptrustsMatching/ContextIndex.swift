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
        fileprivate var own: [[Range<Int>]]

        /// The ends of words of scripts that put no spaces between them; and of words of letters of ASCII and others, of which
        /// a candidate that begins with a letter may see a part only.
        fileprivate var unspaced: [Range<Int>] = []
        fileprivate var mixed: [Range<Int>] = []

        /// The places near to which a candidate must stand so that a word may speak for it, in order.
        public func places(of owner: Int) -> [Range<Int>] {
            guard let asker = askers[owner] else { return [] }
            var places = own[asker]
            if kinds[asker].hasUnspaced { places += unspaced }
            if kinds[asker].beginsWithLetter { places += mixed }
            return places.count == own[asker].count ? places : places.sorted { $0.lowerBound < $1.lowerBound }
        }
    }

    /// Reads a text, in time in proportion to it.
    public func places(in text: UnsafeRawBufferPointer) -> Places {
        var places = Places(askers: askers, kinds: kinds, own: Array(repeating: [], count: kinds.count))
        var start = 0
        while start < text.count {
            if ContextWords.isPart(text[start]) {
                start = read(wordAt: start, in: text, into: &places)
            } else {
                start += 1
            }
        }
        return places
    }

    /// Reads the word that begins at `start`, and gives where it ends.
    private func read(wordAt start: Int, in text: UnsafeRawBufferPointer, into places: inout Places) -> Int {
        var hash = ContextWords.WordHash()
        var end = start
        var (high, low) = (text[start], text[start])
        let hasBeginning = beginnings.contains(text[start])
        var begun: [Int32] = []
        repeat {
            let byte = text[end]
            hash.add(byte)
            (high, low) = (high | byte, low & byte)
            end += 1
            guard hasBeginning, end - start < 64, prefixLengths >> UInt64(end - start) & 1 != 0 else { continue }
            let list = listOfHash[hash.value ^ ContextWords.prefixMark]
            if list >= 0 { begun.append(list) }
        } while end < text.count && !ContextWords.isEdge(end, in: text)
        if high >= 0x80 {
            if low < 0x80 { places.mixed.append(end..<end) }
            if text[start..<end].contains(where: { $0 >= 0xD6 }) { places.unspaced.append(end..<end) }
        }
        if ends.contains(text[end - 1]) {
            let list = listOfHash[ContextWords.joined(0, hash.value)]
            if list >= 0 { begun.append(list) }
        }
        for list in begun {
            for asker in lists[Int(list)] where places.own[asker].last != end..<end {
                places.own[asker].append(end..<end)
            }
        }
        return end
    }
}
