import Foundation
import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsPolicy

@Suite("The kinds human-oversight and flagged-review")
struct HumanOversightTests {
    private static func judge(_ answer: String, _ settings: Settings) throws -> ChainOutcome {
        try PolicyChain(["human-oversight"], ["human-oversight": settings])
            .judge([.answer(answer)], at: .answer, knowing: .caller())
    }

    @Test("It holds what a person must see, passes near misses, and its reference states the figures")
    func quality() throws {
        let all: Settings = ["require_human_for": .list(Self.categories.map { .string($0) })]
        let chain = try PolicyChain(["human-oversight"], ["human-oversight": all])
        let path = MarkedText.root.appending(path: "Tests/Fixtures/detection/human-oversight.txt")
        var (right, wrong, wanted, benign) = (0, 0, 0, 0)
        var mistakes: [String] = []
        for line in try String(contentsOf: path, encoding: .utf8).split(separator: "\n") where !line.hasPrefix("#") {
            let isFound =
                chain.judge([.answer(String(line.dropFirst(2)))], at: .answer, knowing: .caller()).verdict == .escalate
            let isWanted = line.hasPrefix("+")
            if isWanted { wanted += 1 } else { benign += 1 }
            if isFound, isWanted { right += 1 }
            if isFound, !isWanted { wrong += 1 }
            if isFound != isWanted { mistakes.append(String(line)) }
        }
        let (precision, recall) = (Double(right) / Double(right + wrong), Double(right) / Double(wanted))

        #expect(wanted >= 40 && benign >= 40)
        #expect(precision >= 0.9 && recall >= 0.9, "\(mistakes)")
        let line = """
            On \(wanted) answers that a person should see and \(benign) near misses \
            (`Tests/Fixtures/detection/human-oversight.txt`): precision \((precision * 1_000).rounded() / 10) %, recall \
            \((recall * 1_000).rounded() / 10) %.
            """
        let reference = MarkedText.root.appending(path: "docs/reference/policies/human-oversight.md")
        let page = try String(contentsOf: reference, encoding: .utf8)
        #expect(page.split(whereSeparator: \.isWhitespace).joined(separator: " ").contains(line), "\(line)")
    }

    static let categories = [
        "medical", "legal", "financial", "employment", "credit", "public_services", "education", "law_enforcement",
        "crisis",
        "safety_critical", "payments",
    ]

    @Test("Only the matters that are named are held; '*' is every answer")
    func categories() throws {
        let dose = "Take 400 mg of ibuprofen."

        #expect(try Self.judge(dose, ["require_human_for": ["medical"]]).reason?.code == "human_oversight.category")
        #expect(try Self.judge(dose, ["require_human_for": ["legal"]]).verdict == .allow)
        #expect(try Self.judge(dose, [:]).verdict == .allow)
        #expect(try Self.judge("Hello.", ["require_human_for": ["*"]]).reason?.code == "human_oversight.required")
        #expect(try Self.judge(dose, ["require_human_for": ["*"]]).verdict == .escalate)
        #expect(try Self.judge(dose, ["require_human_for": ["medical"], "action": "block"]).verdict == .block)
        let found = try Self.judge(dose, ["require_human_for": ["medical"]]).results[0].findings
        #expect(found.map(\.finding.category) == ["medical"])
    }

    @Test(
        "With '*' an answer waits, too, that only calls a tool or says nothing",
        arguments: [[.call("pay", #"{"amount":100}"#)], [], [.answer("")], [.answer("Why?", choice: nil)]]
            as [[Segment]])
    func wordless(texts: [Segment]) throws {
        let chain = try PolicyChain(["human-oversight"], ["human-oversight": ["require_human_for": ["*"]]])

        #expect(chain.judge(texts, at: .answer, knowing: .caller()).reason?.code == "human_oversight.required")
        #expect(chain.judge([.user("Hello.")], at: .request, knowing: .caller()).verdict == .allow)
        // A provider's error is no answer.
        #expect(chain.judge([.answer("Slow down.", choice: nil)], at: .failure, knowing: .caller()).verdict == .allow)
    }

    @Test("How sure an answer is, its thoughts and the titles of its sources do not say")
    func asides() throws {
        let chain = try PolicyChain(["human-oversight"], ["human-oversight": ["confidence_threshold": .number(0.6)]])
        let aside = Segment.answer("Maybe it is blue.", choice: nil)

        #expect(chain.judge([.answer("It is 5."), aside], at: .answer, knowing: .caller()).verdict == .allow)
        #expect(chain.judge([.answer("Perhaps."), aside], at: .answer, knowing: .caller()).verdict == .escalate)
    }

    @Test(
        "An answer that says that it is not sure is held below a threshold",
        arguments: [
            ("It is 5. It is blue.", 1.0), ("I'm not sure. It is blue.", 0.5), ("Maybe 5. Perhaps it is blue.", 0.0),
            ("", 1.0),
            ("It could be 5. It is blue. It is old. It is new.", 0.75),
        ])
    func confidence(answer: String, confidence: Double) throws {
        #expect(Hedging.confidence(of: Array(answer.utf8)) == confidence)
        let outcome = try Self.judge(answer, ["confidence_threshold": .number(0.6)])
        #expect(outcome.reason?.code == (confidence < 0.6 ? "human_oversight.low_confidence" : nil))
    }

    @Test(
        "What has no effect here is refused",
        arguments: [
            (["default_assignee": "a@b.example", "action": "block"], "is for 'action: escalate'"),
            (["on_timeout": "block", "action": "block"], "is for 'action: escalate'"),
            (["timeout_seconds": 59], "not in 60...2592000"), (["on_timeout": "release"], "not one of 'block'"),
            (["default_assignee": ""], "1 to 254 bytes"), (["default_assignee": "a\nb"], "on one line"),
            (["default_assignee": .string(String(repeating: "a", count: 255))], "1 to 254 bytes"),
            (["require_human_for": ["medicine"]], "no matter that is known"),
            (["require_human_for": ["medcal"]], "did you mean 'medical'?"),
            (["action": "hold"], "not one of"),
        ] as [(Settings, String)])
    func mistakes(settings: Settings, text: String) throws {
        let error = #expect(throws: ConfigError.self) { try Self.judge("", settings) }

        #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
    }

    @Test("What is held says for whom it waits, and how long; a day unless it is said")
    func terms() throws {
        let held = try Self.judge(
            "Hello.", ["require_human_for": ["*"], "default_assignee": "care@example.com", "timeout_seconds": 3_600])
        let blocked = try Self.judge("Hello.", ["require_human_for": ["*"], "action": "block"])

        #expect(held.escalation == EscalationTerms(assignee: "care@example.com", timeout: 3_600))
        #expect(blocked.escalation == nil)
        let usual = try Self.judge("Hello.", ["require_human_for": ["*"], "on_timeout": "block"])
        #expect(usual.escalation == EscalationTerms(timeout: 86_400))
    }

    /// A chain whose first policy only observes personal data, and then the review.
    private static func review(_ settings: Settings, _ answer: String) throws -> ChainOutcome {
        let chain = try PolicyChain(
            [["kind": "pii-detector", "mode": "observe", "on": ["response"]], "flagged-review"],
            ["flagged-review": settings])
        return chain.judge([.answer(answer)], at: .answer, knowing: .caller())
    }

    private static let mail = "Write to jane.doe@example.com."

    @Test("What another policy flagged is logged, annotated or escalated; what nobody flagged passes")
    func reviews() throws {
        let logged = try Self.review(["mode": "audit_only"], Self.mail)
        let annotated = try Self.review(["mode": "review_and_return"], Self.mail)
        let escalated = try Self.review(["mode": "escalate"], Self.mail)
        let clean = try Self.review(["mode": "escalate"], "Write to us.")

        #expect(logged.verdict == .allow && logged.results[1].reasonCode == "flagged_review.logged")
        #expect(logged.redactions.isEmpty)
        #expect(logged.results[1].findings.map(\.finding.category) == ["flagged.pii_detector.redacted"])
        #expect(annotated.redactions.map(\.replacement) == ["\n\n[Flagged for review: pii_detector.redacted]"])
        #expect(annotated.redactions.map(\.span) == [30..<30])
        #expect(escalated.reason?.code == "flagged_review.escalated" && escalated.verdict == .escalate)
        #expect(clean.verdict == .allow && clean.results[1].reasonCode == nil)
    }

    @Test("A flagged answer that only calls a tool is escalated, too")
    func flaggedCall() throws {
        let chain = try PolicyChain(
            [["kind": "tool-security", "mode": "observe"], "flagged-review"], ["flagged-review": ["mode": "escalate"]])
        let call = Segment.call("run_shell", #"{"command":"rm -rf / --no-preserve-root"}"#)

        let outcome = chain.judge([call], at: .answer, knowing: .caller())

        #expect(outcome.reason?.code == "flagged_review.escalated")
        #expect(chain.judge([.call("find", "{}")], at: .answer, knowing: .caller()).verdict == .allow)
    }

    @Test(
        "The note stands behind an answer that people read: a JSON document stays one",
        arguments: [
            (#"{"mail":"jane.doe@example.com"}"#, 0), (" [\"jane.doe@example.com\"]\n", 0),
            ("{jane.doe@example.com}", 1),
        ])
    func document(answer: String, notes: Int) throws {
        let outcome = try Self.review(["mode": "review_and_return"], answer)

        #expect(outcome.redactions.count == notes)
        #expect(outcome.results[1].reasonCode == "flagged_review.annotated")
    }

    @Test("The note stands behind the answer, not behind what stands beside it")
    func beside() throws {
        let chain = try PolicyChain(
            [["kind": "pii-detector", "mode": "observe", "on": ["response"]], "flagged-review"],
            ["flagged-review": ["mode": "review_and_return"]])
        let texts: [Segment] = [.answer(Self.mail), .answer("Some Provider, Inc.", choice: nil)]

        #expect(chain.judge(texts, at: .answer, knowing: .caller()).redactions.map(\.segment) == [0])
    }

    @Test("The causes can be left out")
    func rationale() throws {
        let silent = try Self.review(["mode": "review_and_return", "rationale_capture": false], Self.mail)

        #expect(silent.redactions.map(\.replacement) == ["\n\n[Flagged for review]"])
        #expect(silent.results[1].findings.isEmpty)
    }
}
