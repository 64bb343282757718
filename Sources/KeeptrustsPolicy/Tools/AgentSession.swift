import KeeptrustsCore
import KeeptrustsWire
import NIOCore

/// What an agent has done so far, and what it may still do.
struct AgentSession {
    private let examination: Examination
    private let limits: AgentLimits

    /// What is remembered of the session; nil when the caller names none.
    private let state: Remembered<State>?

    /// The calls of a session that is one request.
    private var ownActions = 0
    private var isOwnHalted = false

    /// What was counted so far, in case that the answer does not go out.
    private(set) var counted: [CountedCall] = []

    private struct State: CallCount {
        var actions = 0
        var isHalted = false

        mutating func takeBack(_ call: CountedCall) { actions = max(0, actions - call.amount) }
    }

    init(_ examination: Examination, _ limits: AgentLimits) {
        self.examination = examination
        self.limits = limits
        state = examination.facts.session.map { session in
            examination.remember(Self.key(session), for: AgentLimits.idle) { State() }
        }
        if state == nil { ownActions = examination.facts.conversation.callCount }
    }

    /// Stops the agent: nothing more of its session is allowed.
    mutating func halt() {
        state?.value.isHalted = true
        isOwnHalted = true
    }

    /// Counts a call, unless a limit forbids it.
    mutating func count(_ call: Examination.Call) -> AgentRuling {
        if isOwnHalted || state?.value.isHalted == true {
            return .block("halted", "The agent was stopped earlier in this session.")
        }
        let actions = state?.value.actions ?? ownActions
        if let most = limits.actions, actions >= most {
            return .block("session_limit", "The agent has used up the \(most) calls of its session.")
        }
        var ruling = AgentRuling()
        let rate = limits.rates[call.name] ?? limits.defaultRate
        let calls = rate.map { _ in self.calls(of: call.name) }
        if let rate, let calls, calls.value.count(at: now) >= Double(rate) {
            let message = "The tool \(quoted(call.name)) may be called \(rate) times in a minute."
            return .block("rate_limited", message, isAlert: limits.alertsOnRate)
        }
        if limits.limitsAmounts {
            ruling = transaction(call)
            guard ruling.verdict < .escalate else { return ruling }
        }
        calls?.value.add(at: now)
        if calls != nil { note(call, 1, in: rateKey(call.name)) }
        if state != nil { state?.value.actions += 1 } else { ownActions += 1 }
        if let session = examination.facts.session { note(call, 1, in: Self.key(session)) }
        if isNear(Double(actions + 1), limits.actions.map(Double.init))
            || isNear(calls?.value.count(at: now) ?? 0, rate.map(Double.init))
        {
            ruling.alert("near_limit")
        }
        return ruling
    }

    private var now: Duration { examination.facts.uptime }

    /// Who is counted where there is no session: the key.
    private var caller: String { examination.facts.keyID ?? "" }

    private static func key(_ session: String) -> String { "session \(session)" }
    private func rateKey(_ tool: String) -> String { "rate \(caller) \(tool)" }
    private var amountKey: String { "amounts \(caller)" }

    private func calls(of tool: String) -> Remembered<RollingCount> {
        examination.remember(rateKey(tool), for: .seconds(120)) { RollingCount(over: .seconds(60), at: now) }
    }

    private mutating func note(_ call: Examination.Call, _ amount: Int, in key: String) {
        counted.append(
            CountedCall(
                policy: examination.policy, key: key, tool: call.name, amount: amount, time: now, segment: call.segment)
        )
    }

    private func isNear(_ count: Double, _ most: Double?) -> Bool {
        guard let share = limits.alertShare, let most else { return false }
        return count >= most * share
    }

    /// What the amounts of a call come to.
    private mutating func transaction(_ call: Examination.Call) -> AgentRuling {
        guard let amounts = CallAmounts.read(call.arguments) else {
            return .block("unreadable_amount", "An amount of the call of \(quoted(call.name)) cannot be read.")
        }
        guard let largest = amounts.max(), let sum = CallAmounts.sum(amounts) else { return AgentRuling() }
        if let most = limits.mostAtOnce, largest > most {
            return .block("transaction_limit", "The call of \(quoted(call.name)) is of more than one call may be.")
        }
        if let above = limits.approvedAbove, largest > above {
            let message = "The call of \(quoted(call.name)) needs somebody's approval."
            return AgentRuling(verdict: .escalate, reason: ("approval_required", message))
        }
        guard let most = limits.mostInADay else { return AgentRuling() }
        let total = examination.remember(amountKey, for: .seconds(172_800)) {
            RollingCount(over: .seconds(86_400), at: now)
        }
        guard total.value.count(at: now) + Double(sum) <= Double(most) else {
            return .block("daily_limit", "The calls of a day may not be of more than the limit.")
        }
        total.value.add(Int(sum), at: now)
        note(call, Int(sum), in: amountKey)
        var ruling = AgentRuling()
        if isNear(total.value.count(at: now), Double(most)) { ruling.alert("near_limit") }
        return ruling
    }
}

extension AgentRuling {
    /// Flags the exchange without changing anything.
    fileprivate mutating func alert(_ code: String) {
        isAlert = true
        if reason == nil { reason = (code, "The agent comes near a limit.") }
    }
}

extension [Segment] {
    /// The calls of tools among the texts of a request.
    fileprivate var callCount: Int {
        var calls: Set<Int32> = []
        for segment in self where segment.phase == .toolCall {
            if let tool = segment.tool { calls.insert(tool.call) }
        }
        return calls.count
    }
}

/// The amounts of money that a call is about.
enum CallAmounts {
    /// The values of members such as `amount`, in millionths; nil when one cannot be read, or the arguments cannot.
    static func read(_ arguments: ByteBuffer) -> [Int64]? {
        guard arguments.readableBytes > 0 else { return [] }
        guard let tree = try? JSONTree(arguments) else { return nil }
        var amounts: [Int64] = []
        for node in tree.nodes.indices {
            guard let key = tree.key(node)?.lowercased() else { continue }
            let words = CallThreats.words(of: key)
            guard words.contains(where: names.contains) else { continue }
            let value: Double?
            switch tree.nodes[node].kind {
            case .number: value = tree.double(node)
            case .string: value = number(in: tree.string(node))
            case .null, .true, .false, .object, .array: continue
            }
            let isMinor = words.contains("cents") || words.contains("minor")
            guard let value, value.isFinite, abs(value) < 1e12 else { return nil }
            amounts.append(Int64((abs(value) * (isMinor ? 10_000 : 1_000_000)).rounded()))
        }
        return amounts
    }

    /// All amounts together; nil for none.
    static func sum(_ amounts: [Int64]) -> Int64? {
        guard !amounts.isEmpty else { return nil }
        return amounts.reduce(0) { sum, amount in
            let (result, overflow) = sum.addingReportingOverflow(amount)
            return overflow ? .max : result
        }
    }

    private static let names: Set<String> = ["amount", "total", "price", "value", "sum", "payment", "cost"]

    /// The one number in a text such as `1,200.50 EUR`.
    private static func number(in text: String) -> Double? {
        guard text.utf8.count <= 64 else { return nil }
        var numbers = WordReader.read(Array(text.utf8)).words.compactMap { word -> Double? in
            if case .number(let number) = word.kind { return number.value }
            return nil
        }
        guard numbers.count == 1 else { return nil }
        return numbers.removeFirst()
    }
}

/// Tells the results of tools that failed.
enum ToolFailure {
    /// Whether a result says that the call failed: an error's text, or a member that says so.
    static func isOne(_ result: ByteBuffer) -> Bool {
        guard let first = result.readableBytesView.first(where: { $0 > 0x20 }) else { return false }
        if first == UInt8(ascii: "{"), let tree = try? JSONTree(result) {
            for node in tree.children(of: 0) {
                let key = tree.key(node)?.lowercased() ?? ""
                let kind = tree.nodes[node].kind
                switch key {
                case "error", "errors", "exception", "traceback":
                    if kind == .string || kind == .object || kind == .true
                        || kind == .array && node + 1 < tree.nodes[node].end
                    {
                        return true
                    }
                case "is_error", "iserror", "failed": if kind == .true { return true }
                case "success", "ok": if kind == .false { return true }
                case "status":
                    if kind == .string, ["error", "failed", "failure"].contains(tree.string(node).lowercased()) {
                        return true
                    }
                default: continue
                }
            }
            return false
        }
        let head = result.readableBytesView.drop { $0 <= 0x20 }.prefix(40).map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }
        return ["error", "traceback (most recent call last)", "exception", "fatal:", "failed"].contains {
            head.starts(with: $0.utf8)
        }
    }
}
