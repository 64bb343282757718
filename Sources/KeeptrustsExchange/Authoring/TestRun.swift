public import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsAPI
import KeeptrustsPolicy

/// What `kt policy test` finds: what came of each case, and what the cases do not reach.
public struct TestRun: Sendable {
    /// What came of one case.
    struct Outcome: Sendable {
        var suite: String
        var name: String
        var location: SourceLocation

        /// What is not as expected, in sentences; empty when the case passed.
        var failures: [String] = []
        var verdict = Verdict.allow
        var reasonCode: String?
        var policies: [DecisionEvent.PolicyResult] = []

        var passed: Bool { failures.isEmpty }
    }

    let outcomes: [Outcome]
    let coverage: TestCoverage

    /// Plays the cases of suites.
    ///
    /// - Parameters:
    ///   - suites: Those of the config, and those of files.
    ///   - config: What is tested.
    ///   - cacheDirectory: Where compiled patterns are kept; nil compiles them anew.
    /// - Throws: ``ConfigError``, or another error for people, when the config cannot be run.
    public init(_ suites: [TestSuite], of config: PolicyConfig, cacheDirectory: String?) throws {
        let rehearsal = try Rehearsal(config, cacheDirectory: cacheDirectory)
        var coverage = TestCoverage(of: rehearsal.chain)
        var outcomes: [Outcome] = []
        for suite in suites {
            for test in suite.cases {
                let result = rehearsal.play(test.input)
                outcomes.append(Outcome(of: test, in: suite, result))
                if let event = result.event { coverage.count(event) }
            }
        }
        self.outcomes = outcomes
        self.coverage = coverage
    }

    /// Whether there were cases, and all of them passed.
    public var isGood: Bool { !outcomes.isEmpty && outcomes.allSatisfy(\.passed) }
    public var count: Int { outcomes.count }

    /// For people: the cases that failed, then the count and the coverage.
    public var summary: String {
        var lines: [String] = []
        for outcome in outcomes {
            lines.append("\(outcome.passed ? "ok  " : "FAIL")  \(outcome.name) (\(outcome.location))")
            lines += outcome.failures.map { "      \($0)" }
        }
        lines.append("\(outcomes.count { $0.passed }) of \(outcomes.count) passed")
        return (lines + coverage.lines).map(\.shown).joined(separator: "\n")
    }
}

extension TestRun.Outcome {
    init(of test: TestCase, in suite: TestSuite, _ result: Rehearsal.Result) {
        (self.suite, name, location) = (suite.name, test.name, test.location)
        guard let event = result.event else {
            failures = ["the request cannot be read, or its key is not accepted"]
            return
        }
        policies = event.policies
        verdict = event.verdict ?? .allow
        reasonCode = event.reasonCode ?? event.policies.compactMap(\.reasonCode).first
        if let target = suite.target {
            let own = event.policies.filter { $0.id == target || $0.kind == target }
            let strongest = own.max { $0.verdict < $1.verdict }
            verdict = strongest?.verdict ?? .allow
            reasonCode = strongest?.reasonCode ?? own.compactMap(\.reasonCode).first
        }
        check(test, event, result.texts, of: suite.target)
    }

    private mutating func check(_ test: TestCase, _ event: DecisionEvent, _ texts: [String], of target: String?) {
        let expected = test.expected
        let isCut = event.outcome == .refused || event.outcome == .failed
        if isCut || event.outcome == .cancelled && test.input.answer != nil {
            let code = event.errorCode ?? "the answer is none that could be read"
            return failures.append("the gateway does not serve this: \(event.status) (\(code))")
        }
        expect("verdict", expected.verdict.rawValue, verdict.rawValue + (reasonCode.map { " (\($0))" } ?? ""))
        if let code = expected.reasonCode { expect("reason_code", code, reasonCode ?? "none") }
        if let policy = expected.policy { expect("policy", policy, event.policy ?? "none") }
        if let flagged = expected.flagged { expect("flagged", "\(flagged)", "\(event.flagged)") }
        if let categories = expected.categories {
            let findings = event.findings.filter { finding in
                target == nil || policies.contains { $0.id == finding.policy && ($0.id == target || $0.kind == target) }
            }
            let found = Set(findings.map(\.category)).sorted()
            expect("categories", Set(categories).sorted().joined(separator: ", "), found.joined(separator: ", "))
        }
        let missing = expected.contains.filter { text in !texts.contains { $0.contains(text) } }
        if !missing.isEmpty, !event.stream, event.outcome == .blocked, let policy = event.policy {
            let does = event.verdict == .escalate ? "escalates" : "blocks"
            failures.append("nothing goes on, since '\(policy)' \(does) it")
        } else {
            failures += missing.map { "what goes on does not hold \(quoted($0))" }
        }
        for text in expected.lacks where texts.contains(where: { $0.contains(text) }) {
            failures.append("what goes on holds \(quoted(text))")
        }
    }

    private mutating func expect(_ what: String, _ expected: String, _ found: String) {
        guard found != expected, !(what == "verdict" && found.hasPrefix(expected + " (")) else { return }
        failures.append("expected the \(what) '\(expected)', got '\(found)'".shown)
    }
}
