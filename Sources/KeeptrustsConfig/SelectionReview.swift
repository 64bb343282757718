import KeeptrustsCore
import KeeptrustsDialects
import KeeptrustsPolicy

/// Looks at what groups and routes refer to: policies and targets that are not there, and routes that no request takes.
struct SelectionReview {
    private let sections: ConfigSections
    private let chain: ConfigNode
    private let document: ConfigNode

    init(_ sections: ConfigSections, chain: ConfigNode, document: ConfigNode) {
        (self.sections, self.chain, self.document) = (sections, chain, document)
    }

    var problems: [ConfigError] {
        let owners = ["consumer_groups", "routes"].flatMap { items(of: document.descendant($0)) }
        let policies = owners.flatMap { items(of: $0.member(ifAny: "policies")) }
        let upstreams = owners.compactMap { $0.member(ifAny: "upstream") }
        let targets = items(of: document.descendant("providers", "targets")).compactMap { $0.text(at: "id") }
        return strangers(among: policies, to: ids, are: "policies", "which is no id of 'policies.chain'")
            + strangers(among: upstreams, to: targets, are: "targets", "which is no id of 'providers.targets'")
    }

    private func strangers(
        among nodes: [ConfigNode], to known: [String], are what: String, _ fault: String
    ) -> [ConfigError] {
        nodes.compactMap { node in
            guard case .string(let id) = node.value, !known.contains(id) else { return nil }
            return ConfigError(
                .unknownValue, at: node.location, "\(node.name) is \(quoted(id)), \(fault).",
                hint: ConfigNode.hint(for: id, among: known, are: what))
        }
    }

    var warnings: [ConfigWarning] { routeWarnings + idle }

    private var routeWarnings: [ConfigWarning] {
        sections.routes.enumerated().compactMap { index, route in
            let place = document.descendant("routes", "\(index)")?.location ?? document.location
            guard let cause = cause(against: route, at: index) else { return openness(of: route, at: index, place) }
            return ConfigWarning(
                "config.route_unreachable", at: place,
                "no request takes the route '\(route.name)': \(cause.text).", hint: cause.hint)
        }
    }

    /// Why no request takes a route; nil where one may.
    private func cause(against route: Route, at index: Int) -> (text: String, hint: String)? {
        let paths = paths(of: route)
        guard !paths.isEmpty else {
            return (
                "the gateway answers POST \(Self.served.joined(separator: ", "))",
                "change 'path' or 'methods', or remove the route"
            )
        }
        let before = sections.routes[..<index].filter { other in
            other.headers.allSatisfy { route.headers.contains($0) }
        }
        let takers = paths.map { path in before.first { $0.matches(path: path, method: .post) } }
        guard !takers.contains(nil), let other = takers.compactMap(\.self).first else { return nil }
        return ("'\(other.name)' before it takes all that it would", "put it before '\(other.name)'")
    }

    /// The paths at which requests are judged.
    private static let served = Surface.all.map { "\($0.path)" }

    /// Those of them whose requests a route may take.
    private func paths(of route: Route) -> [String] {
        Self.served.filter { route.matches(path: $0, method: .post) }
    }

    /// That any caller may avoid a policy, by headers that it is free to send; nil where none may.
    private func openness(of route: Route, at index: Int, _ place: SourceLocation) -> ConfigWarning? {
        guard let kept = route.policies, !route.headers.isEmpty,
            !route.headers.contains(where: { ExchangeFacts.identityHeaders.contains($0.name) })
        else { return nil }
        // What judges a request that takes this route and says nothing in its headers.
        let without = sections.routes[(index + 1)...].first { other in
            other.headers.isEmpty && Set(paths(of: other)).isSuperset(of: paths(of: route))
        }
        let avoided = enforcing.filter { !kept.contains($0) && without?.policies?.contains($0) ?? true }
        guard !avoided.isEmpty else { return nil }
        let names = avoided.map { "'\($0)'" }.joined(separator: ", ")
        return ConfigWarning(
            "config.route_open", at: place,
            "any caller may take the route '\(route.name)' by its headers, and is not judged by \(names) there.",
            hint: "tell callers apart by 'consumer_groups', or name the policy in 'policies' of the route")
    }

    /// Groups and routes, alone or together, that leave out all that could change what goes on.
    private var idle: [ConfigWarning] {
        let enforcing = Set(enforcing)
        guard !enforcing.isEmpty else { return [] }
        func isIdle(_ kept: [String]?...) -> Bool {
            kept.allSatisfy { $0 != nil } && kept.reduce(enforcing) { $0.intersection($1 ?? []) }.isEmpty
        }
        func warning(_ list: String, _ index: Int, _ whose: String) -> ConfigWarning {
            let place = document.descendant(list, "\(index)", "policies")?.location ?? document.location
            return ConfigWarning(
                "config.selection_idle", at: place, "no policy that enforces anything judges \(whose).",
                hint: "name one in 'policies', or leave the key out")
        }
        var warnings: [ConfigWarning] = []
        for (index, group) in sections.consumerGroups.enumerated() where isIdle(group.policies) {
            warnings.append(warning("consumer_groups", index, "the callers of the consumer group '\(group.name)'"))
        }
        for (index, route) in sections.routes.enumerated() {
            guard !isIdle(route.policies) else {
                warnings.append(warning("routes", index, "what takes the route '\(route.name)'"))
                continue
            }
            for group in sections.consumerGroups where !isIdle(group.policies) {
                guard isIdle(group.policies, route.policies) else { continue }
                warnings.append(
                    warning(
                        "routes", index,
                        "what callers of the consumer group '\(group.name)' send on the route '\(route.name)', since only what both name does"
                    ))
            }
        }
        return warnings
    }

    /// The ids of the policies that can change what goes on.
    private var enforcing: [String] {
        zip(items(of: chain), ids).compactMap { entry, id in
            guard entry.text(at: "mode") != "observe" else { return nil }
            let name = entry.text(at: "kind") ?? id
            let kind = PolicyKinds.all.first { $0.name == name }
            return kind.map { $0.isSecurity || !$0.seesBlocked } == true ? id : nil
        }
    }

    /// The ids of the policies in the chain, as far as they have one.
    private var ids: [String] {
        items(of: chain).compactMap { entry in
            if case .string(let kind) = entry.value { return kind }
            return entry.text(at: "id") ?? entry.text(at: "kind")
        }
    }

    private func items(of node: ConfigNode?) -> [ConfigNode] {
        guard case .list(let items)? = node?.value else { return [] }
        return items
    }
}
