import Foundation
import KeeptrustsAPI
import KeeptrustsClient
import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsExchange
import Logging
import ServiceLifecycle
import Synchronization

/// The gateway's line to the control plane: registration, heartbeats, keys, and the config when it is managed.
///
/// The gateway dials out; whatever happens here, exchanges go on.
final class FleetLink: Service {
    /// The name under which the last assigned config is kept.
    static let lastGoodConfig = "last-good-config.yaml"
    static let gatewayIDFile = "gateway-id"

    static func newInstanceID() -> String { UUID().uuidString.lowercased() }

    private let api: GatewaySettings.ControlPlane
    private let settings: GatewaySettings
    private let directory: StateDirectory
    private let address: HostPort
    private let loops: LoopRoster
    private let segments: Segments
    private let logger: Logger
    private let instanceID = FleetLink.newInstanceID()

    /// The digest of the assigned config that the gateway has dealt with at its start; nil when it has heard of none.
    private let firstDigest: String?
    private let began = ContinuousClock.now
    private let cache: KeyCache
    private let state = Mutex((gatewayID: "", keys: HeardKeys?.none))

    /// Held by whoever writes the keys down.
    private let writing = Mutex(())

    init(
        _ api: GatewaySettings.ControlPlane, settings: GatewaySettings, directory: StateDirectory, address: HostPort,
        loops: LoopRoster, segments: Segments, firstDigest: String?, logger: Logger
    ) {
        self.api = api
        self.settings = settings
        self.directory = directory
        self.address = address
        self.loops = loops
        self.segments = segments
        self.firstDigest = firstDigest
        self.logger = logger
        cache = KeyCache(directory, token: api.token)
    }

    func run() async throws {
        if let id = directory.text(Self.gatewayIDFile) { adopt(id) }
        await cancelWhenGracefulShutdown { [self] in
            await withTaskGroup { group in
                group.addTask { await self.heartbeats() }
                group.addTask { await self.keys() }
                if case .managed(let parse, _) = settings.source { group.addTask { await self.configs(parse) } }
            }
        }
    }

    // MARK: Registration and heartbeats

    private func heartbeats() async {
        var isRegistered = false
        await repeating("heartbeat", pause: pause) { [self] _ in
            if !isRegistered {
                try await register()
                isRegistered = true
            }
            do {
                try await beat()
            } catch let error as ControlPlaneError where error.category == .notFound {
                isRegistered = false  // The control plane has forgotten this gateway.
                throw error
            }
        }
    }

    /// Waits for the next heartbeat: at most a second when there is news of the config.
    private func pause() async throws {
        let told = (configReference, loops.configFailure)
        for _ in 0..<MachineProtocol.heartbeatSeconds {
            // News is looked for and not awaited: a look a second costs nothing, and ends with the task.
            try await Task.sleep(for: .seconds(1))
            guard (configReference, loops.configFailure) == told else { return }
        }
    }

    private func register() async throws {
        let known = state.withLock { $0.gatewayID }
        let request = RegisterRequest(
            gatewayID: known.isEmpty ? nil : Identifier(rawValue: known), instanceID: instanceID,
            name: settings.name, version: Product.version,
            advertiseAddr: settings.advertised(at: address), listenAddr: "\(address)", mode: mode,
            config: configReference)
        let response = try await api.client.register(request, as: api.token)
        adopt(response.gatewayID.rawValue)
        try directory.keep(response.gatewayID.rawValue, as: Self.gatewayIDFile)
        keepKeys()
        logger.info("registered", metadata: ["gateway_id": "\(response.gatewayID.rawValue)"])
    }

    private func beat() async throws {
        let (gatewayID, keys) = state.withLock { $0 }
        let (figures, depth) = (await loops.figures(), segments.depth)
        let counters = KeeptrustsAPI.Gateway.Counters(
            uptimeSeconds: Int((ContinuousClock.now - began).components.seconds), inFlight: figures.inFlight,
            requests: figures.served, spoolRecords: depth.records, spoolBytes: depth.bytes,
            keysGeneration: keys?.generation ?? 0)
        _ = try await api.client.heartbeat(
            Heartbeat(
                gatewayID: Identifier(rawValue: gatewayID), instanceID: instanceID, config: configReference,
                configFailure: loops.configFailure, counters: counters),
            as: api.token)
    }

    private func adopt(_ id: String) {
        state.withLock { $0.gatewayID = id }
        loops.install(gatewayID: id)
    }

    private var mode: KeeptrustsAPI.Gateway.Mode {
        switch settings.source {
        case .local: .local
        case .managed: .managed
        }
    }

    private var configReference: ConfigReference {
        let config = loops.snapshot.config
        return ConfigReference(name: config.pack.name, version: config.pack.version, digest: config.digest)
    }

    // MARK: Keys

    private func keys() async {
        // Empty at first, whatever was kept: the first answer is the whole set, and nothing that it lacks survives it.
        var known: HeardKeys?
        await repeating("keys") { [self] hasFailed in
            guard let set = try await askForKeys(since: known?.generation, mayWait: !hasFailed) else { return }
            let next = HeardKeys(set, after: known, at: .now)
            loops.install(try FleetKeys(next))
            known = next
            state.withLock { $0.keys = next }
            keepKeys()
        }
    }

    /// How long an answer about keys may wait for news (seconds): half of the time for which one is trusted.
    private var keyWait: Int {
        min(Self.longestWait, Int(loops.snapshot.config.keys.maxStaleness.components.seconds) / 2)
    }

    /// Asks for keys; nil when a new config came meanwhile, by which the answer would come too late.
    private func askForKeys(since generation: Int?, mayWait: Bool) async throws -> KeySet? {
        guard let generation else { return try await api.client.keys(since: nil, waitSeconds: 0, as: api.token) }
        let wait = mayWait ? keyWait : 0
        return try await withThrowingTaskGroup(of: KeySet?.self) { [self] group in
            group.addTask { [self] in
                try await api.client.keys(since: generation, waitSeconds: wait, as: api.token)
            }
            // Any loop may put a config in force; nobody tells this task, and half a second later is soon enough.
            group.addTask { [self] in
                while keyWait >= wait { try await Task.sleep(for: .milliseconds(500)) }
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    /// Writes the keys down for a restart while the control plane is away.
    private func keepKeys() {
        writing.withLock { _ in
            let (gatewayID, keys) = state.withLock { $0 }
            guard let keys, !gatewayID.isEmpty else { return }
            do {
                try cache.keep(keys, of: gatewayID)
            } catch {
                logger.warning("keys not kept for a restart", metadata: ["error": "\(error)"])
            }
        }
    }

    // MARK: The config

    private func configs(_ parse: @escaping @Sendable (String) throws -> PolicyConfig) async {
        var digest = firstDigest
        await repeating("config") { [self] hasFailed in
            let wait = digest == nil || hasFailed ? 0 : Self.longestWait
            let news = try await api.client.config(unlike: digest, waitSeconds: wait, as: api.token)
            switch news {
            case .unchanged: return
            case .noneAssigned: try await Task.sleep(for: .seconds(5))
            case .assigned(let assigned):
                digest = assigned.digest
                do { try install(assigned, parse) } catch {
                    loops.configFailure = ConfigFailure(error, at: .now)
                    logger.refused(
                        error, "the assigned config is not in force; the old one stays",
                        metadata: ["digest": "\(assigned.digest)"])
                }
            }
        }
    }

    private func install(_ assigned: AssignedConfig, _ parse: (String) throws -> PolicyConfig) throws {
        let config = try parse(assigned.yaml)
        guard config.digest != loops.snapshot.config.digest else { return loops.configFailure = nil }
        let snapshot = try settings.compile(config, in: directory)
        try directory.keep(assigned.yaml, as: Self.lastGoodConfig)
        loops.install(snapshot)
        logger.info("config in force", metadata: ["digest": "\(config.digest)"])
    }

    /// How long an answer may wait for news (seconds).
    private static let longestWait = 20

    /// Does something over and over until the service stops, with growing pauses while it fails.
    ///
    /// - Parameters:
    ///   - what: What it is, for the log.
    ///   - pause: What is waited for after each time that it has not failed.
    ///   - body: Hears whether it failed the last time: then an answer that waits for nothing tells soonest that this is over.
    private func repeating(
        _ what: String, pause: () async throws -> Void = {}, _ body: (_ hasFailed: Bool) async throws -> Void
    ) async {
        var watch = ControlPlaneWatch(what, logger)
        while !Task.isCancelled {
            do {
                try await body(watch.failures > 0)
                watch.answered()
            } catch {
                guard !Task.isCancelled else { return }
                watch.failed(error)
                // Doubled each time, and not the same for all gateways, or they would all come at once.
                let wait = min(200 << min(watch.failures - 1, 5), 5_000)
                try? await Task.sleep(for: .milliseconds(wait + Int.random(in: 0...wait / 5)))
                continue
            }
            try? await pause()
        }
    }
}
