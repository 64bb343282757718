/// Follows a text that may be JSON: what each stretch of it is, and what it stands for.
///
/// A string in it may be JSON again, up to three times. Whatever the text holds, valid or not, each of its bytes is in
/// one stretch, its escapes are undone, and the time is in proportion to the text.
struct NestedText: Sendable {
    /// What a stretch is.
    enum Part: Sendable {
        /// No JSON.
        case text

        /// In a string: a value, or a key.
        case string, key

        /// Outside strings: a number, `true` or another word where a value is due, or where none is.
        case bare, word

        /// Between those.
        case blank, mark
    }

    struct Stretch {
        var raw: Range<Int>

        /// The character that it stands for; nil for bytes that stand for themselves.
        var character: Unicode.Scalar?
        var part: Part

        /// In how many strings it stands: as often must be escaped what takes its place.
        var depth: Int

        /// Another one in each string and each word.
        var token: Int
    }

    /// Documents in one another, the text itself included.
    static let mostLevels = 4

    var levels: [Level]
    private var token = 0

    /// Where the piece at hand begins in the text.
    private var base = 0

    init(_ start: JSONStart) {
        levels = [Level()]
        switch start {
        case .text: break
        case .member: levels[0].open(isObject: true)
        case .value: levels[0].open(isObject: false)
        }
    }

    /// Reads the whole text.
    ///
    /// - Parameters:
    ///   - bytes: The text.
    ///   - take: Takes the stretches, in order.
    mutating func read(_ bytes: UnsafeRawBufferPointer, _ take: (Stretch) -> Void) {
        readPiece(bytes, take)
        close(from: 0, take)
    }

    /// Reads the next piece of the text; what waits for more is not handed out yet.
    mutating func readPiece(_ bytes: UnsafeRawBufferPointer, _ take: (Stretch) -> Void) {
        var offset = 0
        while offset < bytes.count {
            let end = plainEnd(in: bytes, from: offset)
            if end > offset {
                emit(Unit(nil, base + offset..<base + end), at: 0, take)
                offset = end
                continue
            }
            let byte = bytes[offset]
            let length = byte < 0x80 ? 1 : max(1, bytes.characterLength(at: offset))
            let scalar = byte < 0x80 ? Unicode.Scalar(byte) : nil
            read(Unit(scalar, base + offset..<base + offset + length), at: 0, take)
            offset += length
        }
        base += bytes.count
    }

    /// Where the bytes from `offset` on end of which each is a part of the string or text at hand and nothing else.
    private func plainEnd(in bytes: UnsafeRawBufferPointer, from offset: Int) -> Int {
        guard levels.count == 1, levels[0].waiting.isEmpty else { return offset }
        if levels[0].isInText { return bytes.endOfText(from: offset) }
        let quote = levels[0].quote
        guard quote != 0, !levels[0].isUndecided else { return offset }
        var end = offset
        while true {
            end = bytes.firstSpecial(from: end)
            guard end < bytes.count, bytes[end] != quote, bytes[end] != UInt8(ascii: "\\") else { break }
            end += 1
        }
        return quote == UInt8(ascii: "\"") ? end : bytes.firstOffset(of: quote, in: offset..<end) ?? end
    }

    /// Reads a character of the document at `level`.
    private mutating func read(_ unit: Unit, at level: Int, _ take: (Stretch) -> Void) {
        guard levels[level].waiting.isEmpty else { return continueEscape(unit, at: level, take) }
        if unit.scalar == "\\" {
            levels[level].waiting.append(unit)
        } else {
            place(unit, isEscape: false, at: level, take)
        }
    }

    private mutating func continueEscape(_ unit: Unit, at level: Int, _ take: (Stretch) -> Void) {
        switch Escape.step(levels[level].waiting, unit.scalar) {
        case .more:
            levels[level].waiting.append(unit)
        case .character(let scalar):
            let start = levels[level].waiting[0].raw.lowerBound
            levels[level].waiting.removeAll(keepingCapacity: true)
            place(Unit(scalar, start..<unit.raw.upperBound), isEscape: true, at: level, take)
        case .none:
            giveUpEscape(at: level, take)
            read(unit, at: level, take)
        }
    }

    /// What seemed to become an escape is none: it stands for itself.
    private mutating func giveUpEscape(at level: Int, _ take: (Stretch) -> Void) {
        let waiting = levels[level].waiting
        levels[level].waiting.removeAll(keepingCapacity: true)
        for (index, unit) in waiting.enumerated() {
            if index == 0 {
                place(unit, isEscape: true, at: level, take)
            } else {
                read(unit, at: level, take)
            }
        }
    }

    /// Takes a character of the document at `level`, whose own escapes are undone.
    private mutating func place(_ unit: Unit, isEscape: Bool, at level: Int, _ take: (Stretch) -> Void) {
        guard levels[level].quote != 0 else { return placeOutside(unit, isEscape: isEscape, at: level, take) }
        if !isEscape, let scalar = unit.scalar, scalar.value == UInt32(levels[level].quote) {
            close(from: level + 1, take)
            levels[level].quote = 0
            return emit(unit, .mark, at: level, take)
        }
        if levels.count > level + 1 { return read(unit, at: level + 1, take) }
        if levels[level].isUndecided, let scalar = unit.scalar, !scalar.isBlank {
            levels[level].isUndecided = false
            if scalar == "{" || scalar == "[", level + 1 < Self.mostLevels {
                levels.append(Level())
                return read(unit, at: level + 1, take)
            }
        }
        levels[level].isUndecided = levels[level].isUndecided && unit.scalar != nil
        emit(unit, at: level, take)
    }

    private mutating func placeOutside(
        _ unit: Unit, isEscape: Bool, at level: Int, _ take: (Stretch) -> Void
    ) {
        let step = levels[level].step(unit.scalar, isEscape: isEscape)
        if step.beginsToken { token += 1 }
        emit(unit, step.part, at: level, take)
    }

    /// Ends the documents from `level` on: what waits in them for more stands for itself.
    private mutating func close(from level: Int, _ take: (Stretch) -> Void) {
        var next = level
        while next < levels.count {
            if !levels[next].waiting.isEmpty { giveUpEscape(at: next, take) }
            next += 1
        }
        if level > 0, level < levels.count { levels.removeSubrange(level...) }
    }

    /// Hands out a character of a string or text.
    private func emit(_ unit: Unit, at level: Int, _ take: (Stretch) -> Void) {
        guard levels[level].quote != 0 else { return emit(unit, .text, at: level, take) }
        take(
            Stretch(
                raw: unit.raw, character: unit.scalar, part: levels[level].isKey ? .key : .string,
                depth: level + 1, token: token))
    }

    private func emit(_ unit: Unit, _ part: Part, at level: Int, _ take: (Stretch) -> Void) {
        take(Stretch(raw: unit.raw, character: unit.scalar, part: part, depth: level, token: token))
    }
}

extension NestedText {
    /// A character, and the bytes of the text that stand for it.
    struct Unit: Sendable {
        /// Nil for bytes that are not ASCII and stand for themselves.
        var scalar: Unicode.Scalar?
        var raw: Range<Int>

        init(_ scalar: Unicode.Scalar?, _ raw: Range<Int>) {
            self.scalar = scalar
            self.raw = raw
        }
    }

    /// How far an escape has come.
    enum Escape {
        case more
        case character(Unicode.Scalar)
        case none

        /// Adds `next` to an escape: one of JSON, or `\'` or `\x41`, which many readers of JSON know too.
        static func step(_ waiting: [Unit], _ next: Unicode.Scalar?) -> Escape {
            guard let next, next.isASCII else { return .none }
            let byte = UInt8(truncatingIfNeeded: next.value)
            if waiting.count == 1 { return first(byte) }
            switch (waiting.count, waiting[1].scalar == "x") {
            case (2, true), (2..<5, false), (8..<11, false): return byte.hexValue == nil ? .none : .more
            case (3, true), (5, false): return finished(waiting[2...], byte)
            case (6, false): return byte == UInt8(ascii: "\\") ? .more : .none
            case (7, false): return byte == UInt8(ascii: "u") ? .more : .none
            case (11, false): return pair(waiting, byte)
            default: return .none
            }
        }

        private static func first(_ byte: UInt8) -> Escape {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "'"):
                .character(Unicode.Scalar(byte))
            case UInt8(ascii: "b"): .character("\u{8}")
            case UInt8(ascii: "f"): .character("\u{C}")
            case UInt8(ascii: "n"): .character("\n")
            case UInt8(ascii: "r"): .character("\r")
            case UInt8(ascii: "t"): .character("\t")
            case UInt8(ascii: "u"), UInt8(ascii: "x"): .more
            default: .none
            }
        }

        /// The last digit of a code unit: half of a surrogate pair waits for the other.
        private static func finished(_ digits: ArraySlice<Unit>, _ last: UInt8) -> Escape {
            guard let unit = number(digits, last) else { return .none }
            if let scalar = Unicode.Scalar(unit) { return .character(scalar) }
            return unit & 0xFC00 == 0xD800 ? .more : .none
        }

        private static func pair(_ waiting: [Unit], _ last: UInt8) -> Escape {
            guard let low = number(waiting[8...], last), low & 0xFC00 == 0xDC00, let digit = waiting[5].scalar,
                let high = number(waiting[2..<5], UInt8(truncatingIfNeeded: digit.value)),
                let scalar = Unicode.Scalar(0x10000 + (high & 0x3FF) << 10 + (low & 0x3FF))
            else { return .none }
            return .character(scalar)
        }

        /// The number that hexadecimal digits write, `last` being the last of them.
        private static func number(_ digits: ArraySlice<Unit>, _ last: UInt8) -> UInt32? {
            guard let value = last.hexValue else { return nil }
            let first = digits.reduce(UInt32(0)) { number, digit in
                number << 4 | UInt32(UInt8(truncatingIfNeeded: digit.scalar?.value ?? 0).hexValue ?? 0)
            }
            return first << 4 | UInt32(value)
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Where a text outside JSON ends: where an escape or a document may begin.
    fileprivate func endOfText(from start: Int) -> Int {
        var end = start
        while end < count, self[end] != UInt8(ascii: "{"), self[end] != UInt8(ascii: "["),
            self[end] != UInt8(ascii: "\\")
        {
            end += 1
        }
        return end
    }
}

extension Unicode.Scalar {
    /// White space as JSON has it.
    fileprivate var isBlank: Bool { self == " " || self == "\n" || self == "\r" || self == "\t" }
}
