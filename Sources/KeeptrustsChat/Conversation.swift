import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsWeb
import Synchronization

/// One conversation of a person: what was asked and answered, and what the gateway decided.
///
/// In memory, and bounded; ends with the session.
final class Conversation: Sendable {
    let id: String
    private let state = Mutex(State())

    private struct State {
        var turns: [Turn] = []

        /// The turn whose answer is being written.
        var running: Int?
    }

    /// A message and its answer.
    struct Turn: Sendable, Encodable {
        var text: String
        var model: String
        var answer = ""

        /// How the answer ended: `stop`, `length`, `content_filter`, `stopped` or `cut`.
        var state = "cut"
        var requestID: String?

        /// What the gateway's answer said of the request before the record is there: a verdict, such as `redact`.
        var verdict: String?
        var flagged = false
        var refusal: Refusal?
        var decision: DecisionEvent?

        /// The place of the message among the texts of its exchange.
        var segment = 0

        private enum CodingKeys: String, CodingKey {
            case text, model, answer, state, verdict, flagged, refusal, decision, segment
            case requestID = "request_id"
        }
    }

    /// All that was said, as the page shows it.
    struct Record: Encodable {
        var id: String
        var turns: [Turn]

        /// Whether the last answer is still being written.
        var running: Bool
    }

    /// A line of the list of conversations.
    struct Entry: Encodable, Equatable {
        var id: String

        /// The beginning of the first line that was asked.
        var title: String

        /// The model that was asked last.
        var model: String
    }

    private static let maximumTurns = 200
    private static let maximumBytes = 1 << 20

    init(id: String) { self.id = id }

    var turns: [Turn] { state.withLock { $0.turns } }

    var isRunning: Bool { state.withLock { $0.running != nil } }

    var record: Record { state.withLock { Record(id: id, turns: $0.turns, running: $0.running != nil) } }

    /// Nil while nothing was asked.
    var entry: Entry? {
        state.withLock { state in
            guard let first = state.turns.first, let last = state.turns.last else { return nil }
            let line = first.text.prefix { !$0.isNewline }
            return Entry(id: id, title: String(line.prefix(80)), model: last.model)
        }
    }

    /// The size of its texts (bytes).
    var size: Int { state.withLock { $0.turns.reduce(0) { $0 + $1.text.utf8.count + $1.answer.utf8.count } } }

    /// Adds a message whose answer is about to come.
    ///
    /// - Returns: The turn's number, and the turns before it that have answers.
    /// - Throws: ``RequestFault`` while another answer is being written, or when the conversation is full.
    func begin(_ text: String, model: String) throws(RequestFault) -> (turn: Int, earlier: [Turn]) {
        let begun: Result<(turn: Int, earlier: [Turn]), RequestFault> = state.withLock { state in
            guard state.running == nil else { return .failure(.busy) }
            let size = state.turns.reduce(text.utf8.count) { $0 + $1.text.utf8.count + $1.answer.utf8.count }
            guard state.turns.count < Self.maximumTurns, size <= Self.maximumBytes else { return .failure(.full) }
            let turn = state.turns.count
            state.running = turn
            defer { state.turns.append(Turn(text: text, model: model)) }
            return .success((turn, state.turns.filter { !$0.answer.isEmpty }))
        }
        return try begun.get()
    }

    /// Changes a turn while it runs.
    func update(_ turn: Int, _ change: (inout Turn) -> Void) {
        state.withLock { state in
            guard state.running == turn else { return }
            change(&state.turns[turn])
        }
    }

    /// A turn is over; the next one may begin.
    func end(_ turn: Int) {
        state.withLock { state in
            if state.running == turn { state.running = nil }
        }
    }

    /// Notes what was decided, once it is known.
    func decide(_ event: DecisionEvent, on requestID: String) {
        state.withLock { state in
            for index in state.turns.indices where state.turns[index].requestID == requestID {
                state.turns[index].decision = event
            }
        }
    }
}

/// Why there is no answer, or none to show.
struct Refusal: Sendable, Encodable, Equatable {
    var status: Int
    var type: String
    var code: String
    var message: String
    var hint: String?
    var policy: String?

    /// `response` when it was the answer that a policy stopped.
    var phase: String?

    /// Seconds to wait before asking again.
    var retryAfter: Int?
    var escalationID: String?

    enum CodingKeys: String, CodingKey {
        case status, type, code, message, hint, policy, phase
        case retryAfter = "retry_after"
        case escalationID = "escalation_id"
    }

    /// Whether a policy decided so; then nothing of the answer may stay.
    var isOfPolicy: Bool { type == "policy_violation" || type == "escalation_required" }
}

extension RequestFault {
    fileprivate static let busy = RequestFault(
        .conflict, code: "chat.busy", "The last answer is still being written.", hint: "Stop it first.")
    fileprivate static let full = RequestFault(
        .conflict, code: "chat.full", "This conversation is too long.", hint: "Start a new one.")
}
