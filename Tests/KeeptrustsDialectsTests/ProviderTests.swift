import KeeptrustsCore
import KeeptrustsDialects
import Testing

struct ProviderTests {
    @Test("Each provider is found by its id, and ids are sorted")
    func table() {
        #expect(Provider.all.map(\.id) == Provider.all.map(\.id).sorted { $0.lowercased() < $1.lowercased() })
        for provider in Provider.all { #expect(Provider.named(provider.id) == provider) }
        #expect(Provider.named("nobody") == nil)
    }

    @Test("A default address is HTTPS, or this very machine")
    func addresses() {
        for case let url? in Provider.all.map(\.defaultBaseURL) {
            #expect(url.hasPrefix("https://") || url.hasPrefix("http://127.0.0.1:"))
            #expect(!url.hasSuffix("/"))
        }
    }

    @Test(
        "A base URL may be written with or without the version",
        arguments: [
            ("openai", "", "/v1"), ("openai", "/", "/v1"), ("openai", "/v1", "/v1"), ("openai", "/v1/", "/v1"),
            ("openai", "/proxy/openai", "/proxy/openai"), ("groq", "", "/openai/v1"),
            ("groq", "/openai/v1", "/openai/v1"),
            ("perplexity", "", ""), ("vllm", "", "/v1"), ("anthropic", "", "/v1"), ("anthropic", "/v1/", "/v1"),
            ("anthropic", "/proxy", "/proxy/v1"),
        ])
    func basePaths(id: String, path: String, expected: String) {
        #expect(Provider.named(id)?.basePath(path) == expected)
    }

    @Test("Anthropic has its own header and version")
    func anthropic() throws {
        let provider = try #require(Provider.named("anthropic"))

        #expect(provider.credentialHeader == "x-api-key")
        #expect(provider.credentialPrefix == "")
        #expect(provider.defaultKeyVariable == "ANTHROPIC_API_KEY")
        #expect(provider.extraHeaders.map(\.0) == ["anthropic-version"])
        #expect(provider.makeTranslation(for: .chatCompletions)?.passesThrough == false)
    }

    @Test("Each provider but the built-in one serves chat completions")
    func translations() {
        for provider in Provider.all {
            #expect((provider.makeTranslation(for: .chatCompletions) == nil) == provider.isBuiltIn)
        }
        #expect(Provider.all.filter(\.isBuiltIn).map(\.id) == ["demo"])
    }
}
