import KeeptrustsCore

/// An entry of `providers` of `quality-scorer`: a model that judges, and what assertions call it.
struct JudgingModel: Sendable {
    let id: String

    /// Another name of it; nil when it has none.
    let label: String?
    let judge: ModelJudge

    private enum Key: String, ConfigKey {
        case id, provider, model, endpoint, label, config
        case secret = "secret_key_ref"
    }
    private enum Vendor: String, CaseIterable { case openai }

    /// Reads `providers`: the one model that judges; nil where there is none.
    static func read(_ providers: ConfigNode?) throws(ConfigError) -> JudgingModel? {
        guard let providers else { return nil }
        let entries = try providers.list()
        guard entries.count <= 1 else {
            throw ConfigError(
                .unsupported, at: entries[1].location, "'\(entries[1].path)': one model judges in this version.",
                hint: "keep one entry")
        }
        return try entries.first.map { entry throws(ConfigError) in try JudgingModel(entry) }
    }

    private init(_ entry: ConfigNode) throws(ConfigError) {
        let mapping = try entry.mapping(Key.self)
        id = try mapping.required(.id).identifier()
        label = try mapping[.label]?.label(upTo: 256)
        _ = try mapping[.provider]?.choice(
            of: Vendor.self, hints: ["anthropic": "say an 'endpoint' that speaks OpenAI's dialect"])
        let model = try mapping.required(.model).label(upTo: 256)
        let service = try ServiceAddress(
            mapping[.endpoint], otherwise: "https://api.openai.com/v1", secret: mapping[.secret], owner: entry)
        judge = ModelJudge(service, model: model, try ModelSampling(mapping[.config]))
    }

    /// Whether an assertion's `provider` means this model.
    func isCalled(_ name: String) -> Bool { name == id || name == label }
}

/// How a model that judges picks its words: members of its request, which mean what OpenAI's dialect says.
struct ModelSampling: Sendable {
    /// The members as they are sent, each with a comma before it; empty when the model's own defaults hold.
    private(set) var members = ""

    private enum Key: String, ConfigKey {
        case temperature, seed
        case topP = "top_p"
        case mostTokens = "max_tokens"
        case mostCompletionTokens = "max_completion_tokens"
    }

    /// The model's own defaults.
    init() {}

    /// Reads `config` of an entry of `providers`.
    init(_ config: ConfigNode?) throws(ConfigError) {
        guard let mapping = try config?.mapping(Key.self) else { return }
        if let node = mapping[.mostCompletionTokens], mapping[.mostTokens] != nil {
            throw ConfigError(
                .conflict, at: node.location, "'\(node.path)' stands beside 'max_tokens'.",
                hint: "say the one that the model knows")
        }
        if let number = try mapping[.temperature]?.number(in: 0...2) { add(.temperature, "\(number)") }
        if let number = try mapping[.topP]?.number(in: 0...1) { add(.topP, "\(number)") }
        if let number = try mapping[.seed]?.integer(in: 0...2_147_483_647) { add(.seed, "\(number)") }
        for key in [Key.mostTokens, .mostCompletionTokens] {
            // An answer has some ten tokens; a model that thinks first needs many more.
            if let number = try mapping[key]?.integer(in: 16...65_536) { add(key, "\(number)") }
        }
    }

    private mutating func add(_ key: Key, _ value: String) { members += ",\"\(key.rawValue)\":\(value)" }
}
