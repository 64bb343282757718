/// A part of an expression, copied as it stands but for the order of branches.
enum ExpressionNode {
    /// A character, an escape or a class, with how often it is repeated.
    case atom(String, repeats: String)
    case group(opening: String, branches: [[ExpressionNode]], repeats: String)
}

/// Reads the branches of expressions, without caring for what their characters mean.
struct BranchReader {
    /// The expression is not in the part of the syntax that is known here.
    private struct Unknown: Error {}

    private var rest: Substring.UnicodeScalarView
    private var depth = 0

    /// The branches of an expression; nil when it holds anything that is not known here.
    static func branches(of expression: String) -> [[ExpressionNode]]? {
        var reader = BranchReader(rest: Substring(expression).unicodeScalars)
        guard let branches = try? reader.branches(), reader.rest.isEmpty else { return nil }
        return branches
    }

    private init(rest: Substring.UnicodeScalarView) { self.rest = rest }

    private mutating func branches() throws(Unknown) -> [[ExpressionNode]] {
        depth += 1
        guard depth < 64 else { throw Unknown() }
        defer { depth -= 1 }
        var all: [[ExpressionNode]] = [[]]
        while let next = rest.first, next != ")" {
            if next == "|" {
                rest.removeFirst()
                all.append([])
            } else {
                all[all.count - 1].append(try node())
            }
        }
        return all
    }

    private mutating func node() throws(Unknown) -> ExpressionNode {
        if rest.first == "(" {
            let opening = try opening()
            let own = try branches()
            guard take(")") else { throw Unknown() }
            return .group(opening: opening, branches: own, repeats: repeats())
        }
        let text =
            rest.first == "[" ? try characterClass() : rest.first == "\\" ? try escape() : String(rest.removeFirst())
        return .atom(text, repeats: repeats())
    }

    private mutating func take(_ text: String) -> Bool {
        guard rest.starts(with: text.unicodeScalars) else { return false }
        rest.removeFirst(text.unicodeScalars.count)
        return true
    }

    private mutating func opening() throws(Unknown) -> String {
        for opening in ["(?:", "(?>", "(?=", "(?!", "(?<=", "(?<!", "(?i:"] where take(opening) { return opening }
        guard take("(") else { throw Unknown() }
        guard rest.first == "?" || rest.first == "*" else { return "(" }
        guard take("?<") else { throw Unknown() }
        var name = "(?<"
        while let next = rest.popFirst() {
            name.unicodeScalars.append(next)
            if next == ">" { return name }
        }
        throw Unknown()
    }

    private mutating func characterClass() throws(Unknown) -> String {
        var text = "["
        rest.removeFirst()
        for sign in ["^", "]"] where take(sign) { text += sign }
        while let next = rest.first {
            if next == "\\" {
                text += try escape()
            } else if take("[:") {
                text += "[:"
                while let next = rest.first, next != "]" {
                    text.unicodeScalars.append(next)
                    rest.removeFirst()
                }
                guard take("]") else { throw Unknown() }
                text += "]"
            } else {
                text.unicodeScalars.append(next)
                rest.removeFirst()
                if next == "]" { return text }
            }
        }
        throw Unknown()
    }

    private mutating func escape() throws(Unknown) -> String {
        rest.removeFirst()
        guard let sign = rest.popFirst(), !"QEgkcoN".unicodeScalars.contains(sign) else { throw Unknown() }
        var text = "\\" + String(sign)
        guard sign == "x" || sign == "p" || sign == "P" else { return text }
        guard take("{") else {
            // `\x4f`, `\pL`.
            for _ in 0..<(sign == "x" ? 2 : 1) {
                guard let next = rest.popFirst(), next.properties.isASCIIHexDigit || sign != "x" else {
                    throw Unknown()
                }
                text.unicodeScalars.append(next)
            }
            return text
        }
        text += "{"
        while let next = rest.popFirst() {
            text.unicodeScalars.append(next)
            if next == "}" { return text }
        }
        throw Unknown()
    }

    private mutating func repeats() -> String {
        var text = ""
        if let sign = rest.first, sign == "*" || sign == "+" || sign == "?" {
            text.unicodeScalars.append(sign)
        } else if rest.first == "{" {
            let bounds = rest.dropFirst().prefix { $0 == "," || ("0"..."9").contains($0) }
            guard let first = bounds.first, first != ",", rest.dropFirst(bounds.count + 1).first == "}" else {
                return ""
            }
            text = "{" + String(String.UnicodeScalarView(bounds)) + "}"
        } else {
            return ""
        }
        rest.removeFirst(text.unicodeScalars.count)
        for sign in ["+", "?"] where text.unicodeScalars.count > 0 && take(sign) { return text + sign }
        return text
    }
}
