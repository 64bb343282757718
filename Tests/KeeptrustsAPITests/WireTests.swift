import Foundation
import KeeptrustsAPI
import KeeptrustsCore
import Testing

/// The form on the wire is a promise, so it is written out.
struct WireTests {
    private func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private func decode<Value: Decodable>(_ text: String) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(text.utf8))
    }

    /// Checks that a value is written as `text`, and read from it.
    private func check<Value: Codable & Equatable>(_ value: Value, is text: String) throws {
        #expect(try json(value) == text)
        #expect(try decode(text) == value)
    }

    private let time = Timestamp(rawValue: 1_767_225_600_000_000)
    private let moment = "\"2026-01-01T00:00:00.000000Z\""
    private let user = User(
        id: "user_1", email: "a@b.c", name: "Ada", roles: ["owner"], created: Timestamp(rawValue: 1_767_225_600_000_000)
    )
    private let userText = """
        {"created":"2026-01-01T00:00:00.000000Z","email":"a@b.c","id":"user_1","name":"Ada","roles":["owner"],\
        "state":"active"}
        """

    @Test("A list names its resource and, but for the last page, the cursor")
    func page() throws {
        let team = Team(id: "team_1", name: "Research", created: time)

        try check(
            Page(items: [team], nextCursor: "x"),
            is: #"{"next_cursor":"x","teams":[{"created":\#(moment),"id":"team_1","name":"Research"}]}"#)
        try check(Page<Team>(items: []), is: #"{"teams":[]}"#)
    }

    @Test("A page's size is cut to its range", arguments: [(0, 1), (-5, 1), (7, 7), (9_999, 500)])
    func pageSize(asked: Int, size: Int) {
        #expect(PageRequest(limit: asked).limit == size)
    }

    @Test("An error is an object of its own")
    func error() throws {
        try check(
            ErrorEnvelope(.init(type: "not_found", code: "team.unknown", message: "No.", requestID: "r")),
            is: #"{"error":{"code":"team.unknown","message":"No.","request_id":"r","type":"not_found"}}"#)
    }

    @Test("People, and what creates and changes them")
    func users() throws {
        try check(user, is: userText)
        try check(
            User.Draft(email: "a@b.c", name: "Ada", password: Secret("pw")),
            is: #"{"email":"a@b.c","name":"Ada","password":"pw"}"#)
        try check(User.Patch(state: .suspended), is: #"{"state":"suspended"}"#)
    }

    @Test("A token, its draft, and the one answer that shows its secret")
    func tokens() throws {
        let token = Token(
            id: "token_1", name: "App", purpose: .gatewayRuntime, prefix: "kt_rt_ab", created: time,
            createdBy: "user_1", expiresAt: time, gatewayID: "gw_1")
        let text = """
            {"created":\(moment),"created_by":"user_1","expires_at":\(moment),"gateway_id":"gw_1","id":"token_1",\
            "may_assert_identity":false,"name":"App","prefix":"kt_rt_ab","purpose":"gateway_runtime","status":"active"}
            """

        try check(token, is: text)
        try check(
            Token.Issued(token: token, secret: Secret("kt_rt_abc")), is: #"{"secret":"kt_rt_abc","token":\#(text)}"#)
        try check(
            Token.Draft(name: "App", purpose: .general, allowedModels: ["m"], consumerGroup: "g"),
            is: #"{"allowed_models":["m"],"consumer_group":"g","name":"App","purpose":"general"}"#)
        try check(Token.Rotation(overlapSeconds: 60), is: #"{"overlap_seconds":60}"#)
    }

    @Test("Signing in, by password, by link and by handoff")
    func signIn() throws {
        try check(
            SignInRequest(email: "a@b.c", password: Secret("pw")), is: #"{"email":"a@b.c","password":"pw"}"#)
        try check(
            SignedIn(token: Secret("t"), expiresAt: time, user: user),
            is: #"{"expires_at":\#(moment),"token":"t","user":\#(userText)}"#)
        try check(SignInLink.Redemption(code: Secret("c")), is: #"{"code":"c"}"#)
        try check(Handoff.Draft(codeChallenge: "x"), is: #"{"code_challenge":"x"}"#)
        try check(
            Handoff.Code(code: Secret("c"), expiresAt: time), is: #"{"code":"c","expires_at":\#(moment)}"#)
        try check(
            HandoffExchange(code: Secret("c"), codeVerifier: Secret("v")), is: #"{"code":"c","code_verifier":"v"}"#)
        try check(
            HandedOff(token: Secret("t"), gatewayKey: Secret("k"), expiresAt: time, user: user),
            is: #"{"expires_at":\#(moment),"gateway_key":"k","token":"t","user":\#(userText)}"#)
    }

    @Test("A gateway registers and sends heartbeats")
    func machine() throws {
        let config = ConfigReference(name: "main", version: "3", digest: "d")
        let configText = #"{"digest":"d","name":"main","version":"3"}"#

        try check(
            RegisterRequest(
                gatewayID: nil, instanceID: "i", name: nil, version: "1", advertiseAddr: "a:1", listenAddr: "b:2",
                mode: .local, config: config),
            is: """
                {"advertise_addr":"a:1","config":\(configText),"instance_id":"i","listen_addr":"b:2","mode":"local",\
                "version":"1"}
                """)
        try check(
            RegisterResponse(gatewayID: "gw_1", organisationID: "org_1"),
            is: #"{"gateway_id":"gw_1","heartbeat_seconds":10,"org_id":"org_1"}"#)
        try check(
            Heartbeat(
                gatewayID: "gw_1", instanceID: "i", config: config,
                counters: .init(
                    uptimeSeconds: 1, inFlight: 2, requests: 3, spoolRecords: 4, spoolBytes: 5, keysGeneration: 6)),
            is: """
                {"config":\(configText),"gateway_id":"gw_1","in_flight":2,"instance_id":"i","keys_generation":6,\
                "requests":3,"spool_bytes":5,"spool_records":4,"uptime_seconds":1}
                """)
        try check(
            Heartbeat(
                gatewayID: "gw_1", instanceID: "i", config: config,
                configFailure: ConfigFailure(time: time, message: "a:1:1: error: no.\n  hint: yes."), counters: .init()),
            is: """
                {"config":\(configText),"config_failure":{"message":"a:1:1: error: no.\\n  hint: yes.","time":\(moment)},\
                "gateway_id":"gw_1","in_flight":0,"instance_id":"i","keys_generation":0,"requests":0,"spool_bytes":0,\
                "spool_records":0,"uptime_seconds":0}
                """)
        try check(Heartbeat.Response(configDigest: "d"), is: #"{"config_digest":"d"}"#)
        try check(Heartbeat.Response(configDigest: nil), is: "{}")
        try check(EventReceipt(accepted: 1, duplicates: 2), is: #"{"accepted":1,"duplicates":2}"#)
    }

    @Test("A set of keys")
    func keys() throws {
        try check(
            KeySet(
                generation: 4, hashKey: Secret("AAAA"), isFull: true,
                keys: [
                    .init(
                        id: "token_1", hash: "00ff", status: .revoked, expiresAt: time, allowedModels: ["m"],
                        userID: "user_1", mayAssertIdentity: true)
                ]),
            is: """
                {"full":true,"generation":4,"hash_key":"AAAA","keys":[{"allowed_models":["m"],"expires_at":\(moment),\
                "hash":"00ff","id":"token_1","may_assert_identity":true,"status":"revoked","user_id":"user_1"}]}
                """)
    }

    @Test(
        "What a gateway says of a config is cut, and has no control characters",
        arguments: [
            ("", ""), ("a\u{0}b\u{1B}[31m\tc\r\nd\u{7F}", "a b [31m c \nd "),
            (String(repeating: "é", count: 5_000), String(repeating: "é", count: 2_000)),
        ])
    func configFailure(said: String, kept: String) throws {
        let text = try json(["message": said, "time": "2026-01-01T00:00:00.000000Z"])

        #expect(try decode(text) == ConfigFailure(time: time, message: kept))
    }

    @Test("No secret is shown where a value is printed")
    func secrets() {
        let values: [Any] = [
            SignInRequest(email: "a", password: Secret("hidden")),
            Token.Issued(
                token: Token(id: "t", name: "n", purpose: .chat, prefix: "p", created: time, createdBy: "u"),
                secret: Secret("hidden")), HandoffExchange(code: Secret("hidden"), codeVerifier: Secret("hidden")),
            KeySet(generation: 1, hashKey: Secret("hidden"), isFull: true, keys: []),
        ]

        #expect(values.map { "\($0)" + String(reflecting: $0) }.filter { $0.contains("hidden") } == [])
    }
}
