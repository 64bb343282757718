import Foundation
import KeeptrustsCore
import Testing

@testable import KeeptrustsPolicy

/// The bars of the industry modes, on the labelled set beside the repository (`KT_EVAL_DIR`).
struct SafetyEvaluationTests {
    private static let file: URL = {
        let folder = ProcessInfo.processInfo.environment["KT_EVAL_DIR"].map { URL(filePath: $0) }
        let beside = MarkedText.root.deletingLastPathComponent().appending(path: "shared/eval")
        return (folder ?? beside).appending(path: "safety.dev.jsonl")
    }()

    private static let isThere = FileManager.default.fileExists(atPath: file.path)

    private struct Row: Decodable {
        var text: String
        var slice: String
        var label: String
    }

    @Test(
        "A mode finds what its slice holds, and passes near misses and other benign texts, as the bars ask",
        .enabled(if: isThere, "The set is not there."),
        arguments: ["critical_infrastructure", "automotive", "education", "law_enforcement"])
    func bars(mode: String) throws {
        let chain = try PolicyChain(["safety-filter"], ["safety-filter": ["mode": .string(mode)]])
        var (found, wanted, flagged, near, wrong, benign) = (0, 0, 0, 0, 0, 0)
        for line in try String(contentsOf: Self.file, encoding: .utf8).split(separator: "\n") {
            let row = try JSONDecoder().decode(Row.self, from: Data(line.utf8))
            guard row.slice == "industry_\(mode)" || row.slice == "benign_prompt" else { continue }
            let isFlagged = chain.judge(row.text).verdict > .allow
            switch (row.slice, row.label) {
            case ("benign_prompt", _): (wrong, benign) = (wrong + (isFlagged ? 1 : 0), benign + 1)
            case (_, "unsafe"): (found, wanted) = (found + (isFlagged ? 1 : 0), wanted + 1)
            case (_, _): (flagged, near) = (flagged + (isFlagged ? 1 : 0), near + 1)
            }
        }

        #expect(wanted >= 10 && near >= 10 && benign >= 100)
        // Above the bars (0.6 and 10 %): on texts that were seen, figures are an upper bound.
        #expect(Double(found) >= 0.9 * Double(wanted), "\(found) of \(wanted)")
        #expect(Double(flagged) <= 0.05 * Double(near), "\(flagged) of \(near)")
        #expect(Double(wrong) <= 0.01 * Double(benign), "\(wrong) of \(benign)")
    }
}
