public import KeeptrustsCore

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
            let event = try list.decode(DecisionEvent.self)
            guard event.id.rawValue.utf8.count <= DecisionEvent.longestDeliveredID else {
                throw DecodingError.dataCorruptedError(in: list, debugDescription: "not an id")
            }
            events.append(event)
        }
    }
}

/// The answer of `POST /v1/gateway/events`: what became of the batch.
public struct EventReceipt: Sendable, Codable, Equatable {
    /// Events that are new.
    public var accepted: Int

    /// Events of this gateway that were there before, or twice in the batch.
    public var duplicates: Int

    /// Events whose id an event of another gateway has, and which are kept under another one; not told to the gateway.
    public var claimed: [Claim]

    /// An id that two gateways gave to an event.
    public struct Claim: Sendable, Equatable {
        public var id: Identifier<DecisionEvent>

        /// The gateway whose event bears it.
        public var holder: Identifier<Gateway>

        public init(id: Identifier<DecisionEvent>, holder: Identifier<Gateway>) {
            self.id = id
            self.holder = holder
        }
    }

    private enum CodingKeys: String, CodingKey { case accepted, duplicates }

    public init(accepted: Int, duplicates: Int, claimed: [Claim] = []) {
        self.accepted = accepted
        self.duplicates = duplicates
        self.claimed = claimed
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            accepted: try container.decode(Int.self, forKey: .accepted),
            duplicates: try container.decode(Int.self, forKey: .duplicates))
    }
}
