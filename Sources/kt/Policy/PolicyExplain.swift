import ArgumentParser
import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsExchange
import KeeptrustsGateway
import NIOCore

/// The command `kt policy explain`.
struct PolicyExplain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say what each policy sees in a text.",
        discussion: """
            Of each policy: whether it ran, else why not; its verdict; what it saw, where (offsets in code points, never the \
            value), how sure it is and in which reading of the text; and what it takes of the processor's time by itself. \
            Exits with 0 whatever the verdict is, 1 when the config is not valid, 2 for wrong usage or an unreadable file.
            """
    )

    @OptionGroup var config: ChainOptions

    @Argument(help: "The text.")
    var text: String?

    @Option(help: "The file that holds the text; '-' for standard input.")
    var file: String?

    @Option(help: "Who speaks: system, user, assistant or tool.", transform: Segment.Role.argument)
    var role: Segment.Role?

    @Option(
        help: "Where the text stands: request, response, tool_call or tool_result.", transform: Phase.argument)
    var phase: Phase?

    @Flag(help: "Print the result as JSON.")
    var json = false

    private static let maxTextBytes = 64 << 20

    func validate() throws {
        guard (text == nil) != (file == nil) else { throw ValidationError("Give a text, or --file.") }
    }

    func run() throws {
        let bytes =
            try file.map { try InputFile($0).readAll(upTo: Self.maxTextBytes) }
            ?? ByteBuffer(string: text ?? "")
        guard bytes.isUTF8 else { throw UnreadableFile(path: file ?? "", cause: "it is not UTF-8") }
        let place = phase ?? role?.usualPhase ?? .request
        let config = try config.read()
        let report = try PatternCache.note.given {
            try ExplainReport(
                of: bytes, role: role ?? place.usualRole, phase: place, by: config,
                cacheDirectory: PatternCache.directory,
                timer: JudgementTimer(rounds: 25, processorTime: ProcessorClock.time))
        }
        Output.line(json ? report.json : report.summary)
    }
}

extension ByteBuffer {
    /// Whether the bytes are a text.
    fileprivate var isUTF8: Bool { String(validating: readableBytesView, as: UTF8.self) != nil }
}
