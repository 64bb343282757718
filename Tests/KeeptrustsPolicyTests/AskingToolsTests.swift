import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsPolicy

@Suite("Kinds for tools that ask a service")
struct AskingToolsTests {
    private static let firewall: Settings = [
        "tool-security": ["analysis_mode": "external", "firewall_endpoint": "https://firewall.example.com/judge"]
    ]

    @Test("A firewall is told the tool and its arguments, for each call that passes here")
    func firewall() throws {
        let chain = try PolicyChain(["tool-security"], Self.firewall)

        let asking = Asking(
            chain,
            [
                .call("lookup", #"{"id": 5}"#, number: 1), .call("ping", "no JSON", number: 2),
                .call("now", "", number: 3),
            ],
            at: .answer)

        #expect(
            asking.bodies == [
                #"{"tool":"lookup","arguments":{"id": 5}}"#, #"{"tool":"ping","arguments":"no JSON"}"#,
                #"{"tool":"now","arguments":{}}"#,
            ])
        let allow = #"{"verdict":"allow"}"#
        #expect(asking.finish(allow, allow, allow).verdict == .allow)
        let denied = asking.finish(allow, #"{"verdict":"deny"}"#, "")
        #expect(denied.reason == Reason(code: "tool_security.denied", message: "The call of 'ping' is denied."))
        #expect(denied.results[0].findings.map(\.segment) == [1])
    }

    @Test(
        "Anything but a verdict is a failure",
        arguments: [
            "", "allow", #"{"verdict":true}"#, #"{"verdict":"maybe"}"#, #"{"verdict":"allow","verdict":"deny"}"#,
        ])
    func garbage(reply: String) throws {
        let asking = Asking(try PolicyChain(["tool-security"], Self.firewall), [.call("lookup", "{}")], at: .answer)

        let outcome = asking.finish(reply)

        #expect(outcome.reason?.code == "tool_security.service_malformed")
        #expect(outcome.degraded)
    }

    @Test("No firewall is asked about a call that is blocked here")
    func blockedHere() throws {
        let chain = try PolicyChain(["tool-security"], Self.firewall)

        let asking = Asking(chain, [.call("bash", "{\"command\":\"rm -rf /\"}")], at: .answer)

        #expect(asking.questions.isEmpty)
        #expect(asking.finished?.reason?.code == "tool_security.destruction")
    }

    private static let semantic: Settings = [
        "tool-validation": [
            "allow_undeclared": true,
            "semantic_validation": [
                "enabled": true, "endpoint": "https://models.example.com/v1", "model": "judge", "timeout_ms": 700,
            ],
        ]
    ]

    @Test("A model that judges calls is shown what was asked, and its score decides")
    func semantics() throws {
        let chain = try PolicyChain(["tool-validation"], Self.semantic)
        var facts = ExchangeFacts()
        facts.conversation = [.user("What is the \"weather\"?")]
        facts.tools = [DeclaredTool(name: "weather", schema: ByteBuffer(string: #"{"type":"object"}"#))]

        let asking = Asking(chain, [.call("weather", #"{"city":"Paris"}"#)], at: .answer, knowing: facts)

        #expect(chain.instances[0].timeout == .milliseconds(700))
        #expect(asking.paths == ["/chat/completions"])
        let body = try #require(asking.bodies.first)
        #expect(
            body.hasPrefix(
                #"{"model":"judge","response_format":{"type":"json_object"},"messages":[{"role":"system","content":"#))
        #expect(
            body.hasSuffix(
                #"{"role":"user","content":"{\"request\":\"What is the \\\"weather\\\"?\",\"tool\":\"weather\",\"schema\":\"{\\\"type\\\":\\\"object\\\"}\",\"arguments\":\"{\\\"city\\\":\\\"Paris\\\"}\"}"}]}"#
            ))
        #expect(asking.finish([.graded(#"{"score": 0.5}"#)]).verdict == .allow)
        #expect(asking.finish([.graded(#"{"score": 0.49}"#)]).reason?.code == "tool_validation.senseless_call")
    }

    @Test(
        "A model that does not judge is a failure",
        arguments: ["", "yes", "{}", #"{"score":"1"}"#, #"{"score":1.5}"#, #"{"score":1,"score":0}"#])
    func noScore(content: String) throws {
        let asking = Asking(try PolicyChain(["tool-validation"], Self.semantic), [.call("t", "{}")], at: .answer)

        #expect(asking.finish([.graded(content)]).reason?.code == "tool_validation.service_malformed")
        #expect(asking.finish(content).reason?.code == "tool_validation.service_malformed")
    }

    @Test("A section that is switched off asks nobody")
    func off() throws {
        let chain = try PolicyChain(
            ["tool-validation"],
            ["tool-validation": ["semantic_validation": ["enabled": false], "allow_undeclared": true]])

        #expect(Asking(chain, [.call("t", "{}")], at: .answer).finished?.verdict == .allow)
        #expect(chain.instances[0].timeout == nil)
    }
}

@Suite("quality-scorer with a model that judges")
struct JudgedQualityTests {
    private static func chain(_ assertions: Settings, _ more: [(String, Settings)] = []) throws -> PolicyChain {
        try PolicyChain(
            ["quality-scorer"],
            [
                "quality-scorer": .mapping(
                    [
                        ("assertions", assertions),
                        ("providers", [["id": "judge", "model": "gpt-4o", "secret_key_ref": ["env": "KEY"]]]),
                    ] + more)
            ])
    }

    private static func ask(_ chain: PolicyChain, _ answer: String = "Rye is a grain.") -> Asking {
        var facts = ExchangeFacts()
        facts.conversation = [.user("What is rye?")]
        return Asking(chain, [.answer(answer)], at: .answer, knowing: facts)
    }

    @Test("Each assertion of a model's is asked about the question and the answer")
    func questions() throws {
        let chain = try Self.chain([
            ["type": "llm-rubric", "rubric": "It is kind."], ["type": "factuality", "value": "Rye is a grass."],
            ["type": "model-graded-closedqa", "config": ["rubric": "It names a plant."]],
            ["type": "contains", "value": "Rye"],
        ])

        let bodies = Self.ask(chain).bodies

        #expect(bodies.count == 3)
        #expect(
            bodies[0].contains(
                #"\"question\":\"What is rye?\",\"answer\":\"Rye is a grain.\",\"rubric\":\"It is kind.\""#))
        #expect(bodies[1].contains(#"\"reference\":\"Rye is a grass.\""#))
        #expect(bodies[2].contains(#"\"criterion\":\"It names a plant.\""#))
        #expect(chain.services.first?.first?.url.description == "https://api.openai.com/v1")
    }

    @Test(
        "How the model picks its words goes with every question, and it may be called by its label",
        arguments: [
            ([:], #"{"model":"gpt-4o","response_format":"#),
            (
                ["temperature": 0, "top_p": 0.5, "seed": 7, "max_tokens": 64],
                #"{"model":"gpt-4o","temperature":0.0,"top_p":0.5,"seed":7,"max_tokens":64,"response_format":"#
            ),
            (
                ["max_completion_tokens": 4_096],
                #"{"model":"gpt-4o","max_completion_tokens":4096,"response_format":"#
            ),
        ] as [(Settings, String)])
    func sampling(config: Settings, beginning: String) throws {
        let chain = try PolicyChain(
            ["quality-scorer"],
            [
                "quality-scorer": [
                    "assertions": [["type": "llm-rubric", "value": "kind", "provider": "Strict judge"]],
                    "providers": [["id": "judge", "label": "Strict judge", "model": "gpt-4o", "config": config]],
                ]
            ])

        #expect(Self.ask(chain).bodies.map { $0.hasPrefix(beginning) } == [true])
    }

    @Test("The score counts from the threshold on, and in the average", arguments: [(0.2, false), (0.8, true)])
    func scores(score: Double, passes: Bool) throws {
        let judged: Settings = [["type": "llm-rubric", "value": "kind", "threshold": 0.6]]
        let average: Settings = [
            ["type": "llm-rubric", "value": "kind", "severity": "info"], ["type": "contains", "value": "Rye"],
        ]
        let pass: (String, Settings) = ("pass_policy", ["strategy": "weighted_average", "threshold": 0.7])

        let reply = ServiceReply.graded(#"{"score": \#(score)}"#)

        #expect(Self.ask(try Self.chain(judged)).finish([reply]).verdict == (passes ? .allow : .block))
        #expect(Self.ask(try Self.chain(average, [pass])).finish([reply]).verdict == (passes ? .allow : .block))
    }

    @Test("When the model fails, what words alone forbid is forbidden, and on_error decides on the rest")
    func failure() throws {
        let chain = try Self.chain([["type": "llm-rubric", "value": "kind"], ["type": "contains", "value": "Rye"]])

        let good = Self.ask(chain).finish([.failed(.timeout)])
        let bad = Self.ask(chain, "Oats.").finish([.failed(.timeout)])

        #expect(good.reason?.code == "quality_scorer.service_timeout")
        #expect(bad.reason?.code == "quality_scorer.assertion")
    }

    @Test("An assertion is judged by the provider that it names, or by the first")
    func providers() throws {
        let chain = try PolicyChain(
            ["quality-scorer"],
            [
                "quality-scorer": [
                    "assertions": [
                        ["type": "llm-rubric", "value": "kind", "provider": "Strict"],
                        ["type": "llm-rubric", "value": "short"],
                        ["type": "factuality", "value": "grass", "provider": "fair"],
                    ],
                    "providers": [
                        ["id": "fair", "model": "m1", "secret_key_ref": ["env": "A"]],
                        [
                            "id": "strict", "label": "Strict", "model": "m2", "endpoint": "https://two.example/v1",
                            "secret_key_ref": ["env": "B"],
                        ],
                    ],
                ]
            ])
        let asking = Self.ask(chain)

        #expect(asking.questions.map(\.service) == [1, 0, 0])
        #expect(asking.bodies.map { $0.contains(#"{"model":"m2","#) } == [true, false, false])
        #expect(chain.services[0].map(\.url.description) == ["https://api.openai.com/v1", "https://two.example/v1"])
        #expect(chain.services[0].flatMap(\.variables).map(\.name) == ["A", "B"])
        let good = ServiceReply.graded(#"{"score": 1}"#)
        let bad = ServiceReply.graded(#"{"score": 0}"#)
        #expect(asking.finish([good, good, good]).verdict == .allow)
        // What one model forbids is forbidden, whether another one answers or not.
        for replies in [
            [bad, good, good], [good, good, bad], [.failed(.timeout), good, bad], [bad, .failed(.status), good],
        ] {
            #expect(Self.ask(chain).finish(replies).reason?.code == "quality_scorer.assertion")
        }
        #expect(
            Self.ask(chain).finish([good, .failed(.status), good]).reason?.code == "quality_scorer.service_status")
        for text in [#"{"score": 2}"#, #"{"score": "1"}"#, "1", "", #"{"score": 1, "score": 0}"#] {
            #expect(
                Self.ask(chain).finish([.graded(text), good, good]).reason?.code == "quality_scorer.service_malformed")
        }
    }

    @Test(
        "The score of g-eval is the mean of its criteria's",
        arguments: [([1.0, 0.5], true), ([1, 0.3], false), ([0.7, 0.7], true), ([0.6, 0.7], false)])
    func criteria(scores: [Double], passes: Bool) throws {
        let chain = try Self.chain([
            ["type": "g-eval", "value": ["It is kind.", "It is short."]], ["type": "llm-rubric", "value": "grass"],
        ])
        let replies = (scores + [1]).map { ServiceReply.graded(#"{"score": \#($0)}"#) }
        let asking = Self.ask(chain)

        #expect(asking.bodies[0].contains(#"\"criterion\":\"It is kind.\""#))
        #expect(asking.bodies[1].contains(#"\"criterion\":\"It is short.\""#))
        #expect(asking.bodies[2].contains(#"\"rubric\":\"grass\""#))
        #expect(asking.finish(replies).verdict == (passes ? .allow : .block))
        let one = try Self.chain([["type": "g-eval", "value": "It is kind.", "threshold": 0.2]])
        #expect(Self.ask(one).finish([.graded(#"{"score": 0.2}"#)]).verdict == .allow)
    }
}
