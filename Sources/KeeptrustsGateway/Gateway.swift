import KeeptrustsAPI
import KeeptrustsClient
import KeeptrustsConfig
public import KeeptrustsCore
import KeeptrustsExchange
import KeeptrustsPolicy
public import Logging
import NIOCore
import NIOPosix
import NIOSSL
public import ServiceLifecycle
import Synchronization

/// The data plane: takes callers' requests, applies the policies, and asks the providers.
public final class Gateway: Sendable {
    /// Where it listens; with the port that the system chose.
    public let address: HostPort

    /// What must run for it, in the order of their start.
    ///
    /// Stopped in reverse: exchanges finish, records are synced,
    /// then delivered.
    public let services: [any Service]

    let loops: LoopRoster
    private let tls: ServerTLS?
    let settings: GatewaySettings
    private let directory: StateDirectory
    private let logger: Logger

    /// Opens the spool, loads the config and binds the listener.
    ///
    /// - Throws: A ``UserFacingError`` that says what is in the way.
    public static func start(_ settings: GatewaySettings, in directory: StateDirectory, logger: Logger) async throws
        -> Gateway
    {
        let config = try await FirstConfig.load(settings, directory, logger)
        let note = CompilingNote { [place = directory.patternCache] in
            logger.info("compiling patterns, which may take some seconds", metadata: ["kept_in": "\(place)"])
        }
        let snapshot = try note.given {
            try Snapshot(
                config, cacheDirectory: directory.patternCache, failMode: settings.failMode,
                environment: { settings.environment[$0] })
        }
        for warning in config.warnings { logger.warning("\(warning)") }
        for warning in snapshot.warnings { logger.warning("\(warning)") }
        let segments = try Segments(directory: directory.spool, maxBytes: config.record.maxBytes)
        let disk = NIOThreadPool(numberOfThreads: 2)
        disk.start()
        let sync = SpoolSync(segments, disk: disk, logger: logger)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: settings.eventLoops)
        let roster = try await LoopRoster(
            group, settings: settings, snapshot: snapshot, segments: segments, sync: sync,
            watch: TargetWatch(logger), services: ServiceWatch(logger), detections: DetectionLog(logger: logger),
            logger: logger)
        if let controlPlane = settings.controlPlane {
            let cache = KeyCache(directory, token: controlPlane.token)
            if let keys = cache.load(maxStaleness: config.keys.maxStaleness, at: .now, logger) { roster.install(keys) }
        }
        let tls = try settings.certificate.map { try ServerTLS($0) }
        let listener = try await Listener.bind(settings, tls, roster, group, logger)
        return Gateway(settings, directory, tls, roster, segments, sync, disk, listener, logger)
    }

    private init(
        _ settings: GatewaySettings, _ directory: StateDirectory, _ tls: ServerTLS?, _ loops: LoopRoster,
        _ segments: Segments, _ sync: SpoolSync, _ disk: NIOThreadPool, _ listener: Listener, _ logger: Logger
    ) {
        self.settings = settings
        self.directory = directory
        self.tls = tls
        self.loops = loops
        self.logger = logger
        address = listener.address
        guard let controlPlane = settings.controlPlane else {
            services = [sync, listener]
            return
        }
        let refused = RefusedEvents(path: directory.refusedEvents)
        let shipper = SpoolShipper(segments, refused: refused, disk: disk, logger: logger) { events in
            _ = try await controlPlane.client.deliver(events: events, as: controlPlane.token)
        }
        let link = FleetLink(
            controlPlane, settings: settings, directory: directory, address: listener.address, loops: loops,
            segments: segments, logger: logger)
        services = [shipper, sync, link, listener]
    }

    /// Reads the config anew and puts it in force for what begins from now on.
    ///
    /// - Throws: A ``UserFacingError``; the old config stays in force then, and the control plane is told why.
    public func reload() throws {
        guard case .local(let load) = settings.source else { return }
        do {
            let snapshot = try Snapshot(
                try load(), cacheDirectory: directory.patternCache, failMode: settings.failMode,
                environment: { [settings] in settings.environment[$0] })
            for warning in snapshot.warnings { logger.warning("\(warning)") }
            loops.install(snapshot)
            logger.info("config reloaded", metadata: ["config": "\(snapshot.config.pack.name)"])
        } catch {
            loops.configFailure = ConfigFailure(error, at: .now)
            throw error
        }
    }

    /// Reads certificate and key anew, for connections that begin from now on; nothing when it serves plain HTTP.
    ///
    /// - Throws: ``CertificateUnusable``; what was in force stays so.
    public func reloadCertificate() throws(CertificateUnusable) {
        guard let tls else { return }
        try tls.reload()
        logger.info("certificate reloaded", metadata: ["file": "\(settings.certificate?.chain ?? "")"])
    }

    /// Whether callers' keys can be checked: there are some in the config, or the control plane has sent its own.
    public var hasKeys: Bool { loops.hasKeys }
}

extension ConfigFailure {
    /// What an error that stopped a load says; of one that is not for users, only that it was there.
    init(_ error: any Error, at time: Timestamp) {
        let text = (error as? any UserFacingError)?.description
        self.init(time: time, message: text ?? "The config could not be loaded; the gateway's log says why.")
    }
}

extension Logger {
    /// Says that a config was not taken, with one line for each mistake in it.
    public func refused(_ config: any Error, _ effect: Message, metadata: Metadata = [:]) {
        guard let mistakes = config as? ConfigMistakes else {
            return error(effect, metadata: metadata.merging(["error": "\(config)"]) { $1 })
        }
        for line in mistakes.lines { error("\(line)") }
        error(effect, metadata: metadata.merging(["mistakes": "\(mistakes.all.count)"]) { $1 })
    }
}

/// The config that a gateway starts with.
private enum FirstConfig {
    static func load(
        _ settings: GatewaySettings, _ directory: StateDirectory, _ logger: Logger
    ) async throws -> PolicyConfig {
        switch settings.source {
        case .local(let load): return try load()
        case .managed(let parse): return try await managed(settings, parse, directory, logger)
        }
    }

    /// Asks the control plane; when it is silent, what it last assigned.
    private static func managed(
        _ settings: GatewaySettings, _ parse: @Sendable (String) throws -> PolicyConfig, _ directory: StateDirectory,
        _ logger: Logger
    ) async throws -> PolicyConfig {
        guard let controlPlane = settings.controlPlane else { throw NoConfig(cause: "no API is given (--api-url)") }
        do {
            try await introduce(settings, controlPlane, directory)
            let news = try await controlPlane.client.config(unlike: nil, waitSeconds: 0, as: controlPlane.token)
            guard case .assigned(let assigned) = news else { throw NoConfig(cause: "none is assigned to it yet") }
            let config = try parse(assigned.yaml)
            try directory.keep(assigned.yaml, as: FleetLink.lastGoodConfig)
            return config
        } catch ControlPlaneError.unavailable {
            guard let yaml = directory.text(FleetLink.lastGoodConfig) else {
                throw NoConfig(cause: "the API cannot be reached, and none was kept from an earlier run")
            }
            logger.warning("the API cannot be reached; the last good config is in force")
            return try parse(yaml)
        }
    }
}

extension FirstConfig {
    /// Registers, because the control plane assigns a config only to a gateway that it knows.
    private static func introduce(
        _ settings: GatewaySettings, _ controlPlane: GatewaySettings.ControlPlane, _ directory: StateDirectory
    ) async throws {
        let known = directory.text(FleetLink.gatewayIDFile)
        let response = try await controlPlane.client.register(
            RegisterRequest(
                gatewayID: known.map { Identifier(rawValue: $0) }, instanceID: FleetLink.newInstanceID(),
                name: settings.name, version: Product.version,
                advertiseAddr: settings.advertised(at: settings.listen), listenAddr: "\(settings.listen)",
                mode: .managed, config: ConfigReference(name: "none", version: "0.0.0", digest: "")),
            as: controlPlane.token)
        try directory.keep(response.gatewayID.rawValue, as: FleetLink.gatewayIDFile)
    }
}

/// A managed gateway has no config to run on.
public struct NoConfig: UserFacingError, Equatable {
    public var cause: String

    public var category: ErrorCategory { .unavailable }
    public var code: String { "config.none" }
    public var message: String { "This gateway has no config: \(cause)." }
}
