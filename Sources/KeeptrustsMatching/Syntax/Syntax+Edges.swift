extension Syntax {
    /// Whether what follows a match cannot go on with the same word: before it stands no letter and no digit, or the text
    /// begins.
    ///
    /// - Parameter before: The same for what stands before the match, for matches that are empty.
    /// - Returns: Whether that is certain.
    func endsAtEdge(_ before: Bool) -> Bool {
        switch self {
        case .assertion(let source, let notBehind):
            source == "\\b" || source == "^" || source == "\\A" || ByteSet.alphanumeric.isSubset(of: notBehind)
                || before
        case .one(let bytes, _, _): bytes.isDisjoint(with: .alphanumeric)
        case .sequence(let parts): parts.reduce(before) { $1.endsAtEdge($0) }
        case .choice(let parts): parts.allSatisfy { $0.endsAtEdge(before) }
        case .repeated(let part, let least, let most):
            (least > 0 || before) && part.endsAtEdge(most == 1 && before)
        case .ignoringCase(let part): part.endsAtEdge(before)
        }
    }

    /// Whether a match cannot go on with a word before it: what it begins with is no letter and no digit, or it is the end
    /// of the text.
    ///
    /// - Parameter behind: The same for what stands behind the match, for matches that are empty.
    /// - Returns: Whether that is certain.
    func beginsAtEdge(_ behind: Bool) -> Bool {
        switch self {
        case .assertion(let source, _): source == "\\b" || source == "$" || source == "\\z" || source == "\\Z" || behind
        case .one(let bytes, _, _): bytes.isDisjoint(with: .alphanumeric)
        case .sequence(let parts): parts.reversed().reduce(behind) { $1.beginsAtEdge($0) }
        case .choice(let parts): parts.allSatisfy { $0.beginsAtEdge(behind) }
        case .repeated(let part, let least, let most):
            (least > 0 || behind) && part.beginsAtEdge(most == 1 && behind)
        case .ignoringCase(let part): part.beginsAtEdge(behind)
        }
    }
}
