/// Brings the branches of an expression together by the letters that they begin with, and says each of them once.
///
/// A matcher tries branches one after the other, and packs have choices of hundreds. Branches that begin with different
/// letters never match at one place, so their order does not matter; that of those with the same letter stays as it is.
enum BranchOrder {
    /// The expression with its branches in order.
    ///
    /// - Parameters:
    ///   - expression: An expression.
    ///   - ignoresCase: Whether case is ignored from the beginning.
    /// - Returns: One with the same matches; nil when it holds anything that is not known here.
    static func ordered(_ expression: String, ignoresCase: Bool) -> String? {
        BranchReader.branches(of: expression).map { text(of: ordered($0, ignoresCase)) }
    }

    private static func ordered(_ branches: [[ExpressionNode]], _ ignoresCase: Bool) -> [[ExpressionNode]] {
        var all: [[ExpressionNode]] = []
        var letters: [String] = []
        var byLetter: [String: [[ExpressionNode]]] = [:]
        func flush() {
            for letter in letters { all += joined(byLetter[letter] ?? [], ignoresCase) }
            letters.removeAll()
            byLetter.removeAll()
        }
        for branch in branches.flatMap(opened) {
            guard let letter = letter(of: branch) else {
                // What may begin with anything stays where it is.
                flush()
                all.append(branch.map { ordered($0, ignoresCase) })
                continue
            }
            let key = ignoresCase ? letter.lowercased() : letter
            if byLetter[key] == nil { letters.append(key) }
            byLetter[key, default: []].append(branch)
        }
        flush()
        return all
    }

    /// Branches that begin with the same letter as one.
    private static func joined(_ branches: [[ExpressionNode]], _ ignoresCase: Bool) -> [[ExpressionNode]] {
        guard branches.count > 1, let first = branches.first?.first else {
            return branches.map { $0.map { ordered($0, ignoresCase) } }
        }
        let ends = ordered(branches.map { Array($0.dropFirst()) }, ignoresCase)
        return [ends.count == 1 ? [first] + ends[0] : [first, .group(opening: "(?:", branches: ends, repeats: "")]]
    }

    private static func ordered(_ node: ExpressionNode, _ ignoresCase: Bool) -> ExpressionNode {
        switch node {
        case .atom: return node
        case .group(let opening, let branches, let repeats):
            // What stands before a place is matched by branches of known lengths.
            guard opening != "(?<=", opening != "(?<!" else { return node }
            return .group(
                opening: opening, branches: ordered(branches, ignoresCase || opening == "(?i:"), repeats: repeats)
        }
    }

    /// A branch that is nothing but a choice, as the branches of that.
    private static func opened(_ branch: [ExpressionNode]) -> [[ExpressionNode]] {
        guard branch.count == 1, case .group("(?:", let branches, "") = branch[0] else { return [branch] }
        return branches.flatMap(opened)
    }

    /// The letter or digit that a branch begins with; nil without one, and where groups capture, for they are counted.
    private static func letter(of branch: [ExpressionNode]) -> String? {
        guard case .atom(let text, "")? = branch.first, text.utf8.count == 1, !branch.contains(where: captures),
            let byte = text.utf8.first, ByteSet.alphanumeric.contains(byte)
        else { return nil }
        return text
    }

    private static func captures(_ node: ExpressionNode) -> Bool {
        guard case .group(let opening, let branches, _) = node else { return false }
        let isNamed = opening.hasPrefix("(?<") && opening.hasSuffix(">")
        return opening == "(" || isNamed || branches.joined().contains(where: captures)
    }

    private static func text(of branches: [[ExpressionNode]]) -> String {
        branches.map { nodes in
            nodes.map { node in
                switch node {
                case .atom(let text, let repeats): text + repeats
                case .group(let opening, let branches, let repeats): opening + text(of: branches) + ")" + repeats
                }
            }.joined()
        }.joined(separator: "|")
    }
}
