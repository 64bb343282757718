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
        let note = CompilingNote { [place = directory.patternCache] in
            logger.info("compiling patterns, which may take some seconds", metadata: ["kept_in": "\(place)"])
        }
        let first = try await FirstConfig.load(settings, directory, logger) { config in
            try note.given { try settings.compile(config, in: directory) }
        }
        let (snapshot, config) = (first.snapshot, first.snapshot.config)
        for warning in config.warnings + snapshot.warnings { logger.warning("\(warning)") }
        let segments = try openSpool(settings, config.record, directory, logger)
        let disk = NIOThreadPool(numberOfThreads: 2)
        disk.start()
        let judges = NIOThreadPool(numberOfThreads: settings.eventLoops * LongWorks.mostAtOnce)
        judges.start()
        let sync = SpoolSync(segments, disk: disk, logger: logger)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: settings.eventLoops)
        let roster = try await LoopRoster(
            group, settings: settings, snapshot: snapshot, segments: segments, sync: sync, judges: judges,
            watch: TargetWatch(logger), services: ServiceWatch(logger), detections: DetectionLog(logger: logger),
            logger: logger)
        roster.configFailure = first.failure
        if let controlPlane = settings.controlPlane {
            let cache = KeyCache(directory, token: controlPlane.token)
            if let keys = cache.load(maxStaleness: config.keys.maxStaleness, at: .now, logger) { roster.install(keys) }
        }
        let tls = try settings.certificate.map { try ServerTLS($0) }
        let listener = try await Listener.bind(settings, tls, roster, group, logger)
        return Gateway(
            settings, directory, tls, roster, segments, sync, disk, listener, assignedDigest: first.assignedDigest,
            logger)
    }

    /// Opens the spool, and says what becomes of records where no control plane takes them.
    ///
    /// Records that a control plane may be waiting for are never dropped: a start that forgot its address would lose them.
    private static func openSpool(
        _ settings: GatewaySettings, _ record: RecordSettings, _ directory: StateDirectory, _ logger: Logger
    ) throws -> Segments {
        let isStandalone = settings.controlPlane == nil
        let isOwed = directory.text(FleetLink.gatewayIDFile) != nil
        let segments = try Segments(
            directory: directory.spool, maxBytes: record.maxBytes, dropsOldest: isStandalone && !isOwed)
        let place: Logger.Metadata = ["directory": "\(directory.spool)", "limit_bytes": "\(record.maxBytes)"]
        if isStandalone, isOwed {
            logger.warning(
                "no control plane is set; records are kept for the one that this gateway knew", metadata: place)
        } else if isStandalone {
            logger.info("no control plane is set; records are kept, and the oldest go first", metadata: place)
        }
        return segments
    }

    private init(
        _ settings: GatewaySettings, _ directory: StateDirectory, _ tls: ServerTLS?, _ loops: LoopRoster,
        _ segments: Segments, _ sync: SpoolSync, _ disk: NIOThreadPool, _ listener: Listener, assignedDigest: String?,
        _ logger: Logger
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
            segments: segments, firstDigest: assignedDigest, logger: logger)
        services = [shipper, sync, link, listener]
    }

    /// Reads the config anew and puts it in force for what begins from now on.
    ///
    /// - Throws: A ``UserFacingError``; the old config stays in force then, and the control plane is told why.
    public func reload() throws {
        guard case .local(_, let load) = settings.source else { return }
        do {
            let snapshot = try settings.compile(try load(), in: directory)
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
