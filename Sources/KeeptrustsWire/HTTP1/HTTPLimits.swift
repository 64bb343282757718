/// How large a head may be.
public struct HTTPLimits: Sendable, Equatable {
    /// The bytes of a head, from the first line to the empty line.
    public var maxHeadBytes = 65_536
    public var maxFields = 128
    public var maxTargetBytes = 8_192

    /// The answers with a status of 1xx that may precede the answer itself.
    public var maxInterimHeads = 8

    public init() {}
}
