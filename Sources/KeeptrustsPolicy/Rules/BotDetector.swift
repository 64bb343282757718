import KeeptrustsCore

/// The kind `bot-detector`: notices callers who send more requests in a while than people do.
///
/// Requests with similar fingerprints, made of some of their headers, count together. Counts are of one event loop.
struct BotDetector: Policy {
    static let kind = PolicyKind(
        "bot-detector", streaming: .none, phases: [.request], capable: [.request], seesBlocked: true)

    let rules: [Rule] = []
    private let fields: [String]
    private let window: Duration
    private let threshold: Double
    private let mostRequests: Int
    private let action: Action

    private enum Action { case warn, block }

    private enum Key: String, ConfigKey {
        case fields = "fingerprint_fields"
        case window = "profile_window_seconds"
        case threshold = "similarity_threshold"
        case mostRequests = "max_requests_per_window"
        case action
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        fields = try Self.fields(mapping[.fields])
        window = .seconds(try mapping[.window]?.integer(in: 1...86_400) ?? 60)
        threshold = try mapping[.threshold]?.number(in: 0...1) ?? 0.9
        mostRequests = try mapping[.mostRequests]?.integer(in: 1...1_000_000) ?? 60
        action = try mapping[.action]?.choice(["warn": .warn, "block": .block]) ?? .warn
    }

    private static func fields(_ node: ConfigNode?) throws(ConfigError) -> [String] {
        guard let node else { return ["user-agent", "x-forwarded-for", "authorization"] }
        let fields = try node.headerNames()
        guard (1...8).contains(fields.count) else {
            throw ConfigError(.outOfRange, at: node.location, "'\(node.path)' must name 1 to 8 headers.")
        }
        return fields
    }

    var examines: Bool { true }
    var needs: FactNeeds { FactNeeds(headers: Set(fields), memory: true) }

    func examine(_ examination: Examination) -> Opinion {
        guard examination.stage == .request else { return .clean }
        let now = examination.facts.uptime
        let profile = profile(of: fingerprint(examination.facts), examination)
        let requests = examination.remember("count \(profile)", for: window * 2) { RollingCount(over: window, at: now) }
        requests.value.add(at: now)
        guard requests.value.count(at: now) > Double(mostRequests) else { return .clean }
        switch action {
        case .warn:
            let reason = Reason(code: "bot_detector.suspected", message: "The requests come as a program sends them.")
            return Opinion(decision: Decision(flagged: true, reason: reason))
        case .block: return .block("bot_detector.detected", "Too many requests with one fingerprint.")
        }
    }

    private func fingerprint(_ facts: ExchangeFacts) -> Fingerprint {
        Fingerprint(
            fields.map { name in
                // A credential is known by the key that it belongs to.
                guard ExchangeFacts.credentialHeaders.contains(name) else {
                    return Fingerprint.Field(facts.headers[name] ?? "", isExact: false)
                }
                return Fingerprint.Field(facts.keyID ?? "", isExact: true)
            })
    }

    /// Profiles among which a similar one is looked for: those that began last.
    private static let mostProfiles = 64

    /// The profile that a fingerprint belongs to: an equal one, one that is similar enough, or a new one of its own.
    private func profile(of fingerprint: Fingerprint, _ examination: Examination) -> Int {
        let profiles = examination.remember("profiles", for: window * 2) { [Fingerprint]() }
        if profiles.value.contains(where: { $0.hash == fingerprint.hash }) { return fingerprint.hash }
        if let similar = profiles.value.first(where: { $0.similarity(to: fingerprint) >= threshold }) {
            return similar.hash
        }
        if profiles.value.count == Self.mostProfiles { profiles.value.removeFirst() }
        profiles.value.append(fingerprint)
        return fingerprint.hash
    }
}

/// What a caller's headers look like, without the headers.
struct Fingerprint: Equatable {
    /// One header: its hash, and which pairs of bytes it has.
    struct Field: Equatable {
        var hash: Int

        /// Only an equal header is similar.
        var isExact: Bool

        /// A bit for each of the pairs of bytes, by their hash.
        private var pairs: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

        /// Bytes that are looked at.
        private static let longest = 512

        init(_ value: String, isExact: Bool) {
            hash = value.hashValue
            self.isExact = isExact
            var last: UInt8 = 0
            for byte in value.utf8.prefix(Self.longest) {
                mark((Int(last) &* 31 &+ Int(byte)) & 255)
                last = byte
            }
        }

        private mutating func mark(_ bit: Int) {
            let mask: UInt64 = 1 << UInt64(bit & 63)
            switch bit >> 6 {
            case 0: pairs.0 |= mask
            case 1: pairs.1 |= mask
            case 2: pairs.2 |= mask
            default: pairs.3 |= mask
            }
        }

        /// The share of pairs that two headers have in common (Dice), 0...1.
        func similarity(to other: Self) -> Double {
            guard hash != other.hash else { return 1 }
            guard !isExact else { return 0 }
            let (a, b) = (pairs, other.pairs)
            let common =
                (a.0 & b.0).nonzeroBitCount + (a.1 & b.1).nonzeroBitCount + (a.2 & b.2).nonzeroBitCount
                + (a.3 & b.3).nonzeroBitCount
            let all = count + other.count
            return all == 0 ? 0 : 2 * Double(common) / Double(all)
        }

        private var count: Int {
            pairs.0.nonzeroBitCount + pairs.1.nonzeroBitCount + pairs.2.nonzeroBitCount + pairs.3.nonzeroBitCount
        }

        static func == (a: Self, b: Self) -> Bool { a.hash == b.hash && a.isExact == b.isExact }
    }

    let fields: [Field]
    let hash: Int

    init(_ fields: [Field]) {
        self.fields = fields
        hash = fields.map(\.hash).hashValue
    }

    /// How alike two fingerprints of the same headers are, 0...1: the mean of their headers.
    func similarity(to other: Self) -> Double {
        guard fields.count == other.fields.count, !fields.isEmpty else { return 0 }
        return zip(fields, other.fields).reduce(0) { $0 + $1.0.similarity(to: $1.1) } / Double(fields.count)
    }
}
