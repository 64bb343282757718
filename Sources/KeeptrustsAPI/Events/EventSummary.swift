public import KeeptrustsCore

/// The answer of `GET /v1/events/summary`: how many exchanges ended how, and what they used.
public struct EventSummary: Sendable, Codable, Equatable {
    public var since: Timestamp
    public var until: Timestamp

    /// The length of a bucket (seconds).
    public var bucketSeconds: Int
    public var total: Tally

    /// One sum for each currency, sorted by currency; exchanges of unknown cost are in none.
    public var cost: [Money]

    /// Only those that hold an event, oldest first.
    public var buckets: [Bucket]

    private enum CodingKeys: String, CodingKey {
        case since, until, total, cost, buckets
        case bucketSeconds = "bucket_seconds"
    }

    public init(
        since: Timestamp, until: Timestamp, bucketSeconds: Int, total: Tally, cost: [Money], buckets: [Bucket]
    ) {
        self.since = since
        self.until = until
        self.bucketSeconds = bucketSeconds
        self.total = total
        self.cost = cost
        self.buckets = buckets
    }

    /// Numbers of exchanges by decision, and their tokens.
    public struct Tally: Sendable, Codable, Equatable {
        public var allowed = 0
        public var redacted = 0
        public var flagged = 0
        public var escalated = 0
        public var blocked = 0
        public var refused = 0
        public var failed = 0
        public var cancelled = 0
        public var inputTokens = 0
        public var outputTokens = 0

        private enum CodingKeys: String, CodingKey {
            case allowed, redacted, flagged, escalated, blocked, refused, failed, cancelled
            case inputTokens = "input_tokens"
            case outputTokens = "output_tokens"
        }

        public init() {}

        public var exchanges: Int {
            allowed + redacted + flagged + escalated + blocked + refused + failed + cancelled
        }
    }

    /// The exchanges that began within one stretch of time.
    public struct Bucket: Sendable, Codable, Equatable {
        public var start: Timestamp
        public var tally: Tally

        public init(start: Timestamp, tally: Tally) {
            self.start = start
            self.tally = tally
        }
    }
}

/// Numbers that a gateway gave to events which have not arrived.
public struct EventGap: Listed, Equatable {
    public static let plural = "gaps"

    public var gatewayID: Identifier<Gateway>
    public var first: Int
    public var last: Int

    private enum CodingKeys: String, CodingKey {
        case first, last
        case gatewayID = "gateway_id"
    }

    public init(gatewayID: Identifier<Gateway>, first: Int, last: Int) {
        self.gatewayID = gatewayID
        self.first = first
        self.last = last
    }
}
