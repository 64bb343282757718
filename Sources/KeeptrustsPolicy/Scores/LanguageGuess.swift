import KeeptrustsMatching

/// In which language a text most likely is, and how sure that is.
struct LanguageGuess: Equatable {
    /// Index into the table's codes.
    var language: Int

    /// 0...1: how much more speaks for this language than for the next, how much there is at all, and how much of the text
    /// is in its script.
    var confidence: Double

    /// Bytes that are read of a text; of a longer one, eight pieces of it in even distances.
    static let mostRead = 32_768

    /// Reads a text; nil where nothing speaks for any language, as in numbers, code and names.
    init?(_ text: UnsafeRawBufferPointer, _ table: LanguageTable) {
        var evidence = LanguageEvidence(table)
        if text.count <= Self.mostRead {
            evidence.read(text)
        } else {
            let length = Self.mostRead / 8
            for piece in 0..<8 {
                let start = text.beginOfCharacter(atOrAfter: (text.count - length) / 7 * piece)
                let end = text.beginOfCharacter(atOrAfter: start + length)
                evidence.read(UnsafeRawBufferPointer(rebasing: text[start..<end]))
            }
        }
        guard let guess = evidence.guess else { return nil }
        self = guess
    }

    init(language: Int, confidence: Double) {
        self.language = language
        self.confidence = confidence
    }
}

/// What speaks for each language in the text that was read so far.
private struct LanguageEvidence {
    private let table: LanguageTable

    /// Letters of each script, by its raw value.
    private var letters = [Int](repeating: 0, count: Script.allCases.count)

    /// Of each language, what speaks for it (in twelfths of a word that it alone has), and its common words.
    private var scores = [Int](repeating: 0, count: 64)
    private var common = [Int](repeating: 0, count: 64)
    private var words = 0

    init(_ table: LanguageTable) { self.table = table }

    mutating func read(_ text: UnsafeRawBufferPointer) {
        var hash = LetterHash()
        var latin = 0
        var offset = 0
        while offset < text.count {
            let byte = text[offset]
            if byte < 0x80 {
                offset += 1
                if (byte | 0x20) &- 0x61 < 26 {
                    hash.take(UInt32(byte | 0x20))
                    latin += 1
                } else if let word = hash.end() {
                    take(word)
                }
                continue
            }
            guard let (scalar, length) = text.scalar(at: offset) else {
                offset += 1
                continue
            }
            offset += length
            let letter = Script.lowered(scalar)
            if let script = Script(letter) {
                letters[script.rawValue] += 1
                hash.take(letter)
                take(letter: letter)
            } else if let word = hash.end() {
                take(word)
            }
        }
        letters[Script.latin.rawValue] += latin
        if let word = hash.end() { take(word) }
    }

    private mutating func take(_ word: UInt64) {
        words += 1
        var owners = table.languages(withWord: word)
        guard owners != 0 else { return }
        // What a word says is the less, the more languages have it.
        let weight = [12, 7, 5, 3][min(owners.nonzeroBitCount, 4) - 1]
        while owners != 0 {
            let language = owners.trailingZeroBitCount
            owners &= owners - 1
            scores[language] += weight
            common[language] += 1
        }
    }

    private mutating func take(letter: UInt32) {
        var owners = table.languages(withLetter: letter)
        let weight = max(1, 6 / max(1, owners.nonzeroBitCount))
        while owners != 0 {
            scores[owners.trailingZeroBitCount] += weight
            owners &= owners - 1
        }
    }

    /// The language for which most speaks.
    var guess: LanguageGuess? {
        // Two scripts make one language here.
        let japanese = letters[Script.kana.rawValue]
        let eastern = letters[Script.han.rawValue] + japanese
        let all = letters.reduce(0, +)
        guard all > 0 else { return nil }
        var most = letters.indices.max { letters[$0] < letters[$1] } ?? 0
        var count = letters[most]
        // One character of these says what several letters do elsewhere.
        if eastern * 3 >= count, eastern > 0 {
            most = (japanese * 10 >= eastern ? Script.kana : .han).rawValue
            count = eastern
        }
        let share = Double(count) / Double(most >= Script.kana.rawValue ? count + (all - eastern) / 3 : all)
        if let language = table.languageOfScript[Script.allCases[most]] {
            return LanguageGuess(language: language, confidence: share)
        }
        return guessByWords(share)
    }

    private func guessByWords(_ share: Double) -> LanguageGuess? {
        let order = scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
        let (first, second) = (scores[order[0]], scores[order[1]])
        guard first > 0, words > 0 else { return nil }
        let lead = Double(first) / Double(first + second)
        let enough = Double(first) / Double(first + 5)
        let dense = min(1, Double(common[order[0]]) / Double(words) * 5)
        return LanguageGuess(language: order[0], confidence: lead * enough * dense * share)
    }
}

extension UnsafeRawBufferPointer {
    /// The character beyond ASCII that begins at `offset`, and its length in bytes; nil for a byte that begins none.
    fileprivate func scalar(at offset: Int) -> (value: UInt32, length: Int)? {
        let lead = self[offset]
        guard (0xC2...0xF4).contains(lead) else { return nil }
        let length = (~lead).leadingZeroBitCount
        guard offset + length <= count else { return nil }
        var value = UInt32(lead) & (0x7F >> UInt32(length))
        for index in offset + 1..<offset + length { value = value << 6 | UInt32(self[index] & 0x3F) }
        return (value, length)
    }
}
