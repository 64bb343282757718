extension Pattern {
    /// The most that an expression may weigh which a user wrote: compiling takes some tenths of a second over it at worst.
    ///
    /// Ours may be longer than theirs: what is found by the words in it is never compiled as an automaton.
    public static let mostWeight = 10_000

    /// About how much work it is to compile: the places of the automaton that it becomes when its counted repetitions are
    /// written out as far as they are, and the steps between them; a place of a character beyond ASCII counts for several.
    ///
    /// Known before anything is compiled, and too high rather than too low.
    public var weight: Int { weight(SyntaxReader.read(expression, ignoresCase: ignoresCase)) }

    /// The ``weight``, and what it weighs to compare it with another pattern; 0 when it is compared with none.
    ///
    /// Hyperscan finds a pattern by neighbouring characters that are in all of its matches. Those without any it compares
    /// with each other while it compiles them: measured, half a millisecond for two, and a tenth of it for short digits.
    public func weighed() -> (weight: Int, comparison: Int) {
        let syntax = SyntaxReader.read(expression, ignoresCase: ignoresCase)
        let comparison = syntax.map { $0.holdsPair ? 0 : $0.isNarrow ? 8 : 80 } ?? 80
        return (weight(syntax), comparison)
    }

    func weight(_ syntax: Syntax?) -> Int {
        let weight = syntax.map(\.weight) ?? UnreadWeight(expression).weight
        return Int(min(weight + foldedRanges, 1e12))
    }

    /// What ranges beyond ASCII weigh whose case is ignored: PCRE2 looks for the other case of each character in them.
    private var foldedRanges: Double {
        guard ignoresCase || expression.contains("(?") && expression.contains("i") else { return 0 }
        let scalars = Array(expression.unicodeScalars)
        let ranges = scalars.indices.count { index in
            guard scalars[index] == "-", index + 2 < scalars.count else { return false }
            return !scalars[index + 1].isASCII
                || scalars[index + 1] == "\\" && "xo".unicodeScalars.contains(scalars[index + 2])
                    && index + 3 < scalars.count && scalars[index + 3] == "{"
        }
        return 100 * Double(ranges)
    }

    /// The weight, unless it is too much for an expression of a user.
    func checkWeight(_ syntax: Syntax?, _ index: Int) throws(PatternError) -> Int {
        let weight = weight(syntax)
        guard mustBeLinear, weight > Self.mostWeight else { return weight }
        throw PatternError(
            pattern: index, message: "it weighs \(weight), and a pattern may weigh \(Self.mostWeight).",
            reason: .tooHeavy)
    }
}

extension Syntax {
    /// What Hyperscan compiles, what our own automata are made of, and a little of what nobody writes out.
    fileprivate var weight: Double {
        size(.relaxed).weight + size(.once).weight / 5 + size(.written).weight / 1_000
    }

    /// The forms in which it is compiled: as ``forHyperscan`` has it, with each repetition once and a way back, and with all
    /// counts written out.
    private enum Form { case relaxed, once, written }

    private func size(_ form: Form) -> AutomatonSize {
        switch self {
        case .assertion: return AutomatonSize()
        case .one(_, let isWide, let source):
            guard isWide else { return AutomatonSize(one: 1) }
            return AutomatonSize(one: form == .relaxed ? Self.weight(ofClass: source) : Self.wide)
        case .sequence(let parts): return parts.reduce(AutomatonSize()) { $0.followed(by: $1.size(form)) }
        case .choice(let parts): return .any(of: parts.map { $0.size(form) })
        case .ignoringCase(let part): return part.size(form)
        case .repeated(let part, let least, let most):
            let size = part.size(form)
            if most == 1 { return size.repeated(least, most) }
            switch form {
            case .written: return size.repeated(least, most)
            case .once: return size.repeated(min(least, 1), nil)
            case .relaxed: break
            }
            if case .one = part {
                let (least, most) = Self.relaxedBounds(least, most)
                return size.repeated(least, most)
            }
            let (_, isWide) = part.alphabet
            let (fewest, _) = Self.relaxedBounds(Int(min(part.fewest * Double(least), 65_535)), nil)
            return AutomatonSize(one: isWide ? Self.wide : 1).repeated(fewest, nil)
        }
    }

    /// The bytes of the shortest match; not an integer, for counts that are nested are as large as anybody likes.
    private var fewest: Double {
        switch self {
        case .assertion: 0
        case .one: 1
        case .sequence(let parts): parts.reduce(0) { $0 + $1.fewest }
        case .choice(let parts): parts.map(\.fewest).min() ?? 0
        case .repeated(let part, let least, _): part.fewest * Double(least)
        case .ignoringCase(let part): part.fewest
        }
    }

    /// The places of a class beyond ASCII, by its source: measured, a property of Unicode is as good as thousands.
    fileprivate static func weight(ofClass source: some StringProtocol) -> Double {
        var (members, properties, isBraced) = (0, 0, false)
        var last: Character = " "
        for character in source {
            if character == "{" { isBraced = true }
            if !isBraced { members += 1 }
            if character == "}" { isBraced = false }
            if last == "\\", character == "p" || character == "P" || character == "X" { properties += 1 }
            last = character
        }
        return wide + 1.5 * Double(members) + property * Double(properties)
    }

    /// The weight of a character beyond ASCII, and of one with a property of Unicode.
    fileprivate static let wide = 8.0
    fileprivate static let property = 2_000.0
}

/// The size of an automaton, as its parts make it up.
private struct AutomatonSize {
    private var places = 0.0
    private var steps = 0.0

    /// The places where it can begin and end.
    private var first = 0.0
    private var last = 0.0
    private var isNullable = true

    var weight: Double { places + steps }

    init() {}

    init(one places: Double) {
        self.places = places
        (first, last, isNullable) = (1, 1, false)
    }

    func followed(by next: Self) -> Self {
        var all = self
        all.places += next.places
        all.steps += next.steps + last * next.first
        if isNullable { all.first += next.first }
        all.last = next.isNullable ? last + next.last : next.last
        all.isNullable = isNullable && next.isNullable
        return all
    }

    static func any(of parts: [Self]) -> Self {
        var all = Self()
        all.isNullable = false
        for part in parts {
            all.places += part.places
            all.steps += part.steps
            all.first += part.first
            all.last += part.last
            all.isNullable = all.isNullable || part.isNullable
        }
        return all
    }

    /// Written out `most` times, or `least` times with a way back where there is no most.
    func repeated(_ least: Int, _ most: Int?) -> Self {
        let count = Double(max(1, most ?? least))
        var all = self
        all.places *= count
        all.steps = steps * count + last * first * (isNullable ? count * (count - 1) / 2 : count - 1)
        if most == nil { all.steps += last * first }
        if isNullable { all.first *= count }
        all.last *= isNullable ? count : count - Double(max(1, least)) + 1
        all.isNullable = isNullable || least == 0
        return all
    }
}

/// The weight of an expression whose syntax is not read: a bound for whatever it may mean.
///
/// Where groups begin and end cannot be told for sure (quoting, comments), so a count behind what may be a group
/// multiplies all.
private struct UnreadWeight {
    private var places = 0.0

    /// Places where a match can go on in several ways.
    private var forks = 0.0
    private var copies = 1.0

    var weight: Double { (places + (forks + 1) * (forks + 1)) * copies }

    init(_ expression: String) {
        let text = Array(expression)
        let heaviest = Syntax.weight(ofClass: expression)
        for (index, character) in text.enumerated() {
            places += character.isASCII ? 1 : Syntax.wide
            if "|?*".contains(character) { forks += 1 }
            guard character == "{", !Self.isNamed(text[..<index]), let count = Self.count(text[(index + 1)...]) else {
                continue
            }
            forks += 1
            let before = index > 0 ? text[index - 1] : " "
            if before == ")" || before == "E" || before.isWhitespace {
                copies *= count
            } else {
                places += count * (before.isASCII && heaviest < Syntax.property ? Self.one(before, heaviest) : heaviest)
            }
        }
        places += heaviest >= Syntax.property ? heaviest : 0
    }

    /// What one repeated character weighs, or one class.
    private static func one(_ end: Character, _ heaviest: Double) -> Double {
        end == "]" || end == "}" ? heaviest : Syntax.wide
    }

    /// Whether a brace goes on with what `\x` and its like have begun.
    private static func isNamed(_ text: ArraySlice<Character>) -> Bool {
        guard let letter = text.last, "xopPNgk".contains(letter) else { return false }
        return !text.dropLast().reversed().prefix { $0 == "\\" }.count.isMultiple(of: 2)
    }

    /// The larger number of a counted repetition, whose brace is open; nil when it is none.
    private static func count(_ text: ArraySlice<Character>) -> Double? {
        guard let end = text.prefix(16).firstIndex(of: "}") else { return nil }
        let numbers = text[..<end].split(separator: ",").map { Double(String($0.filter { $0 != " " })) }
        guard !numbers.isEmpty, numbers.allSatisfy({ $0 != nil }) else { return nil }
        return max(1, numbers.compactMap { $0 }.max() ?? 1)
    }
}
