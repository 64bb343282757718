public import NIOCore

/// A text of a message, as the model will read it: located in the body, escapes undone.
public struct Segment: Sendable {
    public var text: ByteBuffer
    public var role: Role
    public var phase: Phase

    public enum Role: String, Sendable, CaseIterable { case system, user, assistant, tool }

    public init(_ text: ByteBuffer, role: Role, phase: Phase) {
        self.text = text
        self.role = role
        self.phase = phase
    }
}

/// Where in an exchange a text stands.
public enum Phase: String, Sendable, CaseIterable, Codable {
    case request, response
    case toolCall = "tool_call"
    case toolResult = "tool_result"
}
