import KeeptrustsCore

/// The token counts of an answer.
struct TokenCounts {
    var input: Int?
    var output: Int?
    var cached: Int?

    var usage: Usage? {
        guard input != nil || output != nil else { return nil }
        let cached = min(cached ?? 0, input ?? 0)
        return Usage(inputTokens: input ?? 0, outputTokens: output ?? 0, cachedInputTokens: cached)
    }
}
