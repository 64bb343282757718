import Foundation
import KeeptrustsAPI
import KeeptrustsCore
import Testing

enum EventText {
    /// As the gateway writes it, with all keys and one that this version does not know.
    static let full = """
        {"id":"evt_01JD0G7Z6M3T8V5RWQX4K2H9YB","sequence":7,"gateway_id":"gw_1","time":"2026-11-22T15:30:00.000001Z",
        "request_id":"req-1","key_id":"token_1","user_id":"ada","team_id":"research","consumer_group":"gold",
        "surface":"chat_completions","stream":true,"model":"gpt-4o","response_model":"gpt-4o-2024",
        "target":"openai-main","provider":"openai","config":{"name":"main","version":"3","digest":"abc"},
        "verdict":"redact","flagged":false,"degraded":true,"policy":"pii-detector",
        "reason_code":"pii_detector.redacted","outcome":"completed","status":200,"error_code":"none",
        "policies":[{"id":"pii-detector","phase":"tool_call","verdict":"redact",
        "reason_code":"pii_detector.redacted"},
        {"id":"names","kind":"pii-detector","phase":"request","verdict":"allow","skipped":true}],
        "findings":[{"policy":"pii-detector","category":"email","phase":"request","segment":0,"start":3,"end":9,
        "confidence":0.75}],"attempts":[{"target":"openai-main","status":200,"error":"reset","duration_us":1200}],
        "usage":{"input_tokens":12,"output_tokens":34,"cached_input_tokens":2},
        "cost":{"micros":1500,"currency":"USD"},
        "timings":{"total_us":2000,"upstream_us":1500,"first_byte_us":900,"policy_us":40},"later":{"a":[1]}}
        """

    static let least = """
        {"id":"evt_1","sequence":0,"gateway_id":"gw_1","time":"2026-11-22T15:30:00Z","request_id":"",
        "surface":"chat_completions","stream":false,"model":"","config":{"name":"","version":"","digest":""},
        "flagged":false,"degraded":false,"outcome":"refused","status":401,"policies":[],
        "findings":[],"attempts":[],"timings":{"total_us":1,"policy_us":0}}
        """
}

struct DecisionEventTests {
    private func decode(_ text: String) throws -> DecisionEvent {
        try JSONDecoder().decode(DecisionEvent.self, from: Data(text.utf8))
    }

    @Test("An event says which route its request took, where it took one")
    func route() throws {
        let text = EventText.least.replacing(#""stream""#, with: #""route":"trial","stream""#)

        #expect(try decode(text).route == "trial")
        #expect(try decode(EventText.least).route == nil)
    }

    @Test("An event is read as the gateway writes it")
    func full() throws {
        let event = try decode(EventText.full)

        #expect(
            event
                == DecisionEvent(
                    id: "evt_01JD0G7Z6M3T8V5RWQX4K2H9YB", sequence: 7, gatewayID: "gw_1",
                    time: Timestamp(rawValue: 1_795_361_400_000_001), requestID: "req-1", keyID: "token_1",
                    userID: "ada", teamID: "research", consumerGroup: "gold", surface: "chat_completions",
                    stream: true, model: "gpt-4o", responseModel: "gpt-4o-2024", target: "openai-main",
                    provider: "openai", config: ConfigReference(name: "main", version: "3", digest: "abc"),
                    verdict: .redact, flagged: false, degraded: true, policy: "pii-detector",
                    reasonCode: "pii_detector.redacted", outcome: .completed, status: 200, errorCode: "none",
                    policies: [
                        .init(
                            id: "pii-detector", kind: "pii-detector", phase: .toolCall, verdict: .redact,
                            reasonCode: "pii_detector.redacted"),
                        .init(id: "names", kind: "pii-detector", phase: .request, verdict: .allow, skipped: true),
                    ],
                    findings: [
                        .init(
                            policy: "pii-detector", category: "email", phase: .request, segment: 0, start: 3, end: 9,
                            confidence: 0.75)
                    ],
                    attempts: [.init(target: "openai-main", status: 200, error: "reset", durationUS: 1_200)],
                    usage: Usage(inputTokens: 12, outputTokens: 34, cachedInputTokens: 2),
                    cost: Money(micros: 1_500, currency: "USD"),
                    timings: .init(totalUS: 2_000, upstreamUS: 1_500, firstByteUS: 900, policyUS: 40)))
    }

    @Test("An event is written as it is read, without what is absent", arguments: [EventText.full, EventText.least])
    func roundTrip(text: String) throws {
        let event = try decode(text)
        let data = try JSONEncoder().encode(event)

        #expect(try JSONDecoder().decode(DecisionEvent.self, from: data) == event)
        #expect(!String(decoding: data, as: UTF8.self).contains("null"))
    }

    @Test("A key that must be there and is not makes it no event")
    func missingKeys() throws {
        let object = try #require(try JSONSerialization.jsonObject(with: Data(EventText.least.utf8)) as? [String: Any])

        #expect(object.count == 17)
        for key in object.keys {
            let without = try JSONSerialization.data(withJSONObject: object.filter { $0.key != key })
            #expect(throws: DecodingError.self, "\(key)") {
                try JSONDecoder().decode(DecisionEvent.self, from: without)
            }
        }
    }

    @Test(
        "A value that could not be is refused",
        arguments: [
            ("\"id\":\"evt_1\"", "\"id\":\"evt_\""), ("\"id\":\"evt_1\"", "\"id\":\"gw_1\""),
            ("\"id\":\"evt_1\"", "\"id\":\"evt_1 2\""), ("\"id\":\"evt_1\"", "\"id\":\"evt_\\u0000\""),
            ("\"id\":\"evt_1\"", "\"id\":7"), ("\"gw_1\"", "null"), ("\"gw_1\"", "\"gw/1\""),
            ("\"sequence\":0", "\"sequence\":-1"), ("\"sequence\":0", "\"sequence\":\"0\""),
            ("\"sequence\":0", "\"sequence\":1.5"), ("\"sequence\":0", "\"sequence\":9223372036854775808"),
            ("2026-11-22T15:30:00Z", "yesterday"), ("\"flagged\":", "\"verdict\":\"permit\",\"flagged\":"),
            ("\"refused\"", "\"gone\""),
            ("\"status\":401", "\"status\":-1"), ("\"stream\":false", "\"stream\":0"),
            ("\"policies\":[]", "\"policies\":{}"), ("\"policies\":[]", "\"policies\":[{\"id\":\"a\"}]"),
            ("\"status\":401", "\"status\":401,\"retention_days\":0"),
            ("\"status\":401", "\"status\":401,\"retention_days\":36501"),
            ("\"status\":401", "\"status\":401,\"immutable_days\":\"30\""),
            ("\"status\":401", "\"status\":401,\"retained_until\":\"never\""),
            ("\"status\":401", "\"status\":401,\"escalation\":{}"),
            ("\"status\":401", "\"status\":401,\"escalation\":{\"expires_at\":\"soon\",\"on_timeout\":\"block\"}"),
            ("\"total_us\":1", "\"total_us\":\"1\""), ("\"findings\":[]", "\"findings\":null"),
        ])
    func wrongValues(good: String, wrong: String) throws {
        let text = EventText.least.replacing(good, with: wrong)

        #expect(text != EventText.least)
        #expect(throws: DecodingError.self) { try decode(text) }
    }

    @Test("It says for whom an escalated answer waits, and until when")
    func escalation() throws {
        let text = EventText.least.replacing(
            "\"status\":401",
            with: """
                "status":401,"escalation":{"assignee":"care","expires_at":"2026-11-23T15:30:00.000000Z","on_timeout":"block"}
                """)

        let event = try decode(text)

        let expected = DecisionEvent.Escalation(
            assignee: "care", expiresAt: try #require(Timestamp("2026-11-23T15:30:00Z")))
        #expect(event.escalation == expected)
        #expect(try JSONDecoder().decode(DecisionEvent.self, from: JSONEncoder().encode(event)) == event)
    }

    @Test("It says how long it is kept, and until when")
    func retention() throws {
        let text = EventText.least.replacing(
            "\"status\":401",
            with: """
                "status":401,"retention_days":1,"immutable_days":36500,"retained_until":"2026-11-23T15:30:00.000000Z",
                "immutable_until":"2126-10-29T15:30:00.000000Z"
                """)

        let event = try decode(text)

        #expect(event.retentionDays == 1 && event.immutableDays == 36_500)
        #expect(event.retainedUntil == Timestamp("2026-11-23T15:30:00Z"))
        #expect(try JSONDecoder().decode(DecisionEvent.self, from: JSONEncoder().encode(event)) == event)
    }

    @Test("An event from before its gateway's first registration names none")
    func noGateway() throws {
        #expect(try decode(EventText.least.replacing("gw_1", with: "")).gatewayID.rawValue.isEmpty)
    }

    @Test("An id is at most 128 bytes when it is delivered, and 260 with the gateway's in it")
    func longID() throws {
        func text(_ length: Int) -> String {
            EventText.least.replacing("evt_1", with: "evt_" + String(repeating: "a", count: length - 4))
        }
        func deliver(_ event: String) throws -> EventBatch {
            try JSONDecoder().decode(EventBatch.self, from: Data("{\"events\":[\(event)]}".utf8))
        }

        #expect(try deliver(text(128)).events.count == 1)
        #expect(throws: DecodingError.self) { try deliver(text(129)) }
        #expect(try decode(text(260)).id.rawValue.utf8.count == 260)
        #expect(throws: DecodingError.self) { try decode(text(261)) }
    }

    @Test("A batch holds 500 events at most, and one bad event spoils it")
    func batch() throws {
        func decode(_ events: [String]) throws -> EventBatch {
            let text = "{\"events\":[" + events.joined(separator: ",") + "]}"
            return try JSONDecoder().decode(EventBatch.self, from: Data(text.utf8))
        }

        #expect(try decode([]).events.isEmpty)
        #expect(try decode(Array(repeating: EventText.least, count: 500)).events.count == 500)
        #expect(throws: DecodingError.self) { try decode(Array(repeating: EventText.least, count: 501)) }
        #expect(throws: DecodingError.self) { try decode([EventText.least, "{}"]) }
    }

    @Test(
        "Verdict, flag and outcome together are one word",
        arguments: [
            (.allow, false, .completed, .allowed), (.allow, true, .completed, .flagged),
            (.redact, true, .completed, .redacted), (.escalate, false, .blocked, .escalated),
            (.block, true, .blocked, .blocked), (.allow, false, .blocked, .blocked),
            (.allow, false, .refused, .refused), (.allow, true, .failed, .failed), (.redact, false, .failed, .failed),
            (.redact, true, .cancelled, .cancelled), (.block, false, .failed, .blocked),
            (.escalate, false, .cancelled, .escalated),
        ] as [(Verdict, Bool, DecisionEvent.Outcome, DecisionEvent.Decision)])
    func decision(
        verdict: Verdict, flagged: Bool, outcome: DecisionEvent.Outcome, decision: DecisionEvent.Decision
    ) {
        #expect(DecisionEvent.Decision(verdict, flagged: flagged, outcome: outcome) == decision)
    }
}
