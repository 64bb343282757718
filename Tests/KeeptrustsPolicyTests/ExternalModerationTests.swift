import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsPolicy

@Suite("external-moderation")
struct ExternalModerationTests {
    private static func chain(_ settings: Settings) throws -> PolicyChain {
        try PolicyChain(["external-moderation"], ["external-moderation": settings])
    }

    private static func asked(_ chain: PolicyChain, _ texts: [String]) -> Asking {
        Asking(chain, texts.map { Segment.user($0) })
    }

    @Test(
        "What settings cannot mean is refused",
        arguments: [
            ([:], "'policy.external-moderation' needs the key 'endpoint'."),
            (["provider": "openai-moderation"], "'policy.external-moderation' needs the key 'secret_key_ref'."),
            (["endpoint": "checks.example.com"], "'policy.external-moderation.endpoint' is not a URL."),
            (
                ["endpoint": "https://me:secret@example.com"],
                "'policy.external-moderation.endpoint' must not hold a user or a password."
            ),
            (
                ["provider": "bedrock-apply-guardrail"],
                "'policy.external-moderation' needs the key 'guardrail'."
            ),
            (
                ["provider": "bedrock-apply-guardrail", "guardrail": ["id": "abc", "region": "eu-central-1"]],
                "'policy.external-moderation' needs the key 'access_key_ref'."
            ),
            (
                [
                    "provider": "bedrock-apply-guardrail", "guardrail": ["id": "abc", "region": "eu-central-1"],
                    "access_key_ref": ["env": "ID"],
                ],
                "'policy.external-moderation' needs the key 'secret_key_ref'."
            ),
            (
                ["provider": "bedrock-apply-guardrail", "guardrail": ["id": "a b", "region": "eu-central-1"]],
                "'policy.external-moderation.guardrail.id' is no name that AWS gives."
            ),
            (
                ["endpoint": "https://example.com", "access_key_ref": ["env": "ID"]],
                "'policy.external-moderation.access_key_ref' has an effect with 'bedrock-apply-guardrail' only."
            ),
            (
                ["provider": "openai-moderation", "secret_key_ref": ["env": "KEY"], "categories": ["hatred"]],
                "'policy.external-moderation.categories.0' is 'hatred', which is no category of the service."
            ),
            (
                ["endpoint": "https://example.com", "threshold": 1.5],
                "'policy.external-moderation.threshold' is 1.5, not in 0.0...1.0."
            ),
            (
                ["endpoint": "https://example.com", "secret_key_ref": "KEY"],
                "'policy.external-moderation.secret_key_ref' must be a mapping, not a text."
            ),
        ] as [(Settings, String)]
    )
    func mistakes(settings: Settings, message: String) {
        let error = #expect(throws: ConfigError.self) { try Self.chain(settings) }
        #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
    }

    @Test("OpenAI is asked about many texts at once, and its scores count from the threshold on")
    func openAI() throws {
        let chain = try Self.chain([
            "provider": "openai-moderation", "secret_key_ref": ["env": "KEY"], "threshold": 0.7,
            "categories": ["violence", "hate"],
        ])
        let pending = Self.asked(chain, ["a \"b\"", "c"])
        #expect(
            pending.questions == [
                ServiceQuestion(
                    path: "/v1/moderations",
                    body: ByteBuffer(string: #"{"model":"omni-moderation-latest","input":["a \"b\"","c"]}"#))
            ])
        #expect(chain.services.first?.first?.url.description == "https://api.openai.com")

        let outcome = pending.finish(
            #"{"results":[{"category_scores":{"hate":0.69,"violence":0.1,"sexual":0.99}},{"category_scores":{"hate":0.0,"violence":0.7}}]}"#
        )

        #expect(outcome.reason?.code == "external_moderation.detected")
        #expect(
            outcome.results[0].findings == [
                LocatedFinding(segment: 1, Finding("moderation.violence", at: 0..<1, confidence: 0.7))
            ])
    }

    @Test(
        "What a guardrail acts on counts, whichever of its policies it is; what it only notes does not",
        arguments: [
            (#"{"action":"NONE","outputs":[],"assessments":[{"contentPolicy":{"filters":[]}}]}"#, []),
            (
                #"{"action":"GUARDRAIL_INTERVENED","assessments":[{"contentPolicy":{"filters":[{"type":"HATE","#
                    + #""confidence":"HIGH","action":"BLOCKED"},{"type":"SEXUAL","confidence":"LOW","action":"NONE"}]},"#
                    + #""topicPolicy":{"topics":[{"name":"Tax advice","type":"DENY","action":"BLOCKED"}]},"#
                    + #""invocationMetrics":{"usage":{"topicPolicyUnits":1}}}]}"#,
                ["moderation.content/HATE", "moderation.topic/Tax_advice"]
            ),
            (
                #"{"action":"GUARDRAIL_INTERVENED","assessments":[{"sensitiveInformationPolicy":{"regexes":[{"name":"#
                    + #""id","match":"secret","regex":"s.*","action":"ANONYMIZED"}]}}]}"#,
                ["moderation.sensitiveInformation/id"]
            ),
            (#"{"action":"GUARDRAIL_INTERVENED","assessments":[]}"#, nil), (#"{"action":"ELSE"}"#, nil),
            (#"{"message":"expired"}"#, nil), ("", nil),
        ] as [(String, [String]?)])
    func guardrail(reply: String, categories: [String]?) throws {
        let chain = try Self.chain([
            "provider": "bedrock-apply-guardrail", "access_key_ref": ["env": "ID"], "secret_key_ref": ["env": "KEY"],
            "guardrail": ["id": "abc123", "region": "eu-central-1"],
        ])
        let pending = Self.asked(chain, ["a \"b\""])
        #expect(
            pending.questions == [
                ServiceQuestion(
                    path: "/guardrail/abc123/version/DRAFT/apply",
                    body: ByteBuffer(string: #"{"source":"INPUT","content":[{"text":{"text":"a \"b\""}}]}"#))
            ])

        let outcome = pending.finish(reply)

        let found = outcome.results[0].findings.map(\.finding.category)
        #expect(found == categories ?? [])
        let code = categories == nil ? "service_malformed" : "detected"
        #expect(outcome.reason?.code == (categories == [] ? nil : "external_moderation.\(code)"))
    }

    /// A service, what it is asked about the text `a "b"` with a category, and what it may answer about that.
    struct Vendor {
        var provider: String
        var category: String
        var path: String
        var body: String

        /// What it says, and what comes of it: the finding, nothing, or a failure.
        var replies: [(text: String, outcome: String)]
    }

    private static let vendors = [
        Vendor(
            provider: "azure-content-safety", category: "Hate",
            path: "/contentsafety/text:analyze?api-version=2024-09-01",
            body: #"{"text":"a \"b\"","categories":["Hate"],"outputType":"FourSeverityLevels"}"#,
            replies: [
                (#"{"blocklistsMatch":[],"categoriesAnalysis":[{"category":"Hate","severity":2}]}"#, "pass"),
                (#"{"categoriesAnalysis":[{"category":"Hate","severity":4}]}"#, "moderation.Hate"),
                (#"{"categoriesAnalysis":[{"category":"Sexual","severity":6}]}"#, "malformed"),
                (#"{"categoriesAnalysis":[{"category":"Hate","severity":-1}]}"#, "malformed"),
                (#"{"categoriesAnalysis":[]}"#, "malformed"), ("[]", "malformed"),
            ]),
        Vendor(
            provider: "presidio", category: "PERSON", path: "/analyze",
            body: #"{"language":"en","text":"a \"b\"","entities":["PERSON"]}"#,
            replies: [
                ("[]", "pass"), (#"[{"entity_type":"PERSON","start":0,"end":1,"score":0.4}]"#, "pass"),
                (#"[{"entity_type":"PERSON","start":0,"end":1,"score":0.85}]"#, "moderation.PERSON"),
                (#"{"error":"no"}"#, "malformed"), (#"[{"entity_type":"PERSON"}]"#, "malformed"),
            ]),
        Vendor(
            provider: "lakera", category: "moderated_content", path: "/v2/guard",
            body: #"{"breakdown":true,"messages":[{"role":"user","content":"a \"b\""}]}"#,
            replies: [
                (#"{"flagged":false,"breakdown":[{"detector_type":"pii/name","detected":false}]}"#, "pass"),
                (#"{"flagged":true,"breakdown":[{"detector_type":"pii/name","detected":true}]}"#, "pass"),
                (
                    #"{"flagged":true,"breakdown":[{"detector_type":"moderated_content/hate","detected":true}]}"#,
                    "moderation.moderated_content/hate"
                ),
                (#"{"breakdown":[]}"#, "malformed"), (#"{"flagged":"true"}"#, "malformed"),
                (#"{"flagged":true}"#, "malformed"),
            ]),
        Vendor(
            provider: "guardrails-ai", category: "", path: "/validate", body: #"{"llmOutput":"a \"b\""}"#,
            replies: [
                (#"{"callId":"1","validationPassed":true}"#, "pass"),
                (#"{"callId":"1","validationPassed":false}"#, "moderation.validation"),
                (#"{"callId":"1"}"#, "malformed"), (#"{"validationPassed":null}"#, "malformed"),
            ]),
        Vendor(
            provider: "dynamo-ai", category: "p1", path: "/v1/moderation/analyze/",
            body: #"{"messages":[{"role":"user","content":"a \"b\""}],"policyIds":["p1"]}"#,
            replies: [
                (#"{"finalAction":"NONE","appliedPolicies":[]}"#, "pass"), (#"{"finalAction":"WARN"}"#, "pass"),
                (#"{"finalAction":"BLOCK"}"#, "moderation.policy"), (#"{"finalAction":"REDACT"}"#, "moderation.policy"),
                (#"{"finalAction":"ELSE"}"#, "malformed"), (#"{"error":"no"}"#, "malformed"),
            ]),
    ]

    @Test("Each service is asked in its own words, and what it says counts", arguments: vendors.indices)
    func services(index: Int) throws {
        let vendor = Self.vendors[index]
        let chain = try Self.chain([
            "provider": .string(vendor.provider), "secret_key_ref": ["env": "KEY"], "endpoint": "https://example.com",
            "categories": vendor.category.isEmpty ? [] : [.string(vendor.category)],
        ])

        for (reply, expected) in vendor.replies {
            let pending = Self.asked(chain, ["a \"b\""])
            #expect(pending.paths == [vendor.path])
            #expect(pending.bodies == [vendor.body])
            let outcome = pending.finish(reply)
            switch expected {
            case "pass": #expect(outcome.verdict == .allow, "\(reply)")
            case "malformed": #expect(outcome.reason?.code == "external_moderation.service_malformed", "\(reply)")
            default: #expect(outcome.results[0].findings.map(\.finding.category) == [expected], "\(reply)")
            }
        }
    }

    @Test("More texts than a question holds go in several, and one answer that forbids outweighs one that is missing")
    func several() throws {
        let chain = try Self.chain(["provider": "openai-moderation", "secret_key_ref": ["env": "KEY"]])
        let good = #"{"results":[\#((0..<32).map { _ in #"{"category_scores":{"hate":0}}"# }.joined(separator: ","))]}"#
        let texts = (0..<33).map { "text \($0)" }
        let pending = Self.asked(chain, texts)
        #expect(pending.questions.count == 2)
        let bad = #"{"results":[{"category_scores":{"hate":1}}]}"#

        let forbidden = pending.finish([.failed(.timeout), .text(bad)])
        let missing = Self.asked(chain, texts).finish([.text(good), .failed(.timeout)])

        #expect(forbidden.reason?.code == "external_moderation.detected")
        #expect(missing.reason?.code == "external_moderation.service_timeout")
    }

    @Test("Of more questions than can be asked none is, and the policy fails")
    func tooMany() throws {
        let chain = try Self.chain(["provider": "openai-moderation", "secret_key_ref": ["env": "KEY"]])
        let outcome = try #require(Self.asked(chain, (0...2_048).map { "\($0)" }).finished)

        #expect(outcome.reason?.code == "external_moderation.service_overloaded")
        #expect(outcome.degraded)
    }

    @Test("Tools that ask nobody say so")
    func notAsked() throws {
        let chain = try Self.chain(["endpoint": "https://example.com"])

        let outcome = chain.judge("Hello.")
        let explanation = chain.explain([Segment.user("Hello.")], using: MatchScratch(for: chain))

        #expect(outcome.verdict == .allow)
        #expect(outcome.results.map(\.reasonCode) == ["external_moderation.not_asked"])
        #expect(outcome.results.map(\.skipped) == [true])
        #expect(explanation.policies.map(\.skip) == [.notAsked])
    }

    @Test("A category of a service is kept to plain characters")
    func category() {
        #expect("hate/threatening".asCategory == "hate/threatening")
        #expect("<b>\n\u{e9}".asCategory == "_b____")
        #expect(String(repeating: "a", count: 200).asCategory.utf8.count == 64)
    }

    @Test("A long text is cut between characters", arguments: [1, 4, 5, 7, 100])
    func pieces(limit: Int) {
        let text = "é€😀 abc\u{301} end"

        let pieces = ByteBuffer(string: text).pieces(upTo: max(4, limit))

        #expect(pieces.map { String(buffer: $0) }.joined() == text)
        #expect(pieces.allSatisfy { $0.readableBytes <= max(4, limit) })
        #expect(pieces.allSatisfy { !String(buffer: $0).contains("\u{FFFD}") })
    }
}
