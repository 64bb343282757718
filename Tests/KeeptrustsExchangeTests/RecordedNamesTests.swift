import Foundation
import Testing

@testable import KeeptrustsExchange

@Suite("Names in records")
struct RecordedNamesTests {
    /// The usual config, with a key that may ask for any model.
    private static let yaml = Play.yaml.replacing(
        ", allowed_models: [gpt-4o, other, nothing, first]", with: "")

    private func record(of model: String, _ yaml: String = Self.yaml) throws -> [String: Any] {
        let play = try Play(yaml)
        let body = #"{"model":"\#(model)","messages":[{"role":"user","content":"x"}]}"#
        return try #require(try play.chat(body).record ?? play.answer(ChatTests.pong).record)
    }

    @Test("A model's name or a target's id is recorded as it is", arguments: ["gpt-4o", "first", "nothing"])
    func known(model: String) throws {
        #expect(try record(of: model)["model"] as? String == model)
    }

    @Test(
        "A name that the config does not know is not recorded: it may be anything",
        arguments: [
            "jane.doe@example.com", "4111 1111 1111 1111", "sk-proj-1234567890abcdefghij", "a\\u0000b", "GPT-4O",
            "gpt-4o ", "\\u0067pt-4o-x", "unknown:00000000", String(repeating: "x", count: 256),
        ])
    func unknown(model: String) throws {
        let play = try Play(Self.yaml)

        let record = try #require(
            try play.chat(#"{"model":"\#(model)","messages":[{"role":"user","content":"x"}]}"#).record)

        let recorded = try #require(record["model"] as? String)
        #expect(recorded.wholeMatch(of: /unknown:[0-9a-f]{8}/) != nil)
        #expect(record["status"] as? Int == 404)
        #expect(!"\(record)".contains(model))
        #expect(try #require(play.tell(.recorded(true)).end).text.contains("model_not_found"))
    }

    @Test("A name that a key may not use is not recorded either, unless the config knows it")
    func forbidden() throws {
        let secret = try record(of: "sk-proj-1234567890abcdefghij", Play.yaml)
        let known = try record(of: "third", Play.yaml)

        #expect(secret["error_code"] as? String == "model_not_allowed")
        #expect((secret["model"] as? String)?.hasPrefix("unknown:") == true)
        #expect(known["error_code"] as? String == "model_not_allowed")
        #expect(known["model"] as? String == "third")
    }

    @Test("What stands for a name tells it from another, and says nothing under another key")
    func masks() throws {
        let (one, again, other) = (
            try record(of: "a@example.com"), try record(of: "a@example.com"), try record(of: "b@example.com")
        )

        #expect(one["model"] as? String == again["model"] as? String)
        #expect(one["model"] as? String != other["model"] as? String)
        #expect(one["model"] as? String != NameMask(key: [UInt8](repeating: 8, count: 16)).masked("a@example.com"))
    }

    @Test("A provider's name for its model in which a policy finds something is not recorded")
    func secretAnsweredBy() throws {
        let play = try Play()
        try play.chat(ChatTests.ping)

        let record = try #require(
            play.answer(ChatTests.pong.replacing("gpt-4o-2024", with: "4111-1111-1111-1111")).record)

        #expect(record["response_model"] == nil)
    }

    @Test(
        "A provider's name for its model is recorded when it is one",
        arguments: [
            ("gpt-4o-2024", "gpt-4o-2024"), ("models/a b:c@1", "models/a b:c@1"), ("", nil), ("a\\nb", nil), ("é", nil),
            (String(repeating: "x", count: 128), String(repeating: "x", count: 128)),
            (String(repeating: "x", count: 129), nil),
        ] as [(String, String?)]
    )
    func answeredBy(name: String, recorded: String?) throws {
        let play = try Play()
        try play.chat(ChatTests.ping)

        let record = try #require(play.answer(ChatTests.pong.replacing("gpt-4o-2024", with: name)).record)

        #expect(record["response_model"] as? String == recorded)
    }
}
