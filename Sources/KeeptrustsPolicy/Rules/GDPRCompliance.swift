import KeeptrustsCore
import KeeptrustsWire
import NIOCore

/// The kind `gdpr-compliance`: personal data go on only with a token that says that consent was given, and only to targets
/// that do not keep them longer than is allowed.
///
/// The token is what the application claims, unless a service is named that knows whether it stands for a consent.
struct GDPRCompliance: Policy {
    static let kind = PolicyKind(
        "gdpr-compliance", streaming: .none, phases: [.request, .toolResult], capable: [.request, .toolResult])

    let rules: [Rule]
    private let needsConsent: Bool
    private let header: String
    private let retention: Retention

    /// What is asked whether a token stands for a consent; nil where tokens are believed.
    private let service: ServiceAddress?

    /// Every request needs consent, whatever is found in it.
    private let concernsAll: Bool

    private enum Key: String, ConfigKey {
        case consentRequired = "consent_required"
        case consentHeader = "consent_header"
        case verification = "consent_verification_endpoint"
        case secret = "secret_key_ref"
        case erasure = "erasure_webhook"
        case categories = "data_categories"
        case retention = "retention_days"
    }

    /// How long a target may keep what it is sent.
    private struct Retention: Sendable {
        /// The most days.
        let mostDays: Int

        /// The settings say so: a target that promises nothing is left out, too.
        let isDemanded: Bool

        init(_ node: ConfigNode?) throws(ConfigError) {
            mostDays = try node?.integer(in: 0...36_500) ?? 30
            isDemanded = node != nil
        }

        func allows(_ policy: DataPolicy?) -> Bool {
            policy?.longestRetention.map { $0 <= mostDays } ?? !isDemanded
        }
    }

    /// Which data need consent.
    private enum DataCategory: String, CaseIterable {
        case personal, sensitive, biometric
        case all = "*"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        try mapping[.erasure]?.refuseForNow(hint: "Erase at the provider; records hold no text of a person.")
        needsConsent = try mapping[.consentRequired]?.boolean() ?? true
        header = try Self.header(mapping[.consentHeader])
        service = try Self.service(mapping, isUsed: needsConsent, config)
        retention = try Retention(mapping[.retention])
        let categories = try Self.categories(mapping[.categories])
        concernsAll = categories.contains(.all)
        rules = try Self.rules(for: categories, config)
    }

    private static func service(
        _ mapping: ConfigMapping<Key>, isUsed: Bool, _ config: ConfigNode
    ) throws(ConfigError) -> ServiceAddress? {
        guard let endpoint = mapping[.verification] else {
            guard let node = mapping[.secret] else { return nil }
            throw ConfigError(
                .conflict, at: node.location, "'\(node.path)' has no effect: no service is asked.",
                hint: "add 'consent_verification_endpoint', or remove the key")
        }
        guard isUsed else {
            throw ConfigError(
                .conflict, at: endpoint.location, "'\(endpoint.path)' has no effect: no consent is required.",
                hint: "say 'consent_required: true', or remove the key")
        }
        return try ServiceAddress(endpoint, secret: mapping[.secret], owner: config)
    }

    private static func header(_ node: ConfigNode?) throws(ConfigError) -> String {
        guard let node else { return "x-consent-token" }
        let name = try node.headerName()
        guard !ExchangeFacts.credentialHeaders.contains(name) else {
            throw ConfigError(
                .unknownValue, at: node.location,
                "'\(node.path)' is a header of credentials, which policies never see.",
                hint: "let the application send a header of its own, such as 'x-consent-token'.")
        }
        return name
    }

    private static func categories(_ node: ConfigNode?) throws(ConfigError) -> Set<DataCategory> {
        guard let node else { return [.personal, .sensitive, .biometric] }
        try node.refuseIfEmpty()
        var categories: Set<DataCategory> = []
        for entry in try node.list() { categories.insert(try entry.choice(of: DataCategory.self)) }
        return categories
    }

    private static func rules(
        for categories: Set<DataCategory>, _ config: ConfigNode
    ) throws(ConfigError) -> [Rule] {
        let wanted = categories.contains(.all) ? Set(DataCategory.allCases) : categories
        var rules: [Rule] = []
        if wanted.contains(.personal) {
            let types = EntityType.names(of: [.always, .cards, .health])
            rules += try Packs.rules(for: types, in: PIIDetector.packs, for: config)
        }
        if wanted.contains(.sensitive) { rules += try Packs.rules(of: "gdpr.txt", for: config) }
        if wanted.contains(.biometric) {
            rules += try Packs.rules(for: ["BIOMETRIC", "PHOTO"], in: ["phi.txt"], for: config)
        }
        return rules
    }

    var examines: Bool { true }
    var services: [ServiceAddress] { [service].compactMap(\.self) }
    var needs: FactNeeds { FactNeeds(headers: [header]) }

    func examine(_ examination: Examination) -> Opinion {
        guard examination.stage == .request, concernsAll || !examination.matches.isEmpty else { return .clean }
        let token = examination.facts.headers[header] ?? ""
        if needsConsent, token.allSatisfy(\.isWhitespace) {
            return .block("gdpr_compliance.no_consent", "The request needs a token of consent in '\(header)'.")
        }
        // The service has the last word; what was found says that it must be asked.
        guard service == nil else { return Opinion(findings: findings(in: examination)) }
        let reason =
            needsConsent
            ? Reason(code: "gdpr_compliance.consent", message: "The application says that consent was given.")
            : Reason(code: "gdpr_compliance.personal_data", message: "The request holds personal data.")
        return Opinion(decision: Decision(reason: reason))
    }

    private func findings(in examination: Examination) -> [LocatedFinding] {
        examination.matches.map { located in
            let rule = rules[located.match.rule]
            let finding = Finding(rule.category, at: located.match.span, confidence: rule.confidence)
            return LocatedFinding(segment: located.segment, finding)
        }
    }

    func questions(_ examination: Examination) -> [ServiceQuestion] {
        let own = examination.said.first { $0.id == examination.policy }
        guard service != nil, examination.stage == .request, concernsAll || own?.findings.isEmpty == false else {
            return []
        }
        var body = ByteBuffer(string: #"{"token":"#)
        body.writeJSONString(examination.facts.headers[header] ?? "")
        if let user = examination.facts.user {
            body.writeStaticString(#","user":"#)
            body.writeJSONString(user)
        }
        body.writeStaticString("}")
        return [ServiceQuestion(path: "", body: body)]
    }

    func opinion(on replies: [ServiceReply], _ examination: Examination) throws -> Opinion {
        guard try replies.allSatisfy({ try $0.allows() }) else {
            return .block("gdpr_compliance.consent_refused", "The token in '\(header)' stands for no consent.")
        }
        let message = "The service of consents confirms the token."
        return Opinion(
            decision: Decision(reason: Reason(code: "gdpr_compliance.consent_verified", message: message)))
    }

    var routes: Bool { true }

    func route(_ targets: [TargetFacts], _ facts: ExchangeFacts) -> RouteOpinion {
        var opinion = RouteOpinion(permitted: targets.map { retention.allows($0.dataPolicy) })
        opinion.noteExcluded(of: targets)
        guard !opinion.permitted.contains(true) else { return opinion }
        let reason = Reason(
            code: "gdpr_compliance.no_compliant_provider",
            message: "Every provider of this model keeps data longer than this service allows.")
        opinion.decision = Decision(verdict: .block, reason: reason)
        return opinion
    }
}
