public import KeeptrustsCore

/// One exchange to be played, and what the policies must make of it.
public struct TestCase: Sendable {
    public var name: String
    public var input: TestInput
    public var expected: TestExpectation

    /// Where it is written.
    public var location: SourceLocation

    private enum Key: String, ConfigKey { case name, input, expected }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        location = config.location
        name = try mapping.required(.name).label(upTo: 200)
        input = try TestInput(try mapping.required(.input))
        expected = try TestExpectation(try mapping.required(.expected))
    }
}

/// What a caller asks, and what the provider answers.
public struct TestInput: Sendable {
    /// The body of the request: `messages`, or all of it (`request`); a model is put in where it names none.
    public var request: ConfigNode

    /// The messages stand alone in `request`.
    public var isMessages: Bool

    /// Header fields of the request, in the order of the file.
    public var headers: [(name: String, value: String)] = []

    /// The answer (`upstream_response`): the text of the assistant, or a whole body in OpenAI's dialect.
    ///
    /// Without one only the request is judged.
    public var answer: ConfigNode?

    private enum Key: String, ConfigKey {
        case messages, request, headers
        case answer = "upstream_response"
    }

    private static let hints = [
        "proxy_name": "'proxy_name' is not in this version", "team_slugs": "'team_slugs' is not in this version",
    ]

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self, hints: Self.hints)
        switch (mapping[.messages], mapping[.request]) {
        case (let messages?, nil):
            guard try !messages.list().isEmpty else {
                throw ConfigError(.outOfRange, at: messages.location, "\(messages.name) must not be empty.")
            }
            (request, isMessages) = (messages, true)
        case (nil, let body?):
            _ = try body.members()
            (request, isMessages) = (body, false)
        case (_?, _?):
            throw ConfigError(
                .conflict, at: config.location, "\(config.name) has both 'messages' and 'request'.", hint: "keep one")
        case (nil, nil):
            throw ConfigError(
                .missingKey, at: config.location, "\(config.name) needs the key 'messages' or 'request'.",
                hint: "write 'messages: [{role: user, content: …}]'")
        }
        if let node = mapping[.headers] { headers = try Self.headers(node) }
        if let node = mapping[.answer] { answer = try Self.answer(node) }
    }

    private static func headers(_ node: ConfigNode) throws(ConfigError) -> [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = []
        for member in try node.members() {
            let value = try member.value.string()
            let isName = !member.key.isEmpty && member.key.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x3A }
            guard isName, value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
                throw ConfigError(
                    .outOfRange, at: member.keyLocation, "\(member.value.name) is no header field of printable ASCII.")
            }
            headers.append((member.key, value))
        }
        return headers
    }

    private static func answer(_ node: ConfigNode) throws(ConfigError) -> ConfigNode {
        switch node.value {
        case .string, .mapping: return node
        case .null, .boolean, .integer, .number, .list:
            throw node.wrongType("must be the text of an answer, or its whole body")
        }
    }
}

/// What must come of a test's exchange.
public struct TestExpectation: Sendable, Equatable {
    /// What becomes of the exchange, or what the suite's target says.
    public var verdict: Verdict

    /// Why (`reason_code`), such as `pii_detector.redacted`.
    public var reasonCode: String?

    /// The id of the policy that decides.
    public var policy: String?

    /// Whether a policy sees something that changes nothing.
    public var flagged: Bool?

    /// The categories that are found, all of them and no other; each once.
    public var categories: [String]?

    /// Texts that must be in what goes on, and texts that must not be: of the answer when there is one, else of the
    /// request.
    public var contains: [String] = []
    public var lacks: [String] = []

    private enum Key: String, ConfigKey {
        case verdict, policy, flagged, categories, contains, lacks
        case reasonCode = "reason_code"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        verdict = try mapping.required(.verdict).choice(of: Verdict.self)
        reasonCode = try mapping[.reasonCode]?.string()
        policy = try mapping[.policy]?.string()
        flagged = try mapping[.flagged]?.boolean()
        categories = try mapping[.categories]?.strings()
        contains = try mapping[.contains]?.strings() ?? []
        lacks = try mapping[.lacks]?.strings() ?? []
    }
}
