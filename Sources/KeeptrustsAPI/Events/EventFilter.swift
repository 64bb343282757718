public import KeeptrustsCore

/// Which events are asked for; every field that is set must hold.
public struct EventFilter: Sendable, Equatable {
    /// From this moment on.
    public var since: Timestamp?

    /// Before this moment.
    public var until: Timestamp?

    /// Any of these; empty means all.
    public var decisions: [DecisionEvent.Decision] = []
    public var outcomes: [DecisionEvent.Outcome] = []
    public var models: [String] = []
    public var providers: [String] = []
    public var gatewayIDs: [Identifier<Gateway>] = []
    public var keyID: Identifier<Token>?
    public var userID: String?
    public var teamID: String?
    public var consumerGroup: String?
    public var policy: String?
    public var reasonCode: String?
    public var requestID: String?
    public var degraded: Bool?

    /// A text that the id, the request id, the key's id, the model or the reason code holds, in any case of its ASCII
    /// letters.
    public var text: String?

    public init() {}
}
