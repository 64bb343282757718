public import KeeptrustsCore

/// What the gateway decided about one exchange, and what came of it.
///
/// Reads the object that gateways write. A key with a wrong type, a word that is none of its set or an id that could
/// not be one is refused; a key that this version does not know is passed over.
public struct DecisionEvent: Listed, Equatable, Identifiable {
    public static let plural = "events"

    public var id: Identifier<DecisionEvent>

    /// Counts the gateway's events, without gaps.
    public var sequence: Int
    public var gatewayID: Identifier<Gateway>
    public var time: Timestamp
    public var requestID: String
    public var keyID: Identifier<Token>?
    public var userID: String?
    public var teamID: String?
    public var consumerGroup: String?

    /// The dialect that the caller spoke, such as `chat_completions`.
    public var surface: String

    /// The route of the config that the request took.
    public var route: String?
    public var stream: Bool

    /// The model that was asked for.
    public var model: String
    public var responseModel: String?
    public var target: String?
    public var provider: String?
    public var config: ConfigReference

    /// What the policies said; nil when the exchange ended before any of them had judged.
    public var verdict: Verdict?

    /// Whether a policy found something that changed nothing.
    public var flagged: Bool

    /// Whether a policy was passed over because it failed.
    public var degraded: Bool

    /// The id of the policy that decided.
    public var policy: String?
    public var reasonCode: String?

    /// For whom an answer waits that was escalated; nil where the policy that did so does not say.
    public var escalation: Escalation?
    public var outcome: Outcome

    /// The status that the caller got; 0 when it left before one was sent.
    public var status: Int
    public var errorCode: String?
    public var policies: [PolicyResult]

    /// At most 100.
    public var findings: [Finding]
    public var attempts: [Attempt]
    public var usage: Usage?

    /// Nil when no price is known.
    public var cost: Money?
    public var timings: Timings

    /// How long it is kept, from its arrival on (days, 1...36500); nil for without end.
    public var retentionDays: Int?

    /// How long nothing may change or remove it, from its arrival on (days, 1...36500); nil for not at all.
    public var immutableDays: Int?

    /// When it will be removed, and until when nothing may change or remove it; the control plane says so on arrival.
    public var retainedUntil: Timestamp?
    public var immutableUntil: Timestamp?

    /// How the exchange ended.
    public enum Outcome: String, Sendable, Codable, CaseIterable {
        case completed, blocked, failed, cancelled, refused
    }

    enum CodingKeys: String, CodingKey {
        case id, sequence, time, surface, stream, model, target, provider, config, verdict, flagged, degraded, policy
        case route, escalation, outcome, status, policies, findings, attempts, usage, cost, timings
        case gatewayID = "gateway_id"
        case requestID = "request_id"
        case keyID = "key_id"
        case userID = "user_id"
        case teamID = "team_id"
        case consumerGroup = "consumer_group"
        case responseModel = "response_model"
        case reasonCode = "reason_code"
        case errorCode = "error_code"
        case retentionDays = "retention_days"
        case immutableDays = "immutable_days"
        case retainedUntil = "retained_until"
        case immutableUntil = "immutable_until"
    }

    public init(
        id: Identifier<DecisionEvent>, sequence: Int, gatewayID: Identifier<Gateway>, time: Timestamp,
        requestID: String, keyID: Identifier<Token>? = nil, userID: String? = nil, teamID: String? = nil,
        consumerGroup: String? = nil, surface: String, stream: Bool = false, model: String,
        responseModel: String? = nil, target: String? = nil, provider: String? = nil, config: ConfigReference,
        verdict: Verdict? = .allow, flagged: Bool = false, degraded: Bool = false, policy: String? = nil,
        reasonCode: String? = nil, outcome: Outcome = .completed, status: Int = 200, errorCode: String? = nil,
        policies: [PolicyResult] = [], findings: [Finding] = [], attempts: [Attempt] = [], usage: Usage? = nil,
        cost: Money? = nil, timings: Timings
    ) {
        self.id = id
        self.sequence = sequence
        self.gatewayID = gatewayID
        self.time = time
        self.requestID = requestID
        self.keyID = keyID
        self.userID = userID
        self.teamID = teamID
        self.consumerGroup = consumerGroup
        self.surface = surface
        self.stream = stream
        self.model = model
        self.responseModel = responseModel
        self.target = target
        self.provider = provider
        self.config = config
        self.verdict = verdict
        self.flagged = flagged
        self.degraded = degraded
        self.policy = policy
        self.reasonCode = reasonCode
        self.outcome = outcome
        self.status = status
        self.errorCode = errorCode
        self.policies = policies
        self.findings = findings
        self.attempts = attempts
        self.usage = usage
        self.cost = cost
        self.timings = timings
    }
}
