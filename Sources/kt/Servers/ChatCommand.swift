import ArgumentParser
import KeeptrustsChat
import KeeptrustsClient
import KeeptrustsCore
import KeeptrustsWeb

/// The command `kt chat`.
struct ChatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chat",
        abstract: "Run the chat workbench.",
        subcommands: [ChatRun.self]
    )
}

/// The command `kt chat run`.
struct ChatRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run the chat workbench's server."
    )

    @Option(help: "The address to listen on, host:port; port 0 chooses a free one.")
    var listen = "0.0.0.0:3001"

    @Option(help: "The control plane's address. [env: KEEPTRUSTS_API_URL]")
    var apiURL: String?

    @Option(help: "The gateway's address.")
    var gatewayURL = "http://127.0.0.1:41002"

    @Option(help: "The address at which browsers reach the chat, when a proxy stands before it.")
    var publicURL: String?

    @Option(help: "The console's address, for the link to it.")
    var consoleURL: String?

    @OptionGroup var tls: TLSOptions
    @OptionGroup var proxies: TrustedProxyOptions

    func validate() throws {
        _ = try HostPort.option("--listen", listen)
        try BaseURL.check("--api-url", apiURL)
        try BaseURL.check("--public-url", publicURL)
        try BaseURL.check("--gateway-url", gatewayURL)
        try BaseURL.check("--console-url", consoleURL)
        try ProcessHTTP.checkAPIURL()
    }

    func run() async throws {
        let logger = try ProcessLog.make()
        let files = try OpenFiles(webServers: 1, logger)
        let reload = await NothingToReload(logger)
        let http = try ProcessHTTP.make(logger)
        let (gatewayURL, consoleURL) = (gatewayURL, consoleURL)
        var settings = ChatSettings(
            listen: try HostPort(listen), tls: try tls.files(), publicURL: publicURL,
            hostNames: OwnHosts.machineNames(), gatewayURL: { gatewayURL }, consoleURL: { consoleURL })
        settings.limits = WebLimits(connections: files.web("chat"))
        settings.trustedPeers = try proxies.peers()
        let server = try ChatServer(
            settings: settings, api: ControlPlaneClient(http: http, baseURL: ProcessHTTP.apiURL(apiURL)), http: http,
            logger: logger,
            onReady: { Output.line("chat listening on \($0)") })
        try await Services.run([http, reload, server], logger: logger)
    }
}
