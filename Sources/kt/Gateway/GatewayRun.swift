import ArgumentParser
import Foundation
import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsGateway
import KeeptrustsWeb
import Logging
import ServiceLifecycle
import UnixSignals

/// The command `kt gateway`.
struct GatewayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway",
        abstract: "Run the gateway.",
        subcommands: [GatewayRun.self]
    )
}

/// The command `kt gateway run`: the gateway with its config from files.
struct GatewayRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run the gateway with a config from files.",
        discussion:
            "SIGHUP reads the files anew, certificate and key too. SIGTERM lets exchanges finish, then ends with 0."
    )

    @Option(
        name: [.customLong("policy-config"), .customLong("config")],
        help: "The config; given several times, later files win.")
    var policyConfig = ["policy-config.yaml"]

    @OptionGroup var options: GatewayOptions

    func run() async throws {
        let logger = ProcessLog.make()
        let files = ConfigFiles(paths: policyConfig)
        let http = try ProcessHTTP.make(logger)
        let settings = try options.settings(.local { try files.load() }, http: http)
        try await GatewayProcess.run(settings, options, http: http, logger: logger)
    }
}

/// The command `kt run --managed`: the same gateway with the config that the control plane assigns.
struct ManagedRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run the gateway with the config that the control plane assigns."
    )

    @Flag(help: "Take the config from the control plane; `kt run` knows no other way.")
    var managed = false

    @OptionGroup var options: GatewayOptions

    func run() async throws {
        guard managed else { throw ValidationError("Say `kt run --managed`, or `kt gateway run` for files.") }
        let logger = ProcessLog.make()
        let http = try ProcessHTTP.make(logger)
        let settings = try options.settings(
            .managed { yaml in try PolicyConfig(yaml: yaml, file: "assigned-config") }, http: http)
        try await GatewayProcess.run(settings, options, http: http, logger: logger)
    }
}

enum FailMode: String, ExpressibleByArgument, CaseIterable { case block, allow }

/// A process that is a gateway and nothing else.
private enum GatewayProcess {
    static func run(
        _ settings: GatewaySettings, _ options: GatewayOptions, http: OutboundHTTP, logger: Logger
    ) async throws {
        let hangUps = await UnixSignalsSequence(trapping: .sighup)
        let directory = try options.stateDirectory(for: settings.listen)
        let gateway = try await Gateway.start(settings, in: directory, logger: logger)
        let scheme = settings.certificate == nil ? "http" : "https"
        let reload = ReloadOnHangUp(
            gateway: gateway, hangUps: hangUps, logger: logger,
            onReady: { Output.line("gateway listening on \(scheme)://\(gateway.address)") })
        try await Services.run([http, reload] + gateway.services, logger: logger)
    }
}

/// Reads config and certificate anew when the process gets SIGHUP.
struct ReloadOnHangUp: Service {
    let gateway: Gateway

    /// Trapped before the gateway starts, which takes seconds when patterns must be compiled: what comes meanwhile counts
    /// once it serves.
    let hangUps: UnixSignalsSequence
    let logger: Logger

    /// Called once no signal ends the process any more, but each does what it is meant to do.
    var onReady: @Sendable () -> Void = {}

    func run() async throws {
        // The group traps SIGTERM and SIGINT before it runs its services.
        onReady()
        for await _ in hangUps.cancelOnGracefulShutdown() {
            do throws(CertificateUnusable) { try gateway.reloadCertificate() } catch {
                logger.error(
                    "the certificate was not reloaded; the old one stays in force", metadata: ["error": "\(error)"])
            }
            do { try gateway.reload() } catch {
                logger.refused(error, "the config was not reloaded; the old one stays in force")
            }
        }
    }
}

/// The log of this process: on standard error.
enum ProcessLog {
    static func make() -> Logger {
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        var logger = Logger(label: "kt")
        let level = ProcessInfo.processInfo.environment.value("KEEPTRUSTS_LOG_LEVEL")
        logger.logLevel = level.flatMap { Logger.Level(rawValue: $0) } ?? .info
        return logger
    }
}

/// What this process calls others with.
enum ProcessHTTP {
    static func make(_ logger: Logger) throws -> OutboundHTTP {
        let environment = ProcessInfo.processInfo.environment
        return OutboundHTTP(
            proxies: try ProxyRules(environment: environment), trustRoots: environment.value("SSL_CERT_FILE"),
            logger: logger)
    }

    /// Refuses a variable with the control plane's address that leads nowhere.
    static func checkAPIURL() throws {
        let name = "KEEPTRUSTS_API_URL"
        try BaseURL.check(name, ProcessInfo.processInfo.environment.value(name))
    }

    /// The control plane's address: an option, the variable, or the default.
    static func apiURL(_ option: String?) -> String {
        option ?? ProcessInfo.processInfo.environment.value("KEEPTRUSTS_API_URL") ?? "http://127.0.0.1:8080"
    }
}
