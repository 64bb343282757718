/// Reads the part of the syntax of regular expressions that patterns are mostly written in.
///
/// Whatever it does not know for sure, it refuses to read: such a pattern is matched all the same, without the short cuts
/// that need to know what it says.
struct SyntaxReader {
    /// The expression is not in the part of the syntax that is known here.
    struct Unknown: Error {}

    var text: [Unicode.Scalar]
    var position = 0
    var ignoresCase: Bool
    private var depth = 0

    private init(_ text: [Unicode.Scalar], ignoresCase: Bool) {
        self.text = text
        self.ignoresCase = ignoresCase
    }

    /// Reads an expression.
    ///
    /// - Parameters:
    ///   - expression: The expression, without delimiters.
    ///   - ignoresCase: Whether case is ignored from the beginning.
    /// - Returns: What it says; nil when it holds anything that is not known here.
    static func read(_ expression: String, ignoresCase: Bool) -> Syntax? {
        var reader = SyntaxReader(Array(expression.unicodeScalars), ignoresCase: ignoresCase)
        guard let syntax = try? reader.choice(), reader.position == reader.text.count else { return nil }
        return syntax
    }

    var next: Unicode.Scalar? { position < text.count ? text[position] : nil }

    mutating func take(_ string: String) -> Bool {
        let scalars = Array(string.unicodeScalars)
        guard text[position...].starts(with: scalars) else { return false }
        position += scalars.count
        return true
    }

    mutating func take() throws(Unknown) -> Unicode.Scalar {
        guard let scalar = next else { throw Unknown() }
        position += 1
        return scalar
    }

    func source(from start: Int) -> String {
        var source = String.UnicodeScalarView()
        source.append(contentsOf: text[start..<position])
        return String(source)
    }

    private mutating func choice() throws(Unknown) -> Syntax {
        depth += 1
        guard depth < 64 else { throw Unknown() }
        defer { depth -= 1 }
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func sequence() throws(Unknown) -> Syntax {
        var parts: [Syntax] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            parts.append(try quantified(try atom()))
        }
        return .sequence(parts)
    }

    private mutating func quantified(_ atom: Syntax) throws(Unknown) -> Syntax {
        guard let (least, most) = try bounds() else { return atom }
        if case .assertion = atom { throw Unknown() }
        if let most, least > most { throw Unknown() }
        if !take("?") { _ = take("+") }
        if next == "*" || next == "+" || next == "?" || next == "{" { throw Unknown() }
        return .repeated(atom, least: least, most: most)
    }

    private mutating func bounds() throws(Unknown) -> (least: Int, most: Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        guard take("{") else { return nil }
        let least = try number()
        if take("}") { return (least, least) }
        guard take(",") else { throw Unknown() }
        if take("}") { return (least, nil) }
        let most = try number()
        guard take("}") else { throw Unknown() }
        return (least, most)
    }

    private mutating func number() throws(Unknown) -> Int {
        let start = position
        while let scalar = next, ("0"..."9").contains(scalar) { position += 1 }
        guard let number = Int(source(from: start)), number <= 65_535 else { throw Unknown() }
        return number
    }

    private mutating func atom() throws(Unknown) -> Syntax {
        let start = position
        let scalar = try take()
        switch scalar {
        case "(": return try group()
        case "[": return try characterClass()
        case "\\": return try escape()
        case ".": return .one(.ascii.subtracting(ByteSet([0x0A])), isWide: true, source: ".")
        case "^", "$": return .assertion(source: source(from: start))
        case "*", "+", "?", "{": throw Unknown()
        default: return literal(scalar, source: source(from: start))
        }
    }

    func literal(_ scalar: Unicode.Scalar, source: String) -> Syntax {
        guard scalar.isASCII else { return .one(ByteSet(), isWide: true, source: source) }
        let set = ByteSet([UInt8(scalar.value)])
        return .one(ignoresCase ? set.ignoringCase : set, isWide: false, source: source)
    }

    private mutating func group() throws(Unknown) -> Syntax {
        for opening in ["?=", "?!", "?<="] where take(opening) {
            _ = try inside()
            return .assertion(source: "")
        }
        if take("?<!") {
            guard case .sequence(let parts) = try inside(), parts.count == 1, case .one(let bytes, _, _) = parts[0]
            else {
                return .assertion(source: "")
            }
            return .assertion(source: "", notBehind: bytes)
        }
        if take("?:") || take("?>") { return try inside() }
        if take("?i:") {
            let outside = ignoresCase
            ignoresCase = true
            defer { ignoresCase = outside }
            return .ignoringCase(try inside())
        }
        if take("?<") || take("?P<") {
            while try take() != ">" {}
            return try inside()
        }
        if next == "?" || next == "*" { throw Unknown() }
        return try inside()
    }

    private mutating func inside() throws(Unknown) -> Syntax {
        let syntax = try choice()
        guard take(")") else { throw Unknown() }
        return syntax
    }
}
