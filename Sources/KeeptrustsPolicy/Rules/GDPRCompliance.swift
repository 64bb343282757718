import KeeptrustsCore
import KeeptrustsWire
import NIOCore

/// The kind `gdpr-compliance`: personal data go on only with a token that says that consent was given, and only to targets
/// that do not keep them longer than is allowed.
///
/// The token is what the application claims, unless a service is named that knows whether it stands for a consent. Another
/// is told when somebody asks that its data be erased.
struct GDPRCompliance: Policy {
    static let kind = PolicyKind(
        "gdpr-compliance", streaming: .none, phases: [.request, .toolResult], capable: [.request, .toolResult])

    let rules: [Rule]
    private let needsConsent: Bool
    private let header: String
    private let retention: Retention

    /// What is asked whether a token stands for a consent; nil where tokens are believed.
    private let consents: ServiceAddress?

    /// What is told of requests for erasure; nil where they are no matter.
    private let erasures: ServiceAddress?

    /// From here on, ``rules`` find requests for erasure.
    private let firstOfErasure: Int

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
        needsConsent = try mapping[.consentRequired]?.boolean() ?? true
        header = try Self.header(mapping[.consentHeader])
        if let node = mapping[.secret], mapping[.verification] == nil, mapping[.erasure] == nil {
            throw ConfigError(
                .conflict, at: node.location, "'\(node.path)' has no effect: no service is asked.",
                hint: "add 'consent_verification_endpoint' or 'erasure_webhook', or remove the key")
        }
        consents = try Self.consents(mapping, isUsed: needsConsent, config)
        erasures = try mapping[.erasure].map { node throws(ConfigError) in
            try ServiceAddress(node, secret: mapping[.secret], owner: config)
        }
        retention = try Retention(mapping[.retention])
        let categories = try Self.categories(mapping[.categories])
        concernsAll = categories.contains(.all)
        let data = try Self.rules(for: categories, config)
        firstOfErasure = data.count
        rules = try data + (erasures == nil ? [] : Packs.rules(of: "gdpr-erasure.txt", for: config))
    }

    private static func consents(
        _ mapping: ConfigMapping<Key>, isUsed: Bool, _ config: ConfigNode
    ) throws(ConfigError) -> ServiceAddress? {
        guard let endpoint = mapping[.verification] else { return nil }
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
    var needs: FactNeeds { FactNeeds(headers: [header]) }

    func examine(_ examination: Examination) -> Opinion {
        guard examination.stage == .request else { return .clean }
        // The services have the last word; what was found says that they must be asked.
        let findings = findings(in: examination)
        let isErasure = findings.contains { $0.finding.category == Self.erasure }
        guard concernsAll || findings.contains(where: { $0.finding.category != Self.erasure }) else {
            return Opinion(findings: findings)
        }
        let opinion = consent(in: examination)
        return isErasure || opinion == nil ? Opinion(findings: findings) : opinion ?? .clean
    }

    /// What is to be said of a request that needs consent; nil where the service of consents has to say it.
    private func consent(in examination: Examination) -> Opinion? {
        let token = examination.facts.headers[header] ?? ""
        if needsConsent, token.allSatisfy(\.isWhitespace) {
            return .block("gdpr_compliance.no_consent", "The request needs a token of consent in '\(header)'.")
        }
        guard consents == nil else { return nil }
        let reason =
            needsConsent
            ? Reason(code: "gdpr_compliance.consent", message: "The application says that consent was given.")
            : Reason(code: "gdpr_compliance.personal_data", message: "The request holds personal data.")
        return Opinion(decision: Decision(reason: reason))
    }

    /// What the rules found; of requests for erasure, those that are new.
    private func findings(in examination: Examination) -> [LocatedFinding] {
        var (data, erasures) = ([LocatedFinding](), [LocatedFinding]())
        for located in examination.matches {
            let rule = rules[located.match.rule]
            let finding = LocatedFinding(
                segment: located.segment, Finding(rule.category, at: located.match.span, confidence: rule.confidence))
            if located.match.rule < firstOfErasure {
                data.append(finding)
            } else if examination.isNewest(located.segment) {
                erasures.append(finding)
            }
        }
        // There is room for some only.
        return erasures + data
    }

    /// The category of requests for erasure.
    private static let erasure = "request.erasure"

    /// What must be asked about a request, by what was found in it.
    private func matters(in examination: Examination) -> (isErasure: Bool, needsConsent: Bool) {
        guard examination.stage == .request else { return (false, false) }
        let own = examination.said.first { $0.id == examination.policy }?.findings ?? []
        let isErasure = own.contains { $0.finding.category == Self.erasure }
        return (isErasure, concernsAll || own.contains { $0.finding.category != Self.erasure })
    }

    var services: [ServiceAddress] { [consents, erasures].compactMap(\.self) }

    func questions(_ examination: Examination) -> [ServiceQuestion] {
        let matters = matters(in: examination)
        var questions: [ServiceQuestion] = []
        if matters.isErasure {
            var question = ServiceQuestion(path: "", body: ByteBuffer(string: #"{"event":"erasure_request""#))
            // The service of consents comes first.
            question.service = consents == nil ? 0 : 1
            add(user: examination.facts.user, to: &question.body)
            questions.append(question)
        }
        if matters.needsConsent, consents != nil, consent(in: examination) == nil {
            var body = ByteBuffer(string: #"{"token":"#)
            body.writeJSONString(examination.facts.headers[header] ?? "")
            add(user: examination.facts.user, to: &body)
            questions.append(ServiceQuestion(path: "", body: body))
        }
        return questions
    }

    /// Ends a question's object with the user, if one is known.
    private func add(user: String?, to body: inout ByteBuffer) {
        if let user {
            body.writeStaticString(#","user":"#)
            body.writeJSONString(user)
        }
        body.writeStaticString("}")
    }

    func opinion(on replies: [ServiceReply], _ examination: Examination) throws -> Opinion {
        let matters = matters(in: examination)
        var opinion = Opinion()
        if matters.needsConsent {
            opinion = try consent(in: examination) ?? confirmation(in: replies.dropFirst(matters.isErasure ? 1 : 0))
        }
        guard opinion.decision.verdict == .allow, matters.isErasure else { return opinion }
        // A request for erasure that nobody took must not be lost: it is a failure.
        _ = try replies.first?.get()
        let message = "The request for erasure was passed on."
        opinion.decision.reason =
            opinion.decision.reason ?? Reason(code: "gdpr_compliance.erasure_requested", message: message)
        return opinion
    }

    private func confirmation(in replies: ArraySlice<ServiceReply>) throws -> Opinion {
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

extension Examination {
    /// Whether a text is a user's, and nobody has answered it: it is the newest message, or a part of that.
    fileprivate func isNewest(_ segment: Int) -> Bool {
        segments[segment].role == .user && segments[segment...].allSatisfy { $0.role == .user || $0.role == .system }
    }
}
