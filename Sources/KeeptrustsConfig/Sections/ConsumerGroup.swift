public import KeeptrustsCore

/// One entry of `consumer_groups`: a key that callers may use, and what it may do.
public struct ConsumerGroup: Sendable, Equatable {
    /// How the gateway knows the key.
    public enum Key: Sendable, Equatable {
        /// The key itself is in this variable (`key_ref: {env: NAME}`).
        case environment(EnvironmentReference)

        /// SHA-256 of the key, in 64 lower-case hexadecimal digits (`key_hash: "sha256:…"`).
        case sha256(String)

        /// The variable that holds the key; nil when only its hash is known.
        public var variable: EnvironmentReference? {
            switch self {
            case .environment(let reference): reference
            case .sha256: nil
            }
        }
    }

    /// Unique (`name`).
    public var name: String
    public var key: Key

    /// Where the file says what the key is.
    public let keyLocation: SourceLocation

    /// The models and target ids it may ask for (`allowed_models`); nil means all.
    public var allowedModels: [String]?

    /// Whether `X-User-Id` and `X-Team-Id` of its requests are believed (`may_assert_identity`).
    public var mayAssertIdentity = false

    /// The ids of the policies that judge the exchanges of its callers (`policies`); nil for all.
    public var policies: [String]?

    private enum Field: String, ConfigKey {
        case name, policies
        case keyRef = "key_ref"
        case keyHash = "key_hash"
        case allowedModels = "allowed_models"
        case mayAssertIdentity = "may_assert_identity"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Field.self, hints: Self.hints)
        name = try mapping.required(.name).identifier()
        key = try Self.key(mapping)
        keyLocation = (mapping[.keyRef] ?? mapping[.keyHash] ?? config).location
        if let list = mapping[.allowedModels] {
            var models: [String] = []
            for node in try list.list() { models.append(try node.label(upTo: 256)) }
            guard !models.isEmpty else {
                throw ConfigError(
                    .outOfRange, at: list.location, "'\(list.path)' must not be empty.",
                    hint: "leave the key out to allow all models")
            }
            allowedModels = models
        }
        if let node = mapping[.policies] { policies = try node.policyIDs() }
        if let flag = mapping[.mayAssertIdentity] { mayAssertIdentity = try flag.boolean() }
    }

    private static func key(_ mapping: ConfigMapping<Field>) throws(ConfigError) -> Key {
        switch (mapping[.keyRef], mapping[.keyHash]) {
        case (let reference?, nil):
            return .environment(try EnvironmentReference(reference))
        case (nil, let node?):
            let text = try node.string()
            let digits = text.hasPrefix("sha256:") ? text.dropFirst("sha256:".count) : ""
            guard digits.utf8.count == 64, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }) else {
                throw ConfigError(
                    .outOfRange, at: node.location, "'\(node.path)' must be 'sha256:' and 64 hexadecimal digits.",
                    hint: "printf %s \"$KEY\" | sha256sum")
            }
            return .sha256(digits.lowercased())
        case (_?, _?):
            let place = mapping.owner
            throw ConfigError(
                .conflict, at: place.location, "'\(place.path)' has both 'key_ref' and 'key_hash'.", hint: "keep one")
        case (nil, nil):
            let place = mapping.owner
            throw ConfigError(
                .missingKey, at: place.location, "'\(place.path)' needs the key 'key_ref' or 'key_hash'.",
                hint: "write 'key_ref: {env: NAME}'")
        }
    }

    private static let hints: [String: String] = {
        var hints = [
            "api_key": "say 'key_ref: {env: NAME}' or 'key_hash: \"sha256:…\"'; a configuration holds no secrets",
            "key": "say 'key_ref: {env: NAME}' or 'key_hash: \"sha256:…\"'; a configuration holds no secrets",
            "id": "say 'name'", "chain": "say 'policies', a list of ids of 'policies.chain'",
        ]
        for key in ["rate_limits", "upstream", "budget"] {
            hints[key] = "'\(key)' of a group is not in this version"
        }
        return hints
    }()
}
