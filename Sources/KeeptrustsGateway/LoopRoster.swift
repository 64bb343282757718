import Crypto
import KeeptrustsAPI
import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsExchange
import KeeptrustsPolicy
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// The event loops of a gateway, and what all of them must hear: a new config, new keys, the end.
final class LoopRoster: Sendable {
    private struct State {
        var snapshot: Snapshot
        var configFailure: ConfigFailure?
        var fleetKeys: FleetKeys?
        var gatewayID = ""
    }

    private let state: Mutex<State>
    private let contexts: [NIOLoopBound<LoopContext>]
    private let loops: [any EventLoop]
    private let expectsFleetKeys: Bool
    private let watch: TargetWatch
    private let services: ServiceWatch

    init(
        _ group: MultiThreadedEventLoopGroup, settings: GatewaySettings, snapshot: Snapshot, segments: Segments,
        sync: SpoolSync, judges: NIOThreadPool, watch: TargetWatch, services: ServiceWatch, detections: DetectionLog,
        logger: Logger
    ) async throws {
        (self.watch, self.services) = (watch, services)
        state = Mutex(State(snapshot: snapshot))
        loops = Array(group.makeIterator())
        expectsFleetKeys = settings.controlPlane != nil
        let tls = try NIOSSLContext(configuration: Self.clientTLS(settings.environment))
        let keys = Self.keyRing(snapshot, nil, expectsFleetKeys: expectsFleetKeys)
        let mask = NameMask(key: SymmetricKey(size: .bits128).withUnsafeBytes { Array($0) })
        let limit = LimitWatch(settings.maxConcurrency, logger)
        let concurrency = ConcurrencyLimit(settings.maxConcurrency) { limit.take($0, at: .now) }
        var contexts: [NIOLoopBound<LoopContext>] = []
        for loop in loops {
            contexts.append(
                try await loop.submit {
                    let surroundings = Surroundings(
                        snapshot: LoopSnapshot(snapshot), keys: keys, gatewayID: "",
                        allowsAnonymous: settings.allowsAnonymous, concurrency: concurrency,
                        longTexts: Self.longTexts, seed: SystemRandomNumberGenerator().seed, mask: mask,
                        hasRoom: { exchanges in
                            if segments.hasRoom(for: (exchanges + 1) * SpoolIntake.reservedBytes) { return true }
                            sync.report(segments.shortage, on: loop)
                            return false
                        },
                        wantsAnswers: { watch.wantsAnswers }, clock: { .now }, wallClock: { .now })
                    let pool = UpstreamPool(
                        eventLoop: loop, tls: tls, proxies: settings.proxies, share: settings.upstreams)
                    let spool = SpoolIntake(segments, sync: sync, eventLoop: loop) {
                        surroundings.current.snapshot.config.record.mode == .strict
                    }
                    let context = LoopContext(
                        eventLoop: loop, surroundings: surroundings, callers: settings.callers, upstreams: pool,
                        spool: spool, longWorks: LongWorks(on: loop, threads: judges), watch: watch,
                        services: services, detections: detections)
                    return NIOLoopBound(context, eventLoop: loop)
                }.get())
        }
        self.contexts = contexts
    }

    /// From here on (bytes) judging would keep the other exchanges of a loop waiting for more than about half a millisecond.
    private static let longTexts = 32_768

    var snapshot: Snapshot { state.withLock { $0.snapshot } }

    /// Why a config that came after the one in force is not; nil once one was good.
    var configFailure: ConfigFailure? {
        get { state.withLock { $0.configFailure } }
        set { state.withLock { $0.configFailure = newValue } }
    }

    /// The context of the loop that a connection lives on.
    func context(of eventLoop: any EventLoop) -> NIOLoopBound<LoopContext>? {
        loops.firstIndex { $0 === eventLoop }.map { contexts[$0] }
    }

    var hasKeys: Bool {
        state.withLock { $0.fleetKeys != nil || (!expectsFleetKeys && !$0.snapshot.groupKeys.isEmpty) }
    }

    func install(_ snapshot: Snapshot) {
        let keys = state.withLock { state in
            (state.snapshot, state.configFailure) = (snapshot, nil)
            return Self.keyRing(snapshot, state.fleetKeys, expectsFleetKeys: expectsFleetKeys)
        }
        // Together: a key says of which group its caller is, and the config what that group may.
        onEach { ($0.surroundings.current, $0.surroundings.keys) = (LoopSnapshot(snapshot), keys) }
        watch.keep(snapshot.targets)
        services.keep(snapshot.chain.serviceNames)
    }

    func install(_ keys: FleetKeys) {
        state.withLock { $0.fleetKeys = keys }
        installKeys()
    }

    func install(gatewayID: String) {
        state.withLock { $0.gatewayID = gatewayID }
        onEach { $0.surroundings.gatewayID = gatewayID }
    }

    func drain() { onEach { $0.drain() } }
    func abandon() { onEach { $0.abandon() } }

    /// Exchanges under way, exchanges since the start, and open connections.
    func figures() async -> (inFlight: Int, served: Int, connections: Int) {
        var sum = (inFlight: 0, served: 0, connections: 0)
        for (loop, context) in zip(loops, contexts) {
            let part = try? await loop.submit {
                let value = context.value
                return (value.surroundings.inFlight, value.surroundings.served, value.connectionCount)
            }.get()
            guard let part else { continue }
            sum = (sum.inFlight + part.0, sum.served + part.1, sum.connections + part.2)
        }
        return sum
    }

    private func installKeys() {
        let ring = state.withLock { Self.keyRing($0.snapshot, $0.fleetKeys, expectsFleetKeys: expectsFleetKeys) }
        onEach { $0.surroundings.keys = ring }
    }

    private func onEach(_ body: @escaping @Sendable (LoopContext) -> Void) {
        for (loop, context) in zip(loops, contexts) { loop.execute { body(context.value) } }
    }

    private static func keyRing(_ snapshot: Snapshot, _ keys: FleetKeys?, expectsFleetKeys: Bool) -> KeyRing {
        guard let keys else {
            let never = expectsFleetKeys ? Timestamp(rawValue: 0) : nil
            return KeyRing(plain: snapshot.groupKeys, trustedUntil: never)
        }
        return KeyRing(
            plain: snapshot.groupKeys, keyed: keys.keys, hashKey: keys.hashKey,
            trustedUntil: keys.heard.advanced(by: snapshot.config.keys.maxStaleness))
    }

    /// Verifies providers by the system's authorities, or by those of `SSL_CERT_FILE`.
    private static func clientTLS(_ environment: [String: String]) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.applicationProtocols = ["http/1.1"]
        configuration.minimumTLSVersion = .tlsv12
        if let file = environment["SSL_CERT_FILE"], !file.isEmpty { configuration.trustRoots = .file(file) }
        return configuration
    }
}

extension SystemRandomNumberGenerator {
    fileprivate var seed: UInt64 {
        var generator = self
        return generator.next()
    }
}
