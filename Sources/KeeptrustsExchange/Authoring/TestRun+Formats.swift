import KeeptrustsAPI
import KeeptrustsCore

extension TestRun {
    /// For programs.
    public var json: String {
        let results = outcomes.map { outcome in
            Wire.Result(
                name: outcome.name, suite: outcome.suite, file: outcome.location.file, line: outcome.location.line,
                verdict: outcome.verdict.rawValue, reason_code: outcome.reasonCode, passed: outcome.passed,
                failures: outcome.failures, details: Wire.Details(policy_results: outcome.policies))
        }
        let policies = coverage.policies.map { policy in
            Wire.Policy(
                id: policy.id, kind: policy.kind, covered: policy.isCovered, cases: policy.runs, acted: policy.acts,
                reason_codes: policy.codes.sorted(),
                missing_reason_codes: policy.possibleCodes.subtracting(policy.codes).sorted())
        }
        return JSONReport.text(
            Wire(
                ok: isGood, passed: outcomes.count { $0.passed }, failed: outcomes.count { !$0.passed },
                results: results, coverage: Wire.Coverage(policies: policies)))
    }

    /// In the form of JUnit, which CI systems read.
    public var junit: String {
        var suites: [(name: String, outcomes: [Outcome])] = []
        for outcome in outcomes {
            if let index = suites.firstIndex(where: { $0.name == outcome.suite }) {
                suites[index].outcomes.append(outcome)
            } else {
                suites.append((outcome.suite, [outcome]))
            }
        }
        let failures = outcomes.count { !$0.passed }
        var lines = [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
            "<testsuites name=\"kt policy test\" tests=\"\(outcomes.count)\" failures=\"\(failures)\">",
        ]
        for suite in suites {
            let failures = suite.outcomes.count { !$0.passed }
            let name = suite.name.xml
            lines.append("  <testsuite name=\"\(name)\" tests=\"\(suite.outcomes.count)\" failures=\"\(failures)\">")
            lines += suite.outcomes.map { "    \($0.junit)" }
            lines.append("  </testsuite>")
        }
        return (lines + ["</testsuites>", ""]).joined(separator: "\n")
    }

    private struct Wire: Encodable {
        struct Details: Encodable {
            var policy_results: [DecisionEvent.PolicyResult]
        }

        struct Result: Encodable {
            var name: String
            var suite: String
            var file: String
            var line: Int
            var verdict: String
            var reason_code: String?
            var passed: Bool
            var failures: [String]
            var details: Details
        }

        struct Policy: Encodable {
            var id: String
            var kind: String
            var covered: Bool
            var cases: Int
            var acted: Int
            var reason_codes: [String]
            var missing_reason_codes: [String]
        }

        struct Coverage: Encodable {
            var policies: [Policy]
        }

        var ok: Bool
        var passed: Int
        var failed: Int
        var results: [Result]
        var coverage: Coverage
    }
}

extension TestRun.Outcome {
    fileprivate var junit: String {
        let head = "<testcase classname=\"\(suite.xml)\" name=\"\(name.xml)\""
        guard !passed else { return "\(head)/>" }
        let message = failures.joined(separator: "; ").xml
        return "\(head)><failure message=\"\(message)\">\(location.description.xml)</failure></testcase>"
    }
}

extension String {
    /// The text as it may stand in an attribute of XML 1.0; what may not stand there at all becomes U+FFFD.
    fileprivate var xml: String {
        var text = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "\t", "\n", "\r": text += "&#\(scalar.value);"
            default: text.unicodeScalars.append(scalar.isXML ? scalar : "\u{FFFD}")
            }
        }
        return text
    }
}

extension Unicode.Scalar {
    /// XML 1.0 §2.2, apart from white space; without the controls that it advises against.
    fileprivate var isXML: Bool {
        value >= 0x20 && !(0x7F...0x9F).contains(value) && value != 0xFFFE && value != 0xFFFF
    }
}
