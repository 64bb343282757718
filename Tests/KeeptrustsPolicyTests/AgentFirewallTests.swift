import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsPolicy

@Suite("The kind agent-firewall")
struct AgentFirewallTests {
    /// One agent over several answers: a chain, and what its policies remember.
    private struct Agent {
        let chain: PolicyChain
        let scratch: MatchScratch
        var uptime = Duration.zero
        var role: String?
        var session: String? = "s1"
        var conversation: [Segment] = []

        init(_ settings: Settings) throws {
            chain = try PolicyChain(["agent-firewall"], ["agent-firewall": settings])
            scratch = MatchScratch(for: chain)
        }

        mutating func answer(_ calls: (String, String)...) -> ChainOutcome {
            uptime += .seconds(1)
            var facts = ExchangeFacts.caller(uptime: uptime)
            if let session { facts.headers[ExchangeFacts.sessionHeader] = session }
            if let role { facts.headers[ExchangeFacts.roleHeader] = role }
            facts.conversation = conversation
            let segments = calls.enumerated().map { Segment.call($1.0, $1.1, number: Int32($0)) }
            return chain.judge(segments, at: .answer, knowing: facts, using: scratch)
        }

        mutating func code(_ tool: String, _ arguments: String = "{}") -> String? {
            answer((tool, arguments)).reason?.code
        }
    }

    static let names: [(Settings, String?, String, Bool)] = [
        (["allowed_tools": ["file_*"]], nil, "file_read", true), (["allowed_tools": ["file_*"]], nil, "send", false),
        (["allowed_tools": ["*"], "blocked_tools": ["send_*"]], nil, "send_mail", false),
        (["blocked_tools": ["send_*"]], nil, "find", true), ([:], nil, "find", true),
        (["tools": ["roles": ["clerk": ["allowed": ["find"]]]]], "clerk", "find", true),
        (["tools": ["roles": ["clerk": ["allowed": ["find"]]]]], "clerk", "send", false),
        (["tools": ["roles": ["clerk": ["denied": ["send"]]]]], "clerk", "find", true),
        (["tools": ["roles": ["clerk": ["allowed": ["find"]]]]], "guest", "find", false),
        (["tools": ["roles": ["clerk": [:], "*": ["denied": ["send"]]]]], nil, "send", false),
        (["tools": ["roles": ["clerk": [:], "*": ["denied": ["send"]]]]], nil, "find", true),
    ]

    @Test("Tools are allowed by name, for all or by role", arguments: names)
    func permits(settings: Settings, role: String?, tool: String, passes: Bool) throws {
        var agent = try Agent(settings)
        agent.role = role

        #expect(agent.code(tool) == (passes ? nil : "agent_firewall.tool_denied"))
    }

    @Test("A session has so many calls, whatever the requests; without a session the history counts")
    func actions() throws {
        var agent = try Agent(["max_actions_per_session": 3])

        #expect(agent.answer(("a", ""), ("b", "")).verdict == .allow)
        #expect(agent.code("a") == nil)
        #expect(agent.code("a") == "agent_firewall.session_limit")
        agent.session = "s2"
        #expect(agent.code("a") == nil)
        agent.session = nil
        #expect(agent.answer(("a", ""), ("b", ""), ("c", "")).verdict == .allow)
        agent.conversation = [.call("a", "{}", number: 0), .call("a", "{}", number: 1), .call("b", "{}", number: 2)]
        #expect(agent.code("a") == "agent_firewall.session_limit")
    }

    @Test("A tool may be called so often in a minute")
    func rates() throws {
        var agent = try Agent(["rate_limits": ["default": 2, "ping": 1], "monitoring": ["alert_on_rate_limit": true]])

        #expect(agent.code("ping") == nil)
        let second = agent.answer(("ping", ""))
        #expect(second.reason?.code == "agent_firewall.rate_limited" && second.flagged)
        #expect(agent.code("find") == nil && agent.code("find") == nil)
        #expect(agent.code("find") == "agent_firewall.rate_limited")
        agent.uptime += .seconds(125)
        #expect(agent.code("ping") == nil)
    }

    @Test("Amounts are limited at once and in a day, and large ones need approval")
    func amounts() throws {
        var agent = try Agent([
            "transaction_limits": [
                "max_single_transaction": 1000, "max_daily_total": 1500, "require_approval_above": 500,
            ]
        ])

        #expect(agent.code("pay", #"{"amount":500}"#) == nil)
        let large = agent.answer(("pay", #"{"to":"x","amount_usd":500.01}"#))
        #expect(large.verdict == .escalate && large.reason?.code == "agent_firewall.approval_required")
        #expect(agent.code("pay", #"{"amount":"1,000.01 EUR"}"#) == "agent_firewall.transaction_limit")
        #expect(agent.code("pay", #"{"items":[{"total":400},{"total":400}]}"#) == nil)
        #expect(agent.code("pay", #"{"amount_cents":20001}"#) == "agent_firewall.daily_limit")
        #expect(agent.code("pay", #"{"amount":-600}"#) == "agent_firewall.approval_required")
        #expect(agent.code("pay", #"{"amount":"a lot"}"#) == "agent_firewall.unreadable_amount")
        #expect(agent.code("pay", #"{"amount":1e300}"#) == "agent_firewall.unreadable_amount")
        #expect(agent.code("find", #"{"q":"total 9000"}"#) == nil)
        agent.uptime += .seconds(200_000)
        #expect(agent.code("pay", #"{"amount":500}"#) == nil)
    }

    @Test("Calls of an answer that does not go out are counted no more")
    func takenBack() throws {
        var agent = try Agent([
            "transaction_limits": ["max_daily_total": 450], "max_actions_per_session": 4,
            "rate_limits": ["default": 4],
        ])
        for _ in 1...10 {
            let outcome = agent.answer(("pay", #"{"amount":100}"#))
            #expect(outcome.verdict == .allow)
            agent.chain.takeBack(outcome.counted, using: agent.scratch)
        }
        for _ in 1...4 { #expect(agent.code("pay", #"{"amount":100}"#) == nil) }
        // What a block has counted before it is not sent either.
        #expect(agent.code("pay", #"{"amount":1}"#) == "agent_firewall.session_limit")
        agent.session = "s2"
        let late = agent.answer(("find", "{}"), ("pay", #"{"amount":100}"#))
        #expect(late.reason?.code == "agent_firewall.rate_limited")
        #expect(late.counted.map(\.tool) == ["find", "find"])
    }

    @Test("What is taken back is taken out of the window in which it was counted")
    func windows() {
        var count = RollingCount(over: .seconds(60), at: .zero)
        count.add(5, at: .seconds(10))
        count.add(3, at: .seconds(70))
        count.remove(5, countedAt: .seconds(10))
        #expect(count.count(at: .seconds(70)) == 3)
        count.remove(9, countedAt: .seconds(70))
        #expect(count.count(at: .seconds(70)) == 0)
        count.add(2, at: .seconds(300))
        count.remove(2, countedAt: .seconds(10))
        #expect(count.count(at: .seconds(300)) == 2)
    }

    @Test("Personal data and attacks stop the agent for its session")
    func halts() throws {
        var agent = try Agent(["kill_switches": ["halt_on_pii_in_action": true, "halt_on_suspicious_pattern": true]])

        #expect(agent.code("find", #"{"q":"tea"}"#) == nil)
        #expect(agent.code("find", #"{"ssn":"536-22-8041"}"#) == "agent_firewall.halted")
        #expect(agent.code("find", #"{"q":"tea"}"#) == "agent_firewall.halted")
        agent.session = "s2"
        #expect(agent.code("bash", #"{"command":"rm -rf /"}"#) == "agent_firewall.halted")
        #expect(agent.code("bash", #"{"command":"ls"}"#) == "agent_firewall.halted")
        agent.session = "s3"
        #expect(agent.code("bash", #"{"command":"ls"}"#) == nil)
    }

    static let results: [(String, Bool)] = [
        ("Error: no such file", true), (#"{"error":"timeout"}"#, true), (#"{"is_error":true,"text":"x"}"#, true),
        (#"{"status":"failed"}"#, true), (#"{"success":false}"#, true), ("Traceback (most recent call last):\n", true),
        (#"{"errors":[]}"#, false), (#"{"error":null}"#, false), ("No errors found", false), ("", false), ("{", false),
    ]

    @Test("Results that failed are known, and so many of them stop the agent", arguments: results)
    func errors(result: String, isFailure: Bool) throws {
        let chain = try PolicyChain(
            ["agent-firewall"], ["agent-firewall": ["kill_switches": ["max_errors_before_halt": 2]]])
        let tool = Segment(
            ByteBuffer(string: result), role: .tool, phase: .toolResult, tool: ToolUse("find", .result))

        #expect(chain.judge([tool], knowing: .caller()).verdict == .allow)
        #expect(chain.judge([tool, tool], knowing: .caller()).verdict == (isFailure ? .block : .allow))
    }

    @Test("Alerts flag an exchange and change nothing else")
    func alerts() throws {
        var near = try Agent(["max_actions_per_session": 4, "monitoring": ["alert_threshold_percent": 75]])
        var denied = try Agent(["blocked_tools": ["x"], "monitoring": ["alert_on_denied_action": true]])
        var silent = try Agent(["blocked_tools": ["x"]])

        #expect(near.answer(("a", ""), ("a", "")).flagged == false)
        let third = near.answer(("a", ""))
        #expect(third.verdict == .allow && third.flagged)
        #expect(third.results[0].reasonCode == "agent_firewall.near_limit")
        #expect(denied.answer(("x", "")).flagged)
        #expect(silent.answer(("x", "")).flagged == false)
    }

    @Test("The history of a request is judged by name, and counts nothing")
    func history() throws {
        let chain = try PolicyChain(
            ["agent-firewall"], ["agent-firewall": ["blocked_tools": ["x"], "rate_limits": ["default": 1]]])
        let scratch = MatchScratch(for: chain)
        let calls = [Segment.call("a", "{}", number: 0), .call("a", "{}", number: 1)]

        #expect(chain.judge(calls, knowing: .caller(), using: scratch).verdict == .allow)
        #expect(chain.judge([.call("x", "{}")], knowing: .caller(), using: scratch).verdict == .block)
        #expect(chain.needs.headers == ["x-user-role", "x-session-id"])
    }

    @Test(
        "Mistakes are told apart",
        arguments: [
            (["denied_tools": ["x"]], "say 'blocked_tools'"), (["rate_limit": 5], "say 'rate_limits'"),
            (["transaction_limit": 5], "say 'transaction_limits'"),
            (["allowed_tools": ["x"], "tools": ["roles": [:]]], "stands beside"),
            (["tools": ["role": [:]]], "did you mean 'roles'?"), (["max_actions_per_session": 0], "not in 1...1000000"),
            (["monitoring": ["alert_threshold_percent": 101]], "not in 1...100"),
        ] as [(Settings, String)])
    func mistakes(settings: Settings, text: String) throws {
        let error = #expect(throws: ConfigError.self) { try Agent(settings) }

        #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
    }
}
