/// Ways in which people write a sentence so that a search for its words does not find it.
///
/// Each gives a view only for texts that show its sign, so that most texts cost a look.
enum Disguises {
    /// Words and numbers whose characters stand apart, each behind the same separator (`i g n o r e`, `i.g.n.o.r.e`), joined.
    static func joined(_ text: UnsafeRawBufferPointer) -> TextView? {
        var rows: [(row: ClosedRange<Int>, step: Int)] = []
        var place = 0
        while place < text.count {
            // Beside a word whose letters stand apart, short ones do so too.
            let least = rows.isEmpty ? 4 : 2
            guard let end = rowOfSpaced(at: place, in: text, least: least) ?? row(at: place, in: text) else {
                place += 1
                continue
            }
            rows.append((place...end, 2))
            place = end + 1
        }
        return view(of: text, rows)
    }

    /// Numbers that a line break has cut (`4111 1111⏎1111 1111`), with a space in its place.
    ///
    /// A column of numbers is none: more than four breaks in a row cut nothing.
    static func unbroken(_ text: UnsafeRawBufferPointer) -> TextView? {
        var breaks: [Int] = []
        var row: [Int] = []
        var next = text.firstIndex(of: UInt8(ascii: "\n"), from: 1)
        while let place = next {
            next = text.firstIndex(of: UInt8(ascii: "\n"), from: place + 1)
            guard place + 1 < text.count, isDigit(text[place - 1]), isDigit(text[place + 1]) else { continue }
            let isNear = row.last.map { place - $0 <= 12 && !text[($0 + 1)..<place].contains(where: isLetter) } ?? false
            if !isNear {
                if row.count <= mostBreaks { breaks += row }
                row = []
            }
            row.append(place)
        }
        if row.count <= mostBreaks { breaks += row }
        guard !breaks.isEmpty else { return nil }
        var view = TextView(capacity: text.count)
        var index = 0
        for place in text.indices {
            let isBreak = index < breaks.count && breaks[index] == place
            if isBreak { index += 1 }
            view.append(isBreak ? 0x20 : text[place], from: place..<place + 1)
        }
        return view
    }

    private static let mostBreaks = 4

    /// The text with only every other byte of some rows.
    private static func view(of text: UnsafeRawBufferPointer, _ rows: [(row: ClosedRange<Int>, step: Int)]) -> TextView?
    {
        guard !rows.isEmpty else { return nil }
        var view = TextView(capacity: text.count)
        var place = 0
        for (row, step) in rows {
            for index in place..<row.lowerBound { view.append(text[index], from: index..<index + 1) }
            for index in stride(from: row.lowerBound, through: row.upperBound, by: step) {
                view.append(text[index], from: index..<index + 1)
            }
            place = row.upperBound + 1
        }
        for index in place..<text.count { view.append(text[index], from: index..<index + 1) }
        return view
    }

    /// The last place of a row of characters with a space between any two, which may be spaces themselves.
    private static func rowOfSpaced(at start: Int, in text: UnsafeRawBufferPointer, least: Int) -> Int? {
        guard start + 2 < text.count, text[start + 1] == 0x20, isAlphanumeric(text[start]),
            start == 0 || !isAlphanumeric(text[start - 1])
        else { return nil }
        var (end, last, known) = (start, start, 1)
        while end + 2 < text.count, text[end + 1] == 0x20,
            end + 3 == text.count || !isAlphanumeric(text[end + 2]) || !isAlphanumeric(text[end + 3])
        {
            end += 2
            guard isAlphanumeric(text[end]) else {
                guard inner.contains(text[end]) else { break }
                continue
            }
            (last, known) = (end, known + 1)
        }
        return known >= least ? last : nil
    }

    /// What may stand in a word or a number beside letters and digits.
    private static let inner = ByteSet(" .-/@_+()".utf8)

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

    private static let separators = ByteSet(".-_*|,~/+".utf8)

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

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) }
}
