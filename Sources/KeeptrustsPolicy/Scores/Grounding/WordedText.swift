/// A text as sentences of words.
struct WordedText {
    var words: [Word] = []
    var sentences: [Sentence] = []

    /// The words before which a comma stands.
    var commas: [Int] = []
}

/// A sentence, a line of a list, or a title.
struct Sentence: Equatable {
    /// Its words, of those of the text; never none.
    var words: Range<Int>

    /// Where it stands (byte offsets), with what ends it.
    var span: Range<Int>
    var isQuestion = false
    var isHeading = false
}

/// Joins what several words say together.
enum NumberPhrases {
    /// Joins number words, sizes and units with their numbers, and finds names at the beginning of sentences.
    static func join(_ text: inout WordedText, _ lexicon: Lexicon) {
        for sentence in text.sentences {
            for index in sentence.words {
                names(&text.words, index, sentence.words)
                guard case .number(var number) = text.words[index].kind else { continue }
                let next = multiply(&number, &text.words, index + 1, sentence.words.upperBound, lexicon)
                unit(&number, text.words, next, sentence.words.upperBound, lexicon)
                let before = max(sentence.words.lowerBound, index - 2)..<index
                if text.words[before].contains(where: { $0.roles.contains(.approximate) }) {
                    number.isApproximate = true
                }
                text.words[index].kind = .number(number)
            }
        }
    }

    /// A capital at the beginning of a sentence belongs to a name where a name follows.
    private static func names(_ words: inout [Word], _ index: Int, _ sentence: Range<Int>) {
        guard words[index].kind == .plain, words[index].initial != nil, index + 1 < sentence.upperBound else { return }
        let (word, next) = (words[index], words[index + 1])
        guard !word.roles.contains(.stop), !word.roles.contains(.meta), next.kind == .name, next.initial != nil,
            next.span.lowerBound == word.span.upperBound + 1
        else { return }
        words[index].kind = .name
    }

    /// Takes in `thousand`, `million` and the like, and the ones behind the tens.
    private static func multiply(
        _ number: inout Number, _ words: inout [Word], _ index: Int, _ end: Int, _ lexicon: Lexicon
    ) -> Int {
        var next = index
        if next < end, case .number(let ones) = words[next].kind, ones.value < 10, ones.value >= 1,
            number.value >= 20, number.value < 100, number.value.truncatingRemainder(dividingBy: 10) == 0,
            lexicon[words[next].hash]?.number != nil, lexicon[words[next - 1].hash]?.number != nil,
            words[next].span.lowerBound == words[next - 1].span.upperBound + 1
        {
            number.value += ones.value
            words[next].kind = .plain
            words[next].roles.insert(.stop)
            next += 1
        }
        while next < end, let scale = lexicon[words[next].hash]?.scale {
            number.scale(by: scale)
            words[next].roles.insert(.stop)
            next += 1
        }
        return next
    }

    private static func unit(_ number: inout Number, _ words: [Word], _ next: Int, _ end: Int, _ lexicon: Lexicon) {
        guard number.unit == nil, next < end, let unit = lexicon[words[next].hash]?.unit else { return }
        // A single letter is a unit only right behind the number.
        guard words[next].span.count > 1 || words[next - 1].span.upperBound + 1 == words[next].span.lowerBound else {
            return
        }
        number.unit = unit
    }
}

extension Number {
    /// Reads digits with commas, points and apostrophes between them; nil for what is no number, such as a version.
    init?(digits: ArraySlice<UInt8>) {
        let groups = digits.split(omittingEmptySubsequences: false) { !($0 &- 0x30 < 10) }
        let joints = digits.filter { !($0 &- 0x30 < 10) }
        guard digits.count <= 24, let head = groups.first, let tail = groups.last else { return nil }
        let areThousands = groups.dropFirst().allSatisfy { $0.count == 3 } && (1...3).contains(head.count)
        let all = Self.integer(groups.joined())
        switch joints.count {
        case 0: self.init(value: all)
        case 1:
            let scale = Self.power(tail.count)
            let decimal = all / scale
            let mayBeThousands = areThousands && head.first != 0x30
            if mayBeThousands, joints.first != 0x2E {
                self.init(value: all, alternative: joints.first == 0x2C ? decimal : nil)
            } else {
                self.init(value: decimal, alternative: mayBeThousands ? all : nil)
                (precision, isRounded) = (1 / scale, true)
            }
        default:
            let last = joints.last
            let leading = joints.dropLast()
            if areThousands, joints.allSatisfy({ $0 == last }) {
                self.init(value: all)
            } else if leading.allSatisfy({ $0 != last && $0 == leading.first }) {
                let scale = Self.power(tail.count)
                self.init(value: all / scale)
                (precision, isRounded) = (1 / scale, true)
            } else {
                return nil
            }
        }
    }

    /// Multiplies the number by what stands behind it, such as `million`.
    mutating func scale(by factor: Double?) {
        guard let factor else { return }
        value *= factor
        alternative = alternative.map { $0 * factor }
        precision *= factor
        if factor >= 1000 { isRounded = true }
    }

    private static func integer(_ digits: some Sequence<UInt8>) -> Double {
        digits.reduce(0) { $0 * 10 + Double($1 &- 0x30) }
    }

    private static func power(_ count: Int) -> Double { (0..<count).reduce(1.0) { power, _ in power * 10 } }
}

/// Characters beyond ASCII.
enum UTF8Reader {
    /// The character at an offset, and how many bytes it has; one byte of no character reads as U+FFFD.
    static func scalar(_ text: [UInt8], at offset: Int) -> (scalar: UInt32, length: Int) {
        let lead = text[offset]
        let length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 1
        guard length > 1, offset + length <= text.count else { return (0xFFFD, 1) }
        var scalar = UInt32(lead) & (0x7F >> UInt32(length))
        for byte in text[(offset + 1)..<(offset + length)] {
            guard byte & 0xC0 == 0x80 else { return (0xFFFD, 1) }
            scalar = scalar << 6 | UInt32(byte & 0x3F)
        }
        return (scalar, length)
    }

    /// Whether words consist of such characters.
    static func isLetter(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x80...0xA9, 0xAB...0xB4, 0xB6...0xB9, 0xBB...0xBF, 0xD7, 0xF7, 0x2000...0x2BFF, 0x3000...0x3004,
            0x3008...0x3020, 0xFE00...0xFE0F, 0xFF01...0xFF0F, 0xFF1A...0xFF20, 0xFFFD, 0x1F000...0x1FAFF:
            false
        default: true
        }
    }

    /// Whether a script puts no spaces between its words.
    static func standsAlone(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF, 0x3005...0x3007, 0x3040...0x30FF, 0x3400...0x9FFF,
            0xF900...0xFAFF, 0x20000...0x3FFFF:
            true
        default: false
        }
    }

    /// Appends a letter in lower case, and says whether it was a capital.
    static func appendLower(_ scalar: UInt32, to letters: inout [UInt8]) -> Bool {
        guard let letter = Unicode.Scalar(scalar) else { return false }
        let lower = letter.properties.lowercaseMapping
        letters.append(contentsOf: lower.utf8)
        return lower.unicodeScalars.first != letter
    }
}
