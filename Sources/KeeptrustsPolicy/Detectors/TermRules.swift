import KeeptrustsCore
import KeeptrustsMatching

/// Terms that a user wrote, as kinds read them whose settings list some.
enum TermRules {
    /// The rules that look for terms: as whole words in any case, or as near to them as the settings say.
    ///
    /// - Parameters:
    ///   - terms: The list of terms, each of 1 to 256 bytes; nil for none.
    ///   - fuzzy: `fuzzy_matching`: whether terms are found with letters wrong, missing or too many.
    ///   - distance: `max_distance`, 0...8: how many letters; 1 unless it says.
    ///   - category: What a term is, when it is found.
    /// - Returns: One rule for each term that is found as it stands, and one for some dozens of the others.
    /// - Throws: ``ConfigError`` for the first mistake, such as a distance without `fuzzy_matching`.
    static func rules(
        for terms: ConfigNode?, fuzzy: ConfigNode? = nil, distance: ConfigNode? = nil, category: String = "term"
    ) throws(ConfigError) -> [Rule] {
        let isFuzzy = try fuzzy?.boolean() ?? false
        let most = try distance?.integer(in: 0...8) ?? 1
        if let node = distance, fuzzy == nil {
            throw ConfigError(
                .conflict, at: node.location, "'\(node.path)' has no effect without 'fuzzy_matching: true'.")
        }
        var rules: [Rule] = []
        var inexact: [String] = []
        for node in try terms?.list() ?? [] {
            let term = try text(of: node)
            if isFuzzy, FuzzyTermSet.distance(for: term, most: most) > 0 {
                inexact.append(term)
            } else {
                let pattern = Pattern.literal(term, wholeWords: true, ignoresCase: true)
                rules.append(Rule(category: category, pattern: pattern, source: node))
            }
        }
        for set in FuzzyTermSet.sets(for: inexact, most: most) {
            rules.append(Rule(category: category, pattern: set.pattern, terms: set, source: terms))
        }
        return rules
    }

    /// A term: 1 to 256 bytes, some of which show.
    static func text(of node: ConfigNode) throws(ConfigError) -> String {
        let term = try node.string()
        guard (1...256).contains(term.utf8.count), !term.allSatisfy(\.isWhitespace) else {
            throw ConfigError(.outOfRange, at: node.location, "'\(node.path)' must have 1 to 256 bytes that show.")
        }
        return term
    }
}

extension ConfigNode {
    /// Refuses a list that is there and has nothing in it, where that would leave a kind with nothing to do.
    func refuseIfEmpty() throws(ConfigError) {
        guard try list().isEmpty else { return }
        throw ConfigError(.outOfRange, at: location, "'\(path)' is empty, and nothing else is looked for.")
    }
}
