import Foundation
import KeeptrustsExchange
import NIOCore
import Testing

struct BenchReportTests {
    private func report(_ texts: [BenchReport.Text]) throws -> BenchReport {
        var time = Duration.zero
        let timer = JudgementTimer(rounds: 3) {
            time += .milliseconds(1)
            return time
        }
        return try BenchReport(
            of: TestChain.config("[pii-detector, {id: out, kind: dlp-filter, on: [response]}]"), on: texts,
            cacheDirectory: TestPatterns.directory, timer: timer)
    }

    @Test("People read a row for each policy, the chain and the yardstick")
    func summary() throws {
        let report = try report([BenchReport.Text(name: "mine", bytes: ByteBuffer(string: "hello"))])

        #expect(
            report.summary == """
                mine, 5 bytes: processor time, median of 3; ratio to the bare pass
                pii-detector                   1000.00 us     1.00
                out                            1000.00 us     1.00
                the whole chain                1000.00 us     1.00
                one bare pass of Hyperscan     1000.00 us     1.00
                """)
    }

    @Test("Programs read the same of every text, also of those that are built in")
    func json() throws {
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(try report(BenchReport.Text.builtIn).json.utf8))
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

    @Test("Nothing is found in the built-in texts, so that they show what clean text costs")
    func clean() throws {
        let chain = try TestChain.make("[pii-detector, dlp-filter]", "{dlp-filter: {sensitivity_level: restricted}}")
        for text in BenchReport.Text.builtIn {
            var scanner = RowScanner(chain)
            var row = ByteBuffer(string: #"{"id":1,"text":"#)
            row.writeString(String(decoding: try JSONEncoder().encode(String(buffer: text.bytes)), as: UTF8.self) + "}")
            scanner.take(LineSplitter.Line(number: 1, bytes: row))

            #expect(scanner.summary.rows == 1)
            #expect(scanner.summary.detected == 0)
        }
    }
}
