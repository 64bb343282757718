import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsPolicy

@Suite("The kind tool-budget")
struct ToolBudgetTests {
    private static func chain(_ budgets: Settings) throws -> PolicyChain {
        try PolicyChain(["tool-budget"], ["tool-budget": ["budgets": budgets]])
    }

    private static func result(_ tool: String, bytes: Int, number: Int32 = 0) -> Segment {
        Segment(
            ByteBuffer(repeating: 0x61, count: bytes), role: .tool, phase: .toolResult,
            tool: ToolUse(tool, .result, call: number))
    }

    private static func call(_ tool: String, bytes: Int = 4) -> Segment {
        .call(tool, String(repeating: "a", count: bytes))
    }

    private static func facts(session: String? = nil, conversation: [Segment] = [], price: TokenPrice? = nil)
        -> ExchangeFacts
    {
        var facts = ExchangeFacts.caller()
        if let session { facts.headers[ExchangeFacts.sessionHeader] = session }
        (facts.conversation, facts.price) = (conversation, price)
        return facts
    }

    @Test("Without a session, what the history holds is used: a call that comes after the limit is refused")
    func history() throws {
        let chain = try Self.chain(["find": ["max_tokens": 10]])
        func verdict(_ history: [Segment], _ tool: String = "find") -> Verdict {
            chain.judge([Self.call(tool)], at: .answer, knowing: Self.facts(conversation: history)).verdict
        }

        #expect(verdict([]) == .allow)
        #expect(verdict([Self.call("find", bytes: 8), Self.result("find", bytes: 28)]) == .allow)
        #expect(verdict([Self.call("find", bytes: 8), Self.result("find", bytes: 32)]) == .block)
        #expect(verdict([Self.call("other", bytes: 80)]) == .allow)
        #expect(verdict([Self.result("find", bytes: 400)], "other") == .allow)
        #expect(chain.needs.conversation && chain.needs.headers == ["x-session-id"])
    }

    @Test("Calls of one answer count one after the other")
    func oneAnswer() throws {
        let chain = try Self.chain(["find": ["max_tokens": 2]])
        let calls = [0, 1, 2].map { Segment.call("find", "aaaa", number: $0) }

        #expect(chain.judge(Array(calls[..<2]), at: .answer, knowing: Self.facts()).verdict == .allow)
        let outcome = chain.judge(calls, at: .answer, knowing: Self.facts())
        #expect(outcome.reason?.code == "tool_budget.exceeded")
        #expect(outcome.results[0].findings.map(\.segment) == [2])
    }

    @Test("What a call would have used is given back when its answer does not go out")
    func takenBack() throws {
        let chain = try Self.chain(["find": ["max_tokens": 2]])
        let scratch = MatchScratch(for: chain)
        func outcome() -> ChainOutcome {
            chain.judge([Self.call("find", bytes: 8)], at: .answer, knowing: Self.facts(session: "s"), using: scratch)
        }

        for _ in 1...3 { chain.takeBack(outcome().counted, using: scratch) }
        #expect(outcome().verdict == .allow)
        #expect(outcome().reason?.code == "tool_budget.exceeded")
    }

    @Test("A session is remembered over requests, and each result counts once")
    func session() throws {
        let chain = try Self.chain(["find": ["max_tokens": 10]])
        let scratch = MatchScratch(for: chain)
        func turn(_ request: [Segment], session: String = "s") -> Verdict {
            let facts = Self.facts(session: session)
            _ = chain.judge(request, at: .request, knowing: facts, using: scratch)
            return chain.judge([Self.call("find")], at: .answer, knowing: facts, using: scratch).verdict
        }
        let first: [Segment] = [.user("a")]
        let second = first + [Self.call("find"), Self.result("find", bytes: 12)]
        let third = second + [Self.call("find"), Self.result("find", bytes: 12)]

        #expect(turn(first) == .allow)
        #expect(turn(second) == .allow)
        #expect(turn(third) == .allow)
        #expect(turn([.user("b"), Self.call("find"), Self.result("find", bytes: 4)]) == .block)
        #expect(turn(first, session: "other") == .allow)
    }

    @Test("Money is counted by the model's price; where that is not known in dollars, the policy fails")
    func cost() throws {
        let chain = try Self.chain(["find": ["max_cost_usd": .number(0.001)]])
        let history = [Self.call("find", bytes: 40), Self.result("find", bytes: 400)]
        func code(_ price: TokenPrice?) -> String? {
            chain.judge([Self.call("find")], at: .answer, knowing: Self.facts(conversation: history, price: price))
                .reason?.code
        }

        // 100 tokens read and 10 written.
        #expect(code(TokenPrice(input: 9_000_000, output: 9_900_000)) == nil)
        #expect(code(TokenPrice(input: 9_000_000, output: 10_000_000)) == "tool_budget.exceeded")
        #expect(code(nil) == "tool_budget.failed")
        #expect(code(TokenPrice(input: 1, output: 1, currency: "EUR")) == "tool_budget.failed")
    }

    @Test(
        "A budget that limits nothing, or nonsense, is refused",
        arguments: [
            (["find": [:]], "limits nothing"), (["find": ["max_tokens": 0]], "not in 1..."),
            (["find": ["max_token": 5]], "did you mean 'max_tokens'?"),
        ] as [(Settings, String)])
    func mistakes(budgets: Settings, text: String) throws {
        let error = #expect(throws: ConfigError.self) { try Self.chain(budgets) }

        #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
    }
}
