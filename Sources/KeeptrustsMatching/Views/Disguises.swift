/// Ways in which people write a sentence so that a search for its words does not find it.
///
/// Each gives a view only for texts that show its sign, so that most texts cost a look.
enum Disguises {
    /// Words whose letters stand apart, each behind the same separator (`i g n o r e`, `i.g.n.o.r.e`), as words.
    static func joined(_ text: UnsafeRawBufferPointer) -> TextView? {
        var view: TextView?
        var place = 0
        var copied = 0
        while place < text.count {
            guard let row = row(at: place, in: text) else {
                place += 1
                continue
            }
            var draft = view ?? TextView(capacity: text.count)
            for index in copied..<place { draft.append(text[index], from: index..<index + 1) }
            for index in stride(from: place, through: row, by: 2) { draft.append(text[index], from: index..<index + 1) }
            view = draft
            place = row + 1
            copied = place
        }
        guard var view else { return nil }
        for index in copied..<text.count { view.append(text[index], from: index..<index + 1) }
        return view
    }

    /// The last place of a row of four or more letters and digits that begins at `start`; nil when there is none.
    private static func row(at start: Int, in text: UnsafeRawBufferPointer) -> Int? {
        guard start + 6 < text.count, isAlphanumeric(text[start]), start == 0 || !isAlphanumeric(text[start - 1]) else {
            return nil
        }
        let separator = text[start + 1]
        guard separators.contains(separator) else { return nil }
        var end = start
        var letters = isLetter(text[start]) ? 1 : 0
        while end + 2 < text.count, text[end + 1] == separator, isAlphanumeric(text[end + 2]),
            end + 3 == text.count || !isAlphanumeric(text[end + 3])
        {
            end += 2
            if isLetter(text[end]) { letters += 1 }
        }
        return end - start >= 6 && letters >= 3 ? end : nil
    }

    private static let separators = ByteSet(" .-_*|,~/+".utf8)

    /// Words with digits and signs in the place of letters (`1gn0r3`), with the letters.
    ///
    /// Names of things have digits too, so one such word is no sign.
    static func unleeted(_ text: UnsafeRawBufferPointer) -> TextView? {
        var words: [Range<Int>] = []
        var start = 0
        while start < text.count {
            guard isLeet(text[start]) else {
                start += 1
                continue
            }
            var end = start
            while end < text.count, isLeet(text[end]) { end += 1 }
            if isDisguised(text, start..<end) { words.append(start..<end) }
            start = end
        }
        guard words.count >= 2 else { return nil }
        var view = TextView(capacity: text.count)
        var next = 0
        for place in text.indices {
            while next < words.count, words[next].upperBound <= place { next += 1 }
            let isIn = next < words.count && words[next].contains(place)
            view.append(isIn ? letter(at: place, in: text) : text[place], from: place..<place + 1)
        }
        return view
    }

    private static func isDisguised(_ text: UnsafeRawBufferPointer, _ word: Range<Int>) -> Bool {
        guard word.count >= 3, word.count <= 20 else { return false }
        let letters = text[word].count(where: isLetter)
        let others = text[word].count { leet($0) != nil }
        return letters >= 2 && others > 0 && letters + others == word.count && others <= letters
    }

    private static func letter(at place: Int, in text: UnsafeRawBufferPointer) -> UInt8 {
        guard let letter = leet(text[place]) else { return text[place] }
        guard letter == UInt8(ascii: "i"), place > 0 else { return letter }
        // Behind a vowel a stroke is an l more often than an i.
        let before = text[place - 1]
        let isL = ByteSet("aeiou03418AEIOU@".utf8).contains(before) && isLetter(before) || before == text[place]
        return isL ? UInt8(ascii: "l") : letter
    }

    private static func leet(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0"): UInt8(ascii: "o")
        case UInt8(ascii: "1"), UInt8(ascii: "!"), UInt8(ascii: "|"): UInt8(ascii: "i")
        case UInt8(ascii: "3"): UInt8(ascii: "e")
        case UInt8(ascii: "4"), UInt8(ascii: "@"): UInt8(ascii: "a")
        case UInt8(ascii: "5"), UInt8(ascii: "$"): UInt8(ascii: "s")
        case UInt8(ascii: "7"), UInt8(ascii: "+"): UInt8(ascii: "t")
        default: nil
        }
    }

    private static func isLeet(_ byte: UInt8) -> Bool { isLetter(byte) || leet(byte) != nil }

    /// What is written in characters that do not show: tags, each a character, and variation selectors, each a byte.
    static func hidden(_ text: UnsafeRawBufferPointer) -> TextView? {
        guard text.firstIndex(of: 0xF3, from: 0) != nil else { return nil }
        var view = TextView(capacity: 64)
        for (scalar, span) in Characters(text) {
            guard let value = scalar?.value else { continue }
            switch value {
            case 0xE0020...0xE007E: view.append(UInt8(value - 0xE0000), from: span)
            case 0xE0100...0xE01EF: view.append(UInt8(truncatingIfNeeded: value - 0xE0100 + 16), from: span)
            default: continue
            }
        }
        return view.bytes.count >= 4 ? view : nil
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool { isLetter(byte) || byte &- 0x30 < 10 }
}
