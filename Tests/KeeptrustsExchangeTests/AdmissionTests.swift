import Foundation
import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsExchange
import Testing

@Suite("Who is let in")
struct AdmissionTests {
    @Test(
        "A request without a good key is answered at once and never read",
        arguments: [
            (["x-other: 1"], "401", "missing_api_key"),
            (["authorization: Bearer kt_gk_wrong"], "401", "invalid_api_key"),
            (["authorization: Basic a3Q6"], "401", "invalid_api_key"),
            (["authorization: Bearer "], "401", "invalid_api_key"),
            (["x-api-key: kt_gk_wrong"], "401", "invalid_api_key"),
            (["authorization: Bearer kt_gk_test", "x-api-key: kt_gk_other"], "400", "conflicting_credentials"),
            (
                ["authorization: Bearer kt_gk_test", "authorization: Bearer kt_gk_other"], "400",
                "conflicting_credentials"
            ),
            (["cookie: key=kt_gk_test"], "401", "missing_api_key"),
        ]
    )
    func strangers(fields: [String], status: String, code: String) throws {
        let actions = try Play().head("POST /v1/chat/completions", fields)

        let end = try #require(actions.end)
        #expect(end.text.hasPrefix("HTTP/1.1 \(status) "))
        #expect(end.text.contains("\"code\":\"\(code)\""))
        #expect(!end.keepsAlive)
        #expect(actions.record == nil)
    }

    @Test(
        "A good key is found in each of its places",
        arguments: [
            ["authorization: Bearer kt_gk_test"], ["authorization: bearer kt_gk_test"], ["x-api-key: kt_gk_test"],
            ["api-key: kt_gk_test"], ["authorization: Bearer kt_gk_test", "x-api-key: kt_gk_test"],
        ]
    )
    func callers(fields: [String]) throws {
        #expect(try Play().head("POST /v1/chat/completions", fields).readsBody)
    }

    @Test(
        "Without a key only a caller on this machine is served, when that is allowed and no proxy stands between",
        arguments: [
            (true, true, [String](), true), (true, false, [], false), (false, true, [], false),
            (true, true, ["x-forwarded-for: 10.0.0.1"], false), (true, true, ["forwarded: for=10.0.0.1"], false),
            (true, true, ["x-real-ip: 10.0.0.1"], false), (true, true, ["x-for: 1", "forward: 1", "cf: 1"], true),
        ]
    )
    func anonymous(isAllowed: Bool, isLoopback: Bool, fields: [String], isServed: Bool) throws {
        let play = try Play(allowsAnonymous: isAllowed)

        #expect(try play.head("POST /v1/chat/completions", fields, isLoopback: isLoopback).readsBody == isServed)
    }

    @Test(
        "Whatever a proxy adds shows that it passed the request on",
        arguments: [
            "Forwarded", "via", "cdn-loop", "X-Real-IP", "x-client-ip", "client-ip", "true-client-ip",
            "x-cluster-client-ip", "x-remote-ip", "x-remote-addr", "x-originating-ip",
            "x-azure-clientip", "x-appengine-user-ip",
            "fastly-client-ip", "fly-client-ip", "wl-proxy-client-ip", "X-Forwarded-For", "x-forwarded-host",
            "x-forwarded-proto", "x-forwarded-port", "x-forwarded-server", "x-forwarded", "x-original-forwarded-for",
            "x-original-url", "x-envoy-external-address", "x-proxyuser-ip", "CF-Connecting-IP", "cf-ray",
        ])
    func forwarded(field: String) throws {
        let end = try Play(allowsAnonymous: true).head("POST /v1/chat/completions", ["\(field): 127.0.0.1"]).end

        #expect(end?.text.contains(#""code":"missing_api_key""#) == true)
    }

    @Test(
        "Without a key a request says where it goes and what it is, and comes from no web page",
        arguments: [
            ("localhost", [String](), nil), ("LOCALHOST:41002", [], nil), ("127.0.0.1:41002", [], nil),
            ("127.9.9.9", [], nil), ("[::1]:41002", [], nil), ("[::ffff:127.0.0.1]", [], nil),
            ("gateway", [], "anonymous_host"), ("10.0.0.1:41002", [], "anonymous_host"),
            ("localhost.evil.example", [], "anonymous_host"), ("127.0.0.1.evil.example", [], "anonymous_host"),
            ("[fe80::1]", [], "anonymous_host"), ("0.0.0.0", [], "anonymous_host"),
            ("localhost", ["sec-fetch-site: none"], nil), ("localhost", ["sec-fetch-site: same-origin"], nil),
            ("localhost", ["sec-fetch-site: same-site"], "anonymous_web_page"),
            ("localhost", ["sec-fetch-site: cross-site"], "anonymous_web_page"),
            ("localhost", ["sec-fetch-site: none", "sec-fetch-site: cross-site"], "anonymous_web_page"),
            ("localhost", ["sec-fetch-site: "], "anonymous_web_page"),
            ("localhost:41002", ["origin: http://localhost:41002"], nil),
            ("localhost:41002", ["origin: http://localhost:3000"], "anonymous_web_page"),
            ("localhost:41002", ["origin: https://evil.example"], "anonymous_web_page"),
            ("localhost:41002", ["origin: null"], "anonymous_web_page"),
        ] as [(String, [String], String?)]
    )
    func anonymousPages(host: String, fields: [String], code: String?) throws {
        let actions = try Play(allowsAnonymous: true).head("POST /v1/chat/completions", fields, host: host)

        #expect(actions.readsBody == (code == nil))
        if let code { #expect(actions.end?.text.contains("\"code\":\"\(code)\"") == true) }
        // With a key it is nobody's business where the request comes from.
        let key = ["authorization: Bearer \(Play.key)"]
        #expect(try Play(allowsAnonymous: true).head("POST /v1/chat/completions", fields + key, host: host).readsBody)
    }

    @Test("Without a key a body's type is said", arguments: ["content-length: 10", "transfer-encoding: chunked"])
    func anonymousBodies(field: String) throws {
        let line = "POST /v1/chat/completions"
        let end = try #require(try Play(allowsAnonymous: true).head(line, [field], length: nil).end)

        #expect(end.text.hasPrefix("HTTP/1.1 415 "))
        #expect(end.text.contains(#""hint":"Send the header Content-Type: application/json.""#))
        let key = "authorization: Bearer \(Play.key)"
        #expect(try Play(allowsAnonymous: true).head(line, [field, key], length: nil).readsBody)
    }

    @Test(
        "Only the paths that are written down lead anywhere",
        arguments: [
            "//v1/chat/completions", "/v1//chat/completions", "/v1/chat/completions/", "/V1/chat/completions",
            "/v1/chat/%63ompletions", "/v1/./chat/completions", "/v1/chat/completions;a=b", "/v1/chat", "/",
        ]
    )
    func paths(path: String) throws {
        let end = try #require(try Play().head("POST \(path)").end)

        #expect(end.text.hasPrefix("HTTP/1.1 404 "))
    }

    @Test("What is answered at a path with nothing names the paths that lead somewhere")
    func servedPaths() throws {
        let end = try #require(try Play().head("POST /chat/completions").end)

        let hint = try #require(end.text.split(separator: "\"hint\":\"").last?.split(separator: "\"").first)
        let paths = hint.matches(of: /\/[a-z0-9\/]+/).map { String($0.output) }
        #expect(
            paths == ["/v1/chat/completions", "/v1/models", "/v1/models/", "/health", "/healthz", "/readyz", "/v1"])
        for path in paths.dropLast() {
            let model = path.hasSuffix("/") ? "gpt-4o" : ""
            let actions = try Play().head("GET \(path)\(model)", length: nil)
            #expect(actions.end?.text.hasPrefix("HTTP/1.1 404 ") == false)
        }
    }

    @Test("Variables that are not set are named, with the places that name them")
    func variables() throws {
        let yaml = """
            pack: {name: play, version: 1.2.3, enabled: true}
            policies:
              chain:
                - audit-logger
                - external-moderation
            policy:
              external-moderation: {provider: openai-moderation, secret_key_ref: {env: CHECK_KEY}}
            consumer_groups:
              - {name: here, key_ref: {env: KEY}}
              - name: gone
                key_ref: {env: APP_KEY}
              - {name: empty, key_ref: {env: EMPTY}}
            providers:
              targets:
                - {id: main, provider: openai, model: gpt-4o, secret_key_ref: {env: MAIN_KEY}}
            """

        let snapshot = try Snapshot(
            PolicyConfig(yaml: yaml, file: "a.yaml"), cacheDirectory: nil,
            environment: ConfigEnvironment { ["KEY": Play.key, "EMPTY": ""][$0] })

        #expect(
            snapshot.warnings.map(\.description) == [
                "a.yaml:15:7: warning: the target 'main' is unavailable: the variable MAIN_KEY is not set.",
                "a.yaml:5:7: warning: the policy 'external-moderation' cannot ask its service: the variable CHECK_KEY is not set.",
                "a.yaml:11:14: warning: the consumer group 'gone' has no key: the variable APP_KEY is not set.",
                "a.yaml:12:28: warning: the consumer group 'empty' has no key: the variable EMPTY is not set.",
            ])
    }

    @Test("A gateway that cannot record takes nothing on")
    func fullSpool() throws {
        let end = try Play(hasRoom: false).head()

        #expect(end.record?["error_code"] as? String == "spool_full")
    }

    @Test(
        "A body that is not plain JSON is refused before it is read",
        arguments: ["content-type: text/plain", "content-encoding: gzip"]
    )
    func bodies(field: String) throws {
        let play = try Play()

        let actions = try play.head(
            "POST /v1/chat/completions", ["authorization: Bearer kt_gk_test", field, "content-length: 5"], length: nil)

        #expect(actions.record?["status"] as? Int == 415)
    }

    @Test("The list of models holds what the key may ask for and a target serves, each once")
    func models() throws {
        let end = try #require(try Play().head("GET /v1/models", length: nil).end)

        #expect(end.text.components(separatedBy: "\"id\":\"gpt-4o\"").count == 2)
        #expect(end.text.components(separatedBy: "\"id\":").count == 3)
        #expect(end.text.contains("\"id\":\"other\""))
        #expect(end.keepsAlive)
    }

    /// A body that the gateway answers.
    private func body(_ line: String, _ play: Play) throws -> (status: Substring, body: String) {
        let end = try #require(try play.head(line, length: nil).end)
        let parts = end.text.components(separatedBy: "\r\n\r\n")
        return (end.text.dropFirst(9).prefix(3), parts.last ?? "")
    }

    @Test(
        "A model of the list is there by itself, under its name in every spelling",
        arguments: ["gpt-4o", "%67pt-4o", "gpt%2D4o", "gpt-4o?x=1"])
    func oneModel(name: String) throws {
        #expect(
            try body("GET /v1/models/\(name)", Play()) == (
                "200", #"{"id":"gpt-4o","object":"model","created":0,"owned_by":"openai"}"#
            ))
    }

    @Test("A name with slashes is found", arguments: ["acme/large:free", "acme%2Flarge%3Afree"])
    func slashes(name: String) throws {
        let yaml = Play.yaml.replacing("model: other", with: "model: \"acme/large:free\"")
            .replacing("gpt-4o, other,", with: "gpt-4o, \"acme/large:free\",")

        #expect(try body("GET /v1/models/\(name)", Play(yaml)).body.hasPrefix(#"{"id":"acme/large:free""#))
    }

    @Test(
        "A model that is not in the key's list is not there, whether the gateway has it or not",
        arguments: ["third", "nothing", "claude", "secret-model"])
    func noSuchModel(name: String) throws {
        let yaml = Play.yaml.replacing("model: other", with: "model: secret-model")

        let (status, body) = try body("GET /v1/models/\(name)", Play(yaml))

        #expect(status == "404")
        #expect(
            body.contains(#""code":"model_not_found","param":"model","hint":"This key may use gpt-4o.""#), "\(body)")
    }

    @Test(
        "What is no name of a model leads nowhere",
        arguments: [
            "", "%", "%4", "%zz", "gpt%00", "%FF", "a%0Ab", String(repeating: "a", count: 257),
            String(repeating: "%61", count: 257), String(repeating: "%61", count: 300),
        ])
    func noName(name: String) throws {
        #expect(try body("GET /v1/models/\(name)", Play()).body.contains(#""code":"not_found""#))
    }

    @Test("Nobody learns of a model without a key, and it is only read")
    func closed() throws {
        #expect(try Play().head("GET /v1/models/gpt-4o", [], length: nil).end?.text.hasPrefix("HTTP/1.1 401 ") == true)
        #expect(try body("DELETE /v1/models/gpt-4o", Play()).status == "405")
    }

    @Test("An unknown model is answered with the nearest one and those of the key, and with no others")
    func unknownModel() throws {
        let play = try Play(Play.yaml.replacing("model: other", with: "model: gpt-4omni"))
        try play.chat(#"{"model":"gtp-4o","messages":[{"role":"user","content":"x"}]}"#)

        // The key may not use this name at all.
        #expect(
            play.tell(.recorded(true)).end?.text.contains(
                #""code":"model_not_allowed","param":"model","hint":"Did you mean 'gpt-4o'? This key may use gpt-4o.""#)
                == true)
    }

    @Test("Of many models some are named")
    func manyModels() throws {
        let targets = (1...12).map {
            "    - {id: t\($0), provider: openai, model: m\($0), base_url: \"http://127.0.0.1:9/v1\"}"
        }
        let play = try Play(
            """
            pack: {name: play, version: 1.2.3, enabled: true}
            policies: {chain: [audit-logger]}
            consumer_groups:
              - {name: tests, key_ref: {env: KEY}}
            providers:
              targets:
            \(targets.joined(separator: "\n"))
            """)
        let record = try #require(try play.chat(#"{"model":"gpt","messages":[{"role":"user","content":"x"}]}"#).record)

        let end = try #require(play.tell(.recorded(true)).end?.text)
        #expect(
            end.contains(
                "This key may use m1, m2, m3, m4, m5, m6, m7, m8, m9, m10 and 2 more, which GET /v1/models lists."))
        // No policy has judged it.
        #expect(record["verdict"] == nil && record["outcome"] as? String == "refused")
    }

    @Test(
        "Whoever comes without a key, or says it wrongly, learns how it is said",
        arguments: [[], ["authorization: kt_gk_test"], ["authorization: Basic a3Q6"], ["authorization: Bearer "]])
    func keyForm(fields: [String]) throws {
        let end = try #require(try Play().head("POST /v1/chat/completions", fields).end)

        #expect(end.text.contains(#""hint":"Send the header Authorization: Bearer kt_gk_…, or x-api-key: kt_gk_….""#))
        #expect(!end.text.contains("kt_gk_test"))
    }
}
