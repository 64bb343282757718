import KeeptrustsAPI
import KeeptrustsConfig
import KeeptrustsPolicy

/// The policies that have no say in a recorded exchange, by their ids.
struct EventSelection: Equatable {
    /// Those that the old configuration left out.
    var before: Set<String> = []

    /// Those that the new one leaves out.
    var after: Set<String> = []

    /// Those that the new one leaves out on some of the routes, or for some of the groups, that may be the exchange's.
    var perhaps: Set<String> = []
}

/// Finds out which policies groups and routes leave out for recorded exchanges.
///
/// A record names its group and its route, and holds neither path nor headers. So which route it would take is known only
/// where both configurations pick routes the same way.
struct EventSelections: Sendable {
    private let old: Side
    private let new: Side

    /// Whether both have the same routes, whatever these are called and do.
    private let pickAlike: Bool

    init(from old: (config: PolicyConfig, chain: PolicyChain), to new: (config: PolicyConfig, chain: PolicyChain)) {
        self.old = Side(old.config, old.chain)
        self.new = Side(new.config, new.chain)
        pickAlike = old.config.routes.elementsEqual(new.config.routes) { $0.picks(like: $1) }
    }

    func selection(for event: DecisionEvent) -> EventSelection {
        let (group, newGroup) = (old.group(of: event), new.group(of: event))
        let route = event.route.flatMap { name in old.routes.firstIndex { $0.name == name } }
        var selection = EventSelection()
        selection.before = old.leftOut(by: group?.policies)
        selection.before.formUnion(old.leftOut(by: route.flatMap { old.routes[$0].policies }))
        if group != nil, newGroup == nil {
            // Its key is another group's now, or nobody's.
            selection.perhaps = new.leftOut(byAny: new.groups.map(\.policies))
        } else {
            selection.after = new.leftOut(by: newGroup?.policies)
        }
        let mayAssertAlike = group?.mayAssertIdentity == newGroup?.mayAssertIdentity
        if pickAlike, mayAssertAlike || group == nil, (route == nil) == (event.route == nil) {
            selection.after.formUnion(new.leftOut(by: route.flatMap { new.routes[$0].policies }))
        } else {
            selection.perhaps.formUnion(new.leftOut(byAny: new.routes.map(\.policies)))
        }
        selection.perhaps.subtract(selection.after)
        return selection
    }

    /// What one configuration says of it.
    private struct Side: Sendable {
        let groups: [ConsumerGroup]
        let routes: [Route]
        private let ids: Set<String>

        init(_ config: PolicyConfig, _ chain: PolicyChain) {
            (groups, routes) = (config.consumerGroups, config.routes)
            ids = Set(chain.instances.map(\.id))
        }

        func group(of event: DecisionEvent) -> ConsumerGroup? { groups.first { $0.name == event.consumerGroup } }

        func leftOut(by policies: [String]?) -> Set<String> { policies.map { ids.subtracting($0) } ?? [] }

        func leftOut(byAny lists: [[String]?]) -> Set<String> {
            lists.reduce(into: []) { $0.formUnion(leftOut(by: $1)) }
        }
    }
}

extension Route {
    /// Whether it takes the same requests as another one in its place.
    fileprivate func picks(like other: Route) -> Bool {
        path == other.path && match == other.match && methods == other.methods && headers == other.headers
    }
}
