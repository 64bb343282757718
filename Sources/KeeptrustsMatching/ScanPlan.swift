import CHyperscan
import Synchronization

/// What a scan shall look for on behalf of some patterns.
struct ScanPlan {
    /// Words of 64 bits that hold a bit for each pattern.
    private let patternWords: Int

    /// What Hyperscan looks for behind each gate; the same in every process, for the cache knows it by its digest.
    private(set) var entries: [[HyperscanDatabase.Entry]]

    /// The words of all chains, in the order in which they were met, and what they mean.
    private var numbers: [WordChain.Word: Int] = [:]
    private var words: [(word: WordChain.Word, entries: [Vocabulary.Entry])] = []
    private var needed: [ByteSet] = []

    private var chains: [Vocabulary.Chain] = []

    /// The patterns that are known by their chains, with the gate that their matches pass.
    private(set) var chained: [(pattern: Int, gate: Gate)] = []

    init(patterns: Int) {
        patternWords = max(1, (patterns + 63) / 64)
        entries = Array(repeating: [], count: Gate.allCases.count)
    }

    /// Adds a pattern: by the words that it needs, if they are known and it has no narrow gate, else by an expression that
    /// matches no less.
    mutating func add(_ pattern: Pattern, _ syntax: Syntax?, _ index: Int) throws(PatternError) {
        let gate = Gate(pattern, syntax)
        let flags = Self.flags(pattern, syntax)
        if pattern.mustBeLinear, let problem = Self.problem(with: pattern, syntax) {
            throw PatternError(pattern: index, message: problem)
        }
        if let syntax, !gate.isNarrow, !syntax.isNullable {
            let chains = WordChain.all(of: syntax)
            if !chains.isEmpty {
                chained.append((index, gate))
                for chain in chains { add(chain, of: index, syntax) }
                return
            }
        }
        let sought = gate.isNarrow ? syntax?.withWiderBeginning : syntax
        entries[gate.rawValue].append(try Self.entry(pattern, sought, flags, index))
    }

    private mutating func add(_ chain: WordChain, of pattern: Int, _ syntax: Syntax) {
        var rare: Int32 = -1
        if let bytes = syntax.rareBytes {
            rare = Int32(needed.firstIndex(of: bytes) ?? needed.count)
            if rare == needed.count { needed.append(bytes) }
        }
        let steps = Int(chains.last?.end ?? 0)
        chains.append(Vocabulary.Chain(of: pattern, from: steps, chain, needed: rare))
        let longest = Self.bounded(syntax.longest)
        // A word that stands in two steps must not count for both: the later step comes first.
        for (index, step) in chain.steps.enumerated().reversed() {
            let isLast = index == chain.steps.count - 1
            let width = Self.width(of: index, in: chain)
            let words = step.words.sorted { ($0.key.text, $0.key.flags) < ($1.key.text, $1.key.flags) }
            for (word, slack) in words {
                let before = step.before + slack.before
                let after = isLast ? slack.after + chain.after : slack.after
                // The word is known by one of its tokens: others of its own may stand on either side.
                let others = Extent(words: word.text.utf8.count(where: ByteSet.space.contains))
                let entry = Vocabulary.Entry(
                    pattern: Int32(pattern), step: Int32(steps + index),
                    previous: index == 0 ? -1 : Int32(steps + index - 1), longest: longest,
                    before: Self.bounded(before.bytes), after: Self.bounded(after.bytes),
                    wordsBefore: Self.bounded((before + others).words.map { $0 + 1 }),
                    wordsAfter: Self.bounded((others + after).words), isLast: isLast, width: width,
                    isOfOneSentence: chain.isOfOneSentence, needed: rare)
                if numbers[word] == nil {
                    numbers[word] = self.words.count
                    self.words.append((word, []))
                }
                if let number = numbers[word] { self.words[number].entries.append(entry) }
            }
        }
    }

    /// How far apart words of a step may begin and still be remembered as one.
    ///
    /// A word matters until the next step's word can follow it no more.
    private static func width(of index: Int, in chain: WordChain) -> Int32 {
        guard index + 1 < chain.steps.count else { return 1 }
        let (step, next) = (chain.steps[index], chain.steps[index + 1])
        // In another case, a character can have more bytes.
        let longest = (step.words.keys.map(\.text.utf8.count).max() ?? 0) * 3
        let gap = (step.mostAfter + next.before + next.mostBefore).bytes
        return WordTrails.width(reach: bounded(gap.map { longest + $0 }))
    }

    private static func bounded(_ length: Int?) -> Int32 {
        min(length.map { Int32(clamping: $0) } ?? .max, Vocabulary.unbounded)
    }

    /// The words, as a scan for tokens finds them; the others are added to what Hyperscan looks for.
    mutating func vocabulary() -> Vocabulary {
        var tokens: [(word: WordChain.Word, handle: WordChain.Word.Handle, entries: [Vocabulary.Entry])] = []
        var literals: [(length: Int, entries: [Vocabulary.Entry])] = []
        for (word, own) in words {
            if let handle = word.handle {
                tokens.append((word, handle, own))
                continue
            }
            let isASCII = word.text.utf8.allSatisfy { $0 < 0x80 }
            let expression = word.text.unicodeScalars.map { "\\x{\(String($0.value, radix: 16))}" }.joined()
            let flags = UInt32(HS_FLAG_CASELESS) | (isASCII ? 0 : UInt32(HS_FLAG_UTF8))
            let id = UInt32(patternWords * 64 + literals.count)
            entries[(isASCII ? Gate.none : .highByte).rawValue].append(
                HyperscanDatabase.Entry(id: id, expression: expression, flags: flags))
            literals.append((word.text.utf8.count, own))
        }
        return Vocabulary(tokens, literals: literals, needed: needed, chains: chains)
    }

    /// What stands against matching a pattern in time that grows with the text only; nil when nothing does.
    ///
    /// Hyperscan is asked about the form that it will compile, where the syntax is known and has no look-around: it reads
    /// counts by writing them out, which can take seconds.
    static func problem(with pattern: Pattern, _ syntax: Syntax?, mayBeEmpty: Bool = false) -> String? {
        let relaxed = syntax.flatMap { $0.looksAround ? nil : $0.forHyperscan }
        return problem(with: relaxed ?? pattern.expression, flags(pattern, syntax), mayBeEmpty: mayBeEmpty)
    }

    private static func flags(_ pattern: Pattern, _ syntax: Syntax?) -> UInt32 {
        var flags = UInt32(HS_FLAG_SINGLEMATCH)
        if pattern.ignoresCase { flags |= UInt32(HS_FLAG_CASELESS) }
        if syntax?.isWide ?? true { flags |= UInt32(HS_FLAG_UTF8) }
        return flags
    }

    /// The pattern as Hyperscan shall look for it: relaxed where that is known to be sound, as it stands, or as a
    /// prefilter of Hyperscan's own making.
    private static func entry(
        _ pattern: Pattern, _ syntax: Syntax?, _ flags: UInt32, _ index: Int
    ) throws(PatternError) -> HyperscanDatabase.Entry {
        var forms: [(expression: String, flags: UInt32)] = []
        if let syntax { forms.append((syntax.forHyperscan, flags)) }
        forms.append((pattern.expression, flags))
        forms.append((pattern.expression, flags | UInt32(HS_FLAG_PREFILTER)))
        for form in forms where problem(with: form.expression, form.flags) == nil {
            return HyperscanDatabase.Entry(id: UInt32(index), expression: form.expression, flags: form.flags)
        }
        throw PatternError(pattern: index, message: problem(with: pattern.expression, flags) ?? "")
    }

    /// What Hyperscan says against an expression; nil when it can do it.
    private static func problem(with expression: String, _ flags: UInt32, mayBeEmpty: Bool = false) -> String? {
        var info: UnsafeMutablePointer<hs_expr_info_t>?
        var failure: UnsafeMutablePointer<hs_compile_error_t>?
        let flags = mayBeEmpty ? flags | UInt32(HS_FLAG_ALLOWEMPTY) : flags
        let result = hs_expression_info(expression, flags, &info, &failure)
        defer {
            free(info)
            hs_free_compile_error(failure)
        }
        guard result == HS_SUCCESS else {
            return failure.map { String(cString: $0.pointee.message) } ?? "it cannot be compiled."
        }
        return !mayBeEmpty && info?.pointee.min_width == 0 ? "It matches the empty text." : nil
    }

    /// Compiles the patterns of each gate, or takes them from the cache; a gate without patterns has no database.
    func databases(cacheDirectory: String?) throws(PatternError) -> [HyperscanDatabase?] {
        let cache = cacheDirectory.map { DatabaseCache(directory: $0, groups: entries) }
        if let databases = cache?.load(count: entries.count) { return databases }
        PatternSet.compilations.add(1, ordering: .relaxed)
        defer { PatternSet.compilations.subtract(1, ordering: .relaxed) }
        var databases: [HyperscanDatabase?] = []
        for entries in entries {
            guard !entries.isEmpty else {
                databases.append(nil)
                continue
            }
            do {
                databases.append(try HyperscanDatabase(entries))
            } catch {
                let id = error.entry.map { Int(entries[$0].id) } ?? Int(entries[0].id)
                throw PatternError(pattern: min(id, patternWords * 64 - 1), message: error.message)
            }
        }
        cache?.store(databases)
        return databases
    }
}
