/// An amount of money, in millionths of a currency's unit.
public struct Money: Hashable, Sendable, Codable {
    public var micros: Int64

    /// The ISO 4217 code, such as `USD`.
    public var currency: String

    public init(micros: Int64, currency: String) {
        self.micros = micros
        self.currency = currency
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
    public func cost(of usage: Usage) -> Money? {
        let cached = Int64(min(usage.cachedInputTokens, usage.inputTokens))
        let parts = [
            (Int64(usage.inputTokens) - cached, input), (cached, cachedInput ?? input),
            (Int64(usage.outputTokens), output),
        ]
        var sum = Int64(0)
        for (tokens, price) in parts {
            let (product, tooLarge) = tokens.multipliedReportingOverflow(by: price)
            let (next, sumTooLarge) = sum.addingReportingOverflow(product)
            guard !tooLarge, !sumTooLarge else { return nil }
            sum = next
        }
        return Money(micros: sum / 1_000_000 + (sum % 1_000_000 >= 500_000 ? 1 : 0), currency: currency)
    }
}
