import KeeptrustsCore
import KeeptrustsRouting

/// The sections of a document that is being read; each mistake is noted, and the reading goes on.
struct ConfigSections {
    var pack: Pack?
    var targets: [TargetSettings] = []
    var routing = RoutingStrategy.ordered
    var retry = RetryPlan()
    var fallback = FallbackPlan()
    var breaker = CircuitBreaker.Settings()
    var consumerGroups: [ConsumerGroup] = []
    var routes: [Route] = []
    var sizeLimits = SizeLimits()
    var record = RecordSettings()
    var keys = KeySettings()
    var testSuites: [TestSuite] = []

    /// `policies.chain` and `policy`.
    var chain: ConfigNode?
    var settings: ConfigNode?

    /// The list `testing.suites`, as far as it is there.
    private(set) var suites: ConfigNode?

    private enum Key: String, ConfigKey {
        case pack, policies, policy, providers, record, keys, testing, routes
        case consumerGroups = "consumer_groups"
        case sizeLimits = "size_limits"
    }

    private enum PoliciesKey: String, ConfigKey { case chain }

    private enum ProvidersKey: String, ConfigKey {
        case targets, routing, retry, fallback
        case circuitBreaker = "circuit_breaker"
    }

    init(_ document: ConfigNode, _ problems: inout ConfigProblems) {
        let root = document.known(Key.self, hints: KeyHints.document, &problems)
        let start = document.location
        if let node = root[.pack] {
            pack = problems.collect(node) { node throws(ConfigError) in try Pack(node) }
        } else {
            problems.add(
                ConfigError(
                    .missingKey, at: start, "the document needs the key 'pack'.",
                    hint: "write 'pack: {name: my-gateway, version: 1.0.0}'"))
        }
        readPolicies(root[.policies], root[.policy], start, &problems)
        readProviders(root[.providers], start, &problems)
        readGroups(root[.consumerGroups], &problems)
        readRoutes(root[.routes], &problems)
        if let node = root[.sizeLimits] {
            sizeLimits = problems.collect(node) { node throws(ConfigError) in try SizeLimits(node) } ?? sizeLimits
        }
        if let node = root[.record] {
            record = problems.collect(node) { node throws(ConfigError) in try RecordSettings(node) } ?? record
        }
        if let node = root[.keys] {
            keys = problems.collect(node) { node throws(ConfigError) in try KeySettings(node) } ?? keys
        }
        if let node = root[.testing] { readSuites(node, &problems) }
    }

    /// Reads the suites one by one, so that what is wrong with one hides nothing of the others.
    private mutating func readSuites(_ section: ConfigNode, _ problems: inout ConfigProblems) {
        let list = section.known(TestSuite.SectionKey.self, hints: TestSuite.sectionHints, &problems)[.suites]
        guard let list else {
            guard case .mapping = section.value else { return }
            return problems.add(
                ConfigError(.missingKey, at: section.location, "'\(section.path)' needs the key 'suites'."))
        }
        var names: Set<String> = []
        for node in problems.collect({ () throws(ConfigError) in try list.list() }) ?? [] {
            if let suite = problems.collect(node, { node throws(ConfigError) in try TestSuite(node) }) {
                testSuites.append(suite)
            }
            guard let name = node.text(at: "name"), !names.insert(name).inserted else { continue }
            problems.add(Self.duplicate("name", name, in: node, "suite"))
        }
        suites = list
    }

    private mutating func readPolicies(
        _ policies: ConfigNode?, _ settings: ConfigNode?, _ start: SourceLocation, _ problems: inout ConfigProblems
    ) {
        let hint = "write 'policies: {chain: [prompt-injection, pii-detector, audit-logger]}'"
        guard let policies else {
            return problems.add(
                ConfigError(
                    .missingKey, at: start, "the document needs the key 'policies'.", hint: hint))
        }
        if case .list = policies.value { return }  // A retired shape, which is reported as that.
        let node = policies.known(PoliciesKey.self, hints: KeyHints.policies, &problems)[.chain]
        if node == nil, case .mapping = policies.value {
            problems.add(
                ConfigError(.missingKey, at: policies.location, "'policies' needs the key 'chain'.", hint: hint))
        }
        chain = node.flatMap { node in
            problems.collect { () throws(ConfigError) in try node.list() }.map { _ in node }
        }
        self.settings = settings
        if let settings { _ = problems.collect { () throws(ConfigError) in try settings.members().count } }
    }

    private mutating func readProviders(
        _ node: ConfigNode?, _ start: SourceLocation, _ problems: inout ConfigProblems
    ) {
        let hint = "write 'providers: {targets: [{id: main, provider: openai, model: gpt-4o}]}'"
        guard let node else {
            return problems.add(
                ConfigError(
                    .missingKey, at: start, "the document needs the key 'providers'.", hint: hint))
        }
        let providers = node.known(ProvidersKey.self, hints: KeyHints.providers, &problems)
        if let node = providers[.routing] {
            routing = problems.collect(node) { node throws(ConfigError) in try RoutingStrategy(node) } ?? routing
        }
        if let node = providers[.retry] {
            retry = problems.collect(node) { node throws(ConfigError) in try RetryPlan(node) } ?? retry
        }
        if let node = providers[.fallback] {
            fallback = problems.collect(node) { node throws(ConfigError) in try FallbackPlan(node) } ?? fallback
        }
        if let node = providers[.circuitBreaker] {
            breaker =
                problems.collect(node) { node throws(ConfigError) in try CircuitBreaker.Settings(node) } ?? breaker
        }
        guard let list = providers[.targets] else {
            guard case .mapping = node.value else { return }
            return problems.add(
                ConfigError(
                    .missingKey, at: node.location, "'providers' needs the key 'targets'.", hint: hint))
        }
        readTargets(list, &problems)
    }

    private mutating func readTargets(_ list: ConfigNode, _ problems: inout ConfigProblems) {
        guard let nodes = problems.collect({ () throws(ConfigError) in try list.list() }) else { return }
        guard !nodes.isEmpty else {
            return problems.add(
                ConfigError(
                    .outOfRange, at: list.location, "'providers.targets' must not be empty."))
        }
        var ids: Set<String> = []
        for node in nodes {
            let retry = retry
            let target = problems.collect(node) { node throws(ConfigError) in try TargetSettings(node, retry: retry) }
            guard let target else { continue }
            targets.append(target)
            guard ids.insert(target.id).inserted else {
                problems.add(Self.duplicate("id", target.id, in: node, "target"))
                continue
            }
        }
    }

    private mutating func readGroups(_ list: ConfigNode?, _ problems: inout ConfigProblems) {
        guard let list, let nodes = problems.collect({ () throws(ConfigError) in try list.list() }) else { return }
        for node in nodes {
            guard let group = problems.collect(node, { node throws(ConfigError) in try ConsumerGroup(node) }) else {
                continue
            }
            if consumerGroups.contains(where: { $0.name == group.name }) {
                problems.add(Self.duplicate("name", group.name, in: node, "consumer group"))
            } else if let other = consumerGroups.first(where: { $0.key == group.key }) {
                problems.add(
                    ConfigError(
                        .duplicate, at: node.location,
                        "the consumer groups '\(other.name)' and '\(group.name)' have the same key."))
            }
            consumerGroups.append(group)
        }
    }

    private mutating func readRoutes(_ list: ConfigNode?, _ problems: inout ConfigProblems) {
        guard let list, let nodes = problems.collect({ () throws(ConfigError) in try list.list() }) else { return }
        if nodes.count > Route.most {
            let node = nodes[Route.most]
            problems.add(
                ConfigError(
                    .limit, at: node.location, "\(node.name) is one too many: there may be \(Route.most) routes."))
        }
        for node in nodes.prefix(Route.most) {
            guard let route = problems.collect(node, { node throws(ConfigError) in try Route(node) }) else { continue }
            if routes.contains(where: { $0.name == route.name }) {
                problems.add(Self.duplicate("name", route.name, in: node, "route"))
            }
            routes.append(route)
        }
    }

    private static func duplicate(_ key: String, _ name: String, in node: ConfigNode, _ what: String) -> ConfigError {
        let place = (try? node.member(key))?.location ?? node.location
        return ConfigError(.duplicate, at: place, "there are two \(what)s '\(name)'.")
    }
}

extension ConfigNode {
    /// The member of a mapping; nil where this is none, or has no such key.
    func member(ifAny key: String) -> ConfigNode? {
        guard case .mapping(let entries) = value else { return nil }
        return entries.first { $0.key == key }?.value
    }

    /// The text at a key of a mapping; nil where there is none.
    func text(at key: String) -> String? {
        guard case .string(let text)? = member(ifAny: key)?.value else { return nil }
        return text
    }

    /// The values at known keys; every other key is noted as a mistake.
    func known<Key: ConfigKey>(
        _ keys: Key.Type, hints: [String: String], _ problems: inout ConfigProblems
    ) -> [Key: ConfigNode] {
        expect(.mapping(Key.allCases.map(\.rawValue)))
        var values: [Key: ConfigNode] = [:]
        guard let members = problems.collect({ () throws(ConfigError) in try members() }) else { return [:] }
        for (name, place, child) in members {
            if let key = Key(rawValue: name) {
                values[key] = child
            } else {
                problems.add(child.unknown(name, at: place, among: Key.allCases.map(\.rawValue), hints))
            }
        }
        return values
    }
}
