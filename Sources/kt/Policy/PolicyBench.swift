import ArgumentParser
import Glibc
import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsExchange

/// The command `kt policy bench`.
struct PolicyBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure what each policy costs.",
        discussion: """
            Prints the processor's time that a judgement takes: of each policy by itself, of the chain, and of one bare pass of \
            Hyperscan over fixed patterns, to which the others are set in relation. Exits with 0, 1 when the config is not \
            valid, 2 for wrong usage or an unreadable file.
            """
    )

    @OptionGroup var config: ChainOptions

    @Option(
        name: .customLong("file"),
        help: "A file whose text is judged; repeat it for several. Without one: prose of 1 and of 10 KB.")
    var text: [String] = []

    @Option(help: "How often each measurement is repeated; the median counts.")
    var rounds = 101

    @Flag(help: "Print the result as JSON.")
    var json = false

    private static let maxTextBytes = 64 << 20

    func validate() throws {
        guard (1...100_000).contains(rounds) else { throw ValidationError("--rounds must be 1 to 100000.") }
    }

    func run() throws {
        let texts = try text.map { path in
            BenchReport.Text(name: path, bytes: try InputFile(path).readAll(upTo: Self.maxTextBytes))
        }
        let report = try BenchReport(
            of: config.read(), on: texts.isEmpty ? BenchReport.Text.builtIn : texts,
            cacheDirectory: PatternCache.directory,
            timer: JudgementTimer(rounds: rounds, processorTime: ProcessorClock.time))
        Output.line(json ? report.json : report.summary)
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
