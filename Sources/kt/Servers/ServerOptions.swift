import ArgumentParser
import Foundation
import KeeptrustsAPI
import KeeptrustsConfig
import KeeptrustsControlPlane
import KeeptrustsCore
import KeeptrustsGateway
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

    func validate() throws { try UnreadableFile.asUsage { _ = try files() } }

    /// The files, from the options or the environment; nil when neither names any.
    ///
    /// - Throws: ``UnreadableFile`` where one of them cannot be read.
    func files() throws -> TLSFiles? {
        let environment = ProcessInfo.processInfo.environment
        let certificate = tlsCert ?? environment.value("KEEPTRUSTS_TLS_CERT_PATH")
        let key = tlsKey ?? environment.value("KEEPTRUSTS_TLS_KEY_PATH")
        guard certificate != nil || key != nil else { return nil }
        guard let certificate, let key else {
            throw ValidationError("HTTPS needs both a certificate (--tls-cert) and its key (--tls-key).")
        }
        for path in [certificate, key] { _ = try OpenFile.forReading(path) }
        return TLSFiles(certificate: certificate, key: key)
    }
}

/// The proxies before a server, and for the API its console and chat on other machines.
struct TrustedProxyOptions: ParsableArguments {
    @Option(
        help:
            "A proxy, or a console or chat, that is believed when it says in X-Forwarded-For where a request comes from: an address or a range, beside this machine; several may be given. [env: KEEPTRUSTS_TRUSTED_PROXIES, parted by commas]"
    )
    var trustedProxy: [String] = []

    func validate() throws { _ = try peers() }

    /// This machine and what the options, or else the environment, name.
    func peers() throws -> TrustedPeers {
        let environment = ProcessInfo.processInfo.environment.value("KEEPTRUSTS_TRUSTED_PROXIES") ?? ""
        let named = trustedProxy.isEmpty ? environment.split { $0 == "," || $0 == " " }.map(String.init) : trustedProxy
        return .loopback.and(
            try named.map { text in
                guard let range = AddressRange(text) else {
                    throw ValidationError("--trusted-proxy: '\(text)' is no address or range, such as 10.0.0.0/8.")
                }
                return range
            })
    }
}

extension HostPort {
    /// Reads an address that is an option of a command.
    ///
    /// - Throws: `ValidationError`, which names the option.
    static func option(_ name: String, _ text: String) throws -> HostPort {
        do throws(InvalidHostPort) { return try HostPort(text) } catch {
            throw ValidationError("\(name): \(error)")
        }
    }
}

extension BaseURL {
    /// Refuses a URL that is an option of a command, or a variable, and that leads nowhere.
    ///
    /// - Throws: `ValidationError`, which names the option.
    static func check(_ name: String, _ text: String?) throws {
        guard let text else { return }
        do throws(BaseURL.Problem) { _ = try BaseURL(text) } catch {
            throw ValidationError("\(name) \(error.message): write it as in http://127.0.0.1:8080.")
        }
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

    func validate() throws { try DataDirectory.check(url) }

    var directory: String { dataDir ?? HomeDirectory.keeptrusts() + "/data" }

    func open() throws -> any Database {
        try DataDirectory.make(directory)
        return try DataDirectory.database(url, in: directory)
    }

    /// Opens what an API has made; makes nothing.
    ///
    /// - Throws: ``NoDataDirectory`` where no API has kept anything yet.
    func openExisting() throws -> any Database {
        let files = FileManager.default
        guard files.fileExists(atPath: directory) else {
            throw NoDataDirectory(path: directory, lack: "it does not exist")
        }
        guard files.fileExists(atPath: DataDirectory.serverKey(of: directory)) else {
            throw NoDataDirectory(path: directory, lack: "it has no server key")
        }
        if let file = DataDirectory.file(of: url, in: directory), !files.fileExists(atPath: file) {
            throw NoDataDirectory(path: directory, lack: "there is no database '\(file)'")
        }
        return try DataDirectory.database(url, in: directory)
    }

    private var url: String? { database ?? ProcessInfo.processInfo.environment.value("KEEPTRUSTS_DATABASE_URL") }
}

/// The directory with the server key and an embedded database.
enum DataDirectory {
    static func make(_ path: String) throws {
        do throws(OwnFolderFault) { try OwnFolder.make(path) } catch {
            throw DataDirectoryError(path: path, cause: error.cause, remedy: error.remedy)
        }
    }

    /// Writes a file anew, for this user alone.
    static func write(_ text: String, to name: String, in directory: String) throws {
        let path = "\(directory)/\(name)"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw DataDirectoryError(path: directory, cause: "'\(path)': \(String(cString: strerror(errno)))")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do { try file.write(contentsOf: Data(text.utf8)) } catch {
            throw DataDirectoryError(path: directory, cause: "'\(path)' cannot be written")
        }
    }

    static func database(_ url: String?, in directory: String) throws -> any Database {
        try check(url)
        if let path = file(of: url, in: directory) { return try SQLiteDatabase(path: path) }
        return try PostgresDatabase(url: url ?? "")
    }

    /// Refuses what names no database of a kind that there is.
    static func check(_ url: String?) throws {
        guard let url, !["sqlite:", "postgres://", "postgresql://"].contains(where: url.hasPrefix) else { return }
        throw ValidationError("--database must begin with 'sqlite:' or 'postgres://'.")
    }

    /// The file of an embedded database; nil when the database is a server's.
    static func file(of url: String?, in directory: String) -> String? {
        guard let url else { return "\(directory)/keeptrusts.sqlite" }
        return url.hasPrefix("sqlite:") ? String(url.dropFirst("sqlite:".count)) : nil
    }

    static func serverKey(in directory: String) throws -> ServerKey {
        try ServerKey(file: serverKey(of: directory))
    }

    /// Where the server key of a directory is.
    static func serverKey(of directory: String) -> String { "\(directory)/server.key" }
}

/// The data directory cannot be used.
struct DataDirectoryError: UserFacingError {
    var path: String
    var cause: String

    /// What to do about it, when there is more to do than to choose another one.
    var remedy: String?

    var category: ErrorCategory { .unavailable }
    var code: String { "data_directory.unusable" }
    var message: String { "The data directory '\(path)' cannot be used: \(cause)." }
    var hint: String? { (remedy.map { "\($0) Or choose" } ?? "Choose") + " another one with --data-dir." }
}

/// A command that works on what an API keeps was pointed at a place where none has kept anything.
struct NoDataDirectory: UserFacingError {
    var path: String
    var lack: String

    var category: ErrorCategory { .notFound }
    var code: String { "data_directory.missing" }
    var message: String { "There is no data directory of an API at '\(path)': \(lack)." }
    var hint: String? { "Say the --data-dir or --database that the API, or kt up, was started with." }
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

/// Goes on when the process gets SIGHUP, which ends a process that does not take it.
struct NothingToReload: Service {
    /// Trapped before the server starts.
    let hangUps: UnixSignalsSequence
    let logger: Logger

    init(_ logger: Logger) async {
        hangUps = await UnixSignalsSequence(trapping: .sighup)
        self.logger = logger
    }

    func run() async throws {
        for await _ in hangUps.cancelOnGracefulShutdown() {
            logger.info("there is nothing to reload; a new certificate needs a restart")
        }
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
