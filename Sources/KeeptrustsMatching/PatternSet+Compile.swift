import CHyperscan

extension PatternSet {
    /// The pattern as Hyperscan shall look for it.
    static func entry(
        _ pattern: Pattern, _ syntax: Syntax?, _ index: Int
    ) throws(PatternError) -> HyperscanDatabase.Entry {
        var flags = UInt32(HS_FLAG_SINGLEMATCH)
        if pattern.ignoresCase { flags |= UInt32(HS_FLAG_CASELESS) }
        if syntax?.isWide ?? true { flags |= UInt32(HS_FLAG_UTF8) }
        if pattern.mustBeLinear {
            if let problem = problem(with: pattern.expression, flags) {
                throw PatternError(pattern: index, message: problem)
            }
        }
        let id = UInt32(index)
        let forms = [
            (pattern.expression, flags), (syntax?.forHyperscan ?? pattern.expression, flags),
            (pattern.expression, flags | UInt32(HS_FLAG_PREFILTER)),
        ]
        // The relaxed form goes first: it is what Hyperscan scans fastest.
        for (expression, flags) in [forms[1], forms[0], forms[2]] where problem(with: expression, flags) == nil {
            return HyperscanDatabase.Entry(id: id, expression: expression, flags: flags)
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

    /// Compiles each group, or takes it from the cache; a group without patterns has no database.
    static func databases(
        of groups: [[HyperscanDatabase.Entry]], cacheDirectory: String?
    ) throws(PatternError) -> [HyperscanDatabase?] {
        let cache = cacheDirectory.map { DatabaseCache(directory: $0, groups: groups) }
        if let databases = cache?.load(count: groups.count) { return databases }
        var databases: [HyperscanDatabase?] = []
        for entries in groups {
            guard !entries.isEmpty else {
                databases.append(nil)
                continue
            }
            do {
                databases.append(try HyperscanDatabase(entries))
            } catch {
                let id = error.entry.map { Int(entries[$0].id) } ?? Int(entries[0].id)
                throw PatternError(pattern: id, message: error.message)
            }
        }
        cache?.store(databases)
        return databases
    }
}
