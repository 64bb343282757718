public import KeeptrustsCore

extension DecisionEvent {
    /// What one policy of the chain said, or that it did not run.
    public struct PolicyResult: Sendable, Codable, Equatable {
        public var id: String
        public var kind: String
        public var phase: Phase
        public var verdict: Verdict
        public var reasonCode: String?
        public var skipped: Bool

        /// True where it was skipped because the caller's group or the route names other policies.
        public var leftOut: Bool?

        private enum CodingKeys: String, CodingKey {
            case id, kind, phase, verdict, skipped
            case reasonCode = "reason_code"
            case leftOut = "left_out"
        }

        public init(
            id: String, kind: String, phase: Phase, verdict: Verdict, reasonCode: String? = nil, skipped: Bool = false
        ) {
            self.id = id
            self.kind = kind
            self.phase = phase
            self.verdict = verdict
            self.reasonCode = reasonCode
            self.skipped = skipped
        }

        /// Reads what a gateway recorded: it leaves out a kind that is the id, and `skipped` where the policy ran.
        public init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            id = try values.decode(String.self, forKey: .id)
            kind = try values.decodeIfPresent(String.self, forKey: .kind) ?? id
            phase = try values.decode(Phase.self, forKey: .phase)
            verdict = try values.decode(Verdict.self, forKey: .verdict)
            reasonCode = try values.decodeIfPresent(String.self, forKey: .reasonCode)
            skipped = try values.decodeIfPresent(Bool.self, forKey: .skipped) ?? false
            leftOut = try values.decodeIfPresent(Bool.self, forKey: .leftOut)
        }
    }

    /// Where a policy saw what; never the text itself.
    public struct Finding: Sendable, Codable, Equatable {
        public var policy: String
        public var category: String
        public var phase: Phase

        /// Counts the texts of the exchange from 0.
        public var segment: Int

        /// Bytes of the text, from `start` to before `end`.
        public var start: Int
        public var end: Int

        /// 0...1.
        public var confidence: Double

        public init(
            policy: String, category: String, phase: Phase, segment: Int, start: Int, end: Int, confidence: Double = 1
        ) {
            self.policy = policy
            self.category = category
            self.phase = phase
            self.segment = segment
            self.start = start
            self.end = end
            self.confidence = confidence
        }
    }

    /// One call to one target.
    public struct Attempt: Sendable, Codable, Equatable {
        public var target: String
        public var status: Int?
        public var error: String?

        /// Microseconds.
        public var durationUS: Int

        private enum CodingKeys: String, CodingKey {
            case target, status, error
            case durationUS = "duration_us"
        }

        public init(target: String, status: Int? = nil, error: String? = nil, durationUS: Int) {
            self.target = target
            self.status = status
            self.error = error
            self.durationUS = durationUS
        }
    }

    /// For whom an escalated answer waits, and until when.
    public struct Escalation: Sendable, Codable, Equatable {
        /// What becomes of the answer then.
        public enum Ending: String, Sendable, Codable, CaseIterable { case block }

        /// A person or a group, as the config names them; nil for whoever comes first.
        public var assignee: String?
        public var expiresAt: Timestamp
        public var onTimeout: Ending

        private enum CodingKeys: String, CodingKey {
            case assignee
            case expiresAt = "expires_at"
            case onTimeout = "on_timeout"
        }

        public init(assignee: String? = nil, expiresAt: Timestamp, onTimeout: Ending = .block) {
            self.assignee = assignee
            self.expiresAt = expiresAt
            self.onTimeout = onTimeout
        }
    }

    /// How long what took, in microseconds.
    public struct Timings: Sendable, Codable, Equatable {
        public var totalUS: Int
        public var upstreamUS: Int?
        public var firstByteUS: Int?
        public var policyUS: Int

        /// What services outside, which policies ask, were waited for.
        public var checksUS: Int?

        private enum CodingKeys: String, CodingKey {
            case totalUS = "total_us"
            case upstreamUS = "upstream_us"
            case firstByteUS = "first_byte_us"
            case policyUS = "policy_us"
            case checksUS = "checks_us"
        }

        public init(totalUS: Int, upstreamUS: Int? = nil, firstByteUS: Int? = nil, policyUS: Int = 0) {
            self.totalUS = totalUS
            self.upstreamUS = upstreamUS
            self.firstByteUS = firstByteUS
            self.policyUS = policyUS
        }
    }

    /// The one word that screens show for verdict, flag and outcome together.
    ///
    /// What a policy stopped comes first; then how the exchange ended otherwise; then what policies did to one that was
    /// served.
    public enum Decision: String, Sendable, Codable, CaseIterable {
        case allowed, redacted, flagged, escalated, blocked, refused, failed, cancelled

        public init(_ verdict: Verdict?, flagged: Bool, outcome: Outcome) {
            self =
                switch (verdict ?? .allow, outcome) {
                case (.escalate, _): .escalated
                case (.block, _), (_, .blocked): .blocked
                case (_, .refused): .refused
                case (_, .failed): .failed
                case (_, .cancelled): .cancelled
                case (.redact, .completed): .redacted
                case (.allow, .completed): flagged ? .flagged : .allowed
                }
        }
    }

    public var decision: Decision { Decision(verdict, flagged: flagged, outcome: outcome) }
}
