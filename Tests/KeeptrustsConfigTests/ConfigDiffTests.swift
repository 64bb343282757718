import Foundation
import KeeptrustsConfig
import KeeptrustsCore
import Testing

struct ConfigDiffTests {
    private func diff(_ before: String, _ after: String) throws -> ConfigDiff {
        ConfigDiff(
            from: try PolicyConfig(yaml: before, file: "a").document,
            to: try PolicyConfig(yaml: after, file: "b").document)
    }

    private static let two = "targets: [{id: one, provider: demo, model: m}, {id: two, provider: demo, model: m}]"

    @Test("Layout and the order of keys are no difference")
    func equal() throws {
        let other = document("record: {max_bytes: 2097152, mode: strict}").replacing(
            "{name: test, version: 1.0.0}", with: "\n  version: 1.0.0 # one\n  name: test")

        let diff = try diff(document("record: {mode: strict, max_bytes: 2097152}"), other)

        #expect(diff.isEmpty)
        #expect(diff.summary == "no difference")
        #expect(diff.json == "{\n  \"equal\": true,\n  \"changes\": []\n}")
    }

    @Test("What was added, removed and changed is named by its path and its place")
    func changes() throws {
        let after = document("keys: {max_staleness_seconds: 5}").replacing("1.0.0", with: "1.1.0")

        let diff = try diff(document("record: {mode: strict}"), after)

        #expect(
            diff.summary == """
                ~ pack.version: "1.0.0" -> "1.1.0"  (b:1:29)
                - record: {"mode":"strict"}  (a:5:9)
                + keys: {"max_staleness_seconds":5}  (b:5:7)
                """)
    }

    @Test("Targets are compared by their ids, and their order counts")
    func lists() throws {
        let after = Self.two.replacing("two, provider: demo, model: m", with: "two, provider: demo, model: n")
        let swapped = "targets: [{id: two, provider: demo, model: m}, {id: one, provider: demo, model: m}]"

        #expect(
            try diff(document(providers: Self.two), document(providers: after)).summary
                == "~ providers.targets[two].model: \"m\" -> \"n\"  (b:4:83)")
        #expect(
            try diff(document(providers: Self.two), document(providers: swapped)).summary
                == "~ providers.targets (order): [\"one\",\"two\"] -> [\"two\",\"one\"]  (b:4:13)")
        #expect(
            try diff(document(), document().replacing("[audit-logger]", with: "[dlp-filter, audit-logger]")).summary
                == "~ policies.chain: [\"audit-logger\"] -> [\"dlp-filter\",\"audit-logger\"]  (b:2:19)")
    }

    @Test("Programs read values, not texts")
    func json() throws {
        let text = try diff(document("record: {max_bytes: 2097152}"), document("record: {max_bytes: 4194304}")).json

        let json = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let change = try #require((json["changes"] as? [[String: Any]])?.first)
        #expect(json["equal"] as? Bool == false)
        #expect(change["path"] as? String == "record.max_bytes")
        #expect([change["before"], change["after"]] as? [Int] == [2_097_152, 4_194_304])
        #expect(change["location"] as? String == "b:5:21")
    }
}
