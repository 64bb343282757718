import KeeptrustsCore
import NIOCore

/// The kind `tool-budget`: what a tool's arguments and results may come to over a session.
///
/// A session is the caller's key and its `X-Session-Id`. Without that header a request is a session: what its history
/// holds has been used.
struct ToolBudget: Policy {
    static let kind = PolicyKind(
        "tool-budget", streaming: .whole, phases: [.toolCall, .toolResult], capable: [.toolCall, .toolResult])

    let rules: [Rule] = []
    private let budgets: [String: Budget]

    private struct Budget: Sendable {
        var tokens: Int?

        /// In millionths of a dollar.
        var cost: Int64?
    }

    /// What a tool has used: tokens that the model wrote, and tokens that it was given to read.
    private struct Use {
        var written = 0
        var read = 0
    }

    /// What each tool has used in a session.
    private struct Uses: CallCount {
        var tools: [String: Use] = [:]

        mutating func takeBack(_ call: CountedCall) {
            guard let use = tools[call.tool] else { return }
            tools[call.tool]?.written = max(0, use.written - call.amount)
        }
    }

    private enum Key: String, ConfigKey { case budgets }
    private enum BudgetKey: String, ConfigKey {
        case tokens = "max_tokens"
        case cost = "max_cost_usd"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        var budgets: [String: Budget] = [:]
        for (tool, _, node) in try config.mapping(Key.self)[.budgets]?.members() ?? [] {
            let mapping = try node.mapping(BudgetKey.self)
            var budget = Budget(tokens: try mapping[.tokens]?.integer(in: 1...1_000_000_000))
            if let cost = try mapping[.cost]?.number(in: 0...1_000_000) {
                budget.cost = Int64((cost * 1_000_000).rounded())
            }
            guard budget.tokens != nil || budget.cost != nil else {
                throw ConfigError(
                    .missingKey, at: node.location, "\(node.name) limits nothing.",
                    hint: "Say 'max_tokens' or 'max_cost_usd'.")
            }
            budgets[tool] = budget
        }
        self.budgets = budgets
    }

    var examines: Bool { !budgets.isEmpty }
    var needs: FactNeeds { FactNeeds(headers: [ExchangeFacts.sessionHeader], conversation: true, memory: true) }

    /// How long a session is remembered after its last use.
    private static let idle = Duration.seconds(3_600)

    func examine(_ examination: Examination) throws -> Opinion {
        if let refusal = examination.refusalOfNamelessCall("tool_budget") { return refusal }
        let remembered = examination.facts.session.map { session in
            examination.remember(session, for: Self.idle) { Uses() }
        }
        guard examination.stage == .answer else {
            // What came back since the model spoke last; the rest has been counted.
            let start = examination.segments.lastIndex { $0.role == .assistant }.map { $0 + 1 } ?? 0
            if let remembered { count(examination.segments[start...], into: &remembered.value.tools) }
            return .clean
        }
        var opinion = Opinion()
        var used = remembered?.value.tools ?? [:]
        if remembered == nil { count(examination.facts.conversation[...], into: &used) }
        for call in examination.calls {
            guard let budget = budgets[call.name] else { continue }
            let use = used[call.name] ?? Use()
            guard try !isSpent(budget, use, examination.facts.price) else {
                let message = "The budget of the tool \(quoted(call.name)) is used up for this session."
                let finding = Finding("tool.budget", at: 0..<examination.length(of: call.segment))
                return .block("tool_budget.exceeded", message, [LocatedFinding(segment: call.segment, finding)])
            }
            let tokens = Self.tokens(call.arguments)
            used[call.name, default: Use()].written += tokens
            guard let session = examination.facts.session else { continue }
            opinion.counted.append(
                CountedCall(
                    policy: examination.policy, key: session, tool: call.name, amount: tokens,
                    time: examination.facts.uptime, segment: call.segment))
        }
        remembered?.value.tools = used
        return opinion
    }

    private func count(_ segments: ArraySlice<Segment>, into used: inout [String: Use]) {
        for segment in segments {
            guard let tool = segment.tool, budgets[tool.name] != nil else { continue }
            switch tool.part {
            case .arguments: used[tool.name, default: Use()].written += Self.tokens(segment.text)
            case .result: used[tool.name, default: Use()].read += Self.tokens(segment.text)
            case .name, .fragment: continue
            }
        }
    }

    /// - Throws: ``UnknownPrice`` when a budget of money cannot be told.
    private func isSpent(_ budget: Budget, _ use: Use, _ price: TokenPrice?) throws(UnknownPrice) -> Bool {
        if let most = budget.tokens, use.written + use.read >= most { return true }
        guard let most = budget.cost else { return false }
        guard let price, price.currency == "USD",
            let cost = price.cost(of: Usage(inputTokens: use.read, outputTokens: use.written))
        else { throw UnknownPrice() }
        return cost.micros >= most
    }

    /// A model's price is not known in dollars.
    private struct UnknownPrice: Error {}

    /// About how many tokens a text has: four bytes are one.
    static func tokens(_ text: ByteBuffer) -> Int { (text.readableBytes + 3) / 4 }
}
