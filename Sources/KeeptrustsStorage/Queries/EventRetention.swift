public import KeeptrustsAPI
public import KeeptrustsCore

extension Transaction {
    /// Removes events whose retention is over, those first that ended first, at most `limit`; the result counts them.
    ///
    /// The database's own clock decides, as it does for what may not be removed yet. Several processes may do this: they
    /// take turns. Which numbers the events had stays known, so that ``gaps(of:limit:in:)`` does not name them.
    public func removeEndedEvents(limit: Int = 2_000, in org: Identifier<Organisation>) throws -> Int {
        try lock("retention:\(org.rawValue)")
        let now = engine.clock
        let ended = try rows(
            """
            SELECT id, gateway_id, sequence FROM decision_event
            WHERE org_id = \(org) AND retained_until <= \(now) AND (immutable_until IS NULL OR immutable_until <= \(now))
            ORDER BY retained_until LIMIT \(limit)
            """
        )
        guard !ended.isEmpty else { return 0 }
        var ids: [Identifier<DecisionEvent>] = []
        var numbers: [Identifier<Gateway>: [Int]] = [:]
        for row in ended {
            ids.append(try row["id"])
            let (gateway, number): (Identifier<Gateway>, Int) = (try row["gateway_id"], try row["sequence"])
            numbers[gateway, default: []].append(number)
        }
        for (gateway, numbers) in numbers {
            for stretch in numbers.stretches { try noteRemoved(stretch, of: gateway, in: org) }
        }
        return try execute("DELETE FROM decision_event WHERE org_id = \(org) AND id IN \(list: ids)")
    }

    /// Notes a stretch of numbers, as one with those that it touches.
    private func noteRemoved(
        _ stretch: ClosedRange<Int>, of gateway: Identifier<Gateway>, in org: Identifier<Organisation>
    ) throws {
        var (first, last) = (stretch.lowerBound, stretch.upperBound)
        let touching = try rows(
            """
            DELETE FROM removed_events WHERE org_id = \(org) AND gateway_id = \(gateway)
                AND last_sequence >= \(first - 1) AND first_sequence - 1 <= \(last)
            RETURNING first_sequence, last_sequence
            """
        )
        for row in touching {
            first = min(first, try row["first_sequence"])
            last = max(last, try row["last_sequence"])
        }
        try execute(
            """
            INSERT INTO removed_events (org_id, gateway_id, first_sequence, last_sequence)
            VALUES (\(org), \(gateway), \(first), \(last))
            """
        )
    }
}

extension SQLEngine {
    /// What time it is, in microseconds since 1970.
    fileprivate var clock: SQL {
        switch self {
        case .sqlite: "unixepoch() * 1000000"
        case .postgres: "CAST(EXTRACT(EPOCH FROM now()) * 1000000 AS BIGINT)"
        }
    }
}

extension [Int] {
    /// The numbers, none negative, as stretches without gaps.
    fileprivate var stretches: [ClosedRange<Int>] {
        sorted().reduce(into: []) { stretches, number in
            if let last = stretches.last, number - 1 <= last.upperBound {
                stretches[stretches.count - 1] = last.lowerBound...number
            } else {
                stretches.append(number...number)
            }
        }
    }
}
