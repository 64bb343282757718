import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsWeb
import Synchronization

/// One conversation of a person: what was asked and answered, and what the gateway decided.
///
/// In memory, and bounded; ends with the session.
final class Conversation: Sendable {
    private let state = Mutex(State())

    private struct State {
        var turns: [Turn] = []
        var isRunning = false
    }

    /// A message and its answer.
    struct Turn: Sendable, Encodable {
        var text: String
        var model: String
        var answer = ""

        /// How the answer ended: `stop`, `length`, `content_filter`, `stopped` or `cut`.
        var state = "cut"
        var requestID: String?
        var refusal: Refusal?
        var decision: DecisionEvent?

        /// The place of the message among the texts of its exchange.
        var segment = 0

        private enum CodingKeys: String, CodingKey {
            case text, model, answer, state, refusal, decision, segment
            case requestID = "request_id"
        }
    }

    private static let maximumTurns = 200
    private static let maximumBytes = 1 << 20

    var turns: [Turn] { state.withLock { $0.turns } }

    /// Adds a message whose answer is about to come.
    ///
    /// - Returns: The turns before it that have answers, as far as they fit into one request.
    /// - Throws: ``RequestFault`` while another answer is being written, or when the conversation is full.
    func begin(_ text: String, model: String) throws(RequestFault) -> [Turn] {
        let earlier: Result<[Turn], RequestFault> = state.withLock { state in
            guard !state.isRunning else { return .failure(.busy) }
            let size = state.turns.reduce(text.utf8.count) { $0 + $1.text.utf8.count + $1.answer.utf8.count }
            guard state.turns.count < Self.maximumTurns, size <= Self.maximumBytes else { return .failure(.full) }
            state.isRunning = true
            defer { state.turns.append(Turn(text: text, model: model)) }
            return .success(state.turns.filter { $0.refusal == nil && !$0.answer.isEmpty })
        }
        return try earlier.get()
    }

    /// Changes the turn that runs.
    func update(_ change: (inout Turn) -> Void) {
        state.withLock { state in
            guard state.isRunning, !state.turns.isEmpty else { return }
            change(&state.turns[state.turns.count - 1])
        }
    }

    /// The turn that ran is over.
    func end() { state.withLock { $0.isRunning = false } }

    /// Notes what was decided, once it is known.
    func decide(_ event: DecisionEvent, on requestID: String) {
        state.withLock { state in
            for index in state.turns.indices where state.turns[index].requestID == requestID {
                state.turns[index].decision = event
            }
        }
    }

    func clear() { state.withLock { $0.turns = [] } }
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
}

extension RequestFault {
    fileprivate static let busy = RequestFault(
        .conflict, code: "chat.busy", "The last answer is still being written.", hint: "Stop it first.")
    fileprivate static let full = RequestFault(
        .conflict, code: "chat.full", "This conversation is too long.", hint: "Start a new one.")
}
