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
        let logger = try ProcessLog.make()
        let source = try ConfigFiles(paths: policyConfig).source()
        let http = try ProcessHTTP.make(logger)
        let settings = try options.settings(source, http: http, logger: logger)
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

    @Option(
        help: ArgumentHelp(
            "A variable of the environment that the assigned config may name, with * for any characters; several may be given (default: *_API_KEY). [env: KEEPTRUSTS_ALLOW_ENV]",
            valueName: "pattern"))
    var allowEnv: [String] = []

    @OptionGroup var options: GatewayOptions

    func validate() throws { _ = try allowedVariables() }

    func run() async throws {
        guard managed else { throw ValidationError("Say `kt run --managed`, or `kt gateway run` for files.") }
        let logger = try ProcessLog.make()
        let http = try ProcessHTTP.make(logger)
        let settings = try options.settings(
            .managed(
                parse: { yaml in try PolicyConfig(yaml: yaml, file: "assigned-config") }, try allowedVariables()),
            http: http, logger: logger)
        try await GatewayProcess.run(settings, options, http: http, logger: logger)
    }

    private func allowedVariables() throws -> AllowedVariables {
        let variable = ProcessInfo.processInfo.environment.value("KEEPTRUSTS_ALLOW_ENV")
        let patterns =
            allowEnv.isEmpty
            ? variable?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } ?? [] : allowEnv
        guard !patterns.isEmpty else { return .standard }
        do { return try AllowedVariables(patterns) } catch {
            throw ValidationError("\(allowEnv.isEmpty ? "KEEPTRUSTS_ALLOW_ENV" : "--allow-env"): \(error.message)")
        }
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
    /// - Throws: A `ValidationError` when `KEEPTRUSTS_LOG_LEVEL` names no level.
    static func make() throws -> Logger {
        let given = ProcessInfo.processInfo.environment.value("KEEPTRUSTS_LOG_LEVEL") ?? "info"
        guard let level = Logger.Level(rawValue: given.lowercased()) else {
            let names = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("KEEPTRUSTS_LOG_LEVEL must be one of \(names), not '\(given)'.")
        }
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        var logger = Logger(label: "kt")
        logger.logLevel = level
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
