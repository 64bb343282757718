public import KeeptrustsConfig
public import KeeptrustsCore
import KeeptrustsDialects
public import KeeptrustsPolicy
import KeeptrustsRouting
import KeeptrustsWire
import NIOCore

/// The immutable compiled form of a config that an exchange runs on.
public final class Snapshot: Sendable {
    public let config: PolicyConfig
    public let chain: PolicyChain
    public let targets: [Target]

    /// Of each instance of the chain, the services that it asks.
    private let services: [[Service]]

    /// Finds the targets for a model.
    let selector: TargetSelector

    /// The keys of the consumer groups.
    public let groupKeys: [KeyHash: CallerKey]

    /// The consumer groups, by name.
    let groups: [String: GroupTerms]
    let table: RouteTable

    /// What a record says of the config, and of how long it is kept: the member `config` and those after it, as JSON.
    let record: [UInt8]

    /// What the operator should know: targets without a credential, and the like.
    public let warnings: [ConfigWarning]

    /// Compiles a config.
    ///
    /// - Parameters:
    ///   - config: The config.
    ///   - cacheDirectory: Where compiled patterns are kept; nil for nowhere.
    ///   - failMode: What a policy that fails does, unless it is of a security kind or its own entry says.
    ///   - environment: Where the variables are that the config names.
    /// - Throws: ``ConfigMistakes``, also for variables that it may not use, or ``TargetUnusable``.
    public init(
        _ config: PolicyConfig, cacheDirectory: String?, failMode: PolicyChain.OnError = .block,
        environment: ConfigEnvironment
    ) throws {
        self.config = config
        var refused: [ConfigError] = []
        let resolve = { (variable: EnvironmentReference) -> String? in
            do throws(ConfigError) { return try environment.value(of: variable) } catch {
                refused.append(error)
                return nil
            }
        }
        chain = try config.compileChain(cacheDirectory: cacheDirectory, failMode: failMode)
        targets = try config.targets.map { try Target($0, resolve: resolve) }
        services = chain.services.map { own in own.map { Service($0, resolve: resolve) } }
        selector = TargetSelector(
            targets.map { TargetSelector.Option(id: $0.id, model: $0.model, isAvailable: $0.isAvailable) },
            fallback: config.fallback)
        groups = Self.groups(config, chain)
        table = RouteTable(config, chain, targets)
        let (keys, groupsWithoutKey, sameKeys) = Self.groupKeys(config, resolve)
        groupKeys = keys
        refused += sameKeys
        warnings =
            Self.unavailable(targets, of: config) + Self.unaskable(chain, in: config, resolve)
            + groupsWithoutKey
        if let mistakes = config.mistakes(refused) { throw mistakes }
        record = config.record + (chain.recordKeeping?.members ?? [])
    }

    private static func groups(_ config: PolicyConfig, _ chain: PolicyChain) -> [String: GroupTerms] {
        var groups: [String: GroupTerms] = [:]
        for group in config.consumerGroups {
            groups[group.name] = GroupTerms(
                leftOut: group.policies.map { chain.leftOut(by: $0) } ?? [],
                allowedModels: group.allowedModels.map { Set($0) })
        }
        return groups
    }

    /// What there is to say of targets whose credential is not set.
    private static func unavailable(_ targets: [Target], of config: PolicyConfig) -> [ConfigWarning] {
        zip(targets, config.targets).compactMap { target, settings in
            guard !target.isAvailable else { return nil }
            return .unset(settings.secretVariable, at: settings.location, "the target '\(target.id)' is unavailable")
        }
    }

    /// What there is to say of policies that cannot ask a service, for want of its credential.
    private static func unaskable(
        _ chain: PolicyChain, in config: PolicyConfig, _ resolve: (EnvironmentReference) -> String?
    ) -> [ConfigWarning] {
        chain.services.enumerated().flatMap { index, own -> [ConfigWarning] in
            var told: Set<String> = []
            return own.compactMap { service -> ConfigWarning? in
                let missing = service.variables.first { resolve($0)?.isEmpty != false }
                guard let missing, told.insert(missing.name).inserted else { return nil }
                return .unset(
                    missing, at: config.place(ofEntry: index),
                    "the policy '\(chain.instances[index].id)' cannot ask its service")
            }
        }
    }

    /// The keys of the consumer groups, and what there is to say of groups whose key is not set, or another group's.
    private static func groupKeys(
        _ config: PolicyConfig, _ resolve: (EnvironmentReference) -> String?
    ) -> (keys: [KeyHash: CallerKey], warnings: [ConfigWarning], mistakes: [ConfigError]) {
        var keys: [KeyHash: CallerKey] = [:]
        var mistakes: [ConfigError] = []
        var warnings: [ConfigWarning] = []
        for group in config.consumerGroups {
            guard let hash = group.hash(resolve) else {
                warnings.append(
                    .unset(group.key.variable, at: group.keyLocation, "the consumer group '\(group.name)' has no key"))
                continue
            }
            if let other = keys[hash]?.consumerGroup {
                mistakes.append(
                    ConfigError(
                        .duplicate, at: group.keyLocation,
                        "the consumer groups '\(other)' and '\(group.name)' have the same key.",
                        hint: "give each its own, so that it is clear what a caller may do"))
            }
            keys[hash] = CallerKey(
                id: "group:\(group.name)", allowedModels: group.allowedModels.map { Set($0) },
                consumerGroup: group.name, mayAssertIdentity: group.mayAssertIdentity)
        }
        return (keys, warnings, mistakes)
    }
}

extension PolicyConfig {
    fileprivate var record: [UInt8] {
        var json = ByteBuffer()
        json.writeString("\"config\":{\"name\":")
        json.writeJSONString(pack.name)
        json.writeString(",\"version\":")
        json.writeJSONString(pack.version)
        json.writeString(",\"digest\":")
        json.writeJSONString(digest)
        json.writeString("}")
        return Array(json.readableBytesView)
    }
}

extension RecordKeeping {
    /// As members of a record that are not its first.
    fileprivate var members: [UInt8] {
        let removal = endsAfterDays ? ",\"retention_days\":\(days)" : ""
        let guarding = isImmutable ? ",\"immutable_days\":\(days)" : ""
        return Array((removal + guarding).utf8)
    }
}

extension Snapshot {
    /// One of the services that an instance of the chain asks; nil when it has no such.
    func service(_ number: Int, of instance: Int) -> Service? {
        let own = services[instance]
        return own.indices.contains(number) ? own[number] : nil
    }

    /// The targets among some that know all fields of a request.
    ///
    /// - Throws: ``Refusal`` when there are targets, and none that does.
    func candidates(_ candidates: [Int], for request: SurfaceRequest) throws(Refusal) -> [Int] {
        guard let vendor = request.vendor else { return candidates }
        let knowing = candidates.filter { targets[$0].provider.id == vendor }
        guard !knowing.isEmpty || candidates.isEmpty else { throw .noTargetKnows("provider", of: request.model) }
        return knowing
    }
}

extension Refusal {
    fileprivate static func noTargetKnows(_ field: String, of model: String) -> Refusal {
        Refusal(
            422, type: "validation_error", code: "request.field_not_allowed",
            "The field '\(field)' is for models that OpenRouter serves, and no target of '\(model)' is there: the gateway "
                + "alone chooses where a request goes.", param: field)
    }
}

extension ConsumerGroup {
    fileprivate func hash(_ resolve: (EnvironmentReference) -> String?) -> KeyHash? {
        switch key {
        case .sha256(let hex): KeyHash(hex: hex)
        case .environment(let name): resolve(name).flatMap { $0.isEmpty ? nil : KeyRing.plainHash(of: $0) }
        }
    }
}

extension ConfigWarning {
    /// A variable that the config names is not set, or empty.
    fileprivate static func unset(
        _ variable: EnvironmentReference?, at place: SourceLocation, _ effect: String
    ) -> ConfigWarning {
        ConfigWarning(
            "config.variable_unset", at: place, "\(effect): the variable \(variable?.name ?? "") is not set.")
    }
}

/// A snapshot as one event loop runs it: with the memory that its matching works in.
public final class LoopSnapshot {
    public let snapshot: Snapshot
    let scratch: MatchScratch

    /// Memory for texts that other threads judge, while none does.
    private var spares: [MatchScratch] = []

    public init(_ snapshot: Snapshot) {
        self.snapshot = snapshot
        scratch = MatchScratch(for: snapshot.chain, passesKnown: true)
    }

    func takeSpare() -> MatchScratch {
        spares.popLast() ?? MatchScratch(for: snapshot.chain, memory: scratch.memory, passesKnown: true)
    }

    func giveBack(_ scratch: MatchScratch) {
        if spares.count < Self.mostSpares { spares.append(scratch) }
    }

    private static let mostSpares = 2

    /// Whether no rule of the chain matches a text of a phase; nothing is noted of it.
    func findsNothing(in text: ByteBuffer, on phase: Phase) -> Bool {
        guard var judge = snapshot.chain.streamJudge(on: phase, using: scratch) else { return true }
        var out = ByteBuffer()
        guard judge.push(text, isLast: true, using: scratch, into: &out) == .pass else { return false }
        return judge.outcome.results.allSatisfy(\.findings.isEmpty)
    }
}
