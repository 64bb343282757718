import KeeptrustsCore
import KeeptrustsMatching
import NIOCore

/// The kind `external-moderation`: a service outside scores texts, and what scores high does not pass.
struct ExternalModeration: Policy {
    static let kind = PolicyKind(
        "external-moderation", streaming: .whole, phases: [.request, .response], capable: Set(Phase.allCases))

    let rules: [Rule] = []
    let services: [ServiceAddress]
    private let vendor: any ModerationService

    /// The categories that count; empty for all.
    private let categories: [String]
    private let threshold: Double

    private enum Key: String, ConfigKey {
        case provider, endpoint, categories, threshold, guardrail
        case secret = "secret_key_ref"
        case accessKey = "access_key_ref"
        case sessionToken = "session_token_ref"
    }

    private enum Provider: String, CaseIterable {
        case openAI = "openai-moderation"
        case azure = "azure-content-safety"
        case webhook, presidio, lakera
        case guardrails = "guardrails-ai"
        case dynamo = "dynamo-ai"
        case bedrock = "bedrock-apply-guardrail"

        /// What asks and reads; nil where the section `guardrail` is needed and missing.
        func service(_ guardrail: BedrockGuardrail?) -> (any ModerationService)? {
            switch self {
            case .openAI: OpenAIModeration()
            case .azure: AzureContentSafety()
            case .webhook: WebhookService()
            case .presidio: PresidioService()
            case .lakera: LakeraGuard()
            case .guardrails: GuardrailsAI()
            case .dynamo: DynamoAI()
            case .bedrock: guardrail
            }
        }
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        try config.refuse([
            "timeout_ms": "say 'timeout_ms' in the entry of 'policies.chain'.",
            "on_error": "say 'on_error' in the entry of 'policies.chain'.",
            "api_key": "say 'secret_key_ref: {env: NAME}'; a configuration holds no secrets.",
        ])
        let mapping = try config.mapping(Key.self)
        let provider = try mapping[.provider]?.choice(of: Provider.self, hints: Self.hints) ?? .webhook
        let guardrail = try mapping[.guardrail].map { node throws(ConfigError) in try BedrockGuardrail(node) }
        guard let vendor = provider.service(guardrail) else {
            throw ConfigError(
                .missingKey, at: config.location, "\(config.name) needs the key 'guardrail'.",
                hint: "add 'guardrail: {id: …, version: …, region: …}'")
        }
        self.vendor = vendor
        let type = type(of: vendor)
        var service = try ServiceAddress(
            mapping[.endpoint], otherwise: vendor.address, secret: mapping[.secret], owner: config)
        service.signature = try Self.signature(mapping, of: vendor, config)
        guard !type.needsCredential || service.secretVariable != nil else {
            throw ConfigError(
                .missingKey, at: config.location, "\(config.name) needs the key 'secret_key_ref'.",
                hint: "'\(provider.rawValue)' answers nobody without a credential: add 'secret_key_ref: {env: NAME}'")
        }
        (service.credentialHeader, service.credentialPrefix) = type.credential
        services = [service]
        if let node = mapping[.categories], !type.takesCategories, try !node.list().isEmpty {
            throw ConfigError(
                .conflict, at: node.location, "\(node.name) has no effect: '\(provider.rawValue)' has no categories.",
                hint: "remove the key")
        }
        categories = try Self.categories(mapping[.categories], known: type.categories)
        threshold = try mapping[.threshold]?.number(in: 0...1) ?? 0.5
    }

    private static let hints = [
        "bedrock": "say 'bedrock-apply-guardrail'",
        "embedding-endpoint": "say kind 'embedding-detector'",
        "azure": "say 'azure-content-safety'", "openai": "say 'openai-moderation'",
    ]

    /// Reads with whose key requests are signed; refuses that where they are not.
    private static func signature(
        _ mapping: ConfigMapping<Key>, of vendor: any ModerationService, _ config: ConfigNode
    ) throws(ConfigError) -> RequestSignature? {
        let accessKey = try mapping[.accessKey].map { node throws(ConfigError) in try EnvironmentReference(node) }
        let token = try mapping[.sessionToken].map { node throws(ConfigError) in try EnvironmentReference(node) }
        guard var signature = vendor.signature else {
            guard let node = mapping[.guardrail] ?? mapping[.accessKey] ?? mapping[.sessionToken] else { return nil }
            throw ConfigError(
                .conflict, at: node.location, "\(node.name) has an effect with 'bedrock-apply-guardrail' only.",
                hint: "remove the key")
        }
        guard let accessKey else {
            throw ConfigError(
                .missingKey, at: config.location, "\(config.name) needs the key 'access_key_ref'.",
                hint: "add 'access_key_ref: {env: AWS_ACCESS_KEY_ID}'; its secret half is 'secret_key_ref'")
        }
        (signature.accessKeyVariable, signature.sessionTokenVariable) = (accessKey, token)
        return signature
    }

    /// Reads the categories that count; of a service that lists its own, a name that is not among them would never count.
    private static func categories(_ node: ConfigNode?, known: [String]?) throws(ConfigError) -> [String] {
        var categories: [String] = []
        for entry in try node?.list() ?? [] {
            let name = try entry.label(upTo: 128)
            if let known, !known.contains(name) {
                throw ConfigError(
                    .unknownValue, at: entry.location,
                    "\(entry.name) is \(quoted(name)), which is no category of the service.",
                    hint: nearestName(to: name, among: known).map { "did you mean '\($0)'?" }
                        ?? "say one of \(known.joined(separator: ", "))")
            }
            categories.append(name)
        }
        return categories
    }

    func questions(_ examination: Examination) throws -> [ServiceQuestion] {
        batches(of: examination).map { vendor.question(about: $0, categories: categories) }
    }

    func opinion(on replies: [ServiceReply], _ examination: Examination) throws -> Opinion {
        var findings: [LocatedFinding] = []
        var failure: (any Error)?
        for (batch, reply) in zip(batches(of: examination), replies) {
            do {
                let results = try vendor.scores(in: try reply.get().body, of: batch.count)
                for (text, scores) in zip(batch, results) { findings += try self.findings(scores, text.segment) }
            } catch {
                failure = error
            }
        }
        // What one answer forbids is forbidden, even if another one is missing.
        if findings.isEmpty, let failure { throw failure }
        guard let worst = findings.max(by: { $0.finding.confidence < $1.finding.confidence }) else { return .clean }
        let message = "A moderation service does not let this text pass (\(worst.finding.category))."
        return .block("external_moderation.detected", message, findings)
    }

    private func findings(_ scores: [CategoryScore], _ segment: Int) throws -> [LocatedFinding] {
        if type(of: vendor).scoresAll {
            for category in categories where !scores.contains(where: { $0.category == category }) {
                // A service that leaves out what it was asked about has not judged it.
                throw MalformedReply(what: "no score for a category")
            }
        }
        let countsAll = categories.isEmpty || type(of: vendor).asksByCategory
        let counting = scores.filter { score in
            // A category holds those below it, as `hate` does `hate/threatening`.
            countsAll || categories.contains { score.category == $0 || score.category.hasPrefix("\($0)/") }
        }
        return counting.filter { $0.score >= threshold }.map { score in
            LocatedFinding(
                segment: segment,
                Finding("moderation.\(score.category.asCategory)", at: 0..<0, confidence: score.score))
        }
    }

    /// The texts, as many to a question as the service takes.
    private func batches(of examination: Examination) -> [[ModerationText]] {
        let type = type(of: vendor)
        var texts: [ModerationText] = []
        for number in examination.own where examination.length(of: number) > 0 {
            let segment = examination.segments[number]
            // A text that is too long for the service is asked about in pieces.
            for piece in segment.text.pieces(upTo: type.mostBytes) {
                texts.append(
                    ModerationText(segment: number, text: piece, role: segment.role, phase: segment.phase))
            }
        }
        return stride(from: 0, to: texts.count, by: type.mostTexts).map { start in
            Array(texts[start..<min(start + type.mostTexts, texts.count)])
        }
    }
}

extension String {
    /// What a service calls a category, as records hold it: up to 64 letters, digits and `_-./`; anything else is `_`.
    var asCategory: String {
        let bytes = utf8.prefix(64).map { byte -> UInt8 in
            let isPlain =
                (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || "_-./".utf8.contains(byte)
            return isPlain ? byte : UInt8(ascii: "_")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension ByteBuffer {
    /// The text in pieces of at most so many bytes, none of which cuts a character.
    func pieces(upTo limit: Int) -> [ByteBuffer] {
        guard readableBytes > limit else { return [self] }
        var rest = self
        var pieces: [ByteBuffer] = []
        while rest.readableBytes > limit {
            let view = rest.readableBytesView
            var end = limit
            while end > 1, end > limit - 4, view[view.startIndex + end] & 0xC0 == 0x80 { end -= 1 }
            guard let piece = rest.readSlice(length: end) else { break }
            pieces.append(piece)
        }
        if rest.readableBytes > 0 { pieces.append(rest) }
        return pieces
    }
}
