import ArgumentParser
import KeeptrustsClient
import KeeptrustsConsole
import KeeptrustsCore
import KeeptrustsWeb

/// The command `kt console`.
struct ConsoleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "console",
        abstract: "Run the management console.",
        subcommands: [ConsoleRun.self]
    )
}

/// The command `kt console run`.
struct ConsoleRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run the management console's server."
    )

    @Option(help: "The address to listen on, host:port; port 0 chooses a free one.")
    var listen = "0.0.0.0:3000"

    @Option(help: "The control plane's address. [env: KEEPTRUSTS_API_URL]")
    var apiURL: String?

    @Option(help: "The address at which browsers reach the console, when a proxy stands before it.")
    var publicURL: String?

    @Option(help: "The chat's address, for the link to it.")
    var chatURL: String?

    @OptionGroup var tls: TLSOptions
    @OptionGroup var proxies: TrustedProxyOptions

    func validate() throws {
        _ = try HostPort.option("--listen", listen)
        try BaseURL.check("--api-url", apiURL)
        try BaseURL.check("--public-url", publicURL)
        try BaseURL.check("--chat-url", chatURL)
        try ProcessHTTP.checkAPIURL()
    }

    func run() async throws {
        let logger = try ProcessLog.make()
        let files = try OpenFiles(webServers: 1, logger)
        let reload = await NothingToReload(logger)
        let http = try ProcessHTTP.make(logger)
        let chatURL = chatURL
        var settings = ConsoleSettings(
            listen: try HostPort(listen), tls: try tls.files(), publicURL: publicURL,
            hostNames: OwnHosts.machineNames(), chatURL: { chatURL })
        settings.limits = WebLimits(connections: files.web("console"))
        settings.trustedPeers = try proxies.peers()
        let server = try ConsoleServer(
            settings: settings, api: ControlPlaneClient(http: http, baseURL: ProcessHTTP.apiURL(apiURL)),
            logger: logger,
            onReady: { Output.line("console listening on \($0)") })
        try await Services.run([http, reload, server], logger: logger)
    }
}
