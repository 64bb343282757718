/// The tokens of an exchange, as the provider counted them.
public struct Usage: Sendable, Equatable, Codable {
    /// Tokens of the prompt, cached ones included.
    public var inputTokens: Int
    public var outputTokens: Int

    /// Tokens of the prompt that came from the provider's cache.
    public var cachedInputTokens: Int

    private enum CodingKeys: String, CodingKey {
        case inputTokens = "input_tokens"
        case outputTokens = "output_tokens"
        case cachedInputTokens = "cached_input_tokens"
    }

    public init(inputTokens: Int, outputTokens: Int, cachedInputTokens: Int = 0) {
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.cachedInputTokens = cachedInputTokens
    }

    /// Of both answers together; a count is at most the largest number.
    public static func + (one: Usage, other: Usage) -> Usage {
        func sum(_ count: KeyPath<Usage, Int>) -> Int {
            let (sum, overflow) = one[keyPath: count].addingReportingOverflow(other[keyPath: count])
            return overflow ? .max : sum
        }
        return Usage(
            inputTokens: sum(\.inputTokens), outputTokens: sum(\.outputTokens),
            cachedInputTokens: sum(\.cachedInputTokens))
    }
}
