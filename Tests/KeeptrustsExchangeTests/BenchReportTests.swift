import Foundation
import KeeptrustsExchange
import NIOCore
import Testing

struct BenchReportTests {
    private func report(
        _ texts: [BenchText], _ chain: String = "[pii-detector, {id: out, kind: dlp-filter, on: [response]}]"
    ) throws -> BenchReport {
        try BenchReport(
            of: TestChain.config(chain), on: texts, cacheDirectory: TestPatterns.directory,
            timer: timer(perLook: .milliseconds(1), rounds: 3))
    }

    private func texts(_ report: BenchReport) throws -> [[String: Any]] {
        let json = try JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any]
        return try #require(json?["texts"] as? [[String: Any]])
    }

    @Test("People read a row for each policy, the chain and the yardstick")
    func summary() throws {
        let report = try report([BenchText(name: "mine", bytes: ByteBuffer(string: "hello"))])

        #expect(
            report.summary == """
                mine, 5 bytes: processor time, median of 3; ratio to the bare pass; per event of a streamed answer of 1
                pii-detector                   1000.00 us     1.00  1000.00 us
                out                            1000.00 us     1.00  1000.00 us
                the whole chain                1000.00 us     1.00  1000.00 us
                one bare pass of Hyperscan     1000.00 us     1.00
                """)
    }

    @Test("Programs read the same of every text, also of those that are built in")
    func json() throws {
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(try report(BenchText.builtIn).json.utf8))
                as? [String: Any])

        let texts = try #require(json["texts"] as? [[String: Any]])
        #expect(json["rounds"] as? Int == 3)
        #expect(texts.compactMap { $0["bytes"] as? Int } == [1_000, 10_000])
        #expect(
            (texts.first?["policies"] as? [[String: Any]])?.compactMap { $0["id"] as? String } == [
                "pii-detector", "out",
            ])
        #expect((texts.first?["chain"] as? [String: Any])?["ratio"] as? Double == 1)
    }

    @Test("A chain may be measured without its policies")
    func chainOnly() throws {
        let report = try BenchReport(
            of: TestChain.config("[pii-detector, dlp-filter]"),
            on: [BenchText(name: "mine", bytes: ByteBuffer(string: "hello"))], chainOnly: true,
            cacheDirectory: TestPatterns.directory, timer: timer(perLook: .milliseconds(1), rounds: 3))

        let text = try #require(try texts(report).first)
        #expect((text["policies"] as? [Any])?.isEmpty == true)
        #expect((text["chain"] as? [String: Any])?["microseconds"] as? Double == 1000)
    }

    @Test(
        "Long work is done once, short work so often as is asked, and none for much longer than a second",
        arguments: [(Duration.milliseconds(1), 9, 10), (.milliseconds(6), 9, 9), (.milliseconds(400), 9, 3)])
    func repetitions(perLook: Duration, rounds: Int, expected: Int) throws {
        let looks = Looks()
        let timer = JudgementTimer(rounds: rounds) {
            looks.count += 1
            return perLook * looks.count
        }

        let row = BenchText(try TextRow(ByteBuffer(string: #"{"id":7,"text":"abcd"}"#)))
        _ = try BenchReport(
            of: TestChain.config("[audit-logger]"), on: [row], chainOnly: true, cacheDirectory: TestPatterns.directory,
            timer: timer)

        // The judgement and the bare pass are measured alike, each with a look before it and one behind it.
        #expect(looks.count == expected * 4)
    }

    private final class Looks {
        var count = 0
    }

    private func timer(perLook: Duration, rounds: Int) -> JudgementTimer {
        let looks = Looks()
        return JudgementTimer(rounds: rounds) {
            looks.count += 1
            return perLook * looks.count
        }
    }

    @Test("The time of a stream is shared by its events: four words each, or the chunks of a row")
    func events() throws {
        let words = BenchText(name: "words", bytes: ByteBuffer(string: "one two three four five six seven eight nine"))
        let row = BenchText(
            try TextRow(
                ByteBuffer(string: #"{"id":"row","text":"abcd","phase":"response","chunks":["a","b","c","d"]}"#)))
        let plain = BenchText(try TextRow(ByteBuffer(string: #"{"id":7,"text":"abcd"}"#)))

        let texts = try texts(report([words, row, plain]))

        #expect(texts.compactMap { $0["name"] as? String } == ["words", "row", "7"])
        #expect(texts.compactMap { $0["events"] as? Int } == [3, 4, 0])
        let chains = texts.compactMap { $0["chain"] as? [String: Any] }
        #expect(chains.map { $0["event_us"] as? Double } == [1000.0 / 3, 250, nil])
    }

    @Test("An event has no time of its own where the answer is judged as a whole, or not at all")
    func whole() throws {
        let text = BenchText(name: "mine", bytes: ByteBuffer(string: "hello"))

        let texts = try texts(
            report([text], "[{id: in, kind: dlp-filter, on: [request]}, quality-scorer, pii-detector]"))

        let policies = try #require(texts.first?["policies"] as? [[String: Any]])
        #expect(policies.map { $0["event_us"] as? Double } == [nil, nil, 1000])
        #expect((texts.first?["chain"] as? [String: Any])?["event_us"] == nil)
    }

    @Test("Nothing is found in the built-in texts, so that they show what clean text costs")
    func clean() throws {
        let chain = try TestChain.make("[pii-detector, dlp-filter]", "{dlp-filter: {sensitivity_level: restricted}}")
        for text in BenchText.builtIn {
            var scanner = RowScanner(chain)
            var row = ByteBuffer(string: #"{"id":1,"text":"#)
            row.writeString(String(decoding: try JSONEncoder().encode(String(buffer: text.bytes)), as: UTF8.self) + "}")
            scanner.take(LineSplitter.Line(number: 1, bytes: row))

            #expect(scanner.summary.rows == 1)
            #expect(scanner.summary.detected == 0)
        }
    }
}
