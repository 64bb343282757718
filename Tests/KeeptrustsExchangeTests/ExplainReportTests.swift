import Foundation
import KeeptrustsCore
import KeeptrustsExchange
import NIOCore
import Testing

struct ExplainReportTests {
    /// A processor that needs 1 µs between two looks at its clock.
    private final class Clock {
        private var time = Duration.zero
        func read() -> Duration {
            time += .milliseconds(1)
            return time
        }
    }

    private func report(_ text: String, _ chain: String, _ settings: String = "{}", phase: Phase = .request) throws
        -> ExplainReport
    {
        let clock = Clock()
        return try ExplainReport(
            of: ByteBuffer(string: text), role: phase.usualRole, phase: phase,
            by: TestChain.config(chain, settings), cacheDirectory: TestPatterns.directory,
            timer: JudgementTimer(rounds: 3, processorTime: clock.read))
    }

    @Test("People read what each policy saw and where, never the value")
    func summary() throws {
        let report = try report(
            "é: jane@example.com", "[{id: late, kind: pii-detector, on: [response]}, pii-detector, audit-logger]")

        #expect(
            report.summary == """
                request, user: 20 bytes
                late                  skipped: it judges other phases
                pii-detector          ran: redact (pii_detector.redacted); 1000.0 us by itself
                    EMAIL at 3..<19 (bytes 4..<20), confidence 1.0, read plain
                audit-logger          ran: allow; 1000.0 us by itself
                verdict: redact by pii-detector (pii_detector.redacted); the chain takes 1000.0 us
                """)
        #expect(!report.summary.contains("jane"))
    }

    @Test("Programs read the same")
    func json() throws {
        let report = try report("é: jane@example.com", "[{id: a, kind: pii-detector, mode: observe}]")

        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any])
        #expect(json["verdict"] as? String == "allow")
        #expect(json["flagged"] as? Bool == true)
        let policy = try #require((json["policies"] as? [[String: Any]])?.first)
        #expect(policy["ran"] as? Bool == true)
        #expect(policy["verdict"] as? String == "redact")
        #expect(policy["mode"] as? String == "observe")
        let finding = try #require((policy["findings"] as? [[String: Any]])?.first)
        #expect(finding["category"] as? String == "EMAIL")
        #expect([finding["start"], finding["end"]] as? [Int] == [3, 19])
        #expect([finding["start_byte"], finding["end_byte"]] as? [Int] == [4, 20])
        #expect((finding["readings"] as? [String])?.first == "plain")
        #expect(!report.json.contains("jane"))
    }
}
