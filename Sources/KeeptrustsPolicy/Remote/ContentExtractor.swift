import KeeptrustsCore
import KeeptrustsMatching
import NIOCore

/// The kind `content-extractor`: puts what stands at addresses in a user's text behind that text, for the model to read.
///
/// Only hosts that are named are asked, without a credential, without following a redirect, and not on private networks. What
/// comes is judged by the rules of the chain before it is put in.
struct ContentExtractor: Policy {
    static let kind = PolicyKind(
        "content-extractor", streaming: .none, isSecurity: false, phases: [.request], capable: [.request])

    let rules: [Rule] = []
    let timeout: Duration

    /// Hosts that may be asked, with the port where that is not the scheme's own.
    private let hosts: Set<String>
    private let mostBytes: Int
    private let isOn: Bool
    private let blocksOnError: Bool
    private let reachesPrivate: Bool

    private enum Key: String, ConfigKey {
        case hosts = "allow_hosts"
        case timeout = "timeout_ms"
        case mostBytes = "max_bytes"
        case isOn = "fetch_urls"
        case onError = "action_on_error"
        case privateNetworks = "allow_private_addresses"
    }
    private enum OnError: String, CaseIterable { case warn, block }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        var hosts: Set<String> = []
        for node in try mapping[.hosts]?.list() ?? [] { hosts.insert(try Self.host(node)) }
        self.hosts = hosts
        timeout = .milliseconds(try mapping[.timeout]?.integer(in: 1...60_000) ?? 2_000)
        mostBytes = try mapping[.mostBytes]?.integer(in: 1...1_048_576) ?? 65_536
        isOn = try mapping[.isOn]?.boolean() ?? true
        blocksOnError = try mapping[.onError]?.choice(of: OnError.self) == .block
        reachesPrivate = try mapping[.privateNetworks]?.boolean() ?? false
    }

    private static func host(_ node: ConfigNode) throws(ConfigError) -> String {
        let text = try node.string()
        guard let url = try? BaseURL("http://\(text)"), url.path.isEmpty, !text.contains("*"), !text.contains("/")
        else {
            throw ConfigError(
                .outOfRange, at: node.location, "\(node.name) is \(quoted(text)), which is no host.",
                hint:
                    "write the exact name, such as docs.example.com; other ports than the usual as docs.example.com:8443"
            )
        }
        return text.lowercased()
    }

    var asks: Bool { isOn && !hosts.isEmpty }
    var bringsText: Bool { true }
    func reads(_ role: Segment.Role) -> Bool { role == .user }

    /// Addresses of one request that are asked; of more, the last ones.
    private static let mostAddresses = 8

    /// The addresses that may be asked, and the last text that each stands in.
    private func addresses(in examination: Examination) -> [(segment: Int, address: TextAddress)] {
        var found: [(segment: Int, address: TextAddress)] = []
        for segment in examination.own.reversed() {
            for address in TextAddresses.find(in: examination.segments[segment].text).reversed() {
                guard mayAsk(address.url), !found.contains(where: { $0.address == address }) else { continue }
                found.append((segment, address))
                if found.count == Self.mostAddresses { return found.reversed() }
            }
        }
        return found.reversed()
    }

    private func mayAsk(_ url: BaseURL) -> Bool {
        let isUsual = url.port == (url.isTLS ? 443 : 80)
        return hosts.contains("\(url.host):\(url.port)") || isUsual && hosts.contains(url.host)
    }

    func questions(_ examination: Examination) -> [ServiceQuestion] {
        addresses(in: examination).map { _, address in
            var question = ServiceQuestion(path: address.target, body: ByteBuffer())
            question.method = .get
            question.url = address.url
            question.mostBytes = mostBytes
            question.cutsAnswer = true
            question.isPublicOnly = !reachesPrivate
            return question
        }
    }

    func opinion(on replies: [ServiceReply], _ examination: Examination) -> Opinion {
        var opinion = Opinion()
        for ((segment, address), reply) in zip(addresses(in: examination), replies) {
            guard let text = Self.text(of: reply) else {
                opinion.findings.append(LocatedFinding(segment: segment, Finding("content.not_fetched", at: 0..<0)))
                continue
            }
            let end = examination.length(of: segment)
            // In words: the marks of a transcript would be taken for an attack.
            let note = "\n\nContent of \(address.text):\n\(text)\n(End of \(address.text))"
            opinion.edits.append(Redaction(segment: segment, span: end..<end, replacement: note))
        }
        guard !opinion.findings.isEmpty else { return opinion }
        let reason = Reason(
            code: "content_extractor.not_fetched",
            message: "What stands at an address in the text could not be fetched.")
        opinion.decision =
            blocksOnError ? Decision(verdict: .block, reason: reason) : Decision(flagged: true, reason: reason)
        return opinion
    }

    /// The words of a reply; nil for a failure and for what is no text.
    private static func text(of reply: ServiceReply) -> String? {
        guard case .answer(let answer) = reply else { return nil }
        let type = answer.contentType?.split(separator: ";").first?.lowercased() ?? ""
        switch type.filter({ !$0.isWhitespace }) {
        case "text/html", "application/xhtml+xml": return PageText.of(html: answer.body)
        case "application/json", "application/xml": return String(buffer: answer.body)
        case let type where type.hasPrefix("text/"): return String(buffer: answer.body)
        default: return nil
        }
    }
}
