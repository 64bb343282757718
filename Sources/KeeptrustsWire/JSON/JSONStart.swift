/// With what a text begins.
public enum JSONStart: Sendable {
    /// A text of any kind, JSON or not.
    case text

    /// A member of an object, from its key on.
    case member

    /// A value.
    case value
}
