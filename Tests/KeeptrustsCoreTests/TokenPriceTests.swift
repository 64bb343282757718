import KeeptrustsCore
import Testing

@Suite("Token prices")
struct TokenPriceTests {
    /// Input, output and cached tokens, and the cost in micro-units.
    static let costs: [(Int, Int, Int, Int64?)] = [
        (0, 0, 0, 0), (1_000_000, 0, 0, 3_000_000), (0, 1_000_000, 0, 15_000_000), (1_000_000, 0, 1_000_000, 300_000),
        (1_000, 500, 200, 9_960), (1, 0, 0, 3), (0, 0, 5, 0), (10, 0, 20, 3), (-10, 0, 0, 0), (1_000, -500, 0, 3_000),
        (1_000, 0, -500, 3_000), (.max, .max, 0, nil), (.min, .min, .min, 0),
        (1_000_000_000_000, 1_000_000_000_000, 0, 18_000_000_000_000),
    ]

    @Test("A cost counts what was used, and nothing below zero", arguments: costs)
    func cost(input: Int, output: Int, cached: Int, expected: Int64?) {
        let price = TokenPrice(input: 3_000_000, output: 15_000_000, cachedInput: 300_000)
        let usage = Usage(inputTokens: input, outputTokens: output, cachedInputTokens: cached)

        #expect(price.cost(of: usage) == expected.map { Money(micros: $0, currency: "USD") })
    }

    @Test("A cost is rounded once, half up")
    func rounding() {
        let price = TokenPrice(input: 250_000, output: 250_000, currency: "EUR")
        let micros = (0...6).map { price.cost(of: Usage(inputTokens: $0 / 2, outputTokens: $0 - $0 / 2))?.micros }

        #expect(micros == [0, 0, 1, 1, 1, 1, 2])
        #expect(price.cost(of: Usage(inputTokens: 4, outputTokens: 0, cachedInputTokens: 4))?.micros == 1)
        #expect(price.cost(of: Usage(inputTokens: 4, outputTokens: 0))?.currency == "EUR")
    }

    @Test("A cost that only its sum in micro-units makes large is exact")
    func large() {
        let price = TokenPrice(input: 1_000_000_000_000, output: 0)
        #expect(
            price.cost(of: Usage(inputTokens: 9_000_000_000_000, outputTokens: 0))?.micros == 9_000_000_000_000_000_000)
        #expect(price.cost(of: Usage(inputTokens: 9_300_000_000_000, outputTokens: 0)) == nil)
    }
}
