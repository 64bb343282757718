import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsPolicy

@Suite("The kind gdpr-compliance")
struct GDPRComplianceTests {
    private static func chain(_ settings: Settings = [:]) throws -> PolicyChain {
        try PolicyChain(["gdpr-compliance"], ["gdpr-compliance": settings])
    }

    private static let mail = [Segment.user("Write to ada@mail.example")]
    private static let illness = [Segment.user("My wife was diagnosed with epilepsy.")]
    private static let finger = [Segment.user("Store fingerprint ID FP-0048291.")]

    @Test("Personal data need the header of consent")
    func consent() throws {
        let chain = try Self.chain()
        let given = chain.judge(Self.mail, knowing: .caller(headers: ["x-consent-token": "c-17"]))

        #expect(chain.judge(Self.mail, knowing: .caller()).reason?.code == "gdpr_compliance.no_consent")
        #expect(chain.judge(Self.mail, knowing: .caller(headers: ["x-consent-token": " "])).verdict == .block)
        #expect(chain.judge([.user("Hello")], knowing: .caller()).verdict == .allow)
        #expect(given.verdict == .allow && !given.flagged)
        #expect(given.results[0].reasonCode == "gdpr_compliance.consent")
        #expect(chain.judge([.answer("ada@mail.example")], at: .answer, knowing: .caller()).verdict == .allow)
    }

    @Test("What everybody writes needs no consent", arguments: PersonalRecordTests.everyday)
    func everyday(text: String) throws {
        let outcome = try Self.chain().judge([.user(text)], knowing: .caller())

        #expect(outcome.verdict == .allow && outcome.results[0].reasonCode == nil)
    }

    @Test("What a tool has answered counts as well")
    func toolResults() throws {
        let result = Segment(ByteBuffer(string: "ada@mail.example"), role: .tool, phase: .toolResult)

        #expect(try Self.chain().judge([result], knowing: .caller()).verdict == .block)
    }

    @Test("The header can have another name, and no credential's")
    func header() throws {
        let chain = try Self.chain(["consent_header": "X-Permission"])
        let error = #expect(throws: ConfigError.self) { try Self.chain(["consent_header": "Authorization"]) }

        #expect(chain.needs.headers == ["x-permission"])
        #expect(chain.judge(Self.mail, knowing: .caller(headers: ["x-permission": "1"])).verdict == .allow)
        #expect(chain.judge(Self.mail, knowing: .caller(headers: ["x-consent-token": "1"])).verdict == .block)
        #expect(error?.hint?.contains("x-consent-token") == true)
        #expect(throws: ConfigError.self) { try Self.chain(["consent_header": "two words"]) }
    }

    @Test("Without need of consent personal data are only noted")
    func notes() throws {
        let outcome = try Self.chain(["consent_required": false]).judge(Self.mail, knowing: .caller())

        #expect(outcome.verdict == .allow)
        #expect(outcome.results[0].reasonCode == "gdpr_compliance.personal_data")
        #expect(outcome.results[0].findings.map(\.finding.category) == ["EMAIL"])
    }

    @Test(
        "Only the categories of the settings need consent",
        arguments: [
            (["personal"], [true, false, false, false]), (["sensitive"], [false, true, false, false]),
            (["biometric"], [false, false, true, false]), (["personal", "biometric"], [true, false, true, false]),
            (["*"], [true, true, true, true]),
        ] as [(Settings, [Bool])])
    func categories(list: Settings, blocked: [Bool]) throws {
        let chain = try Self.chain(["data_categories": list])
        let texts = [Self.mail, Self.illness, Self.finger, [.user("Hello")]]

        #expect(texts.map { chain.judge($0, knowing: .caller()).verdict == .block } == blocked)
    }

    private static let targets = [
        TargetFacts(id: "silent", provider: "openai", model: "m"),
        TargetFacts(id: "month", provider: "openai", model: "m", dataPolicy: DataPolicy(retentionDays: 30)),
        TargetFacts(id: "year", provider: "openai", model: "m", dataPolicy: DataPolicy(retentionDays: 365)),
        TargetFacts(id: "nothing", provider: "openai", model: "m", dataPolicy: DataPolicy(keepsNothing: true)),
    ]

    @Test(
        "Targets that keep data too long are left out; those that say nothing only where days are demanded",
        arguments: [
            ([:], ["silent", "month", "nothing"]), (["retention_days": 30], ["month", "nothing"]),
            (["retention_days": 400], ["month", "year", "nothing"]), (["retention_days": 0], ["nothing"]),
        ] as [(Settings, [String])])
    func retention(settings: Settings, left: [String]) throws {
        let chain = try Self.chain(settings)
        var outcome = chain.judge([.user("Hello")], knowing: .caller())
        let permitted = chain.route(Self.targets, facts: .caller(), outcome: &outcome)

        #expect(zip(Self.targets, permitted).filter(\.1).map(\.0.id) == left)
        #expect(outcome.verdict == .allow)
    }

    @Test("When every target keeps data too long the request is blocked")
    func nowhere() throws {
        let chain = try Self.chain()
        var outcome = chain.judge([.user("Hello")], knowing: .caller())
        _ = chain.route([Self.targets[2]], facts: .caller(), outcome: &outcome)

        #expect(outcome.verdict == .block)
        #expect(outcome.reason?.code == "gdpr_compliance.no_compliant_provider")
    }

    @Test(
        "What cannot be done, and a list without an entry, are refused",
        arguments: [
            (["consent_verification_endpoint": "ftp://consent.example"], "must begin with 'http://'"),
            (
                ["consent_required": false, "consent_verification_endpoint": "https://consent.example"],
                "no consent is required"
            ),
            (["secret_key_ref": ["env": "CONSENT_KEY"]], "no service is asked"),
            (["erasure_webhook": "https://erase.example"], "not in this version yet"),
            (["data_categories": []], "is empty"), (["data_categories": ["secret"]], "'secret'"),
            (["retention_days": -1], "not in 0...36500"),
        ] as [(Settings, String)])
    func refusals(settings: Settings, message: String) throws {
        let error = #expect(throws: ConfigError.self) { try Self.chain(settings) }

        #expect(error?.description.contains(message) == true)
    }
}

@Suite("The kind gdpr-compliance with a service that knows consents")
struct ConsentVerificationTests {
    private static func chain(
        _ more: [(String, Settings)] = [], _ entry: [(String, Settings)] = []
    ) throws -> PolicyChain {
        try PolicyChain(
            [.mapping([("kind", "gdpr-compliance")] + entry)],
            [
                "gdpr-compliance": .mapping(
                    [("consent_verification_endpoint", "https://consent.example.com/check")] + more)
            ])
    }

    private static let caller = ExchangeFacts.caller(user: "ada", headers: ["x-consent-token": "c-\"17"])

    private static func ask(
        _ chain: PolicyChain, _ text: String = "Write to ada@mail.example", knowing facts: ExchangeFacts = caller
    ) -> Asking { Asking(chain, [.user(text)], knowing: facts) }

    @Test("Of personal data the service is asked about the token and the user, and about nothing else")
    func questions() throws {
        let chain = try Self.chain([("secret_key_ref", ["env": "CONSENT_KEY"])])

        #expect(Self.ask(chain).bodies == [#"{"token":"c-\"17","user":"ada"}"#])
        #expect(Self.ask(chain, "Hello").finished?.verdict == .allow)
        #expect(Self.ask(chain, knowing: .caller()).finished?.reason?.code == "gdpr_compliance.no_consent")
        #expect(Asking(chain, [.answer("ada@mail.example")], at: .answer, knowing: Self.caller).finished != nil)
        #expect(chain.services[0].first?.url.description == "https://consent.example.com/check")
        #expect(chain.services[0].first?.variables.map(\.name) == ["CONSENT_KEY"])
    }

    @Test("What the service confirms passes, and what it refuses does not")
    func verdicts() throws {
        let asking = Self.ask(try Self.chain())
        let allowed = asking.finish(#"{"verdict":"allow"}"#)
        let denied = Self.ask(try Self.chain()).finish(#"{"verdict":"deny","why":"withdrawn"}"#)

        #expect(allowed.verdict == .allow && !allowed.flagged && !allowed.degraded)
        #expect(allowed.results[0].reasonCode == "gdpr_compliance.consent_verified")
        #expect(allowed.results[0].findings.map(\.finding.category) == ["EMAIL"])
        #expect(denied.verdict == .block)
        #expect(denied.reason?.code == "gdpr_compliance.consent_refused")
        #expect(denied.redactions.isEmpty)
    }

    @Test("Where everything needs consent the service is asked about a request without a text, too")
    func everything() throws {
        let chain = try Self.chain([("data_categories", ["*"])])

        #expect(Self.ask(chain, "Hello").questions.count == 1)
        #expect(Asking(chain, [], knowing: Self.caller).questions.count == 1)
        #expect(Asking(chain, [], knowing: Self.caller).finish(#"{"verdict":"deny"}"#).verdict == .block)
    }

    @Test(
        "A reply that is none confirms nothing, and on_error decides",
        arguments: [
            "", "allow", "[]", "{}", #"{"verdict":true}"#, #"{"verdict":"ALLOW"}"#, #"{"verdict":null}"#,
            #"{"verdict":"allow""#, #"{"verdict":"allow"} {}"#, #"{"verdict":"allow","verdict":"deny"}"#,
            String(repeating: "[", count: 10_000), #"{"verdict":""# + String(repeating: "a", count: 300_000),
        ])
    func garbage(reply: String) throws {
        let closed = Self.ask(try Self.chain()).finish(reply)
        let open = Self.ask(try Self.chain([], [("on_error", "allow")])).finish(reply)

        #expect(closed.reason?.code == "gdpr_compliance.service_malformed")
        #expect(closed.verdict == .block && closed.degraded)
        #expect(open.verdict == .allow && open.degraded)
        #expect(open.results[0].reasonCode == "gdpr_compliance.service_malformed")
    }

    @Test("A service that fails confirms nothing", arguments: ServiceFailure.allCases)
    func failure(cause: ServiceFailure) throws {
        let outcome = Self.ask(try Self.chain()).finish([.failed(cause)])

        #expect(outcome.verdict == .block)
        #expect(outcome.reason?.code == "gdpr_compliance.service_\(cause.rawValue)")
    }

    @Test("Where it only observes, a refusal is noted and the request passes")
    func observes() throws {
        let outcome = Self.ask(try Self.chain([], [("mode", "observe")])).finish(#"{"verdict":"deny"}"#)

        #expect(outcome.verdict == .allow && outcome.flagged)
        #expect(outcome.results[0].verdict == .block)
    }

    @Test("A tool that asks no services says so")
    func unasked() throws {
        let outcome = try Self.chain().judge([.user("Write to ada@mail.example")], knowing: Self.caller)

        #expect(outcome.results[0].reasonCode == "gdpr_compliance.not_asked")
    }
}
