import ArgumentParser
import Foundation
import KeeptrustsAPI
import KeeptrustsClient
import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsExchange
import KeeptrustsPolicy
import KeeptrustsWeb
import NIOCore

/// The command `kt policy replay`.
struct PolicyReplay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Judge what was recorded by another configuration, and show each verdict that would change.",
        discussion: """
            Records of exchanges hold no texts: of them, what follows from another mode, another order or policies left out \
            is known, and what a new or changed policy would say is not; the command says how many it cannot judge. Texts \
            (rows as `kt policy scan` reads them, or tests) are judged in full. Exits with 0 when no verdict would change; 1 when \
            one would, when nothing could be judged, or a config is not valid; 2 for wrong usage or input that cannot be read; 3 when the API refuses the \
            token.
            """
    )

    @Option(help: "Lines of decision events or of texts, or a file of tests (.yaml, .json); '-' for standard input.")
    var events: String?

    @Option(help: "Ask the control plane for the events of this last time, such as 24h or 7d.")
    var since: String?

    @Option(name: .customLong("config"), help: "The new config; given several times, later files win.")
    var config: [String]

    @Option(help: "The config that was in force; given several times, later files win.")
    var policyConfig = ["policy-config.yaml"]

    @Option(help: "The control plane's API (default: KEEPTRUSTS_API_URL, or http://127.0.0.1:8080).")
    var apiUrl: String?

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        guard (events == nil) != (since == nil) else { throw ValidationError("Give --events or --since.") }
        guard !config.isEmpty else { throw ValidationError("Give the new config with --config.") }
        try BaseURL.check("--api-url", apiUrl)
        guard since.map(Self.isMoment) != false else {
            throw ValidationError(
                "--since must be an age such as 30m, 24h or 7d, or a time such as 2026-11-22T15:30:00Z.")
        }
        guard since == nil || token != nil else {
            throw ValidationError("--since asks the control plane: \(ReplayRefused.wanted)")
        }
    }

    func run() async throws {
        let (old, new) = (try ChainOptions.read(policyConfig), try ChainOptions.read(config))
        let cache = PatternCache.directory
        var report = ReplayReport(
            from: (old, try old.compileChain(cacheDirectory: cache)),
            to: (new, try new.compileChain(cacheDirectory: cache)))
        if let events {
            try replay(events, into: &report)
        } else if let since {
            try await replay(since: since, into: &report)
        }
        for line in report.badLines { Output.problem("\(events ?? "events"):\(line.line): error: \(line.problem)") }
        Output.line(json ? report.json : report.summary)
        guard report.badLineCount == 0 else { throw ExitCode(2) }
        guard !report.judgedNothing else {
            Output.problem("error: nothing could be judged; is --policy-config the config that was in force?")
            throw ExitCode(1)
        }
        guard report.changed == 0 else { throw ExitCode(1) }
    }

    private func replay(_ path: String, into report: inout ReplayReport) throws {
        guard ![".yaml", ".yml", ".json"].contains(where: { path.hasSuffix($0) }) else {
            for layer in try ConfigLayer.read([path]) {
                guard !ReplayReport.isList(ByteBuffer(bytes: layer.bytes)) else {
                    throw UnreadableFile(path: path, cause: "it is \(ReplayReport.listProblem)")
                }
                try report.take(try TestSuite(file: layer), cacheDirectory: PatternCache.directory)
            }
            return
        }
        let source = try InputFile(path)
        var lines = LineSplitter()
        while let block = try source.read() {
            lines.push(block)
            while let line = lines.next() { report.take(line) }
        }
        if let line = lines.next(isLast: true) { report.take(line) }
    }

    /// Reads the events page by page.
    private func replay(since: String, into report: inout ReplayReport) async throws {
        let http = try ProcessHTTP.make(try ProcessLog.make())
        let url = ProcessHTTP.apiURL(apiUrl)
        let client = ControlPlaneClient(http: http, baseURL: url)
        do {
            var cursor: String?
            repeat {
                let page = try await client.events(since: since, cursor: cursor, as: Secret(token ?? ""))
                for event in page.items { report.take(event) }
                cursor = page.nextCursor
            } while cursor != nil
        } catch {
            try await http.shutdown()
            throw (error as? ControlPlaneError).map { ReplayRefused(error: $0, url: url, token: token ?? "") } ?? error
        }
        try await http.shutdown()
    }

    private var token: String? { ProcessInfo.processInfo.environment.value("KEEPTRUSTS_API_TOKEN") }

    /// Whether the API reads it as a moment: RFC 3339, or how long ago.
    private static func isMoment(_ text: String) -> Bool {
        guard Timestamp(text) == nil else { return true }
        guard let unit = text.last, "smhd".contains(unit), let count = Int64(text.dropLast()) else { return false }
        return (0...100_000_000).contains(count) && text.first != "+"
    }
}

/// The control plane does not give out its events: it is not there, or the token is not one for it.
private struct ReplayRefused: UserFacingError {
    var error: ControlPlaneError
    var url: String
    var token: String

    static let wanted =
        "set KEEPTRUSTS_API_TOKEN to a token of the API with a role that may read events (the permission 'events:read'); "
        + "the console makes one under Keys, with the purpose Integration and a role such as Viewer"

    var category: ErrorCategory { error.category }
    var code: String { error.code }

    var message: String {
        switch error {
        case .unavailable: "The control plane at \(url) cannot be reached."
        case .unauthorised where token.hasPrefix("kt_gk_"):
            "KEEPTRUSTS_API_TOKEN is a key for callers of the gateway, which the API at \(url) does not take."
        case .unauthorised, .refused: "The API at \(url) says: \(error.message)"
        }
    }

    var hint: String? {
        switch error {
        case .unavailable: "Say where it is with --api-url, or in KEEPTRUSTS_API_URL."
        case .refused where category != .forbidden: error.hint
        case .unauthorised, .refused: "For --since, \(Self.wanted)."
        }
    }
}
