import ArgumentParser
import Foundation
import KeeptrustsAPI
import KeeptrustsConfig
import KeeptrustsControlPlane
import KeeptrustsCore
import KeeptrustsStorage
import KeeptrustsWeb
import Logging
import ServiceLifecycle
import UnixSignals

/// A certificate chain and its key, for a server that serves HTTPS.
struct TLSOptions: ParsableArguments {
    @Option(help: "A PEM file with the certificate chain to serve HTTPS with. [env: KEEPTRUSTS_TLS_CERT_PATH]")
    var tlsCert: String?

    @Option(help: "The PEM file with its private key. [env: KEEPTRUSTS_TLS_KEY_PATH]")
    var tlsKey: String?

    /// The files, from the options or the environment; nil when neither names any.
    func files() throws -> TLSFiles? {
        let environment = ProcessInfo.processInfo.environment
        let certificate = tlsCert ?? environment.value("KEEPTRUSTS_TLS_CERT_PATH")
        let key = tlsKey ?? environment.value("KEEPTRUSTS_TLS_KEY_PATH")
        guard certificate != nil || key != nil else { return nil }
        guard let certificate, let key else {
            throw ValidationError("HTTPS needs both a certificate (--tls-cert) and its key (--tls-key).")
        }
        return TLSFiles(certificate: certificate, key: key)
    }
}

/// Where the control plane keeps everything.
struct DatabaseOptions: ParsableArguments {
    @Option(
        help:
            "sqlite:PATH or postgres://USER@HOST/NAME (default: SQLite in the data directory). [env: KEEPTRUSTS_DATABASE_URL]"
    )
    var database: String?

    @Option(help: "Where the server key and an embedded database are kept (default: ~/.keeptrusts/data).")
    var dataDir: String?

    var directory: String { dataDir ?? NSHomeDirectory() + "/.keeptrusts/data" }

    func open() throws -> any Database {
        try DataDirectory.make(directory)
        let url = database ?? ProcessInfo.processInfo.environment.value("KEEPTRUSTS_DATABASE_URL")
        return try DataDirectory.database(url, in: directory)
    }
}

/// The directory with the server key and an embedded database.
enum DataDirectory {
    static func make(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw DataDirectoryError(path: path)
        }
        guard access(path, W_OK) == 0 else { throw DataDirectoryError(path: path) }
    }

    static func database(_ url: String?, in directory: String) throws -> any Database {
        guard let url else { return try SQLiteDatabase(path: "\(directory)/keeptrusts.sqlite") }
        if url.hasPrefix("sqlite:") { return try SQLiteDatabase(path: String(url.dropFirst("sqlite:".count))) }
        guard url.hasPrefix("postgres://") || url.hasPrefix("postgresql://") else {
            throw ValidationError("--database must begin with 'sqlite:' or 'postgres://'.")
        }
        return try PostgresDatabase(url: url)
    }

    static func serverKey(in directory: String) throws -> ServerKey {
        try ServerKey(file: "\(directory)/server.key")
    }
}

/// The data directory cannot be used.
struct DataDirectoryError: UserFacingError {
    var path: String

    var category: ErrorCategory { .unavailable }
    var code: String { "data_directory.unusable" }
    var message: String { "The data directory '\(path)' cannot be made or written to." }
    var hint: String? { "Choose another one with --data-dir." }
}

/// How the control plane judges a policy configuration that it is given.
enum ConfigValidation {
    static func problems(_ yaml: String) -> [Validation.Diagnostic] {
        var reading = ConfigReading([ConfigLayer(name: "config", text: yaml)])
        reading.compile()
        let errors = reading.problems.map { problem in
            Validation.Diagnostic(
                severity: .error, code: problem.code, message: problem.message, hint: problem.hint,
                line: problem.location.line, column: problem.location.column)
        }
        let warnings = (reading.config?.warnings ?? []).map { warning in
            Validation.Diagnostic(
                severity: .warning, code: warning.code, message: warning.message, hint: warning.hint,
                line: warning.location.line, column: warning.location.column)
        }
        return errors + warnings
    }
}

/// Runs services until SIGTERM or SIGINT; they stop in reverse.
enum Services {
    static func run(_ services: [any Service], logger: Logger) async throws {
        let group = ServiceGroup(
            configuration: .init(
                services: services.map { .init(service: $0) },
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
    }
}
