import KeeptrustsCore

/// An entry of `providers` of `quality-scorer`: a model that judges, and what assertions call it.
struct JudgingModel: Sendable {
    let id: String
    let location: SourceLocation

    /// Another name of it; nil when it has none.
    let label: String?
    let judge: ModelJudge

    private enum Key: String, ConfigKey {
        case id, provider, model, endpoint, label, config
        case secret = "secret_key_ref"
    }
    private enum Vendor: String, CaseIterable { case openai }

    fileprivate init(_ entry: ConfigNode) throws(ConfigError) {
        let mapping = try entry.mapping(Key.self)
        location = entry.location
        id = try mapping.required(.id).identifier()
        label = try mapping[.label]?.label(upTo: 256)
        _ = try mapping[.provider]?.choice(
            of: Vendor.self, hints: ["anthropic": "say an 'endpoint' that speaks OpenAI's dialect"])
        let model = try mapping.required(.model).label(upTo: 256)
        let service = try ServiceAddress(
            mapping[.endpoint], otherwise: "https://api.openai.com/v1", secret: mapping[.secret], owner: entry)
        judge = ModelJudge(service, model: model, try ModelSampling(mapping[.config]))
    }

    /// What assertions may call it.
    var names: [String] { [id] + [label].compactMap(\.self) }
}

/// The models that may judge for a policy, in the order of `providers`.
struct Judges: Sendable {
    private(set) var models: [JudgingModel] = []

    /// Nobody is asked: an assertion needs no model.
    let isMock: Bool

    /// Models of one policy.
    private static let most = 8

    /// Reads `providers`; each model has names of its own.
    ///
    /// - Throws: ``ConfigError`` for the first mistake.
    init(_ providers: ConfigNode?, isMock: Bool) throws(ConfigError) {
        self.isMock = isMock
        for entry in try providers?.list() ?? [] {
            guard models.count < Self.most else {
                throw ConfigError(
                    .limit, at: entry.location, "'\(entry.path)' is one too many: \(Self.most) models may judge.")
            }
            let model = try JudgingModel(entry)
            if let name = model.names.first(where: { number(called: $0) != nil }) {
                throw ConfigError(
                    .duplicate, at: entry.location, "'\(entry.path)' repeats the name \(quoted(name)).",
                    hint: "give each of the two an 'id' and a 'label' of its own")
            }
            models.append(model)
        }
    }

    /// Which model judges for an assertion: the one that it names, or else the first.
    ///
    /// - Parameters:
    ///   - name: The assertion's `provider`.
    ///   - type: Its `type`.
    /// - Returns: Its place in `models`.
    /// - Throws: ``ConfigError`` where there is no such model.
    func number(of name: ConfigNode?, for type: ConfigNode) throws(ConfigError) -> Int {
        guard !models.isEmpty else {
            guard !isMock else { return 0 }
            throw ConfigError(
                .missingKey, at: type.location, "'\(type.path)' needs a model that judges.",
                hint: "add 'providers: [{id: judge, model: …, secret_key_ref: {env: NAME}}]'")
        }
        guard let name else { return 0 }
        let text = try name.string()
        guard let number = number(called: text) else {
            let known = models.flatMap(\.names).map { "'\($0)'" }.joined(separator: " or ")
            throw ConfigError(
                .unknownValue, at: name.location, "\(name.name) is \(quoted(text)), which no provider is called.",
                hint: "say \(known), or remove the key")
        }
        return number
    }

    private func number(called name: String) -> Int? { models.firstIndex { $0.names.contains(name) } }
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
