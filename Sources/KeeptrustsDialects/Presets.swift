extension Provider {
    /// Every provider that a target may name, sorted by id.
    ///
    /// A vendor stands here without a base URL when its address differs from customer to customer.
    public static let all: [Provider] = [
        compatible("aimlapi", "https://api.aimlapi.com/v1", "AIML_API_KEY"),
        compatible("alibaba", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "DASHSCOPE_API_KEY"),
        Provider(
            id: "anthropic", defaultBaseURL: "https://api.anthropic.com/v1", credentialHeader: "x-api-key",
            credentialPrefix: "", defaultKeyVariable: "ANTHROPIC_API_KEY", adapter: .anthropic),
        compatible("cerebras", "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"),
        compatible("cloudera", nil, nil),
        compatible("cloudflare-gateway", nil, nil),
        compatible("cohere", "https://api.cohere.ai/compatibility/v1", "COHERE_API_KEY"),
        compatible("deepseek", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
        Provider(
            id: "demo", defaultBaseURL: nil, credentialHeader: "authorization", credentialPrefix: "Bearer ",
            defaultKeyVariable: nil, adapter: .demo),
        compatible("fireworks", "https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"),
        compatible("google", "https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY"),
        compatible("groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
        compatible("litellm", nil, nil),
        compatible("llamaApi", "https://api.llama.com/compat/v1", "LLAMA_API_KEY"),
        compatible("localai", nil, nil),
        compatible("mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY", knowsStreamOptions: false),
        compatible("ollama", "http://127.0.0.1:11434/v1", nil),
        compatible("openai", "https://api.openai.com/v1", "OPENAI_API_KEY"),
        compatible("openrouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
        compatible("perplexity", "https://api.perplexity.ai", "PERPLEXITY_API_KEY"),
        compatible("together", "https://api.together.xyz/v1", "TOGETHER_API_KEY"),
        compatible("truefoundry", nil, nil),
        compatible("vllm", nil, nil),
        compatible("xai", "https://api.x.ai/v1", "XAI_API_KEY"),
    ]

    public static func named(_ id: String) -> Provider? { byID[id] }

    private static let byID = Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0) })

    /// A vendor that speaks OpenAI's dialect.
    private static func compatible(
        _ id: String, _ baseURL: String?, _ keyVariable: String?, knowsStreamOptions: Bool = true
    ) -> Provider {
        Provider(
            id: id, defaultBaseURL: baseURL, credentialHeader: "authorization", credentialPrefix: "Bearer ",
            defaultKeyVariable: keyVariable, adapter: .openAI(knowsStreamOptions: knowsStreamOptions))
    }
}
