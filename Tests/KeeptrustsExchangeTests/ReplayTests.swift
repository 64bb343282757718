import Foundation
import KeeptrustsAPI
import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsExchange
import KeeptrustsPolicy
import NIOCore
import Testing

struct ReplayTests {
    private func side(
        _ chain: String, _ settings: String = "{}", _ more: String = ""
    ) throws -> ReplayReport.Side {
        let config = try TestChain.config(chain, settings, more)
        return (config, try config.compileChain(cacheDirectory: TestPatterns.directory))
    }

    private static let dlp = "{dlp: {action: block, blocked_terms: [bluebird]}}"
    private static let trial = "[pii-detector, {id: dlp, kind: dlp-filter, mode: observe}, audit-logger]"
    private static let enforced = "[pii-detector, {id: dlp, kind: dlp-filter}, audit-logger]"

    /// An exchange as it was recorded: what each policy said, `-` for one that was skipped.
    private func event(
        _ side: ReplayReport.Side, request: [String], response: [String]? = nil, verdict: Verdict = .allow,
        outcome: DecisionEvent.Outcome = .completed
    ) -> DecisionEvent {
        func results(_ words: [String], _ phase: Phase) -> [DecisionEvent.PolicyResult] {
            zip(side.chain.instances, words).map { instance, word in
                DecisionEvent.PolicyResult(
                    id: instance.id, kind: instance.kind.name, phase: phase, verdict: Verdict(rawValue: word) ?? .allow,
                    skipped: word == "-")
            }
        }
        return DecisionEvent(
            id: "evt_1", sequence: 1, gatewayID: "gw_1", time: Timestamp(rawValue: 0), requestID: "req_1",
            surface: "chat_completions", model: "demo",
            config: ConfigReference(name: "test", version: "1.0.0", digest: side.config.digest), verdict: verdict,
            outcome: outcome, policies: results(request, .request) + results(response ?? [], .response),
            timings: DecisionEvent.Timings(totalUS: 1))
    }

    @Test("A trial that is put in force blocks what it would have blocked, and no more")
    func promotion() throws {
        let (old, new) = (try side(Self.trial, Self.dlp), try side(Self.enforced, Self.dlp))
        let replay = EventReplay(from: old, to: new)
        let clean = ["allow", "allow", "allow"]

        let hit = replay.judge(event(old, request: ["allow", "block", "allow"], response: clean))
        let late = replay.judge(event(old, request: clean, response: ["redact", "block", "allow"], verdict: .redact))
        let none = replay.judge(event(old, request: clean, response: clean))

        #expect(hit?.after == .block && hit?.isExact == true && hit?.policy == "dlp")
        #expect(late?.after == .block && late?.isExact == true && late?.changes == true)
        #expect(none?.after == .allow && none?.isExact == true && none?.changes == false)
    }

    @Test("A policy that is left out no longer counts; an answer that was never asked for is unknown")
    func removal() throws {
        let (old, new) = (try side(Self.enforced, Self.dlp), try side("[pii-detector, audit-logger]"))
        let replay = EventReplay(from: old, to: new)

        let answered = replay.judge(
            event(old, request: ["redact", "allow", "allow"], response: ["allow", "allow", "allow"], verdict: .redact))
        let blocked = replay.judge(
            event(old, request: ["allow", "block", "allow"], verdict: .block, outcome: .blocked))

        #expect(answered?.changes == false && answered?.isExact == true)
        #expect(blocked?.isDecided == false)
        #expect(blocked?.unknown == ["the answer"])
    }

    @Test("What a new, a changed or a skipped policy would say is unknown, unless another one decides anyway")
    func unknown() throws {
        let old = try side(Self.enforced, Self.dlp)
        let changed = try side(Self.enforced, "{dlp: {action: block, blocked_terms: [redbird]}}")
        let added = try side(
            "[pii-detector, {id: dlp, kind: dlp-filter}, {id: more, kind: dlp-filter}, audit-logger]", Self.dlp)
        let swapped = try side("[{id: dlp, kind: dlp-filter}, {id: late, kind: pii-detector}, audit-logger]", Self.dlp)
        let clean = event(old, request: ["allow", "allow", "allow"], response: ["allow", "allow", "allow"])
        let hit = event(old, request: ["allow", "block", "allow"], verdict: .block, outcome: .blocked)

        #expect(EventReplay(from: old, to: changed).judge(clean)?.unknown == ["dlp"])
        #expect(EventReplay(from: old, to: added).judge(clean)?.unknown == ["more"])
        #expect(EventReplay(from: old, to: swapped).judge(clean)?.unknown == ["late"])
        #expect(EventReplay(from: old, to: swapped).judge(hit)?.after == .block)
        #expect(EventReplay(from: old, to: swapped).judge(hit)?.isExact == true)
        #expect(EventReplay(from: old, to: changed).judge(hit)?.isDecided == false)
    }

    @Test("A policy that was skipped because a block had ended the chain is unknown; one without texts is not")
    func skipped() throws {
        let chain = "[{id: a, kind: dlp-filter}, {id: b, kind: pii-detector, on: [tool_result]}]"
        let old = try side(chain, "{a: {action: block}}")
        let observed = try side(
            chain.replacing("dlp-filter}", with: "dlp-filter, mode: observe}"), "{a: {action: block}}")
        let replay = EventReplay(from: old, to: observed)

        let ended = replay.judge(event(old, request: ["block", "-"], verdict: .block, outcome: .blocked))
        let noTexts = replay.judge(event(old, request: ["allow", "-"], response: ["allow", "-"]))

        #expect(ended?.unknown == ["b", "the answer"])
        #expect(noTexts?.isExact == true && noTexts?.changes == false)
    }

    @Test("Of a short record, only what a new or a changed policy would say is unknown")
    func short() throws {
        let (old, same) = (try side(Self.trial, Self.dlp), try side(Self.enforced, Self.dlp))
        let changed = try side(Self.enforced, "{dlp: {action: block, blocked_terms: [redbird]}}")

        let kept = EventReplay(from: old, to: same).judge(event(old, request: []))
        let unknown = EventReplay(from: old, to: changed).judge(event(old, request: []))

        #expect(kept?.isExact == true && kept?.after == .allow)
        #expect(unknown?.isExact == false && unknown?.unknown == ["dlp"])
    }

    @Test(
        "What a group or a route leaves out has no say, and where that is not known, its verdict is not",
        arguments: [
            // The old selection, the new one, the record's group and route, what the policy said, and what is unknown.
            ("", few, "few", nil, "block", "allow", []), ("", few, "other", nil, "block", "block", []),
            ("", few, nil, nil, "block", "block", []), (few, few, "few", nil, "-", "allow", []),
            (few, "", "few", nil, "-", "allow", ["dlp"]), (few, named("many"), "few", nil, "-", "allow", ["dlp"]),
            (named("all", ""), few, "all", nil, "block", "allow", ["dlp"]),
            (named("all", ""), few, "all", nil, "allow", "allow", []),
            (route(), route(policies), nil, "r", "block", "allow", []),
            (route(), route(policies).replacing("name: r", with: "name: s"), nil, "r", "block", "allow", []),
            (route(policies), route(), nil, "r", "-", "allow", ["dlp"]),
            (route(policies), "", nil, "r", "-", "allow", ["dlp"]),
            (route(policies), "", nil, nil, "block", "block", []),
            (route(), route(policies).replacing("b", with: "c"), nil, "r", "block", "allow", ["dlp"]),
            ("", route(policies), nil, nil, "block", "allow", ["dlp"]),
            ("", route(policies), nil, nil, "allow", "allow", []),
            (route(), route(policies), nil, "stranger", "block", "allow", ["dlp"]),
        ] as [(String, String, String?, String?, String, String, [String])])
    func selected(
        before: String, after: String, group: String?, route: String?, said: String, verdict: String, unknown: [String]
    ) throws {
        let chain = "[pii-detector, {id: dlp, kind: dlp-filter}]"
        let (old, new) = (try side(chain, Self.dlp, before), try side(chain, Self.dlp, after))
        var event = event(
            old, request: ["allow", said], response: said == "block" ? [] : ["allow", said],
            verdict: said == "block" ? .block : .allow)
        (event.consumerGroup, event.route) = (group, route)

        let result = EventReplay(from: old, to: new).judge(event)

        #expect(result?.after.rawValue == verdict)
        #expect(result?.unknown == unknown)
        #expect(result?.isExact == unknown.isEmpty)
    }

    private static let policies = ", policies: [pii-detector]"
    private static let few = named("few")

    private static func named(_ group: String, _ policies: String = policies) -> String {
        "consumer_groups: [{name: \(group), key_ref: {env: KEY}\(policies)}]"
    }

    private static func route(_ policies: String = "") -> String {
        "routes: [{name: r, path: /, headers: {x-a: b}\(policies)}]"
    }

    @Test("Of a short record, a policy that was left out is unknown, and one that would be is not")
    func shortAndSelected() throws {
        let (old, new) = (try side(Self.enforced, Self.dlp, Self.few), try side(Self.enforced, Self.dlp))
        var event = event(old, request: [])
        event.consumerGroup = "few"

        #expect(EventReplay(from: old, to: new).judge(event)?.unknown == ["dlp"])
        #expect(EventReplay(from: old, to: old).judge(event)?.isExact == true)
    }

    @Test("A record of another configuration is not judged")
    func foreign() throws {
        let (old, new) = (try side(Self.trial, Self.dlp), try side(Self.enforced, Self.dlp))

        #expect(EventReplay(from: old, to: new).judge(event(new, request: ["allow", "allow", "allow"])) == nil)
    }

    @Test("Texts and records may stand in one file, and what cannot be judged is counted")
    func report() throws {
        let (old, new) = (try side(Self.trial, Self.dlp), try side(Self.enforced, Self.dlp))
        var report = ReplayReport(from: old, to: new)
        let hit = event(old, request: ["allow", "block", "allow"], response: ["allow", "allow", "allow"])
        let lines = [
            #"{"id":1,"text":"a bluebird"}"#, #"{"id":2,"text":"jane@example.com"}"#, "",
            String(decoding: try JSONEncoder().encode(hit), as: UTF8.self),
            String(decoding: try JSONEncoder().encode(event(new, request: [])), as: UTF8.self), "neither",
        ]

        for (index, line) in lines.enumerated() {
            report.take(LineSplitter.Line(number: index + 1, bytes: ByteBuffer(string: line)))
        }

        #expect(
            report.summary == """
                1  allow -> block  by dlp
                evt_1  allow -> block  by dlp
                3 judged: 2 would change, 1 would not
                1 were recorded under another configuration, and cannot be judged
                """)
        #expect(report.badLines.map(\.line) == [6])
        let json = try #require(try JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any])
        #expect([json["judged"], json["changed"], json["other_config"]] as? [Int] == [3, 2, 1])
        #expect((json["changes"] as? [[String: Any]])?.first?["after"] as? String == "block")
    }

    @Test("Policies whose services nobody asks are named")
    func unasked() throws {
        let old = try side("[pii-detector]")
        let new = try side(
            "[pii-detector, {id: mod, kind: external-moderation}]", "{mod: {endpoint: 'http://127.0.0.1:9'}}")
        var report = ReplayReport(from: old, to: new)
        report.take(LineSplitter.Line(number: 1, bytes: ByteBuffer(string: #"{"id":1,"text":"hello"}"#)))

        #expect(
            report.summary == """
                1 judged: 0 would change, 1 would not
                1 of the policies were not asked, since no service is asked here: mod
                """)
        #expect(report.json.contains(#""not_asked" : ["#) && !report.judgedNothing)
    }

    @Test("Where nothing could be judged, that is known, and a whole answer of the API is told what it is")
    func nothing() throws {
        let (old, new) = (try side(Self.trial, Self.dlp), try side(Self.enforced, Self.dlp))
        var report = ReplayReport(from: old, to: new)
        #expect(!report.judgedNothing)
        let event = String(decoding: try JSONEncoder().encode(event(new, request: [])), as: UTF8.self)
        for (index, line) in [event, "{\"events\":[\(event)],\"next_cursor\":\"a\"}"].enumerated() {
            report.take(LineSplitter.Line(number: index + 1, bytes: ByteBuffer(string: line)))
        }

        #expect(report.judgedNothing)
        #expect(
            report.badLines.map(\.problem) == [
                "a whole answer of GET /v1/events: write one event a line, as `jq -c '.events[]'` does"
            ])
    }

    @Test("Other redactions are a change, and so is another verdict of a test")
    func redactions() throws {
        let old = try side("[pii-detector]")
        let new = try side("[pii-detector]", "{pii-detector: {redaction: {marker_format: asterisks}}}")
        var report = ReplayReport(from: old, to: new)
        report.take(LineSplitter.Line(number: 1, bytes: ByteBuffer(string: #"{"id":1,"text":"jane@example.com"}"#)))
        let suite = try TestSuite(
            file: ConfigLayer(
                name: "t.yaml",
                text:
                    "{name: mail, input: {messages: [{role: user, content: jane@example.com}]}, expected: {verdict: redact}}"
            ))
        try report.take(suite, cacheDirectory: TestPatterns.directory)

        #expect(report.changed == 2)
        #expect(
            report.summary.hasPrefix("1  redact -> redact (other redactions)  by pii-detector\nmail  redact -> redact"))
    }
}
