import ArgumentParser
import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsExchange

/// The command `kt policy scan`.
struct PolicyScan: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scan",
        abstract: "Judge rows of texts, and write what was found where.",
        discussion: """
            A row is a JSON object in a line of its own: an id, a text, and what docs/reference/cli.md lists. For each row a \
            prediction is written, with offsets in Unicode code points. Exits with 0 when all rows were judged; 1 when the \
            config is not valid, or a text in pieces was judged otherwise than as a whole; 2 for wrong usage, a file that \
            cannot be read, or lines that are no rows (the others are judged).
            """
    )

    @OptionGroup var config: ChainOptions

    @Option(help: "The rows; '-' for standard input.")
    var input: String

    @Option(help: "Where predictions go; '-' for standard output.")
    var output: String

    @Option(help: "Judge by the policies of this kind only.")
    var kind: String?

    @Option(
        help: "Where texts stand whose rows do not say: request, response, tool_call or tool_result.",
        transform: Phase.argument)
    var phase: Phase?

    @Flag(help: "Also write each text as it would go on; scorers judge by that then.")
    var redacted = false

    @Flag(help: "Print the summary as JSON.")
    var json = false

    func run() throws {
        let chain = try config.chain(ofKind: kind)
        let source = try InputFile(input)
        let target = try OutputFile(output, unlike: source)
        var scanner = RowScanner(chain, phase: phase, writesText: redacted)
        let began = ContinuousClock.now
        var lines = LineSplitter()
        while let block = try source.read() {
            lines.push(block)
            while let line = lines.next() { try take(line, by: &scanner, to: target) }
        }
        if let line = lines.next(isLast: true) { try take(line, by: &scanner, to: target) }
        try target.write(scanner.takeOutput())
        try report(scanner.summary, after: ContinuousClock.now - began)
    }

    private func take(_ line: LineSplitter.Line, by scanner: inout RowScanner, to target: OutputFile) throws {
        scanner.take(line)
        if scanner.outputBytes >= 1 << 16 { try target.write(scanner.takeOutput()) }
    }

    private func report(_ summary: ScanSummary, after duration: Duration) throws {
        for remark in summary.remarks(file: input) { Output.problem(remark) }
        let text = json ? summary.json(after: duration) : summary.text(after: duration)
        if output == "-" { Output.problem(text) } else { Output.line(text) }
        if summary.badRowCount > 0 { throw ExitCode(2) }
        if summary.differing > 0 { throw ExitCode(1) }
    }
}

extension CaseIterable where Self: RawRepresentable<String> {
    /// Reads a case that is an argument of a command.
    static func argument(_ text: String) throws -> Self {
        guard let value = Self(rawValue: text) else {
            throw ValidationError("'\(text)' is none of \(allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return value
    }
}
