import ArgumentParser
import Glibc
import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsExchange
import NIOCore

/// The command `kt policy bench`.
struct PolicyBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure what each policy costs.",
        discussion: """
            Prints the processor's time that a judgement takes: of each policy by itself, of the chain, and of one bare pass of \
            Hyperscan over fixed patterns, to which the others are set in relation; and what an event takes when the text comes \
            as a streamed answer. Exits with 0, 1 when the config is not valid, 2 for wrong usage or an unreadable file.
            """
    )

    @OptionGroup var config: ChainOptions

    @Option(
        name: .customLong("file"),
        help: "A file whose text is judged; repeat it for several. Without one: prose of 1 and of 10 KB.")
    var text: [String] = []

    @Option(
        help:
            "Rows of texts, as `kt policy scan` reads them; '-' for standard input. Those with chunks are streamed, too."
    )
    var input: String?

    @Option(help: "How often each measurement is repeated; the median counts.")
    var rounds = 101

    @Flag(help: "Measure the chain only, not each policy by itself.")
    var chainOnly = false

    @Flag(help: "Print the result as JSON.")
    var json = false

    private static let maxTextBytes = 64 << 20

    func validate() throws {
        guard (1...100_000).contains(rounds) else { throw ValidationError("--rounds must be 1 to 100000.") }
    }

    func run() throws {
        var texts = try text.map { path in
            BenchText(name: path, bytes: try InputFile(path).readAll(upTo: Self.maxTextBytes))
        }
        if let input { texts += try rows(of: input) }
        let report = try BenchReport(
            of: config.read(), on: texts.isEmpty ? BenchText.builtIn : texts, chainOnly: chainOnly,
            cacheDirectory: PatternCache.directory,
            timer: JudgementTimer(rounds: rounds, processorTime: ProcessorClock.time))
        Output.line(json ? report.json : report.summary)
    }

    private func rows(of path: String) throws -> [BenchText] {
        let source = try InputFile(path)
        var lines = LineSplitter()
        var texts: [BenchText] = []
        while let block = try source.read() {
            lines.push(block)
            while let line = lines.next() { texts += try Self.text(of: line, path) }
        }
        if let line = lines.next(isLast: true) { texts += try Self.text(of: line, path) }
        return texts
    }

    /// The row in a line; none in an empty one.
    private static func text(of line: LineSplitter.Line, _ path: String) throws(UnreadableFile) -> [BenchText] {
        guard let bytes = line.bytes else {
            let cause = "line \(line.number) is longer than \(LineSplitter.maxLineBytes) bytes"
            throw UnreadableFile(path: path, cause: cause)
        }
        guard bytes.readableBytes > 0 else { return [] }
        do throws(RowFault) {
            return [BenchText(try TextRow(bytes))]
        } catch {
            throw UnreadableFile(path: path, cause: "line \(line.number): \(error)")
        }
    }
}

/// The processor's time that this thread has used.
enum ProcessorClock {
    static func time() -> Duration {
        var now = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
        return .seconds(now.tv_sec) + .nanoseconds(now.tv_nsec)
    }
}
