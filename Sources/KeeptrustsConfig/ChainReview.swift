import KeeptrustsCore
import KeeptrustsPolicy

/// Looks at a chain that compiles: for policies and patterns that do nothing, and for an order that misleads.
struct ChainReview {
    private let chain: PolicyChain
    private let entries: [ConfigNode]
    private let targets: [TargetFacts]

    /// The ids of the policies that judge where a group or a route names some.
    private let selections: [Set<String>]

    init(_ chain: PolicyChain, entries: ConfigNode, targets: [TargetFacts], selections: [Set<String>] = []) {
        self.selections = selections
        self.chain = chain
        self.targets = targets
        self.entries = (try? entries.list()) ?? []
    }

    var warnings: [ConfigWarning] { shadowed + repeated + order + effect + routes + services + mocks + idle }

    private var shadowed: [ConfigWarning] {
        chain.shadowings.compactMap { shadowing in
            guard entries.indices.contains(shadowing.instance) else { return nil }
            let id = chain.instances[shadowing.instance].id
            let other = chain.instances[shadowing.by].id
            // Where the other one does not judge, this one has something to do.
            guard !selections.contains(where: { $0.contains(id) && !$0.contains(other) }) else { return nil }
            let place = entries[shadowing.instance].location
            switch shadowing.effect {
            case .neverReached:
                return ConfigWarning(
                    "config.policy_unreachable", at: place,
                    "'\(id)' is never reached: '\(other)' blocks all that it looks for, and ends the chain.",
                    hint: "remove it, or put it before '\(other)'")
            case .overruled:
                return ConfigWarning(
                    "config.policy_overruled", at: place,
                    "'\(id)' has no effect: '\(other)' blocks all that it would let go on.", hint: "keep one of the two"
                )
            case .repeated:
                return ConfigWarning(
                    "config.policy_repeated", at: place,
                    "'\(id)' finds nothing that '\(other)' has not found.",
                    hint: "remove it, or give it settings of its own under 'policy.\(id)'")
            }
        }
    }

    private var repeated: [ConfigWarning] {
        chain.repeatedPatterns.map { node in
            ConfigWarning(
                "config.pattern_repeated", at: node.location,
                "'\(node.path)' finds nothing new: its policy looks for that already.", hint: "remove it")
        }
    }

    /// A kind that sees what others have blocked stands where it seems to have seen it: at the end.
    private var order: [ConfigWarning] {
        let instances = chain.instances
        return instances.indices.compactMap { index in
            let follows = instances[index...].contains { !$0.kind.seesBlocked }
            guard instances[index].kind.seesBlocked, follows, entries.indices.contains(index) else { return nil }
            return ConfigWarning(
                "config.chain_order", at: entries[index].location,
                "'\(instances[index].id)' stands before policies whose verdicts it sees all the same.",
                hint: "put it last, so that the chain reads as it works")
        }
    }

    private var effect: [ConfigWarning] {
        guard let first = entries.first, chain.enforcesNothing else { return [] }
        return [
            ConfigWarning(
                "config.nothing_enforced", at: first.location,
                "no policy of the chain can change what goes on: they only observe or flag.")
        ]
    }

    private var services: [ConfigWarning] {
        zip(chain.instances, chain.services).enumerated().compactMap { place, pair in
            guard pair.1.contains(where: \.exposesSecret), entries.indices.contains(place) else { return nil }
            return ConfigWarning(
                "config.secret_in_clear", at: entries[place].location,
                "'\(pair.0.id)' sends its credential over plain HTTP.", hint: "say 'https://' in its endpoint")
        }
    }

    private var mocks: [ConfigWarning] {
        zip(chain.instances, chain.mocks).enumerated().compactMap { place, pair in
            guard pair.1, entries.indices.contains(place) else { return nil }
            return ConfigWarning(
                "config.mock", at: entries[place].location, "'\(pair.0.id)' asks no model: its scores are made up.",
                hint: "say 'mock_scoring: false' where answers are to be judged")
        }
    }

    private var idle: [ConfigWarning] {
        chain.idleSettings.map { setting in
            ConfigWarning(
                "config.no_effect", at: setting.node.location,
                "\(setting.node.name) has no effect: \(setting.reason).")
        }
    }

    private var routes: [ConfigWarning] {
        guard let first = entries.first, chain.routes, !targets.isEmpty, !chain.permitted(targets).contains(true) else {
            return []
        }
        // A group or a route may leave out the policy that wants it.
        let which = selections.isEmpty ? "every request" : "every request that the whole chain judges"
        return [
            ConfigWarning(
                "config.no_target_permitted", at: first.location,
                "no target promises what the chain wants: \(which) will be blocked.",
                hint: "say what its vendor promises in 'data_policy' of a target")
        ]
    }
}
