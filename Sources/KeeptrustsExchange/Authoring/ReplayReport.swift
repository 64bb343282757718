import Foundation
public import KeeptrustsAPI
public import KeeptrustsConfig
import KeeptrustsCore
public import KeeptrustsPolicy
public import NIOCore

/// What `kt policy replay` finds: which verdicts another configuration would change.
public struct ReplayReport {
    /// One exchange or text whose verdict would be another.
    struct Change: Encodable {
        var id: String
        var before: String
        var after: String

        /// Whether `after` is only the least that it would be.
        var at_least: Bool
        var policy: String?

        /// Both redact, and not the same.
        var redactions_differ: Bool
    }

    /// A configuration, and its chain.
    public typealias Side = (config: PolicyConfig, chain: PolicyChain)

    private let old: Side
    private let new: Side
    private let events: EventReplay
    private let scratch: (old: MatchScratch, new: MatchScratch)

    public private(set) var judged = 0
    public private(set) var changed = 0

    /// Records of exchanges that cannot be judged: made under another configuration, or without what would decide.
    public private(set) var foreign = 0
    public private(set) var undecided = 0
    private var unknown: [String: Int] = [:]
    private var changes: [Change] = []

    /// The policies whose services some text or test would have asked.
    private var unasked: Set<String> = []

    /// Lines that are neither (the first twenty).
    public private(set) var badLines: [ScanSummary.BadRow] = []
    public private(set) var badLineCount = 0

    private static let mostChanges = 1_000
    private static let mostBadLines = 20

    /// Compares the configuration that was in force with a new one.
    public init(from old: Side, to new: Side) {
        self.old = old
        self.new = new
        events = EventReplay(from: old, to: new)
        scratch = (MatchScratch(for: old.chain), MatchScratch(for: new.chain))
    }

    /// Judges a line of a file: a text as `kt policy scan` reads it, or a decision event.
    public mutating func take(_ line: LineSplitter.Line) {
        guard let bytes = line.bytes else { return refuse(line.number, "it is too long") }
        guard bytes.readableBytesView.contains(where: { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }) else { return }
        do throws(RowFault) {
            take(try TextRow(bytes))
        } catch {
            guard let event = try? JSONDecoder().decode(DecisionEvent.self, from: Data(bytes.readableBytesView)) else {
                return refuse(
                    line.number, Self.isList(bytes) ? Self.listProblem : "no text (\(error)) and no decision event")
            }
            take(event)
        }
    }

    /// What to say to a whole answer of the control plane.
    public static let listProblem =
        "a whole answer of GET /v1/events: write one event a line, as `jq -c '.events[]'` does"

    /// Whether a text is what the control plane answers: events in an object.
    public static func isList(_ bytes: ByteBuffer) -> Bool {
        let object = try? JSONSerialization.jsonObject(with: Data(bytes.readableBytesView)) as? [String: Any]
        return object?[DecisionEvent.plural] is [Any]
    }

    /// There was something to judge, and nothing of it could be.
    public var judgedNothing: Bool { judged == 0 && foreign + undecided > 0 }

    /// Judges a recorded exchange.
    public mutating func take(_ event: DecisionEvent) {
        guard let result = events.judge(event) else {
            foreign += 1
            return
        }
        guard result.isDecided else {
            undecided += 1
            for policy in result.unknown { unknown[policy, default: 0] += 1 }
            return
        }
        judged += 1
        guard result.changes else { return }
        note(
            Change(
                id: event.id.rawValue, before: result.before.rawValue, after: result.after.rawValue,
                at_least: !result.isExact, policy: result.policy, redactions_differ: false))
    }

    /// Plays the cases of tests by both configurations.
    public mutating func take(_ suite: TestSuite, cacheDirectory: String?) throws {
        let before = try Rehearsal(old.config, cacheDirectory: cacheDirectory)
        let after = try Rehearsal(new.config, cacheDirectory: cacheDirectory)
        for test in suite.cases {
            let (was, becomes) = (before.play(test.input), after.play(test.input))
            guard let first = was.event, let second = becomes.event else {
                undecided += 1
                continue
            }
            judged += 1
            for result in first.policies + second.policies {
                if let code = result.reasonCode, PolicyResult.isUnasked(code) { unasked.insert(result.id) }
            }
            // What is refused before a policy sees it is changed by none.
            let (old, new) = (first.verdict ?? .allow, second.verdict ?? .allow)
            let differ = old == .redact && new == .redact && was.texts != becomes.texts
            guard old != new || differ else { continue }
            note(
                Change(
                    id: test.name, before: old.rawValue, after: new.rawValue, at_least: false,
                    policy: second.policy, redactions_differ: differ))
        }
    }

    private mutating func take(_ row: TextRow) {
        let before = old.chain.judge(row.segments, using: scratch.old)
        let after = new.chain.judge(row.segments, using: scratch.new)
        judged += 1
        for result in before.results + after.results where result.isUnasked { unasked.insert(result.id) }
        let differ =
            before.verdict == .redact && after.verdict == .redact && before.redactions != after.redactions
        guard before.verdict != after.verdict || differ else { return }
        note(
            Change(
                id: String(buffer: row.id), before: before.verdict.rawValue, after: after.verdict.rawValue,
                at_least: false, policy: after.policy, redactions_differ: differ))
    }

    private mutating func note(_ change: Change) {
        changed += 1
        if changes.count < Self.mostChanges { changes.append(change) }
    }

    private mutating func refuse(_ line: Int, _ problem: String) {
        badLineCount += 1
        if badLines.count < Self.mostBadLines { badLines.append(ScanSummary.BadRow(line: line, problem: problem)) }
    }

    /// For people: a line for each change, then the count, then what could not be judged.
    public var summary: String {
        var lines = changes.map { change in
            var line = "\(change.id)  \(change.before) -> \(change.at_least ? "at least " : "")\(change.after)"
            if change.redactions_differ { line += " (other redactions)" }
            return change.policy.map { "\(line)  by \($0)" } ?? line
        }
        if changed > changes.count { lines.append("… and \(changed - changes.count) more") }
        lines.append("\(judged) judged: \(changed) would change, \(judged - changed) would not")
        if foreign > 0 { lines.append("\(foreign) were recorded under another configuration, and cannot be judged") }
        if undecided > 0 {
            let names = unknown.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) (\($0.value))" }
            lines.append(
                "\(undecided) cannot be judged without their texts, which no record holds"
                    + (names.isEmpty ? "" : "; unknown: \(names.joined(separator: ", "))"))
        }
        if !unasked.isEmpty {
            let names = unasked.sorted().joined(separator: ", ")
            lines.append("\(unasked.count) of the policies were not asked, since no service is asked here: \(names)")
        }
        return lines.map(\.shown).joined(separator: "\n")
    }

    /// For programs.
    public var json: String {
        JSONReport.text(
            Wire(
                judged: judged, changed: changed, unchanged: judged - changed, other_config: foreign,
                undecided: undecided, unknown: unknown, not_asked: unasked.sorted(), changes: changes,
                bad_lines: badLineCount, problems: badLines))
    }

    private struct Wire: Encodable {
        var judged: Int
        var changed: Int
        var unchanged: Int
        var other_config: Int
        var undecided: Int
        var unknown: [String: Int]
        var not_asked: [String]
        var changes: [Change]
        var bad_lines: Int
        var problems: [ScanSummary.BadRow]
    }
}
