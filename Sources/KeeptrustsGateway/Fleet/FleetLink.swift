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
    private let began = ContinuousClock.now
    private let cache: KeyCache
    private let state = Mutex((gatewayID: "", keys: HeardKeys?.none))

    /// Held by whoever writes the keys down.
    private let writing = Mutex(())

    init(
        _ api: GatewaySettings.ControlPlane, settings: GatewaySettings, directory: StateDirectory, address: HostPort,
        loops: LoopRoster, segments: Segments, logger: Logger
    ) {
        self.api = api
        self.settings = settings
        self.directory = directory
        self.address = address
        self.loops = loops
        self.segments = segments
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
        await repeating("heartbeat") { [self] in
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
            try await pause()
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
        await repeating("keys") { [self] in
            let set = try await api.client.keys(
                since: known?.generation, waitSeconds: known == nil ? 0 : 20, as: api.token)
            let next = HeardKeys(set, after: known, at: .now)
            loops.install(try FleetKeys(next))
            known = next
            state.withLock { $0.keys = next }
            keepKeys()
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
        var digest: String?
        await repeating("config") { [self] in
            let news = try await api.client.config(unlike: digest, waitSeconds: digest == nil ? 0 : 20, as: api.token)
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

    /// Does something over and over until the service stops, with growing pauses while it fails.
    private func repeating(_ what: String, _ body: () async throws -> Void) async {
        var failures = 0
        while !Task.isCancelled {
            do {
                try await body()
                failures = 0
            } catch {
                guard !Task.isCancelled else { return }
                failures += 1
                if failures == 1 {
                    logger.warning("the control plane is silent", metadata: ["call": "\(what)", "error": "\(error)"])
                }
                let pause = min(200 << min(failures - 1, 5), 5_000)
                try? await Task.sleep(for: .milliseconds(pause + Int.random(in: 0...pause / 5)))
            }
        }
    }
}
