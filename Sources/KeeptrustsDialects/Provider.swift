public import KeeptrustsCore

/// A vendor: how its API is spoken, and what a target need not say because everybody knows it.
public struct Provider: Sendable, Equatable {
    /// The name in configurations, such as `openai`.
    public let id: String

    /// The base URL that holds unless a target names another; nil when a target must.
    public let defaultBaseURL: String?

    /// The header that carries the credential, in lower case, and what stands before it.
    public let credentialHeader: String
    public let credentialPrefix: String

    /// The environment variable in which the credential usually is.
    public let defaultKeyVariable: String?

    let adapter: Adapter

    /// How a vendor's API is spoken.
    enum Adapter: Sendable, Equatable {
        case openAI(knowsStreamOptions: Bool)
        case anthropic
        case demo
    }

    /// Whether the gateway answers itself, through ``DemoProvider``: there is nothing to connect to.
    public var isBuiltIn: Bool { adapter == .demo }

    /// Header fields that each request carries besides the credential.
    public var extraHeaders: [(String, String)] {
        switch adapter {
        case .anthropic: [("anthropic-version", "2023-06-01")]
        case .openAI, .demo: []
        }
    }

    /// Makes a translation for one attempt.
    ///
    /// - Parameters:
    ///   - surface: What the caller speaks.
    ///   - time: When answers say they were made, where the provider does not say it.
    /// - Returns: nil when the provider cannot serve the surface, or is built in.
    public func makeTranslation(
        for surface: Surface, at time: Timestamp = Timestamp(rawValue: 0)
    ) -> (any Translation)? {
        guard surface == .chatCompletions else { return nil }
        switch adapter {
        case .openAI(let knowsStreamOptions): return OpenAIForChat(knowsStreamOptions: knowsStreamOptions)
        case .anthropic: return AnthropicForChat(at: time)
        case .demo: return nil
        }
    }

    /// The path below which the provider's paths lie, given the path of a target's base URL.
    ///
    /// People write base URLs with and without the version; both mean the same. A gateway of the operator's that stands
    /// before the provider may have any path.
    public func basePath(_ path: String) -> String {
        var path = path[...]
        while path.hasSuffix("/") { path.removeLast() }
        switch adapter {
        case .anthropic: return path.hasSuffix("/v1") ? String(path) : path + "/v1"
        case .openAI: return path.isEmpty ? defaultPath : String(path)
        case .demo: return ""
        }
    }

    private var defaultPath: String {
        guard let defaultBaseURL, let slashes = defaultBaseURL.firstRange(of: "//") else { return "/v1" }
        let rest = defaultBaseURL[slashes.upperBound...]
        return rest.firstIndex(of: "/").map { String(rest[$0...]) } ?? ""
    }
}
