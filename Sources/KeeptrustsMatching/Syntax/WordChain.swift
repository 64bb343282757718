/// Words that every match of an expression holds, in their order: one of each step.
///
/// A text that lacks them, or holds them too far apart, has no match, and words are found fast. Words are in lower case,
/// for a search that ignores case.
struct WordChain: Equatable {
    /// A word, and whether it begins and ends where letters and digits do.
    struct Word: Hashable {
        var text: String
        var startsToken = false
        var endsToken = false

        /// The two, as a number to sort by.
        var flags: Int { (startsToken ? 2 : 0) + (endsToken ? 1 : 0) }
    }

    struct Step: Equatable {
        var words: Set<Word>

        /// How many texts hold a word of the step, by and large: it decides what is looked for first, never what is found.
        var frequency: Int { words.reduce(0) { $0 + $1.cost } }

        /// Nearly every text holds a word of the step, so that asking for it tells nothing.
        var isIdle: Bool { words.contains { $0.cost >= Word.costOfIdle } }

        /// The most bytes before the word: from the step before it, or from the beginning of the match; nil without a
        /// bound.
        var before: Int?
    }

    var steps: [Step]

    /// The most bytes of a match after the last step; nil without a bound.
    var after: Int?

    /// More words of a step say too little for what they cost.
    static let mostWords = 128

    /// The chains of an expression: every match follows one of them.
    ///
    /// There are none when nothing is known of some matches.
    static func all(of syntax: Syntax) -> [WordChain] {
        var parts = [syntax]
        if case .sequence(let own) = syntax { parts = own }
        guard let index = parts.firstIndex(where: { if case .assertion = $0 { false } else { true } }),
            case .choice(let branches) = parts[index],
            parts[(index + 1)...].allSatisfy({ if case .assertion = $0 { true } else { false } })
        else { return chain(of: syntax, false, false).map { [$0] } ?? [] }
        let starts = Syntax.sequence(Array(parts[..<index])).endsAtEdge(false)
        let ends = Syntax.sequence(Array(parts[(index + 1)...])).beginsAtEdge(false)
        let chains = branches.map { chain(of: $0, starts, ends) }
        return chains.contains(nil) ? [] : chains.compactMap(\.self)
    }

    private static func chain(of syntax: Syntax, _ starts: Bool, _ ends: Bool) -> WordChain? {
        var steps: [Step] = []
        var gap: Int? = 0
        let pieces = pieces(of: syntax, starts, ends)
        // Words that the scan for tokens cannot find cost a scan of their own.
        let isCheap = pieces.contains { $0.group?.words.allSatisfy(\.isCheap) ?? false }
        for piece in pieces {
            if let group = piece.group, !isCheap || group.words.allSatisfy(\.isCheap) {
                steps.append(Step(words: group.words, before: sum(gap, group.before)))
                gap = group.after
            } else {
                gap = sum(gap, piece.longest)
            }
        }
        return steps.isEmpty ? nil : WordChain(steps: steps, after: gap).withoutIdleSteps
    }

    /// The chain without words of nearly every text, where they need not stand close to others.
    private var withoutIdleSteps: Self {
        var chain = self
        var index = 0
        while index < chain.steps.count, chain.steps.count > 2 {
            let step = chain.steps[index]
            let isNear =
                (index > 0 && Self.isNear(step))
                || (index + 1 < chain.steps.count && Self.isNear(chain.steps[index + 1]))
            guard !isNear, step.isIdle else {
                index += 1
                continue
            }
            let length = Self.sum(step.before, step.words.map(\.text.utf8.count).max())
            if index + 1 < chain.steps.count {
                chain.steps[index + 1].before = Self.sum(length, chain.steps[index + 1].before)
            } else {
                chain.after = Self.sum(length, chain.after)
            }
            chain.steps.remove(at: index)
        }
        return chain
    }

    private static func isNear(_ step: Step) -> Bool { step.before.map { $0 <= 16 } ?? false }

    /// What an expression consists of, from its beginning to its end.
    private enum Piece {
        /// One of these texts; what stands before and behind is no letter and no digit.
        case text(Set<String>, starts: Bool, ends: Bool)

        /// Something that holds one of these words.
        case words(Group, longest: Int?)

        /// Something of which no more is known.
        case gap(longest: Int?)

        var longest: Int? {
            switch self {
            case .text(let texts, _, _): texts.map(\.utf8.count).max() ?? 0
            case .words(_, let longest), .gap(let longest): longest
            }
        }

        var group: Group? {
            switch self {
            case .gap: return nil
            case .words(let group, _): return group
            case .text(let texts, let starts, let ends):
                // Behind a text that ends in a space, the edge of a word is where one begins.
                let words = Set(
                    texts.map { text in
                        let isWord = text.utf8.last.map(ByteSet.alphanumeric.contains) ?? false
                        return Word(text: text, startsToken: starts, endsToken: ends && isWord)
                    })
                guard words.allSatisfy(\.isUseful) else { return nil }
                // What may follow a word in many ways is left to the matcher that confirms.
                let cut = Set(words.map(\.withoutEnd))
                guard cut.count * 2 <= words.count, cut.allSatisfy(\.isUseful) else {
                    return Group(words: words, before: 0, after: 0)
                }
                return Group(words: cut, before: 0, after: longest)
            }
        }
    }

    private struct Group {
        var words: Set<Word>
        var before: Int?
        var after: Int?

        /// How common the commonest word is.
        var cost: Int { words.map(\.cost).max() ?? 0 }
    }

    private static func pieces(of syntax: Syntax, _ starts: Bool, _ ends: Bool) -> [Piece] {
        switch syntax {
        case .assertion: return []
        case .ignoringCase(let part): return pieces(of: part, starts, ends)
        case .one(let bytes, let isWide, let source):
            let letters = isWide ? nil : (UInt8.min...0x7F).filter(bytes.contains)
            if let letters, letters.count <= 8 {
                return [.text(Set(letters.map { String(Unicode.Scalar($0)).lowercased() }), starts: starts, ends: ends)]
            }
            if isWide, bytes.isEmpty, source.unicodeScalars.count == 1 {
                return [.text([source.lowercased()], starts: starts, ends: ends)]
            }
            return [.gap(longest: syntax.longest)]
        case .repeated(let part, 1, 1): return pieces(of: part, starts, ends)
        case .repeated(let part, 0, 1):
            guard let texts = exact(pieces(of: part, starts, ends)) else { return [.gap(longest: syntax.longest)] }
            return [.text(texts.union([""]), starts: starts, ends: ends)]
        case .repeated(.one, _, _), .repeated(_, 0, _): return [.gap(longest: syntax.longest)]
        case .repeated(let part, _, let most):
            // The first copy, and room for the others.
            let others = part.longest.flatMap { length in most.map { length * ($0 - 1) } }
            return pieces(of: part, starts, ends && part.beginsAtEdge(ends)) + [.gap(longest: others)]
        case .sequence(let parts): return sequence(parts, starts, ends)
        case .choice(let branches):
            return [
                choice(branches.map { pieces(of: $0, starts, ends) }, starts, ends) ?? .gap(longest: syntax.longest)
            ]
        }
    }

    /// The texts that pieces stand for, when they are few.
    private static func exact(_ pieces: [Piece]) -> Set<String>? {
        if pieces.isEmpty { return [""] }
        guard pieces.count == 1, case .text(let texts, _, _) = pieces[0] else { return nil }
        return texts
    }

    private static func sequence(_ parts: [Syntax], _ starts: Bool, _ ends: Bool) -> [Piece] {
        var isEdge = [starts]
        for part in parts { isEdge.append(part.endsAtEdge(isEdge[isEdge.count - 1])) }
        var endsAtEdge = ends
        var pieces: [Piece] = []
        for (index, part) in parts.enumerated().reversed() {
            for piece in Self.pieces(of: part, isEdge[index], endsAtEdge).reversed() {
                if let next = pieces.first, let joined = join(piece, next) {
                    pieces[0] = joined
                } else {
                    pieces.insert(piece, at: 0)
                }
            }
            endsAtEdge = part.beginsAtEdge(endsAtEdge)
        }
        return pieces
    }

    private static func join(_ first: Piece, _ second: Piece) -> Piece? {
        guard case .text(let left, let starts, _) = first, case .text(let right, _, let ends) = second,
            left.count * right.count <= mostWords
        else { return nil }
        return .text(Set(left.flatMap { first in right.map { first + $0 } }), starts: starts, ends: ends)
    }

    /// One text of all branches, or the least common words of each.
    private static func choice(_ branches: [[Piece]], _ starts: Bool, _ ends: Bool) -> Piece? {
        let exact = branches.compactMap(Self.exact)
        if exact.count == branches.count {
            let union = exact.reduce(into: Set<String>()) { $0.formUnion($1) }
            if union.count <= mostWords { return .text(union, starts: starts, ends: ends) }
        }
        var whole = Group(words: [], before: 0, after: 0)
        var longest: Int? = 0
        for branch in branches {
            guard let best = best(of: branch) else { return nil }
            whole.words.formUnion(best.words)
            whole.before = most(whole.before, best.before)
            whole.after = most(whole.after, best.after)
            longest = most(longest, branch.reduce(0) { sum($0, $1.longest) })
        }
        return whole.words.count <= mostWords ? .words(whole, longest: longest) : nil
    }

    private static func best(of branch: [Piece]) -> Group? {
        var best: Group?
        for (index, piece) in branch.enumerated() {
            guard var group = piece.group, group.cost < best?.cost ?? .max else { continue }
            group.before = branch[..<index].reduce(group.before) { sum($0, $1.longest) }
            group.after = branch[(index + 1)...].reduce(group.after) { sum($0, $1.longest) }
            best = group
        }
        return best
    }

    static func sum(_ a: Int?, _ b: Int?) -> Int? { a.flatMap { a in b.map { a + $0 } } }
    private static func most(_ a: Int?, _ b: Int?) -> Int? { a.flatMap { a in b.map { max(a, $0) } } }
}

extension WordChain.Word {
    /// A piece of the word by which a scan for tokens finds it.
    struct Handle: Equatable {
        /// Bytes of the word before it.
        var offset: Int
        var token: String

        /// What follows it is no letter and no digit; else the token may go on in the text.
        var isWhole: Bool
    }

    /// The longest token of the word that is known to begin where a token of the text does.
    var handle: Handle? {
        let bytes = Array(text.utf8)
        guard bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
        var best: Handle?
        for start in bytes.indices where ByteSet.alphanumeric.contains(bytes[start]) {
            guard start == 0 ? startsToken : !ByteSet.alphanumeric.contains(bytes[start - 1]) else { continue }
            let token = bytes[start...].prefix { ByteSet.alphanumeric.contains($0) }
            let isWhole = token.endIndex < bytes.count || endsToken
            guard isWhole || token.count >= TokenTable.shortestPrefix else { continue }
            if token.count <= best?.token.utf8.count ?? 0 { continue }
            best = Handle(offset: start, token: String(decoding: token, as: UTF8.self), isWhole: isWhole)
        }
        return best
    }

    /// The word up to its last letter or digit.
    var withoutEnd: Self {
        guard let last = text.utf8.lastIndex(where: { $0 >= 0x80 || ByteSet.alphanumeric.contains($0) }) else {
            return self
        }
        let end = text.utf8.index(after: last)
        guard end < text.utf8.endIndex else { return self }
        return Self(text: String(text[..<end]), startsToken: startsToken, endsToken: true)
    }

    /// A scan for tokens finds it, or it is looked for in few texts only.
    var isCheap: Bool { handle != nil || text.utf8.contains { $0 >= 0x80 } }

    /// Long enough to be looked for; two bytes do when they are no letters.
    var isUseful: Bool {
        if handle != nil || text.utf8.count >= 3 { return true }
        return text.utf8.count == 2 && text.utf8.contains { !ByteSet.alphanumeric.contains($0) }
    }

    /// How many texts hold the word, by and large; it decides what is looked for, never what is found.
    var cost: Int {
        if Self.commonest.contains(text) { return Self.costOfIdle }
        return (Self.common.contains(text) ? 500 : 0) + (isCheap ? 0 : 100) + 10 - min(text.utf8.count, 9)
    }

    /// What a word of nearly every text costs.
    static let costOfIdle = 1_000

    /// Words of nearly every text.
    private static let commonest: Set<String> = [
        "the", "and", "you", "your", "this", "that", "with", "for", "not", "are", "was", "have", "can", "will", "all",
        "any", "from", "but", "its", "to", "of", "in", "is", "it", "be", "by", "on", "or", "as", "at", "an", "a", "i",
        "if", "do", "no", "my", "we", "when", "about", "so", "who", "what",
    ]

    /// Words of many texts.
    private static let common: Set<String> = [
        "were", "has", "had", "now", "his", "her", "they", "out", "how", "set", "put", "must", "only", "new", "does",
        "here", "me", "user", "system", "order", "policy", "report", "request", "data", "use", "text", "list", "write",
        "show", "send", "tell", "model", "rest",
    ]
}
