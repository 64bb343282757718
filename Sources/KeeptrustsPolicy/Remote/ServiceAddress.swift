public import KeeptrustsCore

/// A service outside that a policy asks: where it listens, and what lets the gateway in.
public struct ServiceAddress: Sendable, Hashable {
    public var url: BaseURL

    /// The variable that holds the credential (`secret_key_ref: {env: NAME}`); nil when none is sent.
    public var secretVariable: EnvironmentReference?

    /// The header that carries the credential, in lower case, and what stands before it.
    public var credentialHeader = "authorization"
    public var credentialPrefix = "Bearer "

    /// How requests are signed; nil where the credential itself is sent.
    public var signature: RequestSignature?

    /// Reads where a service listens.
    ///
    /// - Parameters:
    ///   - endpoint: The URL, if there is one.
    ///   - otherwise: The vendor's own address; nil for a service that everybody runs for themselves.
    ///   - key: What the endpoint's key is called.
    ///   - secret: The reference to the credential.
    ///   - owner: The mapping that holds all of it.
    /// - Throws: ``ConfigError`` for what is no URL, or is missing.
    init(
        _ endpoint: ConfigNode?, otherwise: String? = nil, key: String = "endpoint", secret: ConfigNode?,
        owner: ConfigNode
    ) throws(ConfigError) {
        guard let text = try endpoint?.string() ?? otherwise else {
            throw ConfigError(
                .missingKey, at: owner.location, "\(owner.name) needs the key '\(key)'.",
                hint: "say where the service listens, such as https://checks.example.com/judge")
        }
        do throws(BaseURL.Problem) { url = try BaseURL(text) } catch {
            let place = endpoint ?? owner
            throw ConfigError(.outOfRange, at: place.location, "\(place.name) \(error.message).", hint: error.hint)
        }
        secretVariable = try secret.map { node throws(ConfigError) in try EnvironmentReference(node) }
    }

    /// The variables without which it answers nobody.
    public var variables: [EnvironmentReference] {
        [secretVariable, signature?.accessKeyVariable, signature?.sessionTokenVariable].compactMap { $0 }
    }

    /// Whether its credential would go over plain HTTP to another machine.
    public var exposesSecret: Bool { secretVariable != nil && !url.isTLS && !url.isLoopback }
}
