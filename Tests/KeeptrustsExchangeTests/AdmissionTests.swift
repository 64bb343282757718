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
            (true, true, ["x-real-ip: 10.0.0.1"], false),
        ]
    )
    func anonymous(isAllowed: Bool, isLoopback: Bool, fields: [String], isServed: Bool) throws {
        let play = try Play(allowsAnonymous: isAllowed)

        #expect(try play.head("POST /v1/chat/completions", fields, isLoopback: isLoopback).readsBody == isServed)
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
            paths == ["/v1/chat/completions", "/v1/models", "/health", "/healthz", "/readyz", "/v1"])
        for path in paths.dropLast() {
            let actions = try Play().head("GET \(path)", length: nil)
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
            environment: { ["KEY": Play.key, "EMPTY": ""][$0] })

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
}
