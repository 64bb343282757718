extension SyntaxReader {
    /// Reads what follows a backslash outside a class.
    mutating func escape() throws(Unknown) -> Syntax {
        let start = position - 1
        let scalar = try take()
        switch scalar {
        case "b", "B", "A", "z", "Z": return .assertion(source: source(from: start))
        case "p", "P":
            try skipProperty()
            return .one(.ascii, isWide: true, source: source(from: start))
        default:
            let (bytes, isWide) = try escaped(scalar)
            return .one(ignoresCase ? bytes.ignoringCase : bytes, isWide: isWide, source: source(from: start))
        }
    }

    /// What an escape stands for that means the same inside a class and outside.
    private mutating func escaped(_ scalar: Unicode.Scalar) throws(Unknown) -> (ByteSet, isWide: Bool) {
        switch scalar {
        case "d": return (.digits, false)
        case "w": return (.word, false)
        case "s": return (.space, false)
        case "h": return (ByteSet(" \t".utf8), true)
        case "D": return (.ascii.subtracting(.digits), true)
        case "W": return (.ascii.subtracting(.word), true)
        case "S": return (.ascii.subtracting(.space), true)
        case "x", "t", "n", "r", "f", "e", "a": return one(try character(scalar))
        default:
            let isLetter = ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
            guard scalar.isASCII, !isLetter, !("0"..."9").contains(scalar) else { throw Unknown() }
            return one(scalar)
        }
    }

    private func one(_ scalar: Unicode.Scalar) -> (ByteSet, isWide: Bool) {
        scalar.isASCII ? (ByteSet([UInt8(scalar.value)]), false) : (ByteSet(), true)
    }

    /// The one character that an escape names.
    private mutating func character(_ scalar: Unicode.Scalar) throws(Unknown) -> Unicode.Scalar {
        switch scalar {
        case "t": return "\t"
        case "n": return "\n"
        case "r": return "\r"
        case "f": return "\u{0C}"
        case "e": return "\u{1B}"
        case "a": return "\u{07}"
        default: break
        }
        let isBraced = take("{")
        let start = position
        while let digit = next, digit.properties.isASCIIHexDigit, isBraced || position - start < 2 { position += 1 }
        guard let value = UInt32(source(from: start), radix: 16), let scalar = Unicode.Scalar(value) else {
            throw Unknown()
        }
        if isBraced, !take("}") { throw Unknown() }
        if !isBraced, value > 0x7F { throw Unknown() }
        return scalar
    }

    private mutating func skipProperty() throws(Unknown) {
        guard take("{") else {
            _ = try take()
            return
        }
        while try take() != "}" {}
    }

    /// Reads a class, after its opening bracket.
    mutating func characterClass() throws(Unknown) -> Syntax {
        let start = position - 1
        let isNegated = take("^")
        var bytes = ByteSet()
        var isWide = false
        var isFirst = true
        while isFirst || next != "]" {
            isFirst = false
            let (member, memberIsWide) = try member()
            bytes = bytes.union(member)
            isWide = isWide || memberIsWide
        }
        position += 1
        if ignoresCase { bytes = bytes.ignoringCase }
        if isNegated { bytes = .ascii.subtracting(bytes) }
        return .one(bytes, isWide: isWide || isNegated, source: source(from: start))
    }

    private mutating func member() throws(Unknown) -> (ByteSet, isWide: Bool) {
        if take("[:") { return try posixClass() }
        let first = try take()
        var low = first
        if first == "\\" {
            let escape = try take()
            guard isCharacter(escape) else {
                if escape == "p" || escape == "P" {
                    try skipProperty()
                    return (.ascii, true)
                }
                let set = try escaped(escape)
                if next == "-", position + 1 < text.count, text[position + 1] != "]" { throw Unknown() }
                return set
            }
            low = try character(orSelf: escape)
        }
        guard next == "-", position + 1 < text.count, text[position + 1] != "]" else { return one(low) }
        position += 1
        var high = try take()
        if high == "[" { throw Unknown() }
        if high == "\\" { high = try character(orSelf: try take()) }
        guard low <= high else { throw Unknown() }
        guard low.isASCII else { return (ByteSet(), true) }
        let end = UInt8(min(high.value, 0x7F))
        return (ByteSet(UInt8(low.value)...end), !high.isASCII)
    }

    private func isCharacter(_ escape: Unicode.Scalar) -> Bool {
        guard escape.isASCII else { return false }
        if "xtnrfea".unicodeScalars.contains(escape) { return true }
        return !escape.properties.isAlphabetic && !("0"..."9").contains(escape)
    }

    private mutating func character(orSelf escape: Unicode.Scalar) throws(Unknown) -> Unicode.Scalar {
        guard isCharacter(escape) else { throw Unknown() }
        return "xtnrfea".unicodeScalars.contains(escape) ? try character(escape) : escape
    }

    private mutating func posixClass() throws(Unknown) -> (ByteSet, isWide: Bool) {
        let sets: [(String, ByteSet)] = [
            ("alpha:]", .letters), ("digit:]", .digits), ("alnum:]", ByteSet.letters.union(.digits)),
            ("upper:]", ByteSet("ABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)),
            ("lower:]", ByteSet("abcdefghijklmnopqrstuvwxyz".utf8)),
            ("xdigit:]", ByteSet("0123456789ABCDEFabcdef".utf8)), ("space:]", .space), ("word:]", .word),
        ]
        for (name, set) in sets where take(name) { return (set, false) }
        throw Unknown()
    }
}
