import KeeptrustsCore

extension DecisionEvent {
    /// Bytes of the id that a gateway may give an event; it may be kept under a longer one, with the gateway's id in it.
    static let longestDeliveredID = 128

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func optional<Value: Decodable>(_ key: CodingKeys) throws -> Value? {
            try container.decodeIfPresent(Value.self, forKey: key)
        }
        self.init(
            id: try container.identifier(.id, prefix: "evt_", longest: 260),
            sequence: try container.count(.sequence),
            // Empty for an exchange before the gateway's first registration; whose it is, the credential says.
            gatewayID: try container.identifier(.gatewayID, prefix: "", mayBeEmpty: true),
            time: try container.decode(Timestamp.self, forKey: .time),
            requestID: try container.decode(String.self, forKey: .requestID),
            keyID: try optional(.keyID),
            userID: try optional(.userID),
            teamID: try optional(.teamID),
            consumerGroup: try optional(.consumerGroup),
            surface: try container.decode(String.self, forKey: .surface),
            stream: try container.decode(Bool.self, forKey: .stream),
            model: try container.decode(String.self, forKey: .model),
            responseModel: try optional(.responseModel),
            target: try optional(.target),
            provider: try optional(.provider),
            config: try container.decode(ConfigReference.self, forKey: .config),
            verdict: try optional(.verdict),
            flagged: try container.decode(Bool.self, forKey: .flagged),
            degraded: try container.decode(Bool.self, forKey: .degraded),
            policy: try optional(.policy),
            reasonCode: try optional(.reasonCode),
            outcome: try container.decode(Outcome.self, forKey: .outcome),
            status: try container.count(.status),
            errorCode: try optional(.errorCode),
            policies: try container.decode([PolicyResult].self, forKey: .policies),
            findings: try container.decode([Finding].self, forKey: .findings),
            attempts: try container.decode([Attempt].self, forKey: .attempts),
            usage: try optional(.usage),
            cost: try optional(.cost),
            timings: try container.decode(Timings.self, forKey: .timings)
        )
        route = try optional(.route)
        escalation = try optional(.escalation)
        retentionDays = try container.days(.retentionDays)
        immutableDays = try container.days(.immutableDays)
        retainedUntil = try optional(.retainedUntil)
        immutableUntil = try optional(.immutableUntil)
    }
}

extension KeyedDecodingContainer<DecisionEvent.CodingKeys> {
    /// An id of letters, digits, `_`, `-` and `.`, at most `longest` bytes.
    fileprivate func identifier<Resource>(
        _ key: Key, prefix: String, longest: Int = 128, mayBeEmpty: Bool = false
    ) throws -> Identifier<Resource> {
        let text = try decode(String.self, forKey: key)
        if mayBeEmpty, text.isEmpty { return Identifier(rawValue: "") }
        let isClean = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."): true
            default: false
            }
        }
        guard isClean, text.hasPrefix(prefix), text.utf8.count > prefix.utf8.count, text.utf8.count <= longest else {
            throw DecodingError.dataCorruptedError(forKey: key, in: self, debugDescription: "not an id")
        }
        return Identifier(rawValue: text)
    }

    /// How long an event may be kept.
    fileprivate func days(_ key: Key) throws -> Int? {
        guard let days = try decodeIfPresent(Int.self, forKey: key) else { return nil }
        guard (1...36_500).contains(days) else {
            throw DecodingError.dataCorruptedError(forKey: key, in: self, debugDescription: "must be 1 to 36500 days")
        }
        return days
    }

    /// A number that cannot be negative.
    fileprivate func count(_ key: Key) throws -> Int {
        let number = try decode(Int.self, forKey: key)
        guard number >= 0 else {
            throw DecodingError.dataCorruptedError(forKey: key, in: self, debugDescription: "must not be negative")
        }
        return number
    }
}
