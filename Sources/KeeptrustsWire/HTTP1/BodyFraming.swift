/// How the end of a body is found (RFC 9112 §6).
public enum BodyFraming: Sendable, Equatable {
    case none
    case length(Int)
    case chunked

    /// The body ends with the connection: answers only.
    case untilClose
}
