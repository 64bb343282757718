import KeeptrustsCore
import KeeptrustsPolicy
import KeeptrustsRouting

/// Looks at a document that has no mistake of form: for settings that nobody uses, and for those that mislead.
struct ConfigReview {
    private let sections: ConfigSections
    private let chain: ConfigNode
    private let document: ConfigNode

    init(_ sections: ConfigSections, chain: ConfigNode, document: ConfigNode) {
        self.sections = sections
        self.chain = chain
        self.document = document
    }

    func findings() -> (problems: [ConfigError], warnings: [ConfigWarning]) {
        var (problems, unused) = blocks()
        let selections = SelectionReview(sections, chain: chain, document: document)
        problems += targetProblems() + selections.problems
        let warnings =
            packWarnings() + unused + targetWarnings() + routingWarnings() + groupWarnings()
            + selections.warnings + withheld(in: document)
        return (problems, warnings)
    }

    private func packWarnings() -> [ConfigWarning] {
        var warnings: [ConfigWarning] = []
        if sections.pack?.isEnabled == false {
            let place = place("pack", "enabled")
            warnings.append(
                ConfigWarning("config.pack_disabled", at: place, "'pack.enabled' is false: no gateway will run this."))
        }
        if case .list(let entries) = chain.value, entries.isEmpty {
            warnings.append(
                ConfigWarning(
                    "config.chain_empty", at: chain.location, "'policies.chain' is empty: nothing is checked."))
        }
        return warnings
    }

    /// The blocks under `policy`: each belongs to an entry of the chain, or to a kind that could be in it.
    private func blocks() -> ([ConfigError], [ConfigWarning]) {
        var problems: [ConfigError] = []
        var warnings: [ConfigWarning] = []
        let used = namesInChain
        let kinds = PolicyKinds.all.map(\.name)
        for (name, place, node) in (try? sections.settings?.members()) ?? [] where !used.contains(name) {
            if kinds.contains(name) {
                warnings.append(
                    ConfigWarning(
                        "config.block_unused", at: place,
                        "'\(node.path)' has no effect: '\(name)' is not in 'policies.chain'.",
                        hint: "add it to the chain, or remove the block"))
            } else {
                let hint = nearestName(to: name, among: kinds + used.sorted()).map { "did you mean '\($0)'?" }
                problems.append(
                    ConfigError(
                        .unknownKey, at: place, "unknown key '\(node.path)'.",
                        hint: hint ?? "a block bears the name of a kind, or the id of an entry of 'policies.chain'"))
            }
        }
        return (problems, warnings)
    }

    /// Suites whose target is no policy of the chain.
    private func targetProblems() -> [ConfigError] {
        let names = namesInChain
        guard case .list(let suites)? = sections.suites?.value else { return [] }
        return suites.compactMap { suite in
            guard let node = suite.member(ifAny: "target"), case .string(let target) = node.value,
                !names.contains(target)
            else { return nil }
            return ConfigError(
                .unknownValue, at: node.location,
                "the suite \(quoted(suite.text(at: "name") ?? "")) tests \(quoted(target)), which is not in the chain.",
                hint: ConfigNode.hint(for: target, among: names.sorted(), are: "policies"))
        }
    }

    private var namesInChain: Set<String> {
        guard case .list(let entries) = chain.value else { return [] }
        var names: Set<String> = []
        for entry in entries {
            switch entry.value {
            case .string(let kind): names.insert(kind)
            case .mapping:
                for key in ["id", "kind"] {
                    if case .string(let name)? = (try? entry.member(key))?.value { names.insert(name) }
                }
            case .null, .boolean, .integer, .number, .list: continue
            }
        }
        return names
    }

    private func targetWarnings() -> [ConfigWarning] {
        sections.targets.flatMap { target -> [ConfigWarning] in
            var warnings: [ConfigWarning] = []
            if let url = target.baseURL.flatMap({ try? BaseURL($0) }), !url.isTLS, !url.isLoopback,
                target.secretVariable != nil
            {
                warnings.append(
                    ConfigWarning(
                        "config.secret_in_clear", at: target.location,
                        "the target '\(target.id)' sends its credential over plain HTTP.",
                        hint: "say 'https://' in 'base_url'"))
            }
            let times = target.timeouts
            if max(times.connect, times.firstByte, times.idle) > times.total {
                warnings.append(
                    ConfigWarning(
                        "config.timeout_unreachable", at: target.location,
                        "the target '\(target.id)' has a timeout beyond its 'total_ms', which ends the exchange first.")
                )
            }
            return warnings
        }
    }

    private func routingWarnings() -> [ConfigWarning] {
        var warnings: [ConfigWarning] = []
        let providers = try? document.member("providers")
        if let node = try? providers?.member("fallback")?.member("max_fallback_attempts"), !sections.fallback.isEnabled
        {
            warnings.append(
                ConfigWarning(
                    "config.no_effect", at: node.location, "'\(node.path)' has no effect: 'enabled' is false."))
        }
        if let node = try? providers?.member("retry")?.member("backoff_ms"),
            sections.targets.allSatisfy({ $0.retry.maxAttempts == 1 })
        {
            warnings.append(
                ConfigWarning(
                    "config.no_effect", at: node.location, "'\(node.path)' has no effect: 'max_attempts' is 1."))
        }
        return warnings
    }

    private func groupWarnings() -> [ConfigWarning] {
        let names = Set(sections.targets.flatMap { [$0.id, $0.model] })
        return sections.consumerGroups.enumerated().flatMap { index, group in
            (group.allowedModels ?? []).enumerated().compactMap { item, model in
                guard !names.contains(model) else { return nil }
                let node = document.descendant("consumer_groups", "\(index)", "allowed_models", "\(item)")
                let meant = nearestName(to: model, among: names.sorted())
                return ConfigWarning(
                    "config.model_unknown", at: node?.location ?? document.location,
                    "no target serves the model \(quoted(model)) that '\(group.name)' may ask for.",
                    hint: meant.map { "did you mean '\($0)'?" })
            }
        }
    }

    /// References to variables of our own, which a gateway gives no config from the control plane.
    private func withheld(in node: ConfigNode) -> [ConfigWarning] {
        switch node.value {
        case .list(let items): return items.flatMap(withheld)
        case .mapping(let entries):
            return entries.flatMap { entry -> [ConfigWarning] in
                // Tests say what callers send, which is no reference.
                guard entry.value.path != "testing" else { return [] }
                guard entry.key.hasSuffix("_ref"), let name = entry.value.member(ifAny: "env"),
                    case .string(let text) = name.value, AllowedVariables.isOwn(text)
                else { return withheld(in: entry.value) }
                return [
                    ConfigWarning(
                        "config.variable_withheld", at: name.location,
                        "'\(name.path)' is a variable of Keeptrusts itself, which no managed gateway gives to a config.",
                        hint: "choose another name, such as APP_API_KEY")
                ]
            }
        case .null, .boolean, .integer, .number, .string: return []
        }
    }

    private func place(_ keys: String...) -> SourceLocation {
        keys.reduce(Optional(document)) { $0?.descendant($1) }?.location ?? document.location
    }
}

extension ConfigNode {
    func descendant(_ keys: String...) -> ConfigNode? {
        var node = self
        for key in keys {
            switch node.value {
            case .mapping(let entries):
                guard let next = entries.first(where: { $0.key == key }) else { return nil }
                node = next.value
            case .list(let items):
                guard let index = Int(key), items.indices.contains(index) else { return nil }
                node = items[index]
            case .null, .boolean, .integer, .number, .string:
                return nil
            }
        }
        return node
    }
}
