import KeeptrustsCore
import KeeptrustsPolicy

/// Shapes that circulate and are not read any more, each with what to write in its place.
enum RetiredShapes {
    static func problems(in document: ConfigNode) -> [ConfigError] {
        guard case .mapping(let entries) = document.value else { return [] }
        var problems: [ConfigError] = []
        for entry in entries {
            switch (entry.key, entry.value.value) {
            case ("policies", .list):
                problems.append(retired(entry, "'policies' must be a mapping with the key 'chain'.", listHint))
            case ("version", _):
                problems.append(
                    retired(entry, "unknown key 'version'.", "the version stands in 'pack: {name, version}'"))
            case ("policy", .mapping(let members)):
                problems += single(members, entry, in: document)
                for member in members { problems += retiredKeys(of: member.value) }
            case ("policies", .mapping(let members)):
                for item in members where item.key == "chain" { problems += chain(item.value) }
            case (_, _):
                continue
            }
        }
        return problems + interpolations(in: document)
    }

    private typealias Entry = (key: String, keyLocation: SourceLocation, value: ConfigNode)

    private static let listHint = """
        write 'policies: {chain: [pii-detector, …]}' and the settings under 'policy: {pii-detector: {…}}'
        """

    private static func retired(_ entry: Entry, _ message: String, _ hint: String) -> ConfigError {
        ConfigError(.retired, at: entry.keyLocation, message, hint: hint)
    }

    /// A document that describes one policy: metadata under `policy`, its settings beside it.
    private static func single(_ members: [Entry], _ entry: Entry, in document: ConfigNode) -> [ConfigError] {
        guard let name = members.first(where: { $0.key == "name" }), case .string(let kind) = name.value.value,
            case .mapping(let all) = document.value, !all.contains(where: { $0.key == "pack" })
        else { return [] }
        let hint = "name it in 'policies: {chain: [\(kind)]}' and put its settings under 'policy: {\(kind): {…}}'"
        return [retired(entry, "a document for a single policy is not accepted.", hint)]
    }

    private static func chain(_ list: ConfigNode) -> [ConfigError] {
        guard case .list(let items) = list.value else { return [] }
        return items.flatMap { item in retiredKeys(of: item) }
    }

    private static func retiredKeys(of node: ConfigNode) -> [ConfigError] {
        guard case .mapping(let entries) = node.value else { return [] }
        return entries.compactMap { entry in
            switch entry.key {
            case "apply_to":
                retired(
                    entry, "unknown key '\(entry.value.path)'.",
                    "say 'on: [request, response]' at the policy's entry in 'policies.chain'")
            case "on_escalate":
                retired(
                    entry, "unknown key '\(entry.value.path)'.",
                    "an escalation is answered at once, with the 'request_id' by which it is found; remove the key")
            default:
                nil
            }
        }
    }

    /// Texts that are `${NAME}` and nothing else.
    private static func interpolations(in node: ConfigNode) -> [ConfigError] {
        switch node.value {
        case .mapping(let entries): return entries.flatMap { interpolations(in: $0.value) }
        case .list(let items): return items.flatMap(interpolations)
        case .string(let text):
            guard text.hasPrefix("${"), text.hasSuffix("}"), text.dropFirst(2).dropLast().allSatisfy(isNamePart) else {
                return []
            }
            return [
                ConfigError(
                    .retired, at: node.location, "\(node.name) is \(quoted(text)); variables are not filled in.",
                    hint: "where a secret is wanted, say '\(reference(node.path)): {env: NAME}'")
            ]
        case .null, .boolean, .integer, .number: return []
        }
    }

    /// The key that refers to a secret at a place: the one that is there, or else the one of that section.
    private static func reference(_ path: String) -> String {
        let keys = path.split(separator: ".")
        let written = keys.last { $0.hasSuffix("_ref") }.map { String($0).shown }
        return written ?? (keys.first == "consumer_groups" ? "key_ref" : "secret_key_ref")
    }

    private static func isNamePart(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || character == "_")
    }
}

/// What to write, or to wait for, in the place of keys that other documents show.
enum KeyHints {
    static let document: [String: String] = {
        var hints = [
            "input_policies": "name the kinds in 'policies: {chain: […]}'; 'on: [request]' limits an entry to requests",
            "output_policies":
                "name the kinds in 'policies: {chain: […]}'; 'on: [response]' limits an entry to answers",
            "provider_routing": "say 'providers: {routing: …}'", "provider_fallback": "say 'providers: {fallback: …}'",
            "fallback": "say 'providers: {fallback: …}'", "retry": "say 'providers: {retry: …}'",
            "circuit_breaker": "say 'providers: {circuit_breaker: …}'", "targets": "say 'providers: {targets: …}'",
            "chain": "say 'policies: {chain: …}'",
            "includes": "layer the files with a repeated --policy-config",
            "extends": "layer the files with a repeated --policy-config",
            "global_rate_limit": "'rate_limits' will replace it, and is not in this version",
            "ip_rate_limit": "'rate_limits' will replace it, and is not in this version",
            "user_rate_limit": "'rate_limits' will replace it, and is not in this version",
            "token_rate_limit": "'rate_limits' will replace it, and is not in this version",
            "rate_limit_defaults": "'rate_limits' will replace it, and is not in this version",
        ]
        for key in [
            "agents", "model_groups", "rate_limits", "ip_allowlist", "cors", "callbacks", "health_monitor",
            "loads",
            "history", "cache", "workflow_cache", "tool_servers", "unified_access", "gateway", "fabric",
            "mirror",
            "traffic_mirroring", "memory", "learning", "moderation", "tasks", "connectors", "mcp", "a2a", "relay",
            "payments",
        ] { hints[key] = "'\(key)' is not in this version" }
        return hints
    }()

    /// For names of kinds that stand where only the chain does.
    static let policies = Dictionary(
        uniqueKeysWithValues: PolicyKinds.all.map { kind in
            let block = "put its settings under 'policy: {\(kind.name): {…}}'"
            return (kind.name, "name it in 'policies: {chain: [\(kind.name)]}', and \(block)")
        })

    static let providers = [
        "strategy": "say 'routing: {strategy: ordered}'", "model_groups": "'model_groups' is not in this version",
        "timeouts": "'timeouts' stands at each target", "provider_fallback": "say 'fallback'",
    ]
}
