public import NIOCore

/// A text of a message, as the model will read it: located in the body, escapes undone.
public struct Segment: Sendable {
    public var text: ByteBuffer
    public var role: Role
    public var phase: Phase

    /// The tool that a text of the phases `.toolCall` and `.toolResult` is for or from; nil where that is not known.
    public var tool: ToolUse?

    /// The choice whose answer this text is; nil for thoughts, refusals, names, and all that is not an answer.
    public var choice: Int32?

    /// The choice that refuses to answer in this text, or says it aloud: what its caller has where it has no content.
    public var spoken: Int32?

    /// Several texts of one message, put together as a model reads them; each of them is judged by itself, too.
    public var isJoined = false

    public enum Role: String, Sendable, CaseIterable { case system, user, assistant, tool }

    public init(_ text: ByteBuffer, role: Role, phase: Phase, tool: ToolUse? = nil, choice: Int32? = nil) {
        self.text = text
        self.role = role
        self.phase = phase
        self.tool = tool
        self.choice = choice
    }
}

/// Which part of which use of a tool a text is.
public struct ToolUse: Sendable, Equatable {
    public enum Part: Sendable, Equatable {
        /// The tool's name itself.
        case name

        /// The arguments as they are sent: for most tools a JSON object.
        case arguments

        /// A string or key of the arguments as whoever carries the call out will read it.
        case fragment

        /// What the tool has answered.
        case result
    }

    public var name: String
    public var part: Part

    /// The number of the call among those that are judged together; all texts of one call stand side by side.
    public var call: Int32

    public init(_ name: String, _ part: Part, call: Int32 = 0) {
        self.name = name
        self.part = part
        self.call = call
    }
}

/// Where in an exchange a text stands.
public enum Phase: String, Sendable, CaseIterable, Codable {
    case request, response
    case toolCall = "tool_call"
    case toolResult = "tool_result"
}
