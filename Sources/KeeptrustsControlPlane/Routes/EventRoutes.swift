import HTTPTypes
import Hummingbird
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsStorage
import KeeptrustsWeb

/// The resource `/v1/events`.
struct EventRoutes {
    let plane: Plane

    var routes: RouteCollection<APIContext> {
        RouteCollection(context: APIContext.self)
            .get(use: list)
            .get("summary", use: summary)
            .get("own", use: own)
            .get(":id", use: show)
    }

    private func list(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.eventsRead)
        let query = try Query(request, allowing: .paging.union(EventFilter.parameters), synonyms: EventFilter.synonyms)
        let (filter, page) = (try EventFilter(query, at: plane.now()), try query.page())
        return try answer(
            try await plane.database.read { try $0.events(filter, page, in: principal.organisation) })
    }

    /// The events of a chat session's own key, for a person who may see no others.
    ///
    /// They are found by the key, which the gateway knew each caller by: a user's id can be one that an application
    /// named.
    private func own(_ request: Request, context: APIContext) async throws -> Response {
        try context.require(.chatUse)
        let (principal, _, session) = try context.requirePerson()
        let query = try Query(request, allowing: .paging.union(["request_id"]))
        var filter = EventFilter()
        (filter.keyID, filter.requestID) = (session.chatToken, query["request_id"])
        let (asked, page) = (filter, try query.page())
        return try answer(
            try await plane.database.read { try $0.events(asked, page, in: principal.organisation) })
    }

    private func show(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.eventsRead)
        let id: Identifier<DecisionEvent> = try context.identifier()
        let event = try await plane.database.read { try $0.event(id, in: principal.organisation) }
        guard let event else { throw NotFound(what: "event") }
        return try answer(event)
    }

    /// Sums over the last day, or over what `since` and `until` say, in buckets.
    private func summary(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.eventsRead)
        let query = try Query(
            request, allowing: EventFilter.parameters.union(["bucket_seconds"]), synonyms: EventFilter.synonyms)
        let now = plane.now()
        var filter = try EventFilter(query, at: now)
        let until = filter.until ?? now
        let since = filter.since ?? until.advanced(by: .seconds(-86_400))
        guard since < until else { throw RequestFault.field("since", "The beginning must be before the end.") }
        (filter.since, filter.until) = (since, until)
        let seconds = max(1, Int((until.rawValue - since.rawValue) / 1_000_000))
        let bucket = try query.number("bucket_seconds", in: 1...31_622_400) ?? max(60, seconds / 96)
        guard seconds / bucket < 2_000 else {
            throw RequestFault.field("bucket_seconds", "This makes more than 2,000 buckets.")
        }
        let asked = filter
        return try answer(
            try await plane.database.read {
                try $0.eventSummary(asked, bucketSeconds: bucket, in: principal.organisation)
            })
    }
}

extension EventFilter {
    static let parameters: Set<String> = [
        "since", "until", "decision", "outcome", "model", "provider", "gateway_id", "key_id", "user_id", "team_id",
        "consumer_group", "policy", "reason_code", "request_id", "degraded", "q",
    ]

    /// One word says how an exchange came out; records have several for that.
    static let synonyms = ["verdict": "decision", "flagged": "decision", "status": "outcome"]

    init(_ query: Query, at now: Timestamp) throws {
        self.init()
        since = try query.moment("since", at: now)
        until = try query.moment("until", at: now)
        decisions = try query.words("decision", of: DecisionEvent.Decision.self)
        outcomes = try query.words("outcome", of: DecisionEvent.Outcome.self) { word in
            DecisionEvent.Decision(rawValue: word).map { "Did you mean 'decision=\($0.rawValue)'?" }
        }
        models = query.list("model")
        providers = query.list("provider")
        gatewayIDs = query.list("gateway_id").map { Identifier(rawValue: $0) }
        for (name, list) in [("model", models), ("provider", providers), ("gateway_id", query.list("gateway_id"))]
        where list.count > 50 {
            throw RequestFault.field(name, "At most 50 values.")
        }
        keyID = query["key_id"].map { Identifier(rawValue: $0) }
        userID = query["user_id"]
        teamID = query["team_id"]
        consumerGroup = query["consumer_group"]
        policy = query["policy"]
        reasonCode = query["reason_code"]
        requestID = query["request_id"]
        degraded = try query.flag("degraded")
        text = query["q"]
    }
}
