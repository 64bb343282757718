import Foundation
import KeeptrustsExchange
import NIOCore
import Testing

@testable import KeeptrustsPolicy

/// Every pattern of every pack, by the kinds that use it, in answers that are streamed in pieces.
///
/// The yardstick is the same answer in one piece. The packs by themselves, cut at every byte, are in `PackCutTests`.
@Suite("Streamed answers with a match, in pieces")
struct StreamCutTests {
    /// A kind as a configuration would name it, and the packs that it uses.
    struct Use: CustomTestStringConvertible, Sendable {
        var chain: String
        var policy: String
        var packs: [String]
        var isCode = false
        var testDescription: String { policy.isEmpty ? chain : policy }
    }

    static let uses = [
        Use(
            chain: "pii-detector", policy: "pii-detector: {healthcare_mode: true}",
            packs: ["pii.txt", "pii-national.txt", "pii-context.txt"]),
        Use(
            chain: "pii-detector", policy: "pii-detector: {action: block, healthcare_mode: true}",
            packs: ["pii.txt", "pii-national.txt", "pii-context.txt"]),
        Use(
            chain: "dlp-filter", policy: "dlp-filter: {sensitivity_level: restricted}",
            packs: ["secrets.txt", "classification.txt"]),
        Use(chain: "dlp-filter", policy: "dlp-filter: {action: block}", packs: ["secrets.txt"]),
        Use(chain: "code-sanitizer", policy: "", packs: ["dangerous-code.txt", "secrets.txt"], isCode: true),
        Use(chain: "{kind: prompt-injection, on: [response]}", policy: "", packs: ["prompt-injection.txt"]),
        safety("education"), safety("automotive"), safety("critical_infrastructure"), safety("law_enforcement"),
        Use(chain: "itar-ear-filter", policy: "", packs: ["export-control.txt"]),
        Use(chain: "mnpi-filter", policy: "", packs: ["mnpi.txt"]),
        Use(chain: "legal-privilege", policy: "", packs: ["legal-privilege.txt"]),
        Use(chain: "bias-monitor", policy: "", packs: ["bias.txt"]),
        Use(
            chain: "human-oversight",
            policy: "human-oversight: {require_human_for: [medical, legal, employment, credit, education, crisis]}",
            packs: ["oversight.txt"]),
        Use(chain: "hipaa-phi-detector", policy: "", packs: ["phi.txt"]),
        Use(chain: "student-privacy", policy: "", packs: ["student.txt"]),
        Use(chain: "case-privacy", policy: "", packs: ["case.txt"]),
        Use(chain: "financial-compliance", policy: "", packs: ["financial-advice.txt"]),
        Use(chain: "healthcare-compliance", policy: "", packs: ["medical-advice.txt"]),
        Use(chain: "upl-filter", policy: "", packs: ["legal-advice.txt"]),
        Use(
            chain: "pii-detector, dlp-filter, code-sanitizer, mnpi-filter, legal-privilege", policy: "",
            packs: ["pii.txt", "secrets.txt", "dangerous-code.txt", "mnpi.txt", "legal-privilege.txt"]),
    ]

    private static func safety(_ mode: String) -> Use {
        Use(
            chain: "{kind: safety-filter, on: [response]}", policy: "safety-filter: {mode: \(mode)}",
            packs: ["safety.txt"])
    }

    @Test("Every pack is used by a kind here")
    func everyPack() {
        let packs = Set(Assets.all.keys.filter { (try? Pack(named: $0)) != nil })

        #expect(packs.count >= 16)
        // By these, gdpr-compliance and eu-ai-act judge requests only.
        #expect(
            packs.subtracting(["gdpr.txt", "gdpr-erasure.txt", "eu-ai-act.txt"]) == Set(Self.uses.flatMap(\.packs)))
    }

    @Test("What a caller gets of a stream does not depend on its pieces", arguments: uses)
    func pieces(use: Use) throws {
        let examples = try use.packs.flatMap { try Pack(named: $0).rules.flatMap(\.matching) }
        var random = SeededNumbers(seed: Self.seed)
        var found = 0
        for form in SurfaceForm.all {
            let play = try form.play(chain: use.chain, policy: use.policy)
            let answer = try #require(form.answers.first)
            let place = try #require(form.streams.first)
            for example in examples {
                let text = use.isCode ? "So:\n```sh\n\(example)\n```\nIt is." : "So:\n\(example)\nIt is é."
                let (whole, judged) = try play.reply(
                    to: form.ask(false), with: answer.write(quoted(text)), isStream: false)
                let pieces = Self.cut(text, &random)
                let (reply, record) = try play.reply(
                    to: form.ask(true), with: place.write(pieces.map(quoted)), isStream: true,
                    size: 1 + random.next(400))

                let expected = Texts(reply: whole).byPath[form.answerPath]
                let got = Texts(reply: reply).byPath[place.path] ?? ""
                let note = "seed \(Self.seed), \(form): \(pieces)"
                for key in ["verdict", "reason_code"] {
                    #expect(record[key] as? String == judged[key] as? String, "\(note)")
                }
                if judged["verdict"] as? String != "allow" { found += 1 }
                if let expected {
                    #expect(got == expected, "\(note)")
                } else {
                    // A block ends what has begun to be sent before the match.
                    #expect(text.hasPrefix(got) && !got.contains(example), "\(note)")
                }
            }
        }

        #expect(found > 0)
    }

    /// `KEEPTRUSTS_FUZZ_SEED` asks for other cuts.
    private static let seed = UInt64(ProcessInfo.processInfo.environment["KEEPTRUSTS_FUZZ_SEED"] ?? "") ?? 1

    /// Two pieces, three, or many.
    private static func cut(_ text: String, _ random: inout SeededNumbers) -> [String] {
        let scalars = Array(text.unicodeScalars)
        let count = [1, 1, 2, 2, scalars.count / 4, scalars.count][random.next(6)]
        let cuts = (0..<count).map { _ in random.next(scalars.count + 1) }.sorted() + [scalars.count]
        var start = 0
        return cuts.map { cut in
            defer { start = cut }
            return String(String.UnicodeScalarView(scalars[start..<cut]))
        }
    }

    /// Numbers that look random and are the same for the same seed (Knuth's multiplier).
    private struct SeededNumbers {
        private var state: UInt64

        init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

        mutating func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(max(1, bound)))
        }
    }
}
