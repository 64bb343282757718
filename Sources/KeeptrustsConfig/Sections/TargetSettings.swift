public import KeeptrustsCore
import KeeptrustsDialects
public import KeeptrustsRouting

/// One entry of `providers.targets`: a model at a provider's endpoint, and how it is called.
public struct TargetSettings: Sendable, Equatable {
    /// Unique (`id`); callers may ask for it in the place of a model.
    public var id: String

    /// The id of a ``Provider`` (`provider`, or the first part of `vendor:chat:model`).
    public var provider: String

    /// The provider's name of the model (`model`, or the last part of `vendor:chat:model`).
    public var model: String

    /// Where the provider's paths begin, version included (`base_url`, or the provider's own); nil when it is built in.
    public var baseURL: String?

    /// The variable that holds the credential (`secret_key_ref: {env: NAME}`); nil when none is sent.
    public var secretVariable: EnvironmentReference?

    /// The header that carries the credential, in lower case (`api_key_header`).
    public var credentialHeader: String

    /// What stands before the credential (`api_key_prefix`).
    public var credentialPrefix: String

    /// What its tokens cost (`pricing`); nil when unknown.
    public var price: TokenPrice?

    /// Its own, over what `providers.retry` says (`retry`).
    public var retry: RetryPlan
    public var timeouts = Timeouts()

    /// What its vendor promises about the data (`data_policy`, `zdr`); nil when nothing is declared.
    public var dataPolicy: DataPolicy?

    /// Where the entry stands, for warnings.
    public var location: SourceLocation

    /// What policies that decide on targets know of it.
    public var facts: TargetFacts { TargetFacts(id: id, provider: provider, model: model, dataPolicy: dataPolicy) }

    private enum Key: String, ConfigKey {
        case id, provider, model, pricing, retry, timeouts, zdr
        case dataPolicy = "data_policy"
        case baseURL = "base_url"
        case secretKeyRef = "secret_key_ref"
        case apiKeyHeader = "api_key_header"
        case apiKeyPrefix = "api_key_prefix"
    }

    /// Reads an entry; what it does not say of retries is as in `retry`, the section `providers.retry`.
    init(_ config: ConfigNode, retry: RetryPlan) throws(ConfigError) {
        let mapping = try config.mapping(Key.self, hints: Self.hints)
        location = config.location
        id = try mapping.required(.id).identifier()
        let (provider, model) = try Self.providerAndModel(mapping.required(.provider), mapping[.model])
        guard let model else {
            throw ConfigError(.missingKey, at: config.location, "'\(config.path)' needs the key 'model'.")
        }
        (self.provider, self.model) = (provider.id, model)
        self.retry = try mapping[.retry].map { node throws(ConfigError) in try RetryPlan(node, over: retry) } ?? retry
        if let node = mapping[.timeouts] { timeouts = try Timeouts(node) }
        dataPolicy = try DataPolicy.read(mapping[.dataPolicy], short: mapping[.zdr])
        if let node = mapping[.pricing] { price = try TokenPrice(node) }
        (credentialHeader, credentialPrefix) = (provider.credentialHeader, provider.credentialPrefix)
        if provider.isBuiltIn {
            try Self.refuseConnection(mapping, provider)
        } else {
            try readConnection(mapping, provider)
        }
    }

    private mutating func readConnection(
        _ mapping: ConfigMapping<Key>, _ provider: Provider
    ) throws(ConfigError) {
        let written = mapping[.baseURL]
        let url = try Self.baseURL(written, provider, owner: mapping.owner)
        baseURL = url.description
        if let node = mapping[.secretKeyRef] {
            secretVariable = try EnvironmentReference(node)
        } else if let own = provider.defaultBaseURL.flatMap({ try? BaseURL($0) }), url.hasSameOrigin(as: own) {
            // A provider's usual key goes to the provider's own address only, never to another that a file names.
            secretVariable = provider.defaultKeyVariable.map { EnvironmentReference($0, at: location) }
        }
        guard secretVariable != nil else {
            if let node = mapping[.apiKeyHeader] ?? mapping[.apiKeyPrefix] {
                throw ConfigError(
                    .conflict, at: node.location, "'\(node.path)' has no effect without a credential.",
                    hint: "add 'secret_key_ref: {env: NAME}'")
            }
            return
        }
        if let node = mapping[.apiKeyHeader] { credentialHeader = try node.headerName() }
        if let node = mapping[.apiKeyPrefix] { credentialPrefix = try node.headerPrefix() }
    }

    private static func refuseConnection(
        _ mapping: ConfigMapping<Key>, _ provider: Provider
    ) throws(ConfigError) {
        for key in [Key.baseURL, .secretKeyRef, .apiKeyHeader, .apiKeyPrefix, .retry, .timeouts] {
            guard let node = mapping[key] else { continue }
            throw ConfigError(
                .conflict, at: node.location, "'\(node.path)' has no effect: '\(provider.id)' is built in.",
                hint: "remove the key")
        }
    }

    private static func baseURL(
        _ node: ConfigNode?, _ provider: Provider, owner: ConfigNode
    ) throws(ConfigError) -> BaseURL {
        guard let text = try node?.string() ?? provider.defaultBaseURL else {
            throw ConfigError(
                .missingKey, at: owner.location, "'\(owner.path)' needs the key 'base_url'.",
                hint: "'\(provider.id)' has no address of its own")
        }
        do throws(BaseURL.Problem) {
            var url = try BaseURL(text)
            url.path = provider.basePath(url.path)
            return url
        } catch {
            let place = node ?? owner
            throw ConfigError(.outOfRange, at: place.location, "\(place.name) \(error.message).", hint: error.hint)
        }
    }

    /// Reads `provider`, which may be `vendor:kind:model`, and `model`.
    private static func providerAndModel(
        _ node: ConfigNode, _ modelNode: ConfigNode?
    ) throws(ConfigError) -> (Provider, String?) {
        let text = try node.string()
        let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard let provider = Provider.named(parts[0]) else { throw unknown(parts[0], node) }
        let model = try modelNode.map { node throws(ConfigError) in try node.label(upTo: 256) }
        guard parts.count > 1 else { return (provider, model) }
        guard parts.count == 3, !parts[2].isEmpty else {
            throw ConfigError(
                .outOfRange, at: node.location, "\(node.name) is \(quoted(text)), not 'vendor' or 'vendor:chat:model'.")
        }
        guard parts[1] == "chat" else {
            let hint =
                ["completion", "embedding"].contains(parts[1]) ? "'\(parts[1])' is not in this version" : "say 'chat'"
            throw ConfigError(
                .unknownValue, at: node.location, "\(node.name) names the kind \(quoted(parts[1])), not 'chat'.",
                hint: hint)
        }
        if let modelNode, model != parts[2] {
            throw ConfigError(
                .conflict, at: modelNode.location,
                "\(node.name) names the model \(quoted(parts[2])), and \(modelNode.name) another.",
                hint: "keep one of the two")
        }
        return (provider, parts[2])
    }

    private static func unknown(_ name: String, _ node: ConfigNode) -> ConfigError {
        let spellings = [
            "azure": "'azure' is not in this version", "azure-openai": "'azure' is not in this version",
            "bedrock": "'bedrock' is not in this version", "mcp": "'mcp' is not in this version",
            "gemini": "say 'google'", "vertex": "'vertex' is not in this version", "claude": "say 'anthropic'",
        ]
        let hint =
            spellings[name] ?? nearestName(to: name, among: Provider.all.map(\.id)).map { "did you mean '\($0)'?" }
        return ConfigError(
            .unknownValue, at: node.location, "\(node.name): there is no provider \(quoted(name)).",
            hint: hint ?? "any API that speaks OpenAI's dialect is 'openai' with a 'base_url'")
    }

    private static let hints: [String: String] = {
        var hints = [
            "api_key": "say 'secret_key_ref: {env: NAME}'; a configuration holds no secrets",
            "api_key_env": "say 'secret_key_ref: {env: NAME}'",
            "name": "say 'id'", "url": "say 'base_url'", "endpoint": "say 'base_url'",
            "timeout_ms": "say 'timeouts: {total_ms: …}'",
            "provider_type": "say 'provider'", "format": "'provider' decides the format",
        ]
        for key in [
            "data_collection", "escalation_routing", "mcp", "weight", "path_template",
            "azure_api_version", "azure_deployment", "cloudflare_account_id_env", "accountIdEnvar",
            "snowflake_account_identifier_env", "accountIdentifierEnvar",
        ] { hints[key] = "'\(key)' is not in this version" }
        return hints
    }()
}

extension ConfigNode {
    /// The name of a header field that a request may carry (RFC 9110 §5.1), in lower case.
    fileprivate func headerName() throws(ConfigError) -> String {
        let text = try string().lowercased()
        let isToken = text.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
        let taken: Set<String> = [
            "host", "content-length", "content-type", "content-encoding", "transfer-encoding", "connection", "te",
            "trailer", "upgrade", "keep-alive", "proxy-authorization", "proxy-connection", "expect", "accept-encoding",
            "user-agent", "x-request-id",
        ]
        guard isToken, (1...64).contains(text.utf8.count), !taken.contains(text) else {
            throw ConfigError(
                .outOfRange, at: location, "\(name) is not a header that can carry a credential.",
                hint: "such as x-api-key")
        }
        return text
    }

    fileprivate func headerPrefix() throws(ConfigError) -> String {
        let text = try string()
        guard text.utf8.count <= 64, text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }), text.first != " " else {
            throw ConfigError(.outOfRange, at: location, "\(name) must be up to 64 printable ASCII characters.")
        }
        return text
    }
}
