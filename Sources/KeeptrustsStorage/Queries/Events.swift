public import KeeptrustsAPI
public import KeeptrustsCore

extension Transaction {
    public func event(
        _ id: Identifier<DecisionEvent>, in org: Identifier<Organisation>
    ) throws -> DecisionEvent? {
        try rows("SELECT record FROM decision_event WHERE org_id = \(org) AND id = \(id)").first
            .map { try StoredJSON.value(try $0["record"]) }
    }

    /// One page of the events that a filter lets through, the newest first.
    public func events(
        _ filter: EventFilter, _ page: PageRequest, in org: Identifier<Organisation>
    ) throws -> Page<DecisionEvent> {
        var conditions = try filter.conditions(in: org)
        if let cursor = page.cursor {
            let (time, id) = try Cursor.timeAndID(cursor)
            conditions.append("(time, id) < (\(time), \(id))")
        }
        let found = try rows(
            """
            SELECT record FROM decision_event WHERE \(conditions.allOf)
            ORDER BY time DESC, id DESC LIMIT \(page.limitAndOne)
            """
        )
        let events: [DecisionEvent] = try found.map { try StoredJSON.value(try $0["record"]) }
        return Page(events, page) {
            Cursor.text($0.time, $0.id.rawValue)
        }
    }

    /// Numbers that a gateway gave to events which have not arrived, lowest first, at most `limit` stretches.
    ///
    /// Only between numbers that have arrived: what is still in the gateway's spool is no gap. Neither is what arrived and
    /// was removed since.
    public func gaps(
        of gateway: Identifier<Gateway>, limit: Int = 100, in org: Identifier<Organisation>
    ) throws -> [EventGap] {
        try rows(
            """
            SELECT reached, next FROM (
                SELECT MAX(last_sequence) OVER (ORDER BY first_sequence, last_sequence) AS reached,
                    LEAD(first_sequence) OVER (ORDER BY first_sequence, last_sequence) AS next
                FROM (
                    SELECT sequence AS first_sequence, sequence AS last_sequence
                    FROM decision_event WHERE org_id = \(org) AND gateway_id = \(gateway)
                    UNION ALL
                    SELECT first_sequence, last_sequence
                    FROM removed_events WHERE org_id = \(org) AND gateway_id = \(gateway)
                ) AS known
            ) AS numbered
            WHERE next - 1 > reached ORDER BY reached LIMIT \(limit)
            """
        ).map { row in
            let (before, after): (Int, Int) = (try row["reached"], try row["next"])
            return EventGap(gatewayID: gateway, first: before + 1, last: after - 1)
        }
    }
}

extension EventFilter {
    /// What a row of `decision_event` must fulfil.
    func conditions(in org: Identifier<Organisation>) throws -> [SQL] {
        var conditions: [SQL] = ["org_id = \(org)"]
        if let since { conditions.append("time >= \(since)") }
        if let until { conditions.append("time < \(until)") }
        if !decisions.isEmpty { conditions.append("decision IN \(list: decisions)") }
        if !outcomes.isEmpty { conditions.append("outcome IN \(list: outcomes)") }
        if !models.isEmpty { conditions.append("model IN \(list: models)") }
        if !providers.isEmpty { conditions.append("provider IN \(list: providers)") }
        if !gatewayIDs.isEmpty { conditions.append("gateway_id IN \(list: gatewayIDs)") }
        if let keyID { conditions.append("key_id = \(keyID)") }
        if let userID { conditions.append("user_id = \(userID)") }
        if let teamID { conditions.append("team_id = \(teamID)") }
        if let consumerGroup { conditions.append("consumer_group = \(consumerGroup)") }
        if let policy { conditions.append("policy = \(policy)") }
        if let reasonCode { conditions.append("reason_code = \(reasonCode)") }
        if let requestID { conditions.append("request_id = \(requestID)") }
        if let degraded { conditions.append("degraded = \(degraded)") }
        if let text { conditions.append("search LIKE \(try LikePattern(containing: text).text) ESCAPE '!'") }
        return conditions
    }
}
