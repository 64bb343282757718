import KeeptrustsCore
import KeeptrustsPolicy
import Testing

@Suite("The kind bot-detector")
struct BotDetectorTests {
    /// Requests of one event loop.
    private struct Loop {
        let chain: PolicyChain
        let scratch: MatchScratch

        init(_ settings: Settings, chain: Settings = ["bot-detector"]) throws {
            self.chain = try PolicyChain(chain, ["bot-detector": settings])
            scratch = MatchScratch(for: self.chain)
        }

        func send(
            _ agent: String = "curl/8.5.0", key: String? = "tok_1", address: String? = nil, at seconds: Int = 0
        ) -> ChainOutcome {
            var headers = ["user-agent": agent]
            headers["x-forwarded-for"] = address
            let facts = ExchangeFacts.caller(key: key, headers: headers, uptime: .seconds(seconds))
            return chain.judge(knowing: facts, using: scratch)
        }
    }

    @Test("The request that is one too many in the window is flagged, or blocked")
    func counts() throws {
        let warns = try Loop(["max_requests_per_window": 3, "profile_window_seconds": 10])
        let blocks = try Loop(["max_requests_per_window": 3, "profile_window_seconds": 10, "action": "block"])

        let flags = [0, 1, 2, 3, 40].map { warns.send(at: $0) }
        #expect(flags.map(\.flagged) == [false, false, false, true, false])
        #expect(flags.map(\.verdict) == [.allow, .allow, .allow, .allow, .allow])
        #expect(flags[3].results[0].reasonCode == "bot_detector.suspected")
        #expect(
            [0, 1, 2, 3, 40].map { blocks.send(at: $0).reason?.code } == [
                nil, nil, nil, "bot_detector.detected", nil,
            ])
    }

    @Test(
        "Requests count together when their fingerprints are similar",
        arguments: [
            ("curl/8.5.1", "tok_1", nil, true), ("curl/8.5.0", "tok_1", nil, true),
            ("Mozilla/5.0 (X11; Linux)", "tok_1", nil, false), ("curl/8.5.0", "tok_2", nil, false),
            ("curl/8.5.0", nil, nil, false), ("curl/8.5.0", "tok_1", "10.11.12.13", false),
        ] as [(String, String?, String?, Bool)])
    func similarity(agent: String, key: String?, address: String?, isSame: Bool) throws {
        let loop = try Loop(["max_requests_per_window": 1])
        _ = loop.send()

        #expect(loop.send(agent, key: key, address: address).flagged == isSame)
    }

    @Test("A threshold of 1 counts equal fingerprints only, one of 0 counts all")
    func thresholds() throws {
        let exact = try Loop(["max_requests_per_window": 1, "similarity_threshold": 1])
        let blunt = try Loop(["max_requests_per_window": 1, "similarity_threshold": 0])
        for loop in [exact, blunt] { _ = loop.send() }

        #expect(!exact.send("curl/8.5.1").flagged)
        #expect(exact.send("curl/8.5.1").flagged)
        #expect(blunt.send("anything", key: "tok_9").flagged)
    }

    @Test("Only the named headers make the fingerprint")
    func fields() throws {
        let loop = try Loop(["max_requests_per_window": 1, "fingerprint_fields": ["User-Agent"]])
        _ = loop.send()

        #expect(loop.chain.needs.headers == ["user-agent"])
        #expect(loop.send(key: "tok_2", address: "10.0.0.1").flagged)
    }

    @Test("A flood of other fingerprints does not hide a caller, and costs little")
    func flood() throws {
        let loop = try Loop(["max_requests_per_window": 2, "similarity_threshold": 1])
        _ = loop.send()
        for number in 0..<500 { _ = loop.send("agent \(number)") }
        _ = loop.send()

        #expect(loop.send().flagged)
    }

    @Test("What another policy has blocked counts too; an answer does not")
    func blocked() throws {
        let loop = try Loop(["max_requests_per_window": 1], chain: ["prompt-injection", "bot-detector"])
        let facts = ExchangeFacts.caller()
        let attack = [Segment.user(PolicyChainTests.injection)]

        #expect(!loop.chain.judge(attack, knowing: facts, using: loop.scratch).flagged)
        #expect(!loop.chain.judge([.answer("x")], at: .answer, knowing: facts, using: loop.scratch).flagged)
        #expect(loop.chain.judge(attack, knowing: facts, using: loop.scratch).flagged)
    }
}
