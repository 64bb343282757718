import KeeptrustsCore
import KeeptrustsPolicy
import NIOCore

/// Settings as a configuration file would hold them, written as Swift literals.
///
/// The key number n of a mapping stands in line n, at a column that grows with the depth.
indirect enum Settings: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByStringLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral
{
    case mapping([(String, Settings)])
    case list([Settings])
    case string(String)
    case boolean(Bool)
    case integer(Int)
    case number(Double)

    init(dictionaryLiteral elements: (String, Settings)...) { self = .mapping(elements) }
    init(arrayLiteral elements: Settings...) { self = .list(elements) }
    init(stringLiteral value: String) { self = .string(value) }
    init(booleanLiteral value: Bool) { self = .boolean(value) }
    init(integerLiteral value: Int) { self = .integer(value) }
    init(floatLiteral value: Double) { self = .number(value) }

    func node(_ path: String, line: Int = 1, depth: Int = 0) -> ConfigNode {
        let place = SourceLocation(file: "policy-config.yaml", line: line, column: 1 + 2 * depth)
        let value: ConfigNode.Value =
            switch self {
            case .string(let string): .string(string)
            case .boolean(let flag): .boolean(flag)
            case .integer(let number): .integer(number)
            case .number(let number): .number(number)
            case .list(let members):
                .list(members.enumerated().map { $1.node("\(path).\($0)", line: $0 + 1, depth: depth + 1) })
            case .mapping(let members):
                .mapping(
                    members.enumerated().map { index, member in
                        let inner = SourceLocation(file: "policy-config.yaml", line: index + 1, column: 3 + 2 * depth)
                        let child = member.1.node("\(path).\(member.0)", line: index + 1, depth: depth + 1)
                        return (key: member.0, keyLocation: inner, value: child)
                    })
            }
        return ConfigNode(value, at: place, path: path)
    }
}

extension PolicyChain {
    /// A chain of `entries` with the section `policy`.
    convenience init(
        _ entries: Settings, _ settings: Settings? = nil, failMode: OnError = .block
    ) throws(ConfigError) {
        try self.init(
            entries: entries.node("policies.chain"), settings: settings?.node("policy"),
            cacheDirectory: TestPatterns.directory,
            failMode: failMode
        )
    }

    /// Judges one text of a user's request, or of another phase.
    func judge(_ text: String, _ phase: Phase = .request, role: Segment.Role = .user) -> ChainOutcome {
        judge([Segment(ByteBuffer(string: text), role: role, phase: phase)], using: MatchScratch(for: self))
    }

    /// Judges half an exchange of which these facts are known.
    func judge(
        _ segments: [Segment] = [], at stage: ExchangeStage = .request, knowing facts: ExchangeFacts,
        using scratch: MatchScratch? = nil
    ) -> ChainOutcome {
        judge(segments, at: stage, facts: facts, using: scratch ?? MatchScratch(for: self))
    }

    /// The text after the chain's redactions; nil when it does not pass.
    func passed(_ text: String, _ phase: Phase = .request) -> String? {
        let outcome = judge(text, phase)
        guard outcome.verdict < .escalate else { return nil }
        var bytes = Array(text.utf8)
        for redaction in outcome.redactions.reversed() {
            bytes.replaceSubrange(redaction.span, with: Array(redaction.replacement.utf8))
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What comes out when a text arrives in pieces, and how it ended.
    func streamed(
        _ pieces: [[UInt8]], _ phase: Phase = .response, using scratch: MatchScratch? = nil
    ) -> (text: String, step: StreamStep, outcome: ChainOutcome) {
        let scratch = scratch ?? MatchScratch(for: self)
        var out = ByteBuffer()
        guard var judge = streamJudge(on: phase, using: scratch) else {
            return (String(decoding: pieces.joined(), as: UTF8.self), .pass, ChainOutcome())
        }
        for piece in pieces {
            let step = judge.push(ByteBuffer(bytes: piece), isLast: false, using: scratch, into: &out)
            if step != .pass { return (String(buffer: out), step, judge.outcome) }
        }
        let step = judge.push(ByteBuffer(), isLast: true, using: scratch, into: &out)
        return (String(buffer: out), step, judge.outcome)
    }
}

extension Segment {
    /// The arguments of a call of a tool, as a model sends them.
    static func call(_ tool: String, _ arguments: String, number: Int32 = 0) -> Self {
        Segment(
            ByteBuffer(string: arguments), role: .assistant, phase: .toolCall,
            tool: ToolUse(tool, .arguments, call: number))
    }

    /// What a user says.
    static func user(_ text: String) -> Self { Segment(ByteBuffer(string: text), role: .user, phase: .request) }

    /// What a model answers.
    static func answer(_ text: String, choice: Int32? = 0) -> Self {
        Segment(ByteBuffer(string: text), role: .assistant, phase: .response, choice: choice)
    }
}

extension ExchangeFacts {
    /// What is known of a caller with a key.
    static func caller(
        key: String? = "tok_1", user: String? = nil, headers: [String: String] = [:], uptime: Duration = .zero
    ) -> Self {
        var facts = ExchangeFacts()
        (facts.keyID, facts.user, facts.headers, facts.uptime) = (key, user, headers, uptime)
        return facts
    }
}
