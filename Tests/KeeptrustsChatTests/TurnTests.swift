import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import KeeptrustsChat

struct TurnTests {
    @Test("An answer comes as it is written, then the decision on record")
    func answer() async throws {
        try await withChat { client, backend in
            let response = try await client.turn("Hi", cookie: try await client.cookie())
            let asked = try #require(backend.asked.first { $0.target == "/v1/chat/completions" })

            #expect(response.headers[.contentType] == "text/event-stream; charset=utf-8")
            #expect(
                response.events.dropLast() == [
                    #"started {"flagged":false,"request_id":"req_1","verdict":"redact"}"#, #"delta {"text":"Hel"}"#,
                    #"delta {"text":"lo"}"#, #"ended {"reason":"stop"}"#,
                ])
            #expect(response.events.last?.hasPrefix("decision {") == true)
            #expect(response.events.last?.contains(#""id":"evt_1""#) == true)
            #expect(response.events.last?.hasSuffix(#""segment":0}"#) == true)
            #expect(asked.authorization == "Bearer \(FakeBackend.key)")
            #expect(asked.body.contains(#""messages":[{"content":"Hi","role":"user"}]"#))
            #expect(asked.body.contains(#""stream":true"#))
            #expect(backend.asked.last?.target == "/v1/events?request_id=req_1&limit=1")
            #expect(backend.asked.last?.authorization == "Bearer \(FakeBackend.token)")
        }
    }

    @Test("What was said goes along with the next message; what was refused does not")
    func memory() async throws {
        try await withChat { client, backend in
            let cookie = try await client.cookie()
            _ = try await client.turn("One", cookie: cookie)
            backend.mode = .block
            _ = try await client.turn("Two", cookie: cookie)
            backend.mode = .answer
            _ = try await client.turn("Three", cookie: cookie)
            let asked = try #require(backend.asked.last { $0.target == "/v1/chat/completions" })

            #expect(
                asked.body.contains(
                    #""messages":[{"content":"One","role":"user"},{"content":"Hello","role":"assistant"},"#
                        + #"{"content":"Three","role":"user"}]"#))
            #expect(try await self.conversation(client, cookie).contains(#""segment":2"#))
        }
    }

    @Test("A block before the answer says which policy, and why")
    func block() async throws {
        try await withChat { client, backend in
            backend.mode = .block
            let response = try await client.turn("Hi", cookie: try await client.cookie())

            #expect(response.events.first?.hasPrefix("refused {") == true)
            for part in [#""status":409"#, #""type":"policy_violation""#, #""policy":"prompt-injection""#] {
                #expect(response.events.first?.contains(part) == true)
            }
            #expect(response.events.count == 2)
            #expect(response.events.last?.hasPrefix("decision") == true)
        }
    }

    @Test("A block within the answer ends it")
    func lateBlock() async throws {
        try await withChat { client, backend in
            backend.mode = .lateBlock
            let response = try await client.turn("Hi", cookie: try await client.cookie())
            let names = response.events.map { String($0.prefix { $0 != " " }) }

            #expect(names == ["started", "delta", "refused", "decision"])
            #expect(response.events[2].contains(#""phase":"response""#))
        }
    }

    @Test("A line that breaks is told from an answer that ends")
    func cut() async throws {
        try await withChat { client, backend in
            backend.mode = .cut
            let response = try await client.turn("Hi", cookie: try await client.cookie())

            #expect(response.events.contains(#"ended {"reason":"cut"}"#))
        }
    }

    @Test("When the browser leaves, the call to the gateway ends, and what was written stays", .timeLimit(.minutes(1)))
    func stop() async throws {
        try await withChat(live: true) { client, backend in
            backend.mode = .endless
            let cookie = try await client.cookie()
            let browser = TestClient(host: "localhost", port: try #require(client.port))
            browser.connect()
            try await browser.executeAndDontWaitForResponse(
                .init(
                    "/api/chat/turns", method: .post, headers: client.apiHeaders(cookie),
                    body: ByteBuffer(string: #"{"text":"Hi","model":"demo"}"#)))
            while !(try await self.conversation(client, cookie)).contains(#""answer":"xx"#) {}
            try await browser.close(mode: .all)

            for await _ in backend.left { break }
            while !(try await self.conversation(client, cookie)).contains(#""state":"stopped""#) {}
        }
    }

    private func conversation(_ client: any TestClientProtocol, _ cookie: String) async throws -> String {
        let response = try await client.execute(
            uri: "/api/chat/conversation", method: .get, headers: [.cookie: cookie])
        return String(buffer: response.body)
    }

    @Test("A turn needs a session, our origin and our header", arguments: ["session", "origin", "header"])
    func guarded(missing: String) async throws {
        try await withChat { client, backend in
            var headers = client.apiHeaders(try await client.cookie())
            switch missing {
            case "session": headers[.cookie] = "kt_chat=guessed"
            case "origin": headers[.origin] = "http://evil.example"
            default: headers[.own("x-keeptrusts-request")] = nil
            }
            let response = try await client.execute(
                uri: "/api/chat/turns", method: .post, headers: headers,
                body: ByteBuffer(string: #"{"text":"Hi","model":"demo"}"#))

            #expect(response.status == (missing == "session" ? .unauthorized : .forbidden))
            #expect(!backend.asked.contains { $0.target == "/v1/chat/completions" })
        }
    }

    @Test(
        "A message that makes no sense is refused",
        arguments: [
            (#"{"text":"","model":"demo"}"#, 422), (#"{"text":"  ","model":"demo"}"#, 422), (#"{"text":"Hi"}"#, 422),
            (#"{"text":"Hi","model":""}"#, 422), (#"{"text":"Hi","model":"demo","base_url":"http://evil"}"#, 422),
            (#"{"text":"#, 400),
        ])
    func malformed(body: String, status: Int) async throws {
        try await withChat { client, backend in
            let response = try await client.execute(
                uri: "/api/chat/turns", method: .post, headers: client.apiHeaders(try await client.cookie()),
                body: ByteBuffer(string: body))

            #expect(response.status.code == status)
            #expect(!backend.asked.contains { $0.target == "/v1/chat/completions" })
        }
    }

    @Test("The models are the gateway's; a key that is no longer good ends the session")
    func models() async throws {
        try await withChat { client, backend in
            let cookie = try await client.cookie()
            let list = try await client.execute(uri: "/api/chat/models", method: .get, headers: [.cookie: cookie])
            backend.mode = .noKey
            let refused = try await client.execute(uri: "/api/chat/models", method: .get, headers: [.cookie: cookie])
            let page = try await client.execute(uri: "/", method: .get, headers: [.cookie: cookie])

            #expect(String(buffer: list.body) == #"{"models":["demo","gpt-4o"]}"#)
            #expect(refused.status == .unauthorized)
            #expect(page.status == .seeOther)
        }
    }

    @Test("A new conversation forgets the old one")
    func clear() async throws {
        try await withChat { client, _ in
            let cookie = try await client.cookie()
            _ = try await client.turn("One", cookie: cookie)
            let before = try await self.conversation(client, cookie)
            _ = try await client.execute(
                uri: "/api/chat/conversation", method: .delete, headers: client.apiHeaders(cookie))
            let after = try await self.conversation(client, cookie)

            #expect(before.contains(#""answer":"Hello""#))
            #expect(after == #"{"turns":[]}"#)
        }
    }

    @Test("Only decisions on this conversation can be looked up", arguments: [("req_1", 200), ("req_2", 404)])
    func decisions(id: String, status: Int) async throws {
        try await withChat { client, _ in
            let cookie = try await client.cookie()
            _ = try await client.turn("One", cookie: cookie)
            let response = try await client.execute(
                uri: "/api/chat/decisions/\(id)", method: .get, headers: [.cookie: cookie])

            #expect(response.status.code == status)
        }
    }

    @Test("No answer holds a secret", arguments: ["/", "/api/chat/conversation", "/api/chat/models", "/sign-in"])
    func noSecretInAnswers(path: String) async throws {
        try await withChat { client, _ in
            let cookie = try await client.cookie()
            let turn = try await client.turn("One", cookie: cookie)
            let response = try await client.execute(uri: path, method: .get, headers: [.cookie: cookie])

            for secret in FakeBackend.secrets {
                #expect(!String(buffer: response.body).contains(secret))
                #expect(!String(buffer: turn.body).contains(secret))
            }
        }
    }
}
