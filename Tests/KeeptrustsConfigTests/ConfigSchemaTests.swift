import Foundation
import KeeptrustsConfig
import KeeptrustsCore
import Testing

struct ConfigSchemaTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static let reference =
        (try? String(
            contentsOf: root.appending(path: "docs/reference/config.md"), encoding: .utf8)) ?? ""

    private static let text = ConfigSchema(reference: reference).text

    private static var schema: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]) ?? [:]
    }

    /// The schema of a key, found by the keys that lead to it; `*` stands for an item.
    private func part(_ path: String) -> [String: Any] {
        var schema = Self.schema
        for key in path.split(separator: ".") {
            let next = key == "*" ? schema["items"] : (schema["properties"] as? [String: Any])?[String(key)]
            schema = next as? [String: Any] ?? [:]
        }
        return schema
    }

    private func keys(_ path: String) -> Set<String> {
        Set((part(path)["properties"] as? [String: Any] ?? [:]).keys)
    }

    @Test("Every section is there, and what must be there is required")
    func sections() {
        #expect(Self.schema["$schema"] as? String == "https://json-schema.org/draft/2020-12/schema")
        #expect(
            keys("") == [
                "pack", "policies", "policy", "providers", "record", "keys", "consumer_groups", "routes",
                "size_limits", "testing",
            ])
        #expect(Set(Self.schema["required"] as? [String] ?? []) == ["pack", "policies", "providers"])
        #expect(Self.schema["additionalProperties"] as? Bool == false)
    }

    @Test("Keys have the types, ranges and words that their readers take")
    func types() {
        #expect(keys("pack") == ["name", "version", "enabled", "description"])
        #expect(Set(part("pack")["required"] as? [String] ?? []) == ["name", "version"])
        #expect(part("pack.enabled")["type"] as? String == "boolean")
        #expect(part("record.mode")["enum"] as? [String] == ["async", "strict"])
        #expect(part("record.max_bytes")["minimum"] as? Int == 1 << 20)
        #expect(part("size_limits.max_body_bytes")["maximum"] as? Int == 1 << 30)
        #expect(part("providers.targets.*.pricing.input")["type"] as? [String] == ["number", "string"])
        #expect(part("providers.fallback.triggers")["type"] as? String == "array")
        #expect(
            part("testing.suites.*.cases.*.expected.verdict")["enum"] as? [String] == [
                "allow", "redact", "escalate", "block",
            ])
    }

    @Test("Keys that need others are found too, and none of two that exclude each other is required")
    func dependent() {
        #expect(
            keys("providers.targets.*") == [
                "id", "provider", "model", "pricing", "retry", "timeouts", "base_url", "secret_key_ref",
                "api_key_header", "api_key_prefix", "data_policy", "zdr",
            ])
        #expect(
            keys("providers.targets.*.data_policy") == ["zero_data_retention", "training_opt_out", "retention_days"])
        #expect(part("providers.targets.*.api_key_header")["type"] as? String == "string")
        #expect(keys("providers.targets.*.secret_key_ref") == ["env"])
        #expect(Set(part("providers.targets.*")["required"] as? [String] ?? []) == ["id", "provider"])
        #expect(
            keys("consumer_groups.*") == [
                "name", "key_ref", "key_hash", "allowed_models", "may_assert_identity", "policies",
            ])
        #expect(keys("routes.*") == ["name", "path", "match", "methods", "headers", "upstream", "policies"])
        #expect(Set(part("routes.*")["required"] as? [String] ?? []) == ["name", "path"])
        #expect(part("routes.*.match")["enum"] as? [String] == ["prefix", "exact"])
        let header = part("routes.*.headers")["additionalProperties"] as? [String: Any]
        #expect(header?["type"] as? String == "string")
        #expect(part("consumer_groups.*")["required"] as? [String] == ["name"])
        #expect(keys("testing.suites.*.cases.*.input") == ["messages", "request", "headers", "upstream_response"])
    }

    @Test("Of keys of which one must be there, any will do")
    func alternatives() throws {
        func choices(_ path: String) throws -> [[String]] {
            let all = try #require(part(path)["allOf"] as? [[String: [[String: [String]]]]])
            return all.map { ($0["anyOf"] ?? []).flatMap { $0["required"] ?? [] } }
        }

        #expect(try choices("testing.suites.*.cases.*.input") == [["messages", "request"]])
        #expect(part("testing.suites.*.cases.*.input")["required"] == nil)
        #expect(try choices("consumer_groups.*") == [["key_ref", "key_hash"]])
    }

    @Test("Each kind has a definition, and what it refuses is not in it")
    func kinds() throws {
        let definitions = try #require(Self.schema["$defs"] as? [String: [String: Any]])
        let injection = try #require(definitions["prompt-injection"]?["properties"] as? [String: [String: Any]])
        let encoding = try #require(injection["encoding"]?["properties"] as? [String: [String: Any]])
        let response = try #require(injection["response"]?["properties"] as? [String: [String: Any]])
        let pii = try #require(definitions["pii-detector"]?["properties"] as? [String: [String: Any]])

        #expect(Set(response.keys) == ["action", "message", "log_level"])
        #expect(response["action"]?["enum"] as? [String] == ["block", "escalate", "log"])
        #expect(encoding["normalize_unicode"]?["type"] as? String == "boolean")
        #expect(pii["action"]?["enum"] as? [String] == ["redact", "block"])
        #expect((pii["entities"]?["items"] as? [String: Any])?["type"] as? String == "string")
        #expect(
            ((part("policy")["properties"] as? [String: [String: String]])?["pii-detector"]) == [
                "$ref": "#/$defs/pii-detector"
            ])
    }

    @Test("An entry of the chain is a kind, or a mapping without the keys that are refused")
    func entries() throws {
        let forms = try #require(part("policies.chain.*")["anyOf"] as? [[String: Any]])
        let keys = try #require(forms.last?["properties"] as? [String: [String: Any]])

        #expect((forms.first?["enum"] as? [String])?.contains("pii-detector") == true)
        #expect(Set(keys.keys).isSuperset(of: ["kind", "id", "on", "mode", "on_error"]))
        #expect(keys["apply_to"] == nil)
        #expect(keys["mode"]?["enum"] as? [String] == ["enforce", "observe"])
        #expect((keys["kind"]?["enum"] as? [String])?.contains("dlp-filter") == true)
        #expect(forms.last?["required"] as? [String] == ["kind"])
        #expect(
            (keys["on"]?["items"] as? [String: Any])?["enum"] as? [String] == [
                "request", "response", "tool_call", "tool_result",
            ])
    }

    @Test("The reference describes every key of every section")
    func described() {
        let cases = "testing.suites.*.cases"
        #expect(ConfigSchema(reference: Self.reference).undescribed.filter { !$0.hasPrefix(cases) } == [])
        #expect((part("record.mode")["description"] as? String)?.hasSuffix("(default: async)") == true)
        #expect((part("pack.name")["description"] as? String) == "the name (required)")
    }

    @Test("Without a page there are no descriptions, and the rest is the same")
    func bare() {
        #expect(!ConfigSchema().text.contains("the name (required)"))
        #expect(ConfigSchema().undescribed.contains("pack.name"))
    }
}
