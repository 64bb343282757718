/// Ways in which people write a sentence so that a search for its words does not find it.
///
/// Each gives a view only for texts that show its sign, so that most texts cost a look.
enum Disguises {
    /// Words and numbers whose characters stand apart, each behind the same separator (`i g n o r e`, `i.g.n.o.r.e`), joined.
    static func joined(_ text: UnsafeRawBufferPointer) -> TextView? {
        var rows: [(row: ClosedRange<Int>, step: Int)] = []
        var place = 0
        while place + 1 < text.count {
            guard isAlphanumeric(text[place]), !isAlphanumeric(text[place + 1]) else {
                place += 1
                continue
            }
            // Beside a word whose letters stand apart, short ones do so too.
            let least = rows.isEmpty ? 4 : 2
            if let end = rowOfSpaced(at: place, in: text, least: least) {
                rows.append((place...end, 2))
                place = end + 1
                continue
            }
            let (end, counts) = row(at: place, in: text)
            if counts { rows.append((place...end, 2)) }
            // No part of a row that does not count does: its last character may begin another one.
            place = counts ? end + 1 : max(end, place + 1)
        }
        return view(of: text, rows)
    }

    /// Numbers that a line break has cut (`4111 1111⏎1111 1111`), with a space in its place.
    ///
    /// A column of numbers is none: more than four breaks in a row cut nothing.
    ///
    /// - Parameters:
    ///   - text: The text, or what is there of one.
    ///   - isOpen: More text follows.
    /// - Returns: The view, nil when no number is cut; and from where on more text may change it.
    static func unbroken(
        _ text: UnsafeRawBufferPointer, isOpen: Bool = false
    ) -> (view: TextView?, pending: Int?) {
        var breaks: [Int] = []
        var row: [Int] = []
        var next = text.firstIndex(of: UInt8(ascii: "\n"), from: 1)
        while let place = next {
            next = text.firstIndex(of: UInt8(ascii: "\n"), from: place + 1)
            let isLast = isOpen && place + 1 == text.count
            guard isDigit(text[place - 1]), isLast || place + 1 < text.count && isDigit(text[place + 1]) else {
                continue
            }
            if !isNear(place, to: row.last, in: text) {
                if row.count <= mostBreaks { breaks += row }
                row = []
            }
            row.append(place)
        }
        // A row that may go on is one of a column yet, or not.
        let sure = row.last == text.count - 1 ? row.count - 1 : row.count
        let isGoingOn = isOpen && sure <= mostBreaks && isNear(text.count, to: row.last, in: text)
        if !isGoingOn, row.count <= mostBreaks { breaks += row }
        let pending = isGoingOn ? row.first : nil
        guard !breaks.isEmpty || pending != nil else { return (nil, nil) }
        var view = TextView(text[..<(pending ?? text.count)])
        for place in breaks { view.replace(at: place, by: 0x20) }
        return (view, pending)
    }

    private static let mostBreaks = 4

    /// Whether a line break belongs to the same row as the one before it.
    private static func isNear(_ place: Int, to last: Int?, in text: UnsafeRawBufferPointer) -> Bool {
        guard let last else { return false }
        return place - last <= 12 && !text[(last + 1)..<place].contains(where: isLetter)
    }

    /// The text with only every other byte of some rows.
    private static func view(of text: UnsafeRawBufferPointer, _ rows: [(row: ClosedRange<Int>, step: Int)]) -> TextView?
    {
        guard !rows.isEmpty else { return nil }
        var view = TextView(capacity: text.count)
        var place = 0
        for (row, step) in rows {
            view.append(text[place..<row.lowerBound])
            for index in stride(from: row.lowerBound, through: row.upperBound, by: step) {
                view.append(text[index], from: index..<index + 1)
            }
            place = row.upperBound + 1
        }
        view.append(text[place...])
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

    static func isInner(_ byte: UInt8) -> Bool { byte != 0x20 && inner.contains(byte) }

    static func isSeparator(_ byte: UInt8) -> Bool { separators.contains(byte) }

    /// What may stand in a word or a number beside letters and digits.
    private static let inner = ByteSet(" .-/@_+()".utf8)

    /// The last place of the row of letters and digits that begins at `start`, which is `start` when there is none; and
    /// whether it counts: four or more, letters three of them.
    private static func row(at start: Int, in text: UnsafeRawBufferPointer) -> (end: Int, counts: Bool) {
        guard start + 6 < text.count, isAlphanumeric(text[start]), start == 0 || !isAlphanumeric(text[start - 1]) else {
            return (start, false)
        }
        let separator = text[start + 1]
        guard separators.contains(separator) else { return (start, false) }
        var end = start
        var letters = isLetter(text[start]) ? 1 : 0
        while end + 2 < text.count, text[end + 1] == separator, isAlphanumeric(text[end + 2]),
            end + 3 == text.count || !isAlphanumeric(text[end + 3])
        {
            end += 2
            if isLetter(text[end]) { letters += 1 }
        }
        return (end, end - start >= 6 && letters >= 3)
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
    ///
    /// What stands far apart is not one text.
    ///
    /// - Parameters:
    ///   - text: The text, or what is there of one.
    ///   - isOpen: More text follows.
    /// - Returns: The view, nil when next to nothing is hidden; and whether more text may go on with it.
    static func hidden(
        _ text: UnsafeRawBufferPointer, isOpen: Bool = false
    ) -> (view: TextView, isOpen: Bool)? {
        guard let first = text.firstIndex(of: 0xF3, from: 0) else { return nil }
        var view = TextView(capacity: 64)
        var end = first
        for (scalar, span) in Characters(text, from: first) {
            guard let value = scalar?.value, let byte = hiddenByte(value) else { continue }
            if span.lowerBound - end > widestGap { view.append("\n\n".utf8, all: span.lowerBound..<span.lowerBound) }
            view.append(byte, from: span)
            end = span.upperBound
        }
        let isOpen = isOpen && text.count - end <= widestGap && !view.bytes.isEmpty
        return isOpen || view.bytes.count >= 4 ? (view, isOpen) : nil
    }

    private static func hiddenByte(_ value: UInt32) -> UInt8? {
        switch value {
        case 0xE0020...0xE007E: UInt8(value - 0xE0000)
        case 0xE0100...0xE01EF: UInt8(truncatingIfNeeded: value - 0xE0100 + 16)
        default: nil
        }
    }

    /// Bytes between two characters of one hidden text at most.
    private static let widestGap = 192

    static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    static func isAlphanumeric(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) }
}
