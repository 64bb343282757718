import KeeptrustsCore
import KeeptrustsWeb
import Synchronization

/// The conversations of one session.
///
/// In memory, and bounded: what does not fit is refused, so that nothing disappears unasked.
final class Conversations: Sendable {
    private static let maximum = 20
    private static let maximumBytes = 4 << 20

    /// The one that was begun first comes first.
    private let state = Mutex([Conversation]())

    var all: [Conversation] { state.withLock { $0 } }

    /// A line for each, the one that was begun last comes first.
    var entries: [Conversation.Entry] { all.reversed().compactMap(\.entry) }

    /// Finds a conversation.
    ///
    /// - Throws: ``RequestFault`` when this session has none of this id.
    func find(_ id: String) throws(RequestFault) -> Conversation {
        guard let found = all.first(where: { $0.id == id }) else { throw .noSuchConversation }
        return found
    }

    /// Finds the conversation that a message continues, or makes one.
    ///
    /// - Parameters:
    ///   - id: The conversation's id; nil for a new one.
    ///   - bytes: The size of the message.
    /// - Returns: The conversation, which may be empty.
    /// - Throws: ``RequestFault`` when there is none of this id, or no room.
    func open(_ id: String?, for bytes: Int) throws(RequestFault) -> Conversation {
        let size = all.reduce(bytes) { $0 + $1.size }
        guard size <= Self.maximumBytes else { throw .noRoom }
        if let id { return try find(id) }
        let made = Conversation(id: String(UInt64.random(in: .min ... .max), radix: 36))
        let isIn = state.withLock { conversations in
            guard conversations.count < Self.maximum else { return false }
            conversations.append(made)
            return true
        }
        guard isIn else { throw .noRoom }
        return made
    }

    /// Forgets a conversation.
    ///
    /// - Throws: ``RequestFault`` while an answer is being written in it, and when there is none of this id.
    func remove(_ id: String) throws(RequestFault) {
        guard try !find(id).isRunning else { throw .stillRunning }
        state.withLock { $0.removeAll { $0.id == id } }
    }
}

extension RequestFault {
    fileprivate static let noSuchConversation = RequestFault(
        .notFound, code: "chat.no_such_conversation", "This conversation was deleted.",
        hint: "Your message can begin a new one.")
    fileprivate static let noRoom = RequestFault(
        .conflict, code: "chat.no_room", "This session holds as many conversations as it can.",
        hint: "Delete one that you no longer need.")
    fileprivate static let stillRunning = RequestFault(
        .conflict, code: "chat.busy", "An answer is still being written in this conversation.", hint: "Stop it first.")
}
