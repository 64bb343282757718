extension NestedText {
    /// Where one of the documents in one another stands.
    struct Level: Sendable {
        /// The kinds of the open containers, a bit for each of the first 64: an object has 1.
        private var objects: UInt64 = 0
        private var depth = 0
        private var expects = Expectation.nothing

        /// The quote that ends the string at hand; 0 outside strings.
        var quote: UInt8 = 0
        private(set) var isKey = false

        /// The string at hand has nothing but white space yet, so that it may become a document.
        var isUndecided = false

        /// The last character outside strings is part of a word.
        private var isInWord = false
        private var wordIsValue = false

        /// Something other than white space was there.
        private var hasBegun = false

        /// The characters of an escape that is not complete.
        var waiting: [Unit] = []

        private enum Expectation { case nothing, key, value }

        /// What a character outside strings is.
        struct Step {
            var part: Part
            var beginsToken = false
        }

        mutating func open(isObject: Bool) {
            if depth < 64 {
                let bit: UInt64 = 1 << UInt64(depth)
                objects = isObject ? objects | bit : objects & ~bit
            }
            depth += 1
            expects = isObject ? .key : .value
        }

        private mutating func close() {
            if depth > 0 { depth -= 1 }
            expects = .nothing
        }

        private var isInObject: Bool { (1...64).contains(depth) && objects >> UInt64(depth - 1) & 1 == 1 }

        /// Between the brackets of an object or a list, and in no string.
        var isBetweenBrackets: Bool { depth > 0 && quote == 0 }

        /// In the middle of what is no JSON.
        var isInText: Bool { depth == 0 && isInWord && quote == 0 }

        /// Takes a character outside strings.
        mutating func step(_ scalar: Unicode.Scalar?, isEscape: Bool) -> Step {
            let byte = scalar.flatMap { $0.isASCII && !isEscape ? UInt8(truncatingIfNeeded: $0.value) : nil } ?? 0
            guard depth > 0 else { return stepOutsideContainers(byte) }
            switch byte {
            case UInt8(ascii: " "), 0x09, 0x0A, 0x0D: return between(.blank)
            case UInt8(ascii: "{"), UInt8(ascii: "["): open(isObject: byte == UInt8(ascii: "{"))
            case UInt8(ascii: "}"), UInt8(ascii: "]"): close()
            case UInt8(ascii: ":"): expects = .value
            case UInt8(ascii: ","): expects = isInObject ? .key : .value
            case UInt8(ascii: "\""): return beginString(byte)
            case UInt8(ascii: "'") where expects != .nothing: return beginString(byte)
            default: return word()
            }
            return between(.mark)
        }

        private mutating func stepOutsideContainers(_ byte: UInt8) -> Step {
            let isFirst = !hasBegun
            hasBegun = hasBegun || !(byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D)
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                open(isObject: byte == UInt8(ascii: "{"))
                return between(.mark)
            case UInt8(ascii: "\"") where isFirst: return beginString(byte)
            default:
                defer { isInWord = true }
                return Step(part: .text, beginsToken: !isInWord)
            }
        }

        private mutating func between(_ part: Part) -> Step {
            isInWord = false
            return Step(part: part)
        }

        private mutating func beginString(_ quote: UInt8) -> Step {
            (isKey, isUndecided) = (expects == .key, expects != .key)
            (self.quote, expects, isInWord) = (quote, .nothing, false)
            return Step(part: .mark, beginsToken: true)
        }

        private mutating func word() -> Step {
            guard !isInWord else { return Step(part: wordIsValue ? .bare : .word) }
            (isInWord, wordIsValue) = (true, expects == .value)
            expects = .nothing
            return Step(part: wordIsValue ? .bare : .word, beginsToken: true)
        }
    }
}
