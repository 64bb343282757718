import KeeptrustsCore
import KeeptrustsMatching
import NIOCore

/// The kind `tool-security`: blocks calls of tools whose arguments attack, destroy, or give data away.
///
/// It reads arguments as whoever uses them does: see ``CallThreats``.
struct ToolSecurity: Policy {
    static let kind = PolicyKind("tool-security", streaming: .whole, phases: [.toolCall], capable: [.toolCall])

    let rules: [Rule]
    private let terms = ThreatTerms.shared

    /// Arguments that cannot be checked are blocked.
    private let failsClosed: Bool

    /// What decides on the calls that pass here (`analysis_mode: external`).
    let services: [ServiceAddress]

    private enum Key: String, ConfigKey {
        case mode = "analysis_mode"
        case endpoint = "firewall_endpoint"
        case secret = "secret_key_ref"
        case failClosed = "fail_closed"
        case entities = "blocked_entity_types"
    }
    private enum Mode: String, CaseIterable { case local, external }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        let isExternal = try mapping[.mode]?.choice(of: Mode.self) == .external
        if !isExternal, let node = mapping[.endpoint] ?? mapping[.secret] {
            throw ConfigError(
                .conflict, at: node.location, "'\(node.path)' has no effect with 'analysis_mode: local'.",
                hint: "say 'analysis_mode: external'")
        }
        services =
            isExternal
            ? [
                try ServiceAddress(
                    mapping[.endpoint], key: Key.endpoint.rawValue, secret: mapping[.secret], owner: config)
            ] : []
        failsClosed = try mapping[.failClosed]?.boolean() ?? true
        rules = try SensitiveEntities.rules(mapping[.entities])
    }

    var examines: Bool { true }

    func examine(_ examination: Examination) -> Opinion {
        if let refusal = examination.refusalOfNamelessCall("tool_security") { return refusal }
        for call in examination.calls {
            guard let threat = threat(of: call, examination) else { continue }
            let finding = Finding(
                "tool.\(threat.category.rawValue)", at: 0..<examination.length(of: call.segment),
                confidence: threat.confidence)
            let located = LocatedFinding(segment: call.segment, finding)
            let message = "The call of \(quoted(call.name)) \(threat.category.sentence)."
            let code = "tool_security.\(threat.category.rawValue)"
            guard threat.category != .unreadable || failsClosed else {
                return Opinion(
                    decision: Decision(flagged: true, reason: Reason(code: code, message: message)), findings: [located]
                )
            }
            return .block(code, message, [located])
        }
        return .clean
    }

    func questions(_ examination: Examination) -> [ServiceQuestion] {
        examination.calls.map { ToolFirewall.question(about: $0) }
    }

    func opinion(on replies: [ServiceReply], _ examination: Examination) throws -> Opinion {
        var failure: (any Error)?
        for (call, reply) in zip(examination.calls, replies) {
            do {
                guard try !reply.allows() else { continue }
                let finding = LocatedFinding(segment: call.segment, Finding("tool.denied", at: 0..<0))
                return .block("tool_security.denied", "The call of \(quoted(call.name)) is denied.", [finding])
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return .clean
    }

    private func threat(of call: Examination.Call, _ examination: Examination) -> ToolThreat? {
        let threat = CallThreats.threat(of: call, terms)
        if let threat, threat.category != .unreadable { return threat }
        let isSensitive = examination.matches.contains { examination.isPart($0.segment, of: call) }
        return isSensitive ? ToolThreat(category: .sensitiveData) : threat
    }
}

extension Examination {
    /// Whether a text belongs to a call: its name, its arguments, or a piece of them.
    func isPart(_ segment: Int, of call: Call) -> Bool {
        segments[segment].phase == .toolCall && segments[segment].tool?.call == segments[call.segment].tool?.call
    }
}

/// The types of personal data and credentials that a tool must not be given.
enum SensitiveEntities {
    /// What looks for them.
    ///
    /// - Parameter node: A list of types: `pan`, `ssn`, `jwt`, `aws_access_key`, `secret` for any credential, or a type of
    ///   `pii-detector`; nil for the first four.
    /// - Returns: The rules.
    /// - Throws: ``ConfigError`` for a type that is not known.
    static func rules(_ node: ConfigNode?) throws(ConfigError) -> [Rule] {
        let personal = try Packs.rules(of: "pii.txt", for: node)
        let secrets = try Packs.rules(of: "secrets.txt", for: node)
        var rules: [Rule] = []
        var names: [(name: String, node: ConfigNode?)] = []
        for entry in try node?.list() ?? [] { names.append((try entry.string(), entry)) }
        if node == nil { names = ["pan", "ssn", "jwt", "aws_access_key"].map { ($0, nil) } }
        for (name, entry) in names {
            let category = categories[name.lowercased()] ?? name.uppercased()
            let found = (personal + secrets).filter {
                $0.category == category || category == "SECRET" && $0.category.hasPrefix("secret.")
            }
            guard !found.isEmpty else {
                let known = categories.keys.sorted() + Set(personal.map { $0.category.lowercased() }).sorted()
                throw ConfigError(
                    .unknownValue, at: entry?.location ?? SourceLocation(file: "", line: 1, column: 1),
                    "\(entry?.name ?? "") names no known type.",
                    hint: ConfigNode.hint(for: name, among: known, are: "types")
                        ?? "say one of \(known.joined(separator: ", "))")
            }
            rules += found
        }
        return rules
    }

    private static let categories = [
        "pan": "CREDIT_CARD", "card": "CREDIT_CARD", "jwt": "secret.jwt", "aws_access_key": "secret.aws",
        "secret": "SECRET", "private_key": "secret.private_key", "password": "secret.password",
    ]
}
