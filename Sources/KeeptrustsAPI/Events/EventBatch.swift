/// The body of `POST /v1/gateway/events`.
///
/// More than ``MachineProtocol/maximumEvents`` are refused.
public struct EventBatch: Sendable, Codable, Equatable {
    public var events: [DecisionEvent]

    private enum CodingKeys: String, CodingKey { case events }

    public init(events: [DecisionEvent]) { self.events = events }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        var list = try container.nestedUnkeyedContainer(forKey: .events)
        events = []
        while !list.isAtEnd {
            guard events.count < MachineProtocol.maximumEvents else {
                throw DecodingError.dataCorruptedError(
                    in: list, debugDescription: "more than \(MachineProtocol.maximumEvents) events")
            }
            events.append(try list.decode(DecisionEvent.self))
        }
    }
}

/// The answer of `POST /v1/gateway/events`: what became of the batch.
public struct EventReceipt: Sendable, Codable, Equatable {
    /// Events that are new.
    public var accepted: Int

    /// Events that were there before, or twice in the batch.
    public var duplicates: Int

    public init(accepted: Int, duplicates: Int) {
        self.accepted = accepted
        self.duplicates = duplicates
    }
}
