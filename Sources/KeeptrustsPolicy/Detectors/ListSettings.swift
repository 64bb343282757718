import KeeptrustsCore

// What the kinds have in common that look for what a pack names, what their settings list, or both.
extension ConfigNode {
    /// The settings of a kind, whose entry in the chain says where it runs.
    ///
    /// - Parameters:
    ///   - keys: The keys that the kind knows.
    ///   - others: Keys that people write by mistake, each with what to say instead.
    /// - Returns: The settings.
    /// - Throws: ``ConfigError`` for the first key that is none.
    func settings<Key: ConfigKey>(
        _ keys: Key.Type, refusing others: KeyValuePairs<String, String> = [:]
    ) throws(ConfigError) -> ConfigMapping<Key> {
        try refuse(["apply_to": "say 'on' in the entry of 'policies.chain'."])
        try refuse(others)
        return try mapping(keys)
    }
}

extension ConfigMapping {
    /// What the kind does with a text in which it finds something.
    ///
    /// - Parameters:
    ///   - key: The key `action`.
    ///   - verdicts: Its values and what they mean; without the key, the text is blocked.
    ///   - kind: The kind, with whose name the reason's code begins.
    ///   - message: What was found, as a sentence for the caller.
    /// - Returns: The response.
    /// - Throws: ``ConfigError`` for any other value.
    func response(
        _ key: Key, _ verdicts: KeyValuePairs<String, Verdict> = ["block": .block], by kind: PolicyKind,
        _ message: String
    ) throws(ConfigError) -> MatchResponse {
        MatchResponse(try self[key]?.choice(verdicts) ?? .block, by: kind, message)
    }

    /// The rules of a pack, unless the settings put a list of their own in its place.
    ///
    /// - Parameters:
    ///   - pack: The pack's file.
    ///   - replaces: The key `replace_defaults`.
    ///   - list: The key of the list, which must hold something then.
    /// - Returns: The rules of the pack; none where the list stands alone.
    /// - Throws: ``ConfigError`` when nothing would be left.
    func defaults(of pack: String, unless replaces: Key, for list: Key) throws(ConfigError) -> [Rule] {
        guard try self[replaces]?.boolean() ?? false else { return try Packs.rules(of: pack, for: owner) }
        _ = try filled(list, hint: "Without it, '\(replaces.rawValue)' leaves nothing to look for.")
        return []
    }

    /// A list that must be there and hold something.
    func filled(_ list: Key, hint: String) throws(ConfigError) -> ConfigNode {
        let node = try required(list, hint: hint)
        try node.refuseIfEmpty()
        return node
    }

    /// The rules that look for the terms of a list; see ``TermRules``.
    func terms(
        _ list: Key, category: String, fuzzy: Key? = nil, distance: Key? = nil
    ) throws(ConfigError) -> [Rule] {
        try TermRules.rules(
            for: self[list], fuzzy: fuzzy.flatMap { self[$0] }, distance: distance.flatMap { self[$0] },
            category: category)
    }

    /// The rules that look for the regular expressions of a list.
    func patterns(_ list: Key, category: String) throws(ConfigError) -> [Rule] {
        var rules: [Rule] = []
        for node in try self[list]?.list() ?? [] { rules.append(try Rule(category: category, written: node)) }
        return rules
    }
}
