import KeeptrustsCore

/// What the kinds look for that keep a model from advising as a professional would.
enum AdviceRules {
    /// The rules of a pack, and the patterns that a user adds to them or puts in their place.
    ///
    /// - Parameters:
    ///   - pack: The pack's file.
    ///   - config: The settings of the kind.
    ///   - patterns: `blocked_patterns`: regular expressions that match in linear time.
    ///   - replaces: `replace_defaults`: whether only those are looked for.
    ///   - weight: The rules of the pack that are wanted: those of at most this weight.
    /// - Returns: The rules, those of the pack first.
    /// - Throws: ``ConfigError`` for the first mistake, such as defaults that nothing replaces.
    static func rules(
        of pack: String, for config: ConfigNode, and patterns: ConfigNode?, replaces: ConfigNode?, upTo weight: Int = 3
    ) throws(ConfigError) -> [Rule] {
        let own = try patterns?.list() ?? []
        var rules: [Rule] = []
        if let replaces, try replaces.boolean() {
            guard !own.isEmpty else {
                throw ConfigError(
                    .conflict, at: replaces.location, "'\(replaces.path)' leaves nothing to look for.",
                    hint: "add 'blocked_patterns'")
            }
        } else {
            rules = try Packs.rules(of: pack, for: config).filter { $0.weight <= weight }
        }
        for node in own { rules.append(try Rule(category: "advice.custom", written: node)) }
        return rules
    }
}
