/// Words that every match of an expression must hold: one of each group.
///
/// A text that lacks all the words of a group has no match, and words are what Hyperscan finds fastest. Words are in
/// lower case, for a search that ignores case.
struct Factors {
    private(set) var groups: [Set<String>] = []

    /// Words of which every match begins with one; nil when that is not known or they are too short to look for.
    private(set) var leading: Set<String>?

    /// A group of more words says too little for what it costs.
    private static let mostWords = 64

    /// Shorter words are in too many texts.
    private static let shortestWord = 3

    /// The groups of an expression, those with the longest words first.
    init(of syntax: Syntax) {
        let useful = Self.parts(of: syntax).all.map(Self.withoutRedundant).filter(Self.isUseful)
        groups = Array(
            useful.sorted { (Self.worth($0), $1.count) > (Self.worth($1), $0.count) }.prefix(Self.mostGroups))
        guard let beginnings = Self.beginnings(of: syntax)?.words, beginnings.count <= Self.mostWords else { return }
        let distinct = beginnings.filter { word in !beginnings.contains { $0 != word && word.hasPrefix($0) } }
        guard Self.worth(distinct) >= Self.shortestWord, distinct.isDisjoint(with: Self.commonWords) else { return }
        leading = distinct
        groups.removeAll { group in group.allSatisfy { word in distinct.contains { word.hasPrefix($0) } } }
    }

    /// The words that a match can begin with; `isWhole` when they are all that it can be.
    private static func beginnings(of syntax: Syntax) -> (words: Set<String>, isWhole: Bool)? {
        switch syntax {
        case .choice(let branches):
            var words: Set<String> = []
            var isWhole = true
            for branch in branches {
                guard let own = beginnings(of: branch) else { return nil }
                words.formUnion(own.words)
                isWhole = isWhole && own.isWhole
            }
            return (words, isWhole)
        case .sequence(let all):
            var known: (words: Set<String>, isWhole: Bool) = ([""], true)
            for part in all {
                guard known.isWhole else { return known }
                guard let next = beginnings(of: part), known.words.count * next.words.count <= mostWords else {
                    return known.words.contains("") ? nil : (known.words, false)
                }
                known = (Set(known.words.flatMap { first in next.words.map { first + $0 } }), next.isWhole)
            }
            return known
        case .ignoringCase(let part): return beginnings(of: part)
        case .assertion, .one, .repeated:
            return parts(of: syntax).exact.map { ($0, true) }
        }
    }

    private static let mostGroups = 3

    private static func isUseful(_ group: Set<String>) -> Bool {
        worth(group) >= shortestWord && group.count <= mostWords && group.isDisjoint(with: commonWords)
    }

    /// Words of nearly every text.
    private static let commonWords: Set<String> = [
        "the", "and", "you", "your", "this", "that", "with", "for", "not", "are", "was", "were", "has", "have", "had",
        "can", "will", "all", "any", "from", "but", "now", "its", "his", "her", "they", "what", "out", "who", "how",
    ]

    /// What is known of a part of an expression.
    private struct Parts {
        /// All texts that it can match, when they are few.
        var exact: Set<String>?
        var groups: [Set<String>] = []

        var all: [Set<String>] { exact.map { groups + [$0] } ?? groups }
    }

    private static func worth(_ group: Set<String>) -> Int { group.map(\.utf8.count).min() ?? 0 }

    private static func parts(of syntax: Syntax) -> Parts {
        switch syntax {
        case .assertion: return Parts(exact: [""])
        case .one(let bytes, let isWide, let source): return one(bytes, isWide, source)
        case .ignoringCase(let part): return parts(of: part)
        case .sequence(let all): return all.reduce(Parts(exact: [""])) { join($0, parts(of: $1)) }
        case .choice(let branches): return choice(branches.map(parts))
        case .repeated(let part, let least, let most):
            let inner = parts(of: part)
            if least == 1, most == 1 { return inner }
            if least == 0 { return most == 1 ? Parts(exact: inner.exact?.union([""])) : Parts() }
            return Parts(groups: inner.all)
        }
    }

    private static func one(_ bytes: ByteSet, _ isWide: Bool, _ source: String) -> Parts {
        if isWide {
            let isLetter = source.unicodeScalars.count == 1 && bytes.isEmpty
            return Parts(exact: isLetter ? [source.lowercased()] : nil)
        }
        let members = (UInt8.min...0x7F).filter(bytes.contains)
        guard members.count <= 8 else { return Parts() }
        return Parts(exact: Set(members.map { String(Unicode.Scalar($0)).lowercased() }))
    }

    private static func join(_ a: Parts, _ b: Parts) -> Parts {
        if let left = a.exact, let right = b.exact, left.count * right.count <= mostWords {
            var products: Set<String> = []
            for first in left {
                for second in right { products.insert(first + second) }
            }
            return Parts(exact: products, groups: a.groups + b.groups)
        }
        // What was exact so far is a group of its own; the text goes on with what comes next.
        let closed = a.exact.map { a.groups + [$0] } ?? a.groups
        return Parts(exact: b.exact ?? [""], groups: closed + b.groups)
    }

    private static func choice(_ branches: [Parts]) -> Parts {
        let exact = branches.compactMap(\.exact)
        if exact.count == branches.count, branches.allSatisfy(\.groups.isEmpty) {
            let union = exact.reduce(into: Set<String>()) { $0.formUnion($1) }
            if union.count <= mostWords { return Parts(exact: union) }
        }
        // The best groups of all branches make one, the second best ones another, and so on.
        let ranked = branches.map { $0.all.filter { worth($0) > 0 }.sorted { worth($0) > worth($1) } }
        let depth = ranked.map(\.count).min() ?? 0
        return Parts(groups: (0..<depth).map { rank in ranked.reduce(into: []) { $0.formUnion($1[rank]) } })
    }

    /// The group without words that hold another word of it.
    private static func withoutRedundant(_ group: Set<String>) -> Set<String> {
        group.filter { word in !group.contains { $0 != word && word.contains($0) } }
    }
}
