import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsPolicy

@Suite("flagged-review with a model that judges")
struct FlaggedReviewTests {
    private static func chain(
        _ more: [(String, Settings)] = [], provider: [(String, Settings)] = [], behind: Bool = false
    ) throws -> PolicyChain {
        let model: [(String, Settings)] = [
            ("name", "second-eyes"), ("endpoint", "https://judge.example/v1"), ("model", "judge-1"),
            ("secret_key_ref", ["env": "KEY"]),
        ]
        let entries: [Settings] = [["kind": "pii-detector", "mode": "observe", "on": ["response"]], "flagged-review"]
        return try PolicyChain(
            .list(behind ? entries.reversed() : entries),
            ["flagged-review": .mapping([("mode", "judge"), ("provider", .mapping(model + provider))] + more)])
    }

    private static let mail = "Write to jane.doe@example.com."

    private static func ask(
        _ chain: PolicyChain, _ answers: [String] = [mail], depth: String? = nil, author: String? = nil
    ) -> Asking {
        var facts = ExchangeFacts()
        facts.conversation = [.user("Whom do I write to?")]
        facts.headers[ServiceQuestion.judgeDepthHeader] = depth
        facts.author = author.map { TargetFacts(id: "main", provider: "openai", model: $0) }
        return Asking(chain, answers.map { .answer($0) }, at: .answer, knowing: facts)
    }

    private static func verdict(_ verdict: String, _ rationale: String = "privacy", model: String = "judge-1")
        -> ServiceReply
    {
        .text(
            #"{"model":"\#(model)","choices":[{"message":{"content":"{\"verdict\":\"\#(verdict)\",\"rationale\":\"\#(rationale)\"}"}}]}"#
        )
    }

    private static func categories(_ outcome: ChainOutcome) -> [String] {
        outcome.results.first { $0.id == "flagged-review" }?.findings.map(\.finding.category) ?? []
    }

    @Test("The model is asked about what was flagged, and about nothing else")
    func question() throws {
        let chain = try Self.chain()
        let asking = Self.ask(chain)
        let body = try #require(asking.bodies.first)

        #expect(asking.questions.count == 1)
        #expect(body.hasPrefix(#"{"model":"judge-1","#))
        #expect(
            body.contains(
                #"\"question\":\"Whom do I write to?\",\"answer\":\"Write to jane.doe@example.com.\",\"flags\":\"pii_detector.redacted\"#
            ))
        #expect(asking.paths == ["/chat/completions"])
        #expect(asking.questions[0].judgeDepth == 1)
        #expect(chain.services[1].map(\.url.description) == ["https://judge.example/v1"])
        #expect(chain.services[1].flatMap(\.variables).map(\.name) == ["KEY"])
        #expect(Self.ask(chain, ["Write to us."]).finished?.verdict == .allow)
        // What a policy behind it flags is not asked about.
        #expect(Self.ask(try Self.chain(behind: true)).questions.isEmpty)
    }

    @Test("A call that was flagged is asked about, with what the tool is given")
    func call() throws {
        let chain = try PolicyChain(
            [["kind": "tool-security", "mode": "observe"], "flagged-review"],
            ["flagged-review": ["mode": "judge", "provider": ["model": "judge-1", "secret_key_ref": ["env": "KEY"]]]])
        let call = Segment.call("run_shell", #"{"command":"rm -rf / --no-preserve-root"}"#)

        let asking = Asking(chain, [call], at: .answer)

        #expect(asking.questions.count == 1 && asking.bodies[0].contains("no-preserve-root"))
        #expect(asking.finish([Self.verdict("block")]).reason?.code == "flagged_review.blocked")
    }

    @Test("What the model blocks does not go out, and the record says who judged, and why in one word")
    func verdicts() throws {
        let chain = try Self.chain()
        let allowed = Self.ask(chain).finish([Self.verdict("allow", "harmless")])
        let blocked = Self.ask(chain).finish([Self.verdict("block")])

        #expect(allowed.verdict == .allow && allowed.results[1].reasonCode == "flagged_review.allowed")
        #expect(
            Self.categories(allowed) == [
                "flagged.pii_detector.redacted", "flagged.judged_by.second-eyes", "flagged.rationale.harmless",
            ])
        #expect(blocked.verdict == .block && blocked.reason?.code == "flagged_review.blocked")
        #expect(Self.categories(blocked).last == "flagged.rationale.privacy")
    }

    @Test("No words of the model's come into the record, and none at all where no rationale is wanted")
    func rationale() throws {
        let leak = Self.ask(try Self.chain()).finish([Self.verdict("block", "jane.doe@example.com")])
        let silent = Self.ask(try Self.chain([("rationale_capture", false)])).finish([Self.verdict("block")])

        #expect(Self.categories(leak).last == "flagged.rationale.other")
        #expect(silent.reason?.code == "flagged_review.blocked" && Self.categories(silent).isEmpty)
    }

    @Test(
        "Of several answers each is judged, and one that is blocked blocks, whether another verdict is missing or not")
    func several() throws {
        let chain = try Self.chain()
        let (good, bad) = (Self.verdict("allow"), Self.verdict("block"))
        func code(_ replies: [ServiceReply]) -> String? {
            let asking = Self.ask(chain, [Self.mail, "Or to us."])
            #expect(asking.questions.count == 2)
            return asking.finish(replies).reason?.code
        }

        #expect(code([good, good]) == nil)
        #expect(code([good, bad]) == "flagged_review.blocked")
        #expect(code([.failed(.timeout), bad]) == "flagged_review.blocked")
        #expect(code([bad, .failed(.timeout)]) == "flagged_review.blocked")
        #expect(code([good, .failed(.timeout)]) == "flagged_review.service_timeout")
    }

    @Test(
        "What is no verdict lets nothing pass",
        arguments: [
            "", "{", "[]", "allow", #"{"verdict":"ALLOW"}"#, #"{"verdict":true}"#, #"{"verdict":"allow"} "#,
            #"{"rationale":"harmless"}"#, #"{"verdict":"allow","verdict":"block"}"#, #"{"verdict":"maybe"}"#,
            #"{"verdict":"allow","rationale":7}"#, #"{"score":1}"#,
        ])
    func garbage(content: String) throws {
        let isVerdict = content.hasSuffix(" ")
        let outcome = Self.ask(try Self.chain()).finish([.graded(content)])

        #expect(outcome.verdict == (isVerdict ? .allow : .block))
        #expect(outcome.reason?.code == (isVerdict ? nil : "flagged_review.service_malformed"))
    }

    @Test(
        "What is no answer of a model lets nothing pass",
        arguments: [
            "", "null", #"{"choices":[]}"#, #"{"choices":[{"message":{"content":null}}]}"#,
            #"{"model":7,"choices":[{"message":{"content":"{\"verdict\":\"allow\"}"}}]}"#,
            String(repeating: "[", count: 100_000), String(repeating: " ", count: (1 << 18) + 1),
        ])
    func noAnswer(body: String) throws {
        #expect(Self.ask(try Self.chain()).finish([.text(body)]).reason?.code == "flagged_review.service_malformed")
    }

    @Test(
        "A judge's own answer is judged again as often as is allowed, and is not let through then",
        arguments: [
            (0, nil, 1), (0, "0", 1), (0, "1", nil), (1, "1", 2), (1, "2", nil), (8, "8", 9), (8, "9", nil),
            (0, "-1", nil), (8, "", nil), (8, "1, 1", nil), (8, "300", nil), (8, "x", nil),
        ] as [(Int, String?, Int?)])
    func depth(most: Int, header: String?, asked: Int?) throws {
        let chain = try Self.chain([("recursion_depth_max", .integer(most))])
        let asking = Self.ask(chain, depth: header)

        #expect(asking.questions.map(\.judgeDepth) == (asked.map { [$0] } ?? []))
        #expect(asking.finished?.reason?.code == (asked == nil ? "flagged_review.too_deep" : nil))
        #expect(chain.needs.headers == ["x-keeptrusts-judge-depth"])
        // Whoever claims to be a judge gains nothing by it, and what nobody flagged passes as ever.
        #expect(Self.ask(chain, ["Write to us."], depth: header).finished?.verdict == .allow)
    }

    @Test(
        "A model does not judge what it has written itself, wherever it is asked",
        arguments: [(true, "judge-1", false), (true, "other", true), (false, "judge-1", true)])
    func isolation(isIsolated: Bool, author: String, passes: Bool) throws {
        let chain = try Self.chain([("provider_isolation", .boolean(isIsolated))])
        let outcome = Self.ask(chain, author: author).finish([Self.verdict("allow")])

        #expect(outcome.reason?.code == (passes ? nil : "flagged_review.not_isolated"))
        #expect((chain.isolatedJudges[1] != nil) == isIsolated)
        #expect(Self.ask(chain, author: author).finish([Self.verdict("block")]).verdict == .block)
    }

    @Test("A judge is a target when it is called so, has its model, or listens where it does")
    func sameness() throws {
        let url = try BaseURL("https://judge.example/v1")
        let judge = IsolatedJudge(name: "second", url: url, model: "judge-1")
        func isSame(_ id: String, _ provider: String, _ model: String, _ address: String?) throws -> Bool {
            judge.isSame(
                as: TargetFacts(id: id, provider: provider, model: model), at: try address.map { try BaseURL($0) })
        }

        #expect(try isSame("second", "openai", "m", nil))
        #expect(try isSame("main", "second", "m", nil))
        #expect(try isSame("main", "openai", "judge-1", nil))
        #expect(try isSame("main", "openai", "m", "https://judge.example/v2"))
        #expect(try !isSame("main", "openai", "m", "https://judge.example:8443/v1"))
        #expect(try !isSame("main", "openai", "m", "https://api.example/v1"))
    }

    @Test("Where its entry says so, a judge that is down lets a flagged answer pass; and it may observe only")
    func entries() throws {
        func outcome(_ more: [(String, Settings)], _ reply: ServiceReply) throws -> ChainOutcome {
            let chain = try PolicyChain(
                [
                    ["kind": "pii-detector", "mode": "observe", "on": ["response"]],
                    .mapping([("kind", "flagged-review")] + more),
                ], ["flagged-review": ["mode": "judge", "provider": ["model": "judge-1"]]])
            return Self.ask(chain).finish([reply])
        }
        let open = try outcome([("on_error", "allow")], .failed(.timeout))
        let observed = try outcome([("mode", "observe")], Self.verdict("block"))

        #expect(open.verdict == .allow && open.degraded)
        #expect(observed.verdict == .allow && observed.results[1].reasonCode == "flagged_review.blocked")
    }

    @Test("It waits for its model as long as it says")
    func timeout() throws {
        #expect(try Self.chain(provider: [("timeout_ms", 700)]).instances[1].timeout == .milliseconds(700))
        #expect(try Self.chain().instances[1].timeout == .seconds(5))
    }

    @Test(
        "Mistakes are told",
        arguments: [
            (["mode": "judge"], "needs the key 'provider'"), ([:], "needs the key 'mode'"),
            (["mode": "judge", "provider": [:]], "needs the key 'model'"),
            (["mode": "judge", "provider": ["model": "m", "timeout_ms": 0]], "timeout_ms' is 0"),
            (["mode": "judge", "provider": ["model": "m", "api_key": "x"]], "unknown key"),
            (["mode": "judge", "provider": ["model": "m", "endpoint": "ftp://x"]], "endpoint'"),
            (["mode": "judge", "provider": ["model": "m"], "recursion_depth_max": 9], "recursion_depth_max' is 9"),
            (["mode": "escalate", "provider": ["model": "m"]], "no model is asked"),
            (["mode": "audit_only", "recursion_depth_max": 1], "no model is asked"),
            (["mode": "review_and_return", "provider_isolation": true], "no model is asked"),
        ] as [(Settings, String)])
    func mistakes(settings: Settings, text: String) throws {
        let error = #expect(throws: ConfigError.self) {
            try PolicyChain(["flagged-review"], ["flagged-review": settings])
        }

        #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
    }
}
