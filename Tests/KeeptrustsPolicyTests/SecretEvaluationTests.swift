import Foundation
import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsPolicy

/// The bars of detection quality, on the labelled set beside the repository (`KT_EVAL_DIR`).
struct SecretEvaluationTests {
    private static let file: URL = {
        let folder = ProcessInfo.processInfo.environment["KT_EVAL_DIR"].map { URL(filePath: $0) }
        let beside = MarkedText.root.deletingLastPathComponent().appending(path: "shared/eval")
        return (folder ?? beside).appending(path: "secrets.dev.jsonl")
    }()

    private static let isThere = FileManager.default.fileExists(atPath: file.path)

    /// A row of the set; offsets count Unicode scalars.
    private struct Row: Decodable {
        struct Label: Decodable {
            var start: Int
            var end: Int
            var optional: Bool?
            var outer: [Int]?
        }
        var text: String
        var slice: String
        var labels: [Label]
    }

    @Test("Secrets are found, and benign texts pass, as the bars ask", .enabled(if: isThere, "The set is not there."))
    func bars() throws {
        let chain = try PolicyChain(["dlp-filter"])
        let scratch = MatchScratch(for: chain)
        var (found, wanted, wrong, benign, flagged) = (0, 0, 0, 0, 0)
        for line in try String(contentsOf: Self.file, encoding: .utf8).split(separator: "\n") {
            let row = try JSONDecoder().decode(Row.self, from: Data(line.utf8))
            // Decoding is not the rules' part.
            guard row.slice != "evasion" else { continue }
            let spans = Self.scalars(chain.judge(row.text, using: scratch), in: row.text)
            if row.labels.isEmpty {
                benign += 1
                flagged += spans.isEmpty ? 0 : 1
            }
            let labels = row.labels.filter { $0.optional != true }
            wanted += labels.count
            found += labels.count { label in
                let places = [label.start..<label.end] + (label.outer.map { [$0[0]..<$0[1]] } ?? [])
                return places.contains { place in spans.contains { Self.isNear($0, place) } }
            }
            wrong += spans.count { span in !row.labels.contains { span.overlaps($0.start..<$0.end) } }
        }
        let f1 = 2 * Double(found) / Double(wanted + found + wrong)

        #expect(wanted > 1_000)
        #expect(f1 >= 0.97, "\(found) of \(wanted), \(wrong) wrong")
        #expect(Double(flagged) <= 0.04 * Double(benign), "\(flagged) of \(benign)")
    }

    private static func scalars(_ outcome: ChainOutcome, in text: String) -> [Range<Int>] {
        outcome.redactions.map { redaction in
            let start = text.utf8.index(text.utf8.startIndex, offsetBy: redaction.span.lowerBound)
            let end = text.utf8.index(text.utf8.startIndex, offsetBy: redaction.span.upperBound)
            let offset = text.unicodeScalars.distance(from: text.startIndex, to: start)
            return offset..<offset + text.unicodeScalars.distance(from: start, to: end)
        }
    }

    /// Whether two places have at least half of what they cover together in common.
    private static func isNear(_ a: Range<Int>, _ b: Range<Int>) -> Bool {
        let common = a.overlaps(b) ? a.clamped(to: b).count : 0
        return common * 2 >= a.count + b.count - common
    }
}

extension PolicyChain {
    fileprivate func judge(_ text: String, using scratch: MatchScratch) -> ChainOutcome {
        judge([Segment(ByteBuffer(string: text), role: .user, phase: .request)], using: scratch)
    }
}
