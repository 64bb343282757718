import ArgumentParser
import KeeptrustsControlPlane
import KeeptrustsCore
import KeeptrustsStorage
import KeeptrustsWeb

/// The command `kt api`.
struct APICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "api",
        abstract: "Run the control plane's API.",
        subcommands: [APIRun.self, APIMigrate.self, APISignInLink.self]
    )
}

/// The command `kt api run`.
struct APIRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run the control plane's API.",
        discussion:
            "Brings the database up to date first. SIGHUP changes nothing. The first start prints a sign-in link, a runtime token and a key."
    )

    @Option(help: "The address to listen on, host:port; port 0 chooses a free one.")
    var listen = "0.0.0.0:8080"

    @Option(help: "The console's address, for the sign-in link.")
    var consoleURL = "http://127.0.0.1:3000"

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var tls: TLSOptions
    @OptionGroup var proxies: TrustedProxyOptions

    func validate() throws {
        _ = try HostPort.option("--listen", listen)
        try BaseURL.check("--console-url", consoleURL)
    }

    func run() async throws {
        let logger = try ProcessLog.make()
        let files = try OpenFiles(webServers: 1, logger)
        let reload = await NothingToReload(logger)
        let store = try database.open()
        let key = try DataDirectory.serverKey(in: database.directory)
        var settings = ControlPlaneSettings(version: Product.version)
        settings.limits = WebLimits(connections: files.web("api"))
        settings.trustedPeers = try proxies.peers()
        // Made before anything is printed that is shown once: it refuses a certificate that does not fit its key.
        let server = try ControlPlaneServer(
            database: store, key: key, settings: settings,
            address: try HostPort(listen), tls: try tls.files(), validate: ConfigValidation.problems,
            logger: logger, onReady: { Output.line("api listening on \($0)") })
        try await store.migrate()
        let installation = Installation(database: store, key: key)
        try await installation.checkKey()
        if let first = try await installation.begin() {
            Output.line("sign-in link (once, 24 hours): \(consoleURL)/sign-in?code=\(first.signInCode.reveal())")
            Output.line("runtime token for a gateway:   \(first.runtimeToken.reveal())")
            Output.line("gateway key for callers:       \(first.gatewayKey.reveal())")
        }
        try await Services.run([reload, server], logger: logger)
    }
}

/// The command `kt api migrate`.
struct APIMigrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Bring the database's schema up to date."
    )

    @OptionGroup var database: DatabaseOptions

    func run() async throws {
        try await database.open().migrate()
        Output.line("the database is up to date")
    }
}

/// The command `kt api sign-in-link`: for whoever can read the data directory.
struct APISignInLink: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign-in-link",
        abstract: "Make a sign-in link, good once, for when nobody can sign in."
    )

    @Option(help: "Whom the link signs in (default: the first owner).")
    var email: String?

    @Option(help: "The console's address.")
    var consoleURL = "http://127.0.0.1:3000"

    @OptionGroup var database: DatabaseOptions

    func validate() throws { try BaseURL.check("--console-url", consoleURL) }

    func run() async throws {
        let store = try database.openExisting()
        guard try await store.hasSchema() else {
            throw NoDataDirectory(path: database.directory, lack: "its database is empty")
        }
        let installation = Installation(
            database: store, key: try DataDirectory.serverKey(in: database.directory))
        guard let code = try await installation.makeSignInCode(email: email) else {
            throw NoSuchPerson(email: email)
        }
        Output.line("\(consoleURL)/sign-in?code=\(code.reveal())")
    }
}

private struct NoSuchPerson: UserFacingError {
    var email: String?

    var category: ErrorCategory { .notFound }
    var code: String { "user.not_found" }
    var message: String { email.map { "There is no active person '\($0)'." } ?? "There is no active owner." }
}
