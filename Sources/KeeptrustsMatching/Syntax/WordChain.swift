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

    /// How much of what stands around a word belongs to the part of the match that it was found for.
    struct Slack: Equatable {
        var before = Extent.none
        var after = Extent.none

        static let none = Slack()

        func widened(by other: Slack) -> Slack {
            Slack(before: before.union(other.before), after: after.union(other.after))
        }
    }

    struct Step: Equatable {
        /// The words, each with what stands around it in this step.
        var words: [Word: Slack]

        /// How many texts hold a word of the step, by and large: it decides what is looked for first, never what is found.
        var frequency: Int { words.keys.reduce(0) { $0 + $1.cost } }

        /// Nearly every text holds a word of the step, so that asking for it tells nothing.
        var isIdle: Bool { words.keys.contains { $0.cost >= Word.costOfIdle } }

        /// Many texts hold a word of the step.
        var isCommon: Bool { words.keys.contains { $0.cost >= Word.costOfCommon } }

        /// What can stand before the step: behind the step before it, or from the beginning of the match on.
        var before = Extent.none

        /// What of the step can stand before any of its words, behind it, and all of it.
        var mostBefore: Extent { words.values.reduce(.none) { $0.union($1.before) } }
        var mostAfter: Extent { words.values.reduce(.none) { $0.union($1.after) } }
        var longest: Extent {
            words.reduce(.none) { $0.union($1.value.before + Extent(of: $1.key.text) + $1.value.after) }
        }
    }

    var steps: [Step]

    /// What of a match can stand behind the last step.
    var after = Extent.none

    /// A match can hold nothing that ends a sentence: see ``Sentences``.
    var isOfOneSentence = false

    /// More texts of one piece are not written out; and more words of a step say too little for what they cost.
    static let mostWords = 128
    static let mostAlternatives = 1_024

    /// The chains of an expression: every match follows one of them.
    ///
    /// There are none when nothing is known of some matches.
    static func all(of syntax: Syntax) -> [WordChain] {
        var parts = [syntax]
        if case .sequence(let own) = syntax { parts = own }
        guard let index = parts.firstIndex(where: { if case .assertion = $0 { false } else { true } }),
            case .choice(let branches) = parts[index],
            parts[(index + 1)...].allSatisfy({ if case .assertion = $0 { true } else { false } })
        else {
            return chains(of: [syntax], false, false)
        }
        let starts = Syntax.sequence(Array(parts[..<index])).endsAtEdge(false)
        let ends = Syntax.sequence(Array(parts[(index + 1)...])).beginsAtEdge(false)
        return chains(of: branches, starts, ends)
    }

    /// The chains of branches; those of one whose chain asks for common words only, in parts.
    private static func chains(of branches: [Syntax], _ starts: Bool, _ ends: Bool) -> [WordChain] {
        var all: [WordChain] = []
        for branch in branches {
            guard let whole = chain(of: pieces(of: branch, starts, ends)) else { return [] }
            let isOfOneSentence = branch.alphabet.bytes.isDisjoint(with: Sentences.ends)
            let sequences = whole.steps.allSatisfy(\.isCommon) ? parted(branch, most: mostParts) : []
            var known: [PartInPlace: [Piece]] = [:]
            let chains = sequences.compactMap { parts in
                chain(
                    of: sequence(parts.map(\.syntax), starts, ends) { index, starts, ends in
                        let place = PartInPlace(number: parts[index].number, starts: starts, ends: ends)
                        if let pieces = known[place] { return pieces }
                        let pieces = pieces(of: parts[index].syntax, starts, ends)
                        known[place] = pieces
                        return pieces
                    })
            }
            let own = sequences.count > 1 && chains.count == sequences.count ? chains : [whole]
            for var chain in own {
                chain.isOfOneSentence = isOfOneSentence
                all.append(chain)
            }
        }
        return all
    }

    /// The room of a step that is not worth looking for its words (bytes).
    private static let roomOfIdle = 128

    /// A part of an expression has so many chains of its own at most.
    private static let mostParts = 24

    /// A part of several sequences, known by its number.
    private struct Part {
        var number: Int
        var syntax: Syntax
    }

    /// A part, and whether words begin and end where it does: sequences that share it are looked at once.
    private struct PartInPlace: Hashable {
        var number: Int
        var starts: Bool
        var ends: Bool
    }

    /// The expression in sequences that together match what it does: each with one branch of those choices whose words, as
    /// choices, are the most common.
    private static func parted(_ syntax: Syntax, most: Int) -> [[Part]] {
        guard case .sequence(let parts) = syntax else { return [] }
        var choices: [(index: Int, cost: Int, branches: [Syntax])] = []
        for (index, part) in parts.enumerated() {
            guard case .choice(let branches) = part, let (cost, divided) = divided(branches) else { continue }
            choices.append((index, cost, divided))
        }
        choices.sort { $0.cost > $1.cost }
        var all = [parts.enumerated().map { Part(number: $0, syntax: $1) }]
        var number = parts.count
        for choice in choices where all.count * choice.branches.count <= most {
            let branches = choice.branches.enumerated().map { Part(number: number + $0, syntax: $1) }
            number += branches.count
            all = all.flatMap { parts in
                branches.map { branch in
                    var parts = parts
                    parts[choice.index] = branch
                    return parts
                }
            }
        }
        return all
    }

    /// The branches of a choice that hold several words, of which the choice would tell one each, and one of all others.
    ///
    /// - Parameter branches: The branches.
    /// - Returns: How common the words are that the choice tells, and its parts; nil where parts would tell no more, or the
    ///   words are rare, or such as nearly every text holds.
    private static func divided(_ branches: [Syntax]) -> (cost: Int, branches: [Syntax])? {
        let own = branches.map { pieces(of: $0, true, true) }
        guard let cost = choice(own, true, true)?.group?.cost else { return nil }
        guard (Word.costOfCommon..<Word.costOfIdle).contains(cost.commonest) else { return nil }
        var (long, short): ([Syntax], [Syntax]) = ([], [])
        for (branch, pieces) in zip(branches, own) {
            if pieces.count(where: { $0.group != nil }) > 1 { long.append(branch) } else { short.append(branch) }
        }
        let all = long + (short.count > 1 ? [Syntax.choice(short)] : short)
        return long.isEmpty || all.count < 2 ? nil : (cost.all, all)
    }

    private static func chain(of pieces: [Piece]) -> WordChain? {
        var steps: [Step] = []
        var gap = Extent.none
        // Words that the scan for tokens cannot find cost a scan of their own.
        let isCheap = pieces.contains { $0.group?.words.keys.allSatisfy(\.isCheap) ?? false }
        for piece in pieces {
            if let group = piece.group, !isCheap || group.words.keys.allSatisfy(\.isCheap) {
                steps.append(Step(words: group.words, before: gap))
                gap = .none
            } else {
                gap += piece.longest
            }
        }
        return steps.isEmpty ? nil : WordChain(steps: steps, after: gap).withoutIdleSteps
    }

    /// The chain without words of nearly every text, where they need not stand close to others and take little room.
    private var withoutIdleSteps: Self {
        var chain = self
        var index = 0
        while index < chain.steps.count, chain.steps.count > 2 {
            let step = chain.steps[index]
            let isNear =
                (index > 0 && chain.steps[index - 1].isNear(to: step))
                || (index + 1 < chain.steps.count && step.isNear(to: chain.steps[index + 1]))
            let length = step.before + step.longest
            // Of one that takes much room, each of its words tells how much it takes.
            guard !isNear, step.isIdle, length.bytes.map({ $0 <= Self.roomOfIdle }) ?? true else {
                index += 1
                continue
            }
            if index + 1 < chain.steps.count {
                chain.steps[index + 1].before += length
            } else {
                chain.after += length
            }
            chain.steps.remove(at: index)
        }
        return chain
    }

    /// What an expression consists of, from its beginning to its end.
    private enum Piece {
        /// One of these texts; what stands before and behind is no letter and no digit.
        case text(Set<String>, starts: Bool, ends: Bool)

        /// Something that holds one of these words.
        case words(Group, longest: Extent)

        /// Something of which no more is known.
        case gap(longest: Extent)

        var longest: Extent {
            switch self {
            case .text(let texts, _, _): texts.reduce(.none) { $0.union(Extent(of: $1)) }
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
                    return Group(words: Dictionary(uniqueKeysWithValues: words.map { ($0, .none) }))
                }
                let slack = Slack(after: longest)
                return Group(words: Dictionary(uniqueKeysWithValues: cut.map { ($0, slack) }))
            }
        }
    }

    private struct Group {
        var words: [Word: Slack]

        /// Whether a scan for tokens misses any of the words, how common the commonest is, how common all of them are.
        var cost: Cost {
            words.keys.reduce(into: Cost()) { cost, word in
                cost.misses = max(cost.misses, word.isCheap ? 0 : 1)
                cost.commonest = max(cost.commonest, word.cost)
                cost.all += word.cost
            }
        }
    }

    private struct Cost {
        var misses = 0
        var commonest = 0
        var all = 0

        static func < (left: Cost, right: Cost) -> Bool {
            (left.misses, left.commonest, left.all) < (right.misses, right.commonest, right.all)
        }
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
            return [.gap(longest: syntax.extent)]
        case .repeated(let part, 1, 1): return pieces(of: part, starts, ends)
        case .repeated(let part, 0, 1):
            guard let texts = exact(pieces(of: part, starts, ends)) else { return [.gap(longest: syntax.extent)] }
            return [.text(texts.union([""]), starts: starts, ends: ends)]
        case .repeated(.one, _, _), .repeated(_, 0, _): return [.gap(longest: syntax.extent)]
        case .repeated(let part, _, let most):
            // The first copy, and room for the others.
            let others = part.extent.times(most.map { $0 - 1 })
            return pieces(of: part, starts, ends && part.beginsAtEdge(ends)) + [.gap(longest: others)]
        case .sequence(let parts): return sequence(parts, starts, ends) { pieces(of: parts[$0], $1, $2) }
        case .choice(let branches):
            return [
                choice(branches.map { pieces(of: $0, starts, ends) }, starts, ends) ?? .gap(longest: syntax.extent)
            ]
        }
    }

    /// The texts that pieces stand for, when they are few.
    private static func exact(_ pieces: [Piece]) -> Set<String>? {
        if pieces.isEmpty { return [""] }
        guard pieces.count == 1, case .text(let texts, _, _) = pieces[0] else { return nil }
        return texts
    }

    /// The pieces of parts in a row, where `pieces` has those of each part by its index.
    private static func sequence(
        _ parts: [Syntax], _ starts: Bool, _ ends: Bool, _ pieces: (Int, Bool, Bool) -> [Piece]
    ) -> [Piece] {
        var isEdge = [starts]
        for part in parts { isEdge.append(part.endsAtEdge(isEdge[isEdge.count - 1])) }
        var endsAtEdge = ends
        var all: [Piece] = []
        for (index, part) in parts.enumerated().reversed() {
            var own = pieces(index, isEdge[index], endsAtEdge)
            // Such as `(?:\b|_)`: what follows begins a token, whichever it is.
            if !own.isEmpty, !isEdge[index], isEdge[index + 1], exact(own)?.contains("") == true {
                own = [.gap(longest: part.extent)]
            }
            for piece in own.reversed() {
                if let next = all.first, let joined = join(piece, next) {
                    all[0] = joined
                } else {
                    all.insert(piece, at: 0)
                }
            }
            endsAtEdge = part.beginsAtEdge(endsAtEdge)
        }
        return all
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
        var whole = Group(words: [:])
        var longest = Extent.none
        for branch in branches {
            guard let best = best(of: branch) else { return nil }
            whole.words.merge(best.words) { $0.widened(by: $1) }
            longest = longest.union(branch.reduce(.none) { $0 + $1.longest })
        }
        return whole.words.count <= mostAlternatives ? .words(whole, longest: longest) : nil
    }

    private static func best(of branch: [Piece]) -> Group? {
        var best: Group?
        for (index, piece) in branch.enumerated() {
            guard var group = piece.group, best.map({ group.cost < $0.cost }) ?? true else { continue }
            let before = branch[..<index].reduce(.none) { $0 + $1.longest }
            let after = branch[(index + 1)...].reduce(.none) { $0 + $1.longest }
            group.words = group.words.mapValues { Slack(before: before + $0.before, after: $0.after + after) }
            best = group
        }
        return best
    }
}

extension WordChain.Step {
    /// Whether little can stand between a word of the step and one of the next.
    fileprivate func isNear(to next: Self) -> Bool {
        (mostAfter + next.before + next.mostBefore).bytes.map { $0 <= 16 } ?? false
    }
}
