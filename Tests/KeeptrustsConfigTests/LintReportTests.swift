import Foundation
import KeeptrustsConfig
import KeeptrustsCore
import Testing

struct LintReportTests {
    private func report(_ yaml: String) -> LintReport { LintReport([ConfigLayer(name: "f.yaml", text: yaml)]) }

    @Test("A valid file is summed up, with its chain and how answers stream")
    func valid() {
        let report = report(document().replacing("[audit-logger]", with: "[pii-detector, audit-logger]"))

        #expect(report.isValid)
        #expect(!report.hasWarnings)
        #expect(report.remarks == "")
        #expect(
            report.summary == """
                f.yaml: ok: test 1.0.0, 2 policies: pii-detector → audit-logger
                streaming: window (text of an answer waits only while a match may be going on)
                """)
    }

    @Test("An invalid file is counted, and each mistake named")
    func invalid() {
        let report = report(document("zz: 1\nyy: 2").replacing("[audit-logger]", with: "[]"))

        #expect(!report.isValid)
        #expect(report.summary == "f.yaml: 2 errors")
        #expect(report.remarks.hasPrefix("f.yaml:5:1: error: unknown key 'zz'."))
    }

    @Test("A mistake in a policy is found by compiling the chain")
    func policies() {
        let report = report(document().replacing("[audit-logger]", with: "[pii-detectr]"))

        #expect(report.summary == "f.yaml: 1 error")
        #expect(report.remarks.hasPrefix("f.yaml:2:20: error: unknown policy kind 'pii-detectr'."))
    }

    @Test("As JSON, a valid file")
    func validJSON() throws {
        let json = try object(report(document("policy: {dlp-filter: {}}")).json)

        #expect(json["valid"] as? Bool == true)
        #expect(json["file"] as? String == "f.yaml")
        #expect(json["pack"] as? [String: String] == ["name": "test", "version": "1.0.0"])
        #expect(json["chain"] as? [String] == ["audit-logger"])
        #expect(json["policy_count"] as? Int == 1)
        #expect(json["streaming"] as? String == "none")
        #expect((json["digest"] as? String)?.count == 64)
        let warning = try #require((json["warnings"] as? [[String: Any]])?.first)
        #expect(warning["code"] as? String == "config.block_unused")
        #expect(warning["path"] as? String == "policy.dlp-filter")
        #expect(warning["line"] as? Int == 5)
        #expect(warning["column"] as? Int == 10)
        #expect(json["errors"] == nil)
    }

    @Test(
        "As JSON, each mistake has a code, a path and a place",
        arguments: [
            (document().replacing("[audit-logger]", with: "[pii-detectr]"), "E001", "policies.chain.0"),
            (document("policy: {audit-logger: {zzz: 1}}"), "E002", "policy.audit-logger.zzz"),
            (document("record: {}").replacing("name: test, ", with: ""), "E004", "pack"),
            (document("record: {mode: 3}"), "E005", "record.mode"),
            (document("record: {max_bytes: 3}"), "E006", "record.max_bytes"),
            (document("record: {mode: never}"), "E007", "record.mode"),
            (
                document(providers: "targets: [{id: a, provider: demo, model: m}, {id: a, provider: demo, model: m}]"),
                "E008", "providers.targets.1.id"
            ),
            (document("consumer_groups: [{name: a, key_ref: {env: A}, key_hash: b}]"), "E009", "consumer_groups.0"),
            ("a: [", "E010", ""), ("\(String(repeating: "k", count: 129)): 1", "E011", ""),
        ]
    )
    func invalidJSON(yaml: String, code: String, path: String) throws {
        let json = try object(report(yaml).json)

        #expect(json["valid"] as? Bool == false)
        let error = try #require((json["errors"] as? [[String: Any]])?.first)
        #expect(error["code"] as? String == code)
        #expect(error["path"] as? String == path)
        #expect((error["message"] as? String)?.isEmpty == false)
        #expect(error["file"] as? String == "f.yaml")
        #expect(json["chain"] == nil)
    }

    private func object(_ json: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    }
}
