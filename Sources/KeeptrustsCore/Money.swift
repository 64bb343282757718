/// An amount of money, in millionths of a currency's unit.
public struct Money: Hashable, Sendable, Codable {
    public var micros: Int64

    /// The ISO 4217 code, such as `USD`.
    public var currency: String

    public init(micros: Int64, currency: String) {
        self.micros = micros
        self.currency = currency
    }

    /// Both together, at most the largest number; nil for two currencies.
    public func adding(_ other: Money) -> Money? {
        guard currency == other.currency else { return nil }
        let (sum, overflow) = micros.addingReportingOverflow(other.micros)
        return Money(micros: overflow ? .max : sum, currency: currency)
    }
}

/// What a target's tokens cost, in micro-units of `currency` for a million tokens.
public struct TokenPrice: Hashable, Sendable {
    public var input: Int64
    public var output: Int64

    /// For prompt tokens from the provider's cache; nil means the price of `input`.
    public var cachedInput: Int64?
    public var currency: String

    public init(input: Int64, output: Int64, cachedInput: Int64? = nil, currency: String = "USD") {
        self.input = input
        self.output = output
        self.cachedInput = cachedInput
        self.currency = currency
    }

    /// The cost of an exchange, rounded half up to a micro-unit once, at the end; nil when it exceeds 64 bits.
    ///
    /// A provider's counts are not to be trusted: one below zero counts as none, so it cannot lower the cost.
    public func cost(of usage: Usage) -> Money? {
        let prompt = max(usage.inputTokens, 0)
        let cached = min(max(usage.cachedInputTokens, 0), prompt)
        let parts = [
            (prompt - cached, input), (cached, cachedInput ?? input), (max(usage.outputTokens, 0), output),
        ]
        let sum = parts.reduce(Int128(0)) { $0 + Int128($1.0) * Int128($1.1) }
        let rounded = (sum + 500_000) / 1_000_000
        return Int64(exactly: rounded).map { Money(micros: $0, currency: currency) }
    }
}
