import CHyperscan

/// What Hyperscan shall look for on behalf of some patterns.
struct ScanPlan {
    private let patternWords: Int
    private var entries: [[HyperscanDatabase.Entry]]
    private(set) var factored: [FactoredPattern] = []

    /// The words that patterns need, by their numbers.
    private var numbers: [String: Int] = [:]

    /// Words of 64 bits that a scan notes: for patterns, then for the words that patterns need.
    var words: Int { patternWords + (numbers.count + 63) / 64 }

    /// The number of the first word that patterns need.
    var firstWord: Int { patternWords * 64 }

    init(patterns: Int) {
        patternWords = max(1, (patterns + 63) / 64)
        entries = Array(repeating: [], count: Gate.allCases.count)
    }

    /// Adds a pattern, by the words that it needs if there are several, else by an expression that matches no less.
    mutating func add(_ pattern: Pattern, _ syntax: Syntax?, _ index: Int) throws(PatternError) {
        let gate = Gate(pattern, syntax)
        let flags = Self.flags(pattern, syntax)
        if pattern.mustBeLinear, let problem = Self.problem(with: pattern.expression, flags) {
            throw PatternError(pattern: index, message: problem)
        }
        if let syntax {
            let factors = Factors(of: syntax)
            let count = factors.groups.count + (factors.leading == nil ? 0 : 1)
            if count > 1 || (count == 1 && syntax.repeatsGroups) {
                return add(factors, of: index, gate, longest: syntax.longest)
            }
        }
        entries[gate.rawValue].append(try Self.entry(pattern, syntax, flags, index))
    }

    private mutating func add(_ factors: Factors, of index: Int, _ gate: Gate, longest: Int?) {
        var leading: [UInt32: Int] = [:]
        for word in (factors.leading ?? []).sorted() { leading[UInt32(number(of: word))] = word.utf8.count }
        factored.append(
            FactoredPattern(
                pattern: index, gate: gate, longest: longest, groups: factors.groups.map { words($0) },
                leading: leading, leadingWords: words(factors.leading ?? [])
            ))
    }

    private mutating func words(_ group: Set<String>) -> FactoredPattern.Words {
        var masks: [Int: UInt64] = [:]
        for word in group.sorted() {
            let number = number(of: word)
            masks[number / 64, default: 0] |= 1 << UInt64(number % 64)
        }
        return masks.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// The number under which a scan notes a word.
    private mutating func number(of word: String) -> Int {
        if let number = numbers[word] { return patternWords * 64 + number }
        let number = patternWords * 64 + numbers.count
        numbers[word] = numbers.count
        let isASCII = word.utf8.allSatisfy { $0 < 0x80 }
        let gate = isASCII ? Gate.none : .highByte
        let expression = word.unicodeScalars.map { "\\x{\(String($0.value, radix: 16))}" }.joined()
        var flags = UInt32(HS_FLAG_CASELESS)
        if !isASCII { flags |= UInt32(HS_FLAG_UTF8) }
        entries[gate.rawValue].append(.init(id: UInt32(number), expression: expression, flags: flags))
        return number
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
    private static func problem(with expression: String, _ flags: UInt32) -> String? {
        var info: UnsafeMutablePointer<hs_expr_info_t>?
        var failure: UnsafeMutablePointer<hs_compile_error_t>?
        let result = hs_expression_info(expression, flags, &info, &failure)
        defer {
            free(info)
            hs_free_compile_error(failure)
        }
        guard result == HS_SUCCESS else {
            return failure.map { String(cString: $0.pointee.message) } ?? "it cannot be compiled."
        }
        return info?.pointee.min_width == 0 ? "It matches the empty text." : nil
    }

    /// Compiles the patterns of each gate, or takes them from the cache; a gate without patterns has no database.
    func databases(cacheDirectory: String?) throws(PatternError) -> [HyperscanDatabase?] {
        let cache = cacheDirectory.map { DatabaseCache(directory: $0, groups: entries) }
        if let databases = cache?.load(count: entries.count) { return databases }
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
