import KeeptrustsCore
import KeeptrustsMatching
import NIOCore

/// What a policy that judges by code is given: the texts, what its rules found in them, and the facts of the exchange.
struct Examination {
    /// Every text that is judged together, in the order in which they are sent; those of other phases, too.
    let segments: [Segment]

    /// The texts that the policy has an opinion on: of its phases, and of a role that it reads.
    let own: [Int]

    /// What its rules matched in its own texts, in their order.
    let matches: [LocatedMatch]
    let stage: ExchangeStage
    let facts: ExchangeFacts

    /// What searches by ``Expression`` work with; nil when there was no memory for it.
    let scratch: PatternScratch?

    /// What the policies of the event loop remember, and the id under which this one does; nil for one that does not.
    let memory: PolicyMemory?
    let policy: String

    /// What the policies of the chain have said so far, in its order.
    let said: [PolicyResult]

    /// A place in one of the texts where a rule of the policy matched.
    struct LocatedMatch: Equatable {
        /// Which of the texts.
        var segment: Int
        var match: RuleMatch
    }

    /// What the policy's rules matched in one text, in its order.
    func matches(in segment: Int) -> ArraySlice<LocatedMatch> {
        guard let first = matches.firstIndex(where: { $0.segment == segment }) else { return [] }
        return matches[first...].prefix { $0.segment == segment }
    }

    /// Reads one text as it was sent and then, where that differs, in other ways.
    ///
    /// - Parameters:
    ///   - segment: Which of the texts.
    ///   - readings: The ways.
    ///   - body: Takes the text's bytes, which it must not keep, and the way back to the text as it was sent; nil where
    ///     it is that.
    func read(
        _ segment: Int, _ readings: Set<Reading>, _ body: (UnsafeRawBufferPointer, TextView?) throws -> Void
    ) rethrows {
        try segments[segment].text.withUnsafeReadableBytes { text in
            try body(text, nil)
            guard text.contains(where: { $0 >= 0x80 }) else { return }
            for (_, view) in Views.of(text, readings.subtracting([.plain])) {
                try view.bytes.withUnsafeBytes { try body($0, view) }
            }
        }
    }
}

extension Examination {
    /// What searches by ``Expression`` work with.
    ///
    /// - Throws: ``MatchFailure`` when there was no memory for it: the policy fails then.
    func searching() throws(MatchFailure) -> PatternScratch {
        guard let scratch else { throw MatchFailure(code: 0) }
        return scratch
    }

    /// What the policy remembers under a key, made anew when it was not used for `idle`.
    ///
    /// - Parameters:
    ///   - key: Which of its states, such as the session.
    ///   - idle: How long the state lives without being used.
    ///   - initial: Makes the state.
    /// - Returns: The state; what is changed in it is remembered.
    func remember<State>(_ key: String, for idle: Duration, _ initial: () -> State) -> Remembered<State> {
        memory?.state(key, of: policy, idle: idle, at: facts.uptime, initial) ?? Remembered(initial())
    }

    /// A call of a tool: the tool's name, and what it is given.
    struct Call {
        var name: String

        /// As they are sent; empty when there are none.
        var arguments: ByteBuffer

        /// The text that stands for the call: its arguments, or its name where it has none.
        var segment: Int
    }

    /// The calls among the policy's own texts, in their order.
    var calls: [Call] { Self.calls(in: segments, own) }

    /// Refuses a call that names no tool: what it would do is not known.
    ///
    /// - Parameter kind: The name of the kind in codes.
    /// - Returns: The refusal; nil when all calls have names.
    func refusalOfNamelessCall(_ kind: String) -> Opinion? {
        guard let call = calls.first(where: \.name.isEmpty) else { return nil }
        let finding = Finding("tool.nameless", at: 0..<length(of: call.segment))
        return .block(
            "\(kind).malformed_call", "A call names no tool.", [LocatedFinding(segment: call.segment, finding)])
    }

    /// The calls among all of some texts, in their order.
    static func calls(in segments: [Segment]) -> [Call] { calls(in: segments, segments.indices) }

    private static func calls(in segments: [Segment], _ numbers: some Sequence<Int>) -> [Call] {
        var calls: [Call] = []
        var last: ToolUse?
        for number in numbers where segments[number].phase == .toolCall {
            guard let tool = segments[number].tool, tool.part != .fragment else { continue }
            let isArguments = tool.part == .arguments
            let call = Call(
                name: tool.name, arguments: isArguments ? segments[number].text : ByteBuffer(), segment: number)
            if last?.call != tool.call || isArguments && last?.part == .arguments {
                calls.append(call)
            } else if isArguments {
                calls[calls.count - 1] = call
            }
            last = tool
        }
        return calls
    }

    /// The length of a text (bytes).
    func length(of segment: Int) -> Int { segments[segment].text.readableBytes }
}

/// What a policy that judges by code says of the texts that it was given.
struct Opinion: Equatable {
    var decision = Decision.allow

    /// What it saw, apart from what its rules matched.
    var findings: [LocatedFinding] = []

    /// What to replace; a span without bytes inserts.
    ///
    /// Made only where the decision lets the texts pass.
    var edits: [Redaction] = []

    /// Of answers that another text takes the place of, by their choices, which of the texts holds that after the edits.
    var replaced: [Int32: Int] = [:]

    /// What was counted of the calls of an answer, in case that it does not go out.
    var counted: [CountedCall] = []

    /// Nothing was seen.
    static let clean = Opinion()

    static func block(_ code: String, _ message: String, _ findings: [LocatedFinding] = []) -> Self {
        Opinion(decision: Decision(verdict: .block, reason: Reason(code: code, message: message)), findings: findings)
    }
}
