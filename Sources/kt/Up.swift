import ArgumentParser
import Foundation
import KeeptrustsAPI
import KeeptrustsChat
import KeeptrustsClient
import KeeptrustsConfig
import KeeptrustsConsole
import KeeptrustsControlPlane
import KeeptrustsCore
import KeeptrustsGateway
import KeeptrustsStorage
import KeeptrustsWeb
import Logging
import ServiceLifecycle
import Synchronization
import UnixSignals

/// The command `kt up`: gateway, API, console and chat in one process, on an embedded database.
struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Run gateway, API, console and chat in one process.",
        discussion: "Without --policy-config, a sample config is written to the data directory and used."
    )

    @Option(help: "Where everything is kept.")
    var dataDir = HomeDirectory.keeptrusts() + "/data"

    @Option(help: "The gateway's address; port 0 chooses a free one.")
    var gateway = "0.0.0.0:41002"

    @Option(help: "The API's address.")
    var api = "0.0.0.0:8080"

    @Option(help: "The console's address.")
    var console = "0.0.0.0:3000"

    @Option(help: "The chat's address.")
    var chat = "0.0.0.0:3001"

    @Option(help: "The gateway's config; given several times, later files win.")
    var policyConfig: [String] = []

    @Option(help: "sqlite:PATH or postgres://USER@HOST/NAME (default: SQLite in the data directory).")
    var database: String?

    @Option(help: "A name by which browsers reach console and chat, beside this machine's own; several may be given.")
    var hostName: [String] = []

    @Option(help: "Event loops of the gateway.")
    var eventLoops: Int?

    @OptionGroup var proxies: TrustedProxyOptions

    func validate() throws {
        for (name, address) in [("--gateway", gateway), ("--api", api), ("--console", console), ("--chat", chat)] {
            _ = try HostPort.option(name, address)
        }
        guard eventLoops.map({ $0 > 0 }) != false else { throw ValidationError("--event-loops must be above 0.") }
        try DataDirectory.check(database)
    }

    func run() async throws {
        let logger = try ProcessLog.make()
        let hangUps = await UnixSignalsSequence(trapping: .sighup)
        let config = try checkedConfig()
        // What is started already when an address turns out to be taken would have to be stopped in the middle of its start.
        try await ListenCheck.run([
            ("gateway", try HostPort(gateway)), ("api", try HostPort(api)), ("console", try HostPort(console)),
            ("chat", try HostPort(chat)),
        ])
        let files = try OpenFiles(hasGateway: true, webServers: 3, logger)
        try DataDirectory.make(dataDir)
        let directory = try StateDirectory(
            "\(dataDir)/gateway",
            patternCache: ProcessInfo.processInfo.environment.value("KEEPTRUSTS_PATTERN_DIR"))
        let store = try DataDirectory.database(database, in: dataDir)
        try await store.migrate()
        let key = try DataDirectory.serverKey(in: dataDir)
        let installation = Installation(database: store, key: key)
        try await installation.checkKey()
        let first = try await installation.begin()
        let http = try ProcessHTTP.make(logger)
        let addresses = Addresses()
        var settings = ControlPlaneSettings(version: Product.version)
        settings.limits = WebLimits(connections: files.web("api"))
        settings.trustedPeers = try proxies.peers()
        let api = try ControlPlaneServer(
            database: store, key: key, settings: settings,
            address: try HostPort(api), validate: ConfigValidation.problems, logger: logger,
            onReady: { addresses.set($0, of: .api) })
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: http), .init(service: api)],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        let parts = Parts(
            up: self, config: config, addresses: addresses, openFiles: files, http: http, directory: directory,
            hangUps: hangUps, logger: logger)
        try await Self.run(group, addresses) { try await parts.open(in: group, installation, first) }
    }

    /// The config, before anything is made or opened; nil where the first start is still to write the sample.
    private func checkedConfig() throws -> PolicyConfig? {
        if policyConfig.isEmpty, !FileManager.default.fileExists(atPath: sampleConfig) { return nil }
        return try configFiles.checked()
    }

    fileprivate var configFiles: ConfigFiles {
        ConfigFiles(paths: policyConfig.isEmpty ? [sampleConfig] : policyConfig)
    }

    /// The config that is used when none is named; the first start writes it.
    fileprivate var sampleConfig: String { "\(dataDir)/\(Self.sampleName)" }
    fileprivate static let sampleName = "policy-config.yaml"

    /// Runs the group, and opens meanwhile what else belongs to it; when that fails, all ends.
    private static func run(
        _ group: ServiceGroup, _ addresses: Addresses, opening open: @escaping @Sendable () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { addresses.close() }
                try await group.run()
            }
            tasks.addTask {
                do {
                    try await open()
                } catch is CancellationError {
                    // The process was told to stop before everything was open.
                } catch {
                    await group.triggerGracefulShutdown()
                    throw error
                }
            }
            try await tasks.waitForAll()
        }
    }
}

/// What `kt up` opens once its API answers.
private struct Parts {
    let up: Up

    /// What was checked at the start; nil where the sample is still to be written.
    let config: PolicyConfig?
    let addresses: Addresses
    let openFiles: OpenFiles
    let http: OutboundHTTP
    let directory: StateDirectory
    let hangUps: UnixSignalsSequence
    let logger: Logger

    func open(
        in group: ServiceGroup, _ installation: Installation, _ first: Installation.FirstStart?
    ) async throws {
        let client = ControlPlaneClient(http: http, baseURL: try await addresses.wait(for: .api))
        let names = OwnHosts.machineNames() + up.hostName
        var consoleSettings = ConsoleSettings(
            listen: try HostPort(up.console), hostNames: names, chatURL: { [addresses] in addresses[.chat] })
        consoleSettings.limits = WebLimits(connections: openFiles.web("console"))
        consoleSettings.trustedPeers = try up.proxies.peers()
        let console = try ConsoleServer(
            settings: consoleSettings, api: client, logger: logger,
            onReady: { [addresses] in addresses.set($0, of: .console) })
        var chatSettings = ChatSettings(
            listen: try HostPort(up.chat), hostNames: names, gatewayURL: { [addresses] in addresses[.gateway] },
            consoleURL: { [addresses] in addresses[.console] })
        chatSettings.limits = WebLimits(connections: openFiles.web("chat"))
        chatSettings.trustedPeers = try up.proxies.peers()
        let chat = try ChatServer(
            settings: chatSettings, api: client, http: http, logger: logger,
            onReady: { [addresses] in addresses.set($0, of: .chat) })
        let key = try await gatewayKey(installation, first)
        let gateway = try await gateway(client, installation, first)
        addresses.set("http://\(gateway.address)", of: .gateway)
        // A group that ends closes its channel for additions only while it waits for one: when it ends with an addition
        // taken and not yet begun, whoever makes the next waits for ever. So the second comes when the first one runs.
        await group.addServiceUnlessShutdown(ServiceGroup(services: [console, chat], logger: logger))
        for part in [Addresses.Part.console, .chat] { _ = try await addresses.wait(for: part) }
        let reload = ReloadOnHangUp(gateway: gateway, hangUps: hangUps, logger: logger)
        await group.addServiceUnlessShutdown(ServiceGroup(services: gateway.services + [reload], logger: logger))
        for part in Addresses.Part.allCases { _ = try await addresses.wait(for: part) }
        while !gateway.hasKeys, !addresses.isClosed { try await Task.sleep(for: .milliseconds(20)) }
        try await greet(installation, first, key)
    }

    private func gateway(
        _ client: ControlPlaneClient, _ installation: Installation, _ first: Installation.FirstStart?
    ) async throws -> KeeptrustsGateway.Gateway {
        let token = try await runtimeToken(installation, first)
        let config = try config ?? sampleConfig()
        let environment = ProcessInfo.processInfo.environment
        var settings = GatewaySettings(
            listen: try HostPort(up.gateway), source: try up.configFiles.source(startingWith: config),
            environment: environment, proxies: try ProxyRules(environment: environment))
        settings.controlPlane = GatewaySettings.ControlPlane(client: client, token: token)
        settings.advertiseAddress = environment.value("KEEPTRUSTS_GATEWAY_ADVERTISE_ADDR")
        settings.name = "local"
        settings.callers = openFiles.callers
        settings.upstreams = openFiles.upstreams
        settings.eventLoops = up.eventLoops ?? ProcessInfo.processInfo.activeProcessorCount
        return try await KeeptrustsGateway.Gateway.start(settings, in: directory, logger: logger)
    }

    /// A key for the first callers; nil when one was shown at an earlier start.
    private func gatewayKey(
        _ installation: Installation, _ first: Installation.FirstStart?
    ) async throws -> Secret? {
        guard !FileManager.default.fileExists(atPath: "\(up.dataDir)/\(keyMark)") else { return nil }
        if let first { return first.gatewayKey }
        // A start that failed has taken its key with it.
        return try await installation.makeToken(.general, name: "First key")
    }

    /// The file that says that a gateway key was shown.
    private var keyMark: String { "gateway/key-shown" }

    /// The gateway's own credential, kept beside the database that knows its hash.
    private func runtimeToken(_ installation: Installation, _ first: Installation.FirstStart?) async throws -> Secret {
        let name = "gateway/token"
        if first == nil, let kept = try? String(contentsOfFile: "\(up.dataDir)/\(name)", encoding: .utf8) {
            return Secret(kept)
        }
        let token: Secret
        if let first {
            token = first.runtimeToken
        } else {
            token = try await installation.makeToken(.gatewayRuntime, name: "kt up")
        }
        try DataDirectory.write(token.reveal(), to: name, in: up.dataDir)
        return token
    }

    /// Writes the sample config to the data directory, unless one is there by now, and reads it.
    private func sampleConfig() throws -> PolicyConfig {
        if !FileManager.default.fileExists(atPath: up.sampleConfig) {
            try DataDirectory.write(SampleConfig.yaml, to: Up.sampleName, in: up.dataDir)
        }
        return try up.configFiles.load()
    }

    private func greet(
        _ installation: Installation, _ first: Installation.FirstStart?, _ key: Secret?
    ) async throws {
        for part in Addresses.Part.allCases {
            Output.line("\(part.rawValue) listening on \(addresses[part] ?? "")")
        }
        var code = first?.signInCode
        if code == nil, try await installation.needsSignInCode() { code = try await installation.makeSignInCode() }
        if let console = addresses[.console] {
            if let code {
                Output.line("\nSign in (link, good once, 24 hours): \(console)/sign-in?code=\(code.reveal())")
            } else {
                Output.line("\nSign in: \(console) (when nobody can: kt api sign-in-link --data-dir \(up.dataDir))")
            }
        }
        guard let gateway = addresses[.gateway] else { return }
        guard let key else {
            return Output.line("Gateway keys: in the console under Keys; the first one was shown at an earlier start.")
        }
        Output.line(
            """
            Gateway key (shown once):  \(key.reveal())

            curl -s \(gateway)/v1/chat/completions -H "Authorization: Bearer \(key.reveal())" -H "Content-Type: application/json" \\
                 -d '{"model":"demo","messages":[{"role":"user","content":"ping from jane@example.com"}]}'
            """)
        try DataDirectory.write("", to: keyMark, in: up.dataDir)
    }
}

/// Where the parts of `kt up` listen, as they become known; wildcard addresses as this machine reaches them.
private final class Addresses: Sendable {
    enum Part: String, CaseIterable { case gateway, api, console, chat }

    private struct State {
        var known: [Part: String] = [:]
        var waiting: [Part: [CheckedContinuation<String, any Error>]] = [:]
        var isClosed = false
    }

    private let state = Mutex(State())

    subscript(part: Part) -> String? { state.withLock { $0.known[part] } }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    func set(_ url: String, of part: Part) {
        let local = url.replacing("//0.0.0.0:", with: "//127.0.0.1:").replacing("//[::]:", with: "//[::1]:")
        let waiting = state.withLock { state in
            state.known[part] = local
            return state.waiting.removeValue(forKey: part) ?? []
        }
        for continuation in waiting { continuation.resume(returning: local) }
    }

    /// Nothing will be set any more: whoever waits, or will, is told so.
    func close() {
        let waiting = state.withLock { state in
            defer { state.waiting = [:] }
            state.isClosed = true
            return state.waiting.values.flatMap { $0 }
        }
        for continuation in waiting { continuation.resume(throwing: CancellationError()) }
    }

    func wait(for part: Part) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            let answer: Result<String, any Error>? = state.withLock { state in
                if let url = state.known[part] { return .success(url) }
                if state.isClosed { return .failure(CancellationError()) }
                state.waiting[part, default: []].append(continuation)
                return nil
            }
            if let answer { continuation.resume(with: answer) }
        }
    }
}
