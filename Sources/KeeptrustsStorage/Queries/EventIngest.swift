public import KeeptrustsAPI
public import KeeptrustsCore

extension Transaction {
    /// Takes in what a gateway delivers; an event of its own that is there already counts as a duplicate and stays as it
    /// is.
    ///
    /// An event whose id another gateway's event has is kept beside it, under ``DecisionEvent/id(_:of:)``: no gateway can
    /// keep out what another one will deliver. Whatever an event says of its gateway, `gateway` is where it came from. The
    /// filter columns hold numbers cut to a sane range and texts cut to a length, without NUL, so that no event is refused
    /// for what a caller or a provider made it say; the record itself keeps them.
    public func ingest(
        _ events: [DecisionEvent], from gateway: Identifier<Gateway>, in org: Identifier<Organisation>,
        at now: Timestamp
    ) throws -> EventReceipt {
        // In the order of ids, so that two deliveries of the same events do not wait for each other.
        let own = events.map { $0.delivered(by: gateway, at: now) }.sorted { $0.id.rawValue < $1.id.rawValue }
        var accepted = try insert(own, in: org, at: now)
        var claimed: [EventReceipt.Claim] = []
        if accepted < own.count {
            let claims = try claims(of: own, by: gateway, in: org)
            let ids = Set(claims.map(\.id))
            let beside = own.filter { ids.contains($0.id) }.map { event in
                var event = event
                event.id = DecisionEvent.id(event.id, of: gateway)
                return event
            }
            let kept = try insert(beside, in: org, at: now)
            accepted += kept
            if kept > 0 { claimed = claims }
        }
        let keys = Set(events.compactMap(\.keyID)).sorted { $0.rawValue < $1.rawValue }
        if accepted > 0 { try touch(keys, in: org, at: now) }
        return EventReceipt(accepted: accepted, duplicates: events.count - accepted, claimed: claimed)
    }

    /// Which events bear an id that an event of another gateway has.
    private func claims(
        of events: [DecisionEvent], by gateway: Identifier<Gateway>, in org: Identifier<Organisation>
    ) throws -> [EventReceipt.Claim] {
        try rows(
            """
            SELECT id, gateway_id FROM decision_event
            WHERE org_id = \(org) AND gateway_id <> \(gateway) AND id IN \(list: events.map(\.id)) ORDER BY id
            """
        ).map { row in EventReceipt.Claim(id: try row["id"], holder: try row["gateway_id"]) }
    }

    /// Adds the events whose ids are free; the result counts them.
    private func insert(
        _ events: [DecisionEvent], in org: Identifier<Organisation>, at now: Timestamp
    ) throws -> Int {
        var batch = SQLBatch(into: "decision_event", Self.eventColumns)
        for event in events { try batch.append(try event.values(in: org, received: now)) }
        return try insert(batch)
    }

    private static var eventColumns: [SQLBatch.Column] {
        [
            .init("org_id", .text), .init("id", .text), .init("gateway_id", .text), .init("sequence", .integer),
            .init("time", .integer), .init("received", .integer), .init("request_id", .text), .init("key_id", .text),
            .init("user_id", .text), .init("team_id", .text), .init("consumer_group", .text), .init("model", .text),
            .init("provider", .text), .init("verdict", .text), .init("flagged", .boolean),
            .init("degraded", .boolean), .init("decision", .text), .init("policy", .text),
            .init("reason_code", .text), .init("outcome", .text), .init("status", .integer),
            .init("input_tokens", .integer), .init("output_tokens", .integer), .init("cost_micros", .integer),
            .init("cost_currency", .text), .init("total_us", .integer), .init("search", .text),
            .init("record", .text), .init("retained_until", .integer), .init("immutable_until", .integer),
        ]
    }
}

extension DecisionEvent {
    /// Parts the id that an event came with from the gateway that it is of.
    private static let ofGateway = ".of."

    /// The id under which an event is kept whose own is taken: `<id>.of.<gateway>`.
    static func id(_ id: Identifier<Self>, of gateway: Identifier<Gateway>) -> Identifier<Self> {
        Identifier(rawValue: id.rawValue + ofGateway + gateway.rawValue)
    }

    /// The event as it came from `gateway`, with an id that is of that gateway if it says of which one it is.
    ///
    /// It is kept from now on, by our clock: a gateway whose clock is wrong shortens nothing, nor does an outage.
    fileprivate func delivered(by gateway: Identifier<Gateway>, at now: Timestamp) -> Self {
        var event = self
        event.gatewayID = gateway
        event.retainedUntil = retentionDays.map { now.advanced(by: .seconds($0 * 86_400)) }
        event.immutableUntil = immutableDays.map { now.advanced(by: .seconds($0 * 86_400)) }
        if id.rawValue.contains(Self.ofGateway) { event.id = Self.id(id, of: gateway) }
        return event
    }

    /// The most tokens, micro-units of money and microseconds that a column of one event holds.
    private static let maximumNumber = 100_000_000_000

    /// The row, in the order of `eventColumns`.
    fileprivate func values(in org: Identifier<Organisation>, received: Timestamp) throws -> [SQLValue] {
        [
            org.sqlValue, id.sqlValue, gatewayID.sqlValue, sequence.sqlValue, time.sqlValue, received.sqlValue,
            Self.column(requestID), Self.column(keyID?.rawValue), Self.column(userID), Self.column(teamID),
            Self.column(consumerGroup), Self.column(model), Self.column(provider), verdict?.sqlValue ?? .text("none"),
            flagged.sqlValue, degraded.sqlValue, decision.sqlValue, Self.column(policy), Self.column(reasonCode),
            outcome.sqlValue,
            Self.column(status), Self.column(usage?.inputTokens ?? 0), Self.column(usage?.outputTokens ?? 0),
            cost.map { Self.column(Int($0.micros)) } ?? .null, Self.column(cost?.currency),
            Self.column(timings.totalUS), Self.column(search, maximum: 1_280), .text(try StoredJSON.text(self)),
            retainedUntil?.sqlValue ?? .null, immutableUntil?.sqlValue ?? .null,
        ]
    }

    /// What ``EventFilter/text`` is looked for in.
    private var search: String {
        [id.rawValue, requestID, model, reasonCode ?? "", keyID?.rawValue ?? ""].map { Self.cut($0, to: 250) }
            .joined(separator: "\n").asciiLowercased
    }

    private static func column(_ number: Int) -> SQLValue { .integer(Int64(min(max(number, 0), maximumNumber))) }

    private static func column(_ text: String?, maximum: Int = 256) -> SQLValue {
        text.map { .text(cut($0, to: maximum)) } ?? .null
    }

    /// At most so many bytes, whole characters, and U+FFFD for NUL.
    static func cut(_ text: String, to maximum: Int) -> String {
        if text.utf8.count <= maximum, !text.utf8.contains(0) { return text }
        var short = String.UnicodeScalarView()
        var length = 0
        for scalar in text.unicodeScalars {
            let clean = scalar == "\0" ? "\u{FFFD}" : scalar
            length += clean.utf8.count
            guard length <= maximum else { break }
            short.append(clean)
        }
        return String(short)
    }
}
