public import KeeptrustsAPI
public import KeeptrustsCore

extension Transaction {
    /// Counts the events that a filter lets through, by decision and stretch of time, and sums what they used.
    ///
    /// - Parameters:
    ///   - filter: Which events; `since` and `until` must be set.
    ///   - bucketSeconds: The length of a stretch; there are at most 2,000 of them.
    ///   - org: Whose events.
    /// - Returns: Counts and sums, over all and by stretch.
    /// - Throws: ``StorageError`` when there would be too many stretches, or none.
    public func eventSummary(
        _ filter: EventFilter, bucketSeconds: Int, in org: Identifier<Organisation>
    ) throws -> EventSummary {
        guard let since = filter.since, let until = filter.until, since < until,
            (1...31_622_400).contains(bucketSeconds),
            (until.rawValue - since.rawValue) / (Int64(bucketSeconds) * 1_000_000) < 2_000
        else {
            throw StorageError(
                .invalidValue, "The time to sum up is empty, or has more than 2,000 buckets.",
                hint: "Name a later end, a later beginning or longer buckets."
            )
        }
        let conditions = try filter.conditions(in: org)
        var buckets: [EventSummary.Bucket] = []
        var total = EventSummary.Tally()
        for row in try tallies(conditions, bucketSeconds) {
            let start: Timestamp = try row["start"]
            if buckets.last?.start != start { buckets.append(.init(start: start, tally: .init())) }
            try buckets[buckets.count - 1].tally.add(row)
            try total.add(row)
        }
        return EventSummary(
            since: since, until: until, bucketSeconds: bucketSeconds, total: total, cost: try cost(conditions),
            buckets: buckets
        )
    }

    private func tallies(_ conditions: [SQL], _ bucketSeconds: Int) throws -> [SQLRow] {
        let width = Int64(bucketSeconds) * 1_000_000
        return try rows(
            """
            SELECT time / \(width) * \(width) AS start, decision, COUNT(*) AS number,
                CAST(SUM(input_tokens) AS BIGINT) AS input_tokens, CAST(SUM(output_tokens) AS BIGINT) AS output_tokens
            FROM decision_event WHERE \(conditions.allOf) GROUP BY 1, 2 ORDER BY 1, 2
            """
        )
    }

    private func cost(_ conditions: [SQL]) throws -> [Money] {
        try rows(
            """
            SELECT cost_currency, CAST(SUM(cost_micros) AS BIGINT) AS micros FROM decision_event
            WHERE \(conditions.allOf) AND cost_micros IS NOT NULL GROUP BY cost_currency ORDER BY cost_currency
            """
        ).map { row in Money(micros: try row["micros"], currency: try row["cost_currency"]) }
    }
}

extension EventSummary.Tally {
    fileprivate mutating func add(_ row: SQLRow) throws {
        let (number, decision): (Int, DecisionEvent.Decision) = (try row["number"], try row["decision"])
        switch decision {
        case .allowed: allowed += number
        case .redacted: redacted += number
        case .flagged: flagged += number
        case .escalated: escalated += number
        case .blocked: blocked += number
        case .refused: refused += number
        case .failed: failed += number
        case .cancelled: cancelled += number
        }
        inputTokens += try row["input_tokens"]
        outputTokens += try row["output_tokens"]
    }
}
