import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsPolicy

/// The kinds that are made of a pack, a list in their settings, or both.
struct ListFilterTests {
    /// A kind, what it needs to work, and a text that its pack stops.
    struct Kind: Sendable, CustomTestStringConvertible {
        var name: String
        var key: String
        var text: String
        var category: String
        var testDescription: String { name }

        func chain(_ settings: Settings = [:]) throws -> PolicyChain {
            try PolicyChain([.string(name)], .mapping([(name, settings)]))
        }
    }

    /// The kinds with a pack.
    static let packed = [
        Kind(
            name: "itar-ear-filter", key: "blocked_terms", text: "Send the torpedo drawings to Oslo.",
            category: "export_control.arms"),
        Kind(
            name: "mnpi-filter", key: "detect_patterns", text: "The merger has not been announced.",
            category: "mnpi.deal"),
        Kind(
            name: "legal-privilege", key: "privilege_markers", text: "PRIVILEGED & CONFIDENTIAL",
            category: "privilege.marking"),
    ]

    /// The kinds without: their list is all they have.
    static let bare = [
        Kind(name: "entity-list-filter", key: "blocked_entities", text: "", category: "entity"),
        Kind(name: "dual-use-filter", key: "blocked_terms", text: "", category: "dual_use.term"),
    ]

    @Test("A pack stops what it names, on every phase", arguments: packed, Phase.allCases)
    func packs(kind: Kind, phase: Phase) throws {
        let outcome = try kind.chain().judge(kind.text, phase)

        #expect(outcome.verdict == .block)
        #expect(outcome.reason?.code == "\(kind.name.replacing("-", with: "_")).detected")
        #expect(outcome.results[0].findings.map(\.finding.category) == [kind.category])
    }

    @Test("What the settings list is added to the pack, or stands in its place", arguments: packed)
    func replaces(kind: Kind) throws {
        let added = try kind.chain(.mapping([(kind.key, .list([.string("Project Kraken")]))]))
        let alone = try kind.chain(
            .mapping([(kind.key, .list([.string("Project Kraken")])), ("replace_defaults", .boolean(true))]))

        for chain in [added, alone] { #expect(chain.judge("About Project Kraken.").verdict == .block) }
        #expect(try kind.chain().judge("About Project Kraken.").verdict == .allow)
        #expect(added.judge(kind.text).verdict == .block)
        #expect(alone.judge(kind.text).verdict == .allow)
    }

    @Test("A pack that is left out without a list, and an empty list, are refused", arguments: packed)
    func nothingLeft(kind: Kind) throws {
        let missing = #expect(throws: ConfigError.self) { try kind.chain(["replace_defaults": true]) }
        let empty = #expect(throws: ConfigError.self) {
            try kind.chain(.mapping([("replace_defaults", .boolean(true)), (kind.key, .list([]))]))
        }

        #expect(missing?.description.contains("needs the key '\(kind.key)'") == true)
        #expect(empty?.description.contains("'policy.\(kind.name).\(kind.key)' is empty") == true)
    }

    @Test("A kind without a pack needs its list", arguments: bare)
    func needsList(kind: Kind) throws {
        let missing = #expect(throws: ConfigError.self) { try kind.chain() }
        let empty = #expect(throws: ConfigError.self) { try kind.chain(.mapping([(kind.key, .list([]))])) }

        #expect(missing?.description.contains("needs the key '\(kind.key)'") == true)
        #expect(empty?.description.contains("is empty") == true)
    }

    @Test(
        "Terms with letters wrong count as far as a kind is told",
        arguments: [
            Kind(name: "itar-ear-filter", key: "blocked_terms", text: "", category: ""),
            Kind(name: "entity-list-filter", key: "blocked_entities", text: "", category: ""),
            Kind(name: "dual-use-filter", key: "blocked_terms", text: "", category: ""),
        ])
    func fuzzy(kind: Kind) throws {
        let list: (String, Settings) = (kind.key, .list([.string("Golden Crane Machinery")]))
        let exact = try kind.chain(.mapping([list]))
        let near = try kind.chain(.mapping([list, ("fuzzy_matching", .boolean(true))]))
        let nearer = try kind.chain(
            .mapping([list, ("fuzzy_matching", .boolean(true)), ("max_distance", .integer(3))]))

        #expect(exact.judge("goldn crane machinery").verdict == .allow)
        #expect(near.judge("goldn crane machinery").verdict == .block)
        #expect(near.judge("goldn crain machinerie").verdict == .allow)
        #expect(nearer.judge("goldn crane machinerie").verdict == .block)
        #expect(near.judge("Golden crane machinery").verdict == .block)
        let useless = #expect(throws: ConfigError.self) {
            try kind.chain(.mapping([list, ("max_distance", .integer(3))]))
        }
        #expect(useless?.description.contains("has no effect without 'fuzzy_matching: true'") == true)
    }

    @Test("dual-use-filter can take terms out instead of blocking")
    func dualUse() throws {
        let settings: Settings = ["blocked_terms": ["maraging steel"], "action": "redact"]
        let chain = try PolicyChain(["dual-use-filter"], ["dual-use-filter": settings])

        #expect(chain.passed("Buy Maraging  Steel now") == "Buy [DUAL_USE_REDACTED] now")
        #expect(chain.judge("Buy maraging steel").reason?.code == "dual_use_filter.redacted")
    }

    @Test("legal-privilege can ask a person instead of blocking")
    func escalates() throws {
        let chain = try PolicyChain(["legal-privilege"], ["legal-privilege": ["action": "escalate"]])

        #expect(chain.judge("PRIVILEGED & CONFIDENTIAL").verdict == .escalate)
    }

    @Test(
        "A name of a list is found however its words are joined and whatever its legal form",
        arguments: [
            ("Vector Dynamics GmbH", "vector dynamics, gmbh & co. kg", true),
            ("Vector Dynamics GmbH", "Vector-Dynamics Ltd.", true),
            ("Vector Dynamics GmbH", "vector dynamics for students", false),
            ("Orlov Marine Trading LLC", "Orlov Marine Trading", true),
            ("Orlov Marine Trading LLC", "Orlov Marine Tradings", false),
            ("Qoraxon Ltd", "qoraxon", false),
            ("Qoraxon Ltd", "Qoraxon Limited", true),
            ("Qoraxon", "the QORAXON, of course", true),
            ("Qoraxon", "qoraxons", false),
            ("Łukasz Żak", "ask Łukasz Żak", true),
            ("株式会社サンプル", "これは株式会社サンプルです", true),
            ("C++ (x)", "the c++ (x) firm", true),
        ])
    func names(entity: String, text: String, isFound: Bool) throws {
        let settings: Settings = ["blocked_entities": [.string(entity)]]
        let chain = try PolicyChain(["entity-list-filter"], ["entity-list-filter": settings])

        #expect(chain.judge(text).verdict == (isFound ? .block : .allow))
    }

    @Test(
        "Keys and actions of other kinds are refused, with a hint",
        arguments: [
            ("itar-ear-filter", ["action": "redact"], "not one of 'block'"),
            ("itar-ear-filter", ["categories": ["USML"]], "say 'blocked_terms'"),
            ("itar-ear-filter", ["lists": ["CCL"]], "say 'blocked_terms'"),
            ("entity-list-filter", ["blocked_terms": ["x"]], "say 'blocked_entities'"),
            ("dual-use-filter", ["action": "escalate"], "not one of 'block', 'redact'"),
            ("mnpi-filter", ["blocked_terms": ["x"]], "say 'detect_patterns'"),
            ("mnpi-filter", ["detect_patterns": ["a(?=b)"]], "linear time"),
            ("legal-privilege", ["privilege_markers": [""]], "must have 1 to 256 bytes that show"),
            ("legal-privilege", ["apply_to": "input"], "say 'on'"),
        ] as [(String, Settings, String)])
    func mistakes(kind: String, settings: Settings, text: String) {
        let error = #expect(throws: ConfigError.self) {
            try PolicyChain([.string(kind)], .mapping([(kind, settings)]))
        }

        #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
    }

    @Test("What a stream lets out does not depend on the pieces", arguments: packed, [1, 5, 13])
    func streams(kind: Kind, size: Int) throws {
        let bytes = Array("Well, here it is. \(kind.text) And more.".utf8)
        let pieces = stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }

        let result = try kind.chain().streamed(pieces)

        #expect(result.outcome.verdict == .block)
        #expect("Well, here it is. ".hasPrefix(result.text))
    }
}
