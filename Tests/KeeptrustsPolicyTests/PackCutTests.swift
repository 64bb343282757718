import Foundation
import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsPolicy

/// Every pattern of every pack, in texts that arrive in pieces.
///
/// What comes of a text must not depend on where it is cut: the yardstick is the same text judged as a whole.
@Suite("Texts with a match, in pieces")
struct PackCutTests {
    /// The rules of one pack as a policy of their own: what they match is taken out, or ends the text.
    private struct PackPolicy: Policy {
        static let kind = PolicyKind("pack", streaming: .window, phases: [.response])

        let rules: [Rule]
        let verdict: Verdict

        init(_ config: ConfigNode) {
            rules = []
            verdict = .allow
        }

        init(pack: String, verdict: Verdict) {
            rules = ((try? Pack(named: pack))?.rules ?? []).map(\.rule)
            self.verdict = verdict
        }

        func decide(on matches: [RuleMatch]) -> Decision {
            guard !matches.isEmpty else { return .allow }
            return Decision(verdict: verdict, reason: Reason(code: "pack.found", message: "The text holds a match."))
        }
    }

    /// A pack, and what redacts and what blocks by it.
    private struct Bench: Sendable {
        var name: String
        var redacting: PolicyChain
        var blocking: PolicyChain
        var examples: [String]
    }

    private static let names = PackTests.names + [terms]
    private static let terms = "blocked terms"

    private static let benches: [Bench] = names.compactMap { name in
        guard name != terms else { return try? benchOfTerms() }
        guard let pack = try? Pack(named: name), let redacting = try? chain(name, .redact),
            let blocking = try? chain(name, .block)
        else { return nil }
        return Bench(
            name: name, redacting: redacting, blocking: blocking, examples: pack.rules.flatMap(\.matching))
    }

    /// Terms that are found although they are written with mistakes, as a user would give them.
    private static func benchOfTerms() throws -> Bench {
        func chain(_ action: Settings) throws -> PolicyChain {
            let words: Settings = ["blue heron", "Zürichsee", "ledgerdomain"]
            return try PolicyChain(
                ["dlp-filter"], ["dlp-filter": ["action": action, "blocked_terms": words, "fuzzy_matching": true]])
        }
        return Bench(
            name: terms, redacting: try chain("redact"), blocking: try chain("block"),
            examples: ["the Blue Herron launch", "blue heronn", "at the Zurichsee", "LEDGERDOMAIN", "ledgerdomein"])
    }

    private static func chain(_ pack: String, _ verdict: Verdict) throws -> PolicyChain {
        let instance = PolicyChain.Instance(
            id: "pack", kind: PackPolicy.kind, on: [.response], mode: .enforce, onError: .block, streaming: .window)
        let node = Settings.list([]).node("policies.chain")
        return try PolicyChain(
            [instance], [PackPolicy(pack: pack, verdict: verdict)], cacheDirectory: TestPatterns.directory, at: node)
    }

    @Test("Every rule of every pack has texts that are cut here, and a match in them")
    func everyRule() throws {
        #expect(Self.benches.map(\.name) == Self.names)
        for bench in Self.benches {
            let scratch = MatchScratch(for: bench.redacting)
            for example in bench.examples {
                let whole = Self.whole(bench.redacting, Self.framed(example), scratch)
                #expect(whole.verdict == .redact, "\(bench.name): \(example.debugDescription)")
            }
        }
    }

    @Test("A text comes out the same, wherever it is cut in two", arguments: names)
    func cutInTwo(pack: String) throws {
        let bench = try #require(Self.benches.first { $0.name == pack })
        let scratch = MatchScratch(for: bench.redacting)
        var failures: [String] = []
        for example in bench.examples {
            let text = Self.framed(example)
            let bytes = Array(text.utf8)
            let expected = Self.whole(bench.redacting, text, scratch)
            for cut in 0...bytes.count where failures.count < Self.mostFailures {
                let pieces = [Array(bytes[..<cut]), Array(bytes[cut...])]
                let found = Self.streamed(bench.redacting, pieces, scratch)
                if found != expected { failures.append("\(text.debugDescription) at \(cut): \(found) \(expected)") }
            }
        }

        #expect(failures == [])
    }

    @Test("A text comes out the same, whatever its pieces", arguments: 0..<seeds)
    func randomPieces(seed: Int) throws {
        var random = SeededNumbers(seed: UInt64(seed) &+ Self.firstSeed)
        let scratches = Self.benches.map { (MatchScratch(for: $0.redacting), MatchScratch(for: $0.blocking)) }
        var failures: [String] = []
        for _ in 0..<Self.casesPerSeed where failures.count < Self.mostFailures {
            let number = random.next(Self.benches.count)
            let bench = Self.benches[number]
            let text = Self.text(of: bench, &random)
            let pieces = Self.pieces(of: text, &random)
            let isBlocking = random.next(4) == 0
            let chain = isBlocking ? bench.blocking : bench.redacting
            let scratch = isBlocking ? scratches[number].1 : scratches[number].0
            let expected = Self.whole(chain, text, scratch)
            let found = Self.streamed(chain, pieces, scratch)
            // What is blocked may have begun to be sent, up to the match.
            let isRight = isBlocking ? found.isBeginning(of: expected) : found == expected
            if isRight { continue }
            let cuts = pieces.map(\.count)
            failures.append("\(bench.name), \(text.debugDescription) in pieces of \(cuts): \(found) \(expected)")
        }

        #expect(failures == [], "seed \(UInt64(seed) &+ Self.firstSeed)")
    }

    private static let mostFailures = 3

    /// `KEEPTRUSTS_FUZZ_CASES` asks for more, `KEEPTRUSTS_FUZZ_SEED` for others.
    private static let seeds = 20
    private static let casesPerSeed = (number("KEEPTRUSTS_FUZZ_CASES") ?? 10_000) / seeds
    private static let firstSeed = UInt64(number("KEEPTRUSTS_FUZZ_SEED") ?? 1)

    private static func number(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
    }

    /// An example with a text around it; some are looked for at the beginning of a line only.
    private static func framed(_ example: String) -> String {
        let isLine = ["###", "System note", "AI reading"].contains { example.hasPrefix($0) }
        return (isLine ? "So:\n" : "So: ") + example + "\nand é then on."
    }

    /// Some examples of a pack, one behind the other, with words between them.
    private static func text(of bench: Bench, _ random: inout SeededNumbers) -> String {
        var text = ""
        for _ in 0...random.next(3) {
            for _ in 0..<random.next(8) { text += words[random.next(words.count)] }
            text += bench.examples[random.next(bench.examples.count)]
            text += ["", " ", "\n", ". ", ", "][random.next(5)]
        }
        return text
    }

    private static let words = [
        "the ", "and ", "a ", "I ", "report ", "of ", "2024 ", "7 ", "12-34 ", "key: ", "at ", "été ", "🙂 ", "\n", "- ",
        "e.g. ", "(see ", "x@y ", "https://", "deadbeef ", "Note: ", "100% ", "& ", "\\", "1\n2\n", "\u{200B}",
    ]

    /// Two pieces, three, or many.
    private static func pieces(of text: String, _ random: inout SeededNumbers) -> [[UInt8]] {
        let bytes = Array(text.utf8)
        let count = [1, 2, 2, 5, bytes.count / 3, bytes.count][random.next(6)]
        let cuts = (0..<count).map { _ in random.next(bytes.count + 1) }.sorted() + [bytes.count]
        var start = 0
        return cuts.map { cut in
            defer { start = cut }
            return Array(bytes[start..<cut])
        }
    }

    /// What comes out, and what is said of it.
    private struct Result: Equatable {
        var text: String
        var verdict: Verdict
        var code: String?

        /// Whether this is what a stream may show of a text that is blocked.
        func isBeginning(of whole: Self) -> Bool {
            verdict == whole.verdict && code == whole.code
                && (verdict == .allow ? text == whole.text : whole.text.utf8.starts(with: text.utf8))
        }
    }

    /// The text as a whole leaves it; of one that is blocked, what stands before the first match.
    private static func whole(_ chain: PolicyChain, _ text: String, _ scratch: MatchScratch) -> Result {
        let segment = Segment(ByteBuffer(string: text), role: .assistant, phase: .response)
        let outcome = chain.judge([segment], using: scratch)
        var bytes = Array(text.utf8)
        if outcome.verdict >= .escalate {
            // A search that was given up has no place: any beginning of the text may have been sent.
            let first = outcome.results.flatMap(\.findings).map(\.finding.span.lowerBound).min() ?? bytes.count
            bytes.removeSubrange(first...)
        }
        for redaction in outcome.redactions.reversed() {
            bytes.replaceSubrange(redaction.span, with: Array(redaction.replacement.utf8))
        }
        return Result(
            text: String(decoding: bytes, as: UTF8.self), verdict: outcome.verdict, code: outcome.reason?.code)
    }

    private static func streamed(_ chain: PolicyChain, _ pieces: [[UInt8]], _ scratch: MatchScratch) -> Result {
        let (text, _, outcome) = chain.streamed(pieces, using: scratch)
        return Result(text: text, verdict: outcome.verdict, code: outcome.reason?.code)
    }
}

/// Numbers that look random and are the same for the same seed (PCG, Knuth's multiplier).
struct SeededNumbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    /// A number in `0..<bound`.
    mutating func next(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(max(1, bound)))
    }
}
