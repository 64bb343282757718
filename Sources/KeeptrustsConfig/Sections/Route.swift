import KeeptrustsCore

/// One entry of `routes`: which requests take it, whom they go to, and which policies judge them.
public struct Route: Sendable, Equatable {
    /// Whether it takes requests below its path, too.
    public enum Match: String, Sendable, CaseIterable { case prefix, exact }

    public enum Method: String, Sendable, CaseIterable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
        case options = "OPTIONS"
    }

    /// What a header must say; its name is in lower case.
    public struct Header: Sendable, Equatable {
        public var name: String
        public var value: String
    }

    /// Unique (`name`).
    public var name: String

    /// Begins with a slash (`path`); compared with a request's path as it came.
    public var path: String
    public var match = Match.prefix

    /// Nil for all (`methods`).
    public var methods: [Method]?

    /// All of them must be there (`headers`).
    public var headers: [Header] = []

    /// The id of the only target that is asked (`upstream`); nil for the usual ones.
    public var upstream: String?

    /// The ids of the policies that judge (`policies`); nil for all.
    public var policies: [String]?

    /// Routes of a config at most: each request is compared with all of them.
    static let most = 200

    /// Headers that a route may ask for.
    private static let mostHeaders = 16

    private enum Field: String, ConfigKey { case name, path, match, methods, headers, upstream, policies }

    private static let hints = [
        "id": "say 'name'", "chain": "say 'policies', a list of ids of 'policies.chain'", "target": "say 'upstream'",
        "targets": "say 'upstream', the id of one target", "method": "say 'methods', a list",
        "rewrite": "paths are not rewritten",
    ]

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Field.self, hints: Self.hints)
        name = try mapping.required(.name).identifier()
        path = try Self.path(try mapping.required(.path))
        if let node = mapping[.match] { match = try node.choice(of: Match.self) }
        if let node = mapping[.methods] {
            methods = try node.distinct("to take all methods") { node throws(ConfigError) in
                try node.choice(of: Method.self)
            }
        }
        if let node = mapping[.headers] { headers = try Self.headers(node) }
        if let node = mapping[.upstream] { upstream = try node.string() }
        if let node = mapping[.policies] { policies = try node.policyIDs() }
    }

    private static func path(_ node: ConfigNode) throws(ConfigError) -> String {
        let path = try node.string()
        let isClean = path.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"?#%\"\\".utf8.contains($0) }
        guard path.hasPrefix("/"), isClean, path.utf8.count <= 256, !path.contains("//") else {
            throw ConfigError(
                .outOfRange, at: node.location,
                "\(node.name) is \(quoted(path)); it must begin with '/' and have no query, no escape and no empty part."
            )
        }
        return path
    }

    private static func headers(_ node: ConfigNode) throws(ConfigError) -> [Header] {
        var headers: [Header] = []
        for (key, place, value) in try node.members() {
            let header = Header(name: key.lowercased(), value: try value.label(upTo: 256))
            guard !key.isEmpty, key.utf8.allSatisfy(\.isOfHeaderName) else {
                throw ConfigError(.outOfRange, at: place, "\(quoted(key)) is not the name of a header.")
            }
            guard !ExchangeFacts.isCredential(header: header.name) else {
                throw ConfigError(
                    .conflict, at: place, "'\(header.name)' holds a credential, which a configuration never does.",
                    hint: "tell callers apart by 'consumer_groups'")
            }
            guard header.value.first != " ", header.value.last != " " else {
                throw ConfigError(
                    .outOfRange, at: value.location,
                    "\(value.name) is \(quoted(header.value)); no header has a value with a space at its end.")
            }
            guard !headers.contains(where: { $0.name == header.name }) else {
                throw ConfigError(.duplicate, at: place, "the header '\(header.name)' stands there twice.")
            }
            headers.append(header)
        }
        guard headers.count <= mostHeaders else {
            throw ConfigError(
                .limit, at: node.location, "\(node.name) has more than \(mostHeaders) headers.")
        }
        guard !headers.isEmpty else {
            throw ConfigError(
                .outOfRange, at: node.location, "\(node.name) must not be empty.",
                hint: "leave the key out to ask for no header")
        }
        return headers
    }
}

extension Route {
    /// Whether a request of a path and a method may take it; its headers count besides.
    public func matches(path: String, method: Method) -> Bool {
        (methods?.contains(method) ?? true) && takes(path)
    }

    /// Whether it takes a path; below its own, whole parts between slashes count.
    private func takes(_ other: String) -> Bool {
        if other == path { return true }
        return match == .prefix && other.hasPrefix(path.hasSuffix("/") ? path : path + "/")
    }
}

extension ConfigNode {
    /// The ids of policies that judge, of which there must be one.
    func policyIDs() throws(ConfigError) -> [String] {
        try distinct("to let all policies judge") { node throws(ConfigError) in try node.string() }
    }

    /// Items of a list that has at least one, and none twice; `purpose` says what it is for to leave it out.
    fileprivate func distinct<Item: Equatable>(
        _ purpose: String, _ read: (ConfigNode) throws(ConfigError) -> Item
    ) throws(ConfigError) -> [Item] {
        var items: [Item] = []
        for node in try list() {
            let item = try read(node)
            guard !items.contains(item) else {
                throw ConfigError(.duplicate, at: node.location, "\(node.name) stands in \(name) already.")
            }
            items.append(item)
        }
        guard !items.isEmpty else {
            throw ConfigError(
                .outOfRange, at: location, "\(name) must not be empty.", hint: "leave the key out \(purpose)")
        }
        return items
    }
}

extension UInt8 {
    /// Whether this may stand in the name of a header (RFC 9110 §5.6.2).
    fileprivate var isOfHeaderName: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(self)
        }
    }
}
