public import KeeptrustsCore

/// Why an attempt failed in a way that another attempt may not.
public enum FallbackTrigger: String, Sendable, Hashable, CaseIterable {
    /// The upstream answered 429, or said so in its body.
    case rateLimit = "rate_limit"

    /// No answer within the target's time.
    case timeout

    /// The upstream answered 5xx, or something that is not an answer.
    case serverError = "server_error"

    /// No connection, or it broke.
    case connection

    /// The request is too long for this target's model.
    case contextWindow = "context_window"

    /// Whether the same request may be sent to the same target again.
    public var isTransient: Bool { self != .contextWindow }

    /// What an attempt that failed so tells about the target's health.
    public var breakerResult: CircuitBreaker.Result {
        switch self {
        case .timeout, .serverError, .connection: .failed
        case .contextWindow: .succeeded
        case .rateLimit: .abandoned
        }
    }
}

/// The section `providers.fallback`: when another target is asked instead.
public struct FallbackPlan: Sendable, Equatable {
    /// Whether targets that serve other models may stand in (`enabled`).
    public var isEnabled = false

    /// The failures that make the gateway move on to the next target (`triggers`).
    public var triggers: Set<FallbackTrigger> = [.rateLimit, .timeout, .serverError, .connection]

    /// How many targets that serve other models may be asked (`max_fallback_attempts`, 1...10).
    public var maxFallbackAttempts = 3

    private enum Key: String, ConfigKey {
        case enabled, triggers
        case maxFallbackAttempts = "max_fallback_attempts"
    }

    public init() {}

    public init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self, hints: Self.hints)
        isEnabled = try mapping.required(.enabled).boolean()
        if let list = mapping[.triggers] { triggers = try Self.triggers(list) }
        if let count = try mapping[.maxFallbackAttempts]?.integer(in: 1...10) { maxFallbackAttempts = count }
    }

    private static func triggers(_ list: ConfigNode) throws(ConfigError) -> Set<FallbackTrigger> {
        var triggers: Set<FallbackTrigger> = []
        for node in try list.list() {
            let trigger = try node.choice(of: FallbackTrigger.self, hints: spellings)
            guard triggers.insert(trigger).inserted else {
                throw ConfigError(.duplicate, at: node.location, "'\(list.path)' names '\(trigger.rawValue)' twice.")
            }
        }
        guard !triggers.isEmpty else {
            throw ConfigError(
                .outOfRange, at: list.location, "'\(list.path)' must not be empty.",
                hint: "leave the key out, or say 'enabled: false'")
        }
        return triggers
    }

    private static let hints = [
        "content_policy": "an answer that a policy blocks is never asked for again elsewhere",
        "context_window": "say 'triggers: [context_window]'",
        "max_retries": "say 'max_fallback_attempts' here, or 'providers.retry.max_attempts'",
        "retry_on": "say 'triggers'",
        "strategy": "say 'providers.routing.strategy'",
        "latency_window": "routing by latency is not in this version",
        "max_latency_ms": "routing by latency is not in this version",
        "provider": "fallback goes to the other targets, in their order; name no provider here",
        "model": "fallback goes to the other targets, in their order; name no model here",
    ]

    private static let spellings = [
        "rate_limit_exceeded": "say 'rate_limit'", "429": "say 'rate_limit'",
        "service_unavailable": "say 'server_error'", "5xx": "say 'server_error'",
        "connection_error": "say 'connection'",
    ]
}
