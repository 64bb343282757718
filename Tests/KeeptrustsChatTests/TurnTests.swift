import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import KeeptrustsAPI
import Logging
import NIOCore
import Testing

@testable import KeeptrustsChat

/// A connection that the other end closes after some writes.
private struct ClosingWriter: ResponseBodyWriter {
    var left: Int

    mutating func write(_: ByteBuffer) throws {
        guard left > 0 else { throw ChannelError.ioOnClosedChannel }
        left -= 1
    }

    consuming func finish(_: HTTPFields?) throws { throw ChannelError.ioOnClosedChannel }
}

struct TurnTests {
    @Test("An answer comes as it is written, then the decision on record")
    func answer() async throws {
        try await withChat { client, backend in
            let response = try await client.turn("Hi", cookie: try await client.cookie())
            let asked = try #require(backend.asked.first { $0.target == "/v1/chat/completions" })

            #expect(response.headers[.contentType] == "text/event-stream; charset=utf-8")
            #expect(
                response.events.dropLast() == [
                    #"started {"flagged":false,"request_id":"req_1","segment":0,"verdict":"redact"}"#,
                    #"delta {"text":"Hel"}"#,
                    #"delta {"text":"lo"}"#, #"ended {"reason":"stop"}"#,
                ])
            #expect(response.events.last?.hasPrefix("decision {") == true)
            #expect(response.events.last?.contains(#""id":"evt_1""#) == true)
            #expect(response.events.last?.hasSuffix(#""segment":0}"#) == true)
            #expect(asked.authorization == "Bearer \(FakeBackend.key)")
            #expect(asked.body.contains(#""messages":[{"content":"Hi","role":"user"}]"#))
            #expect(asked.body.contains(#""stream":true"#))
            #expect(backend.asked.last?.target == "/v1/events/own?request_id=req_1&limit=1")
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
            #expect(try await client.conversation(cookie).contains(#""segment":2"#))
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

    @Test("When the browser leaves, the call to the gateway ends, and what was written stays", .timeLimit(.minutes(3)))
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
            while !(try await client.conversation(cookie)).contains(#""answer":"xx"#) {}
            try await browser.close(mode: .all)

            for await _ in backend.left { break }
            while !(try await client.conversation(cookie)).contains(#""state":"stopped""#) {}
        }
    }

    @Test("A write can notice first that the browser has left", .timeLimit(.minutes(3)), arguments: [0, 1, 4])
    func closed(after writes: Int) async throws {
        try await withChatApp { app, backend in
            backend.mode = .endless
            let session = ChatSession(
                try JSONDecoder().decode(HandedOff.self, from: Data(FakeBackend.handedOff.utf8)))
            let conversation = Conversation(id: "cnv_1")
            let turn = try conversation.begin("Hi", model: "demo").turn
            let relay = AnswerRelay(
                gateway: Gateway(app: app, session: session, requestID: "req_1"), conversation: conversation,
                turn: turn, text: "Hi", model: "demo", earlier: [], secret: nil)
            let router = Router()
            router.post("/") { request, _ in
                var writer: any ResponseBodyWriter = ClosingWriter(left: writes)
                await #expect(throws: CancellationError.self) {
                    try await relay.run(for: request, logger: Logger(label: "test"), to: &writer)
                }
                return HTTPResponse.Status.ok
            }
            try await Application(router: router).test(.router) { client in
                _ = try await client.execute(uri: "/", method: .post)
            }
            #expect(conversation.turns.map(\.state) == ["stopped"])
            // Two pieces of news come before the first of the text; what could not be told is noted too.
            #expect(conversation.turns.map(\.answer) == [String(repeating: "x", count: max(0, writes - 1))])
        }
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
            backend.mode = .noAccess
            let refused = try await client.execute(uri: "/api/chat/models", method: .get, headers: [.cookie: cookie])
            let page = try await client.execute(uri: "/", method: .get, headers: [.cookie: cookie])

            #expect(String(buffer: list.body) == #"{"models":["demo","gpt-4o"]}"#)
            #expect(refused.status == .unauthorized)
            #expect(page.status == .seeOther)
        }
    }

    @Test("A key that the gateway does not know yet ends no session: it is asked again")
    func newKey() async throws {
        try await withChat { client, backend in
            let cookie = try await client.cookie()
            backend.mode = .noKey
            async let list = client.execute(uri: "/api/chat/models", method: .get, headers: [.cookie: cookie])
            while backend.asked.count(where: { $0.target == "/v1/models" }) < 2 { await Task.yield() }
            backend.mode = .answer

            let page = try await client.execute(uri: "/", method: .get, headers: [.cookie: cookie])
            #expect(try await String(buffer: list.body) == #"{"models":["demo","gpt-4o"]}"#)
            #expect(page.status == .ok)
        }
    }

    @Test("A new conversation stands beside the old ones; each goes on by itself until it is deleted")
    func several() async throws {
        try await withChat { client, backend in
            let cookie = try await client.cookie()
            _ = try await client.turn("One", cookie: cookie)
            _ = try await client.turn("Two", cookie: cookie, isNew: true)
            let ids = try await client.conversations(cookie)
            let (second, first) = (try #require(ids.first), try #require(ids.last))
            let asked = try #require(backend.asked.last { $0.target == "/v1/chat/completions" })

            #expect(ids.count == 2)
            #expect(try await client.conversation(cookie, id: first).contains(#""text":"One""#))
            #expect(try await !client.conversation(cookie, id: second).contains(#""text":"One""#))
            #expect(asked.body.contains(#""messages":[{"content":"Two","role":"user"}]"#))

            let gone = try await client.execute(
                uri: "/api/chat/conversations/\(second)", method: .delete, headers: client.apiHeaders(cookie))
            #expect(gone.status == .noContent)
            #expect(try await client.conversations(cookie) == [first])
        }
    }

    @Test("Conversations are of one session, and a message for one that is not there is refused")
    func othersConversations() async throws {
        try await withChat { client, backend in
            let (mine, other) = (try await client.cookie(), try await client.cookie())
            _ = try await client.turn("One", cookie: mine)
            let id = try #require(try await client.conversations(mine).first)
            let read = try await client.execute(
                uri: "/api/chat/conversations/\(id)", method: .get, headers: [.cookie: other])
            let deleted = try await client.execute(
                uri: "/api/chat/conversations/\(id)", method: .delete, headers: client.apiHeaders(other))
            let sent = try await client.execute(
                uri: "/api/chat/turns", method: .post, headers: client.apiHeaders(other),
                body: ByteBuffer(string: #"{"text":"Hi","model":"demo","conversation":"\#(id)"}"#))

            #expect([read.status, deleted.status, sent.status] == [.notFound, .notFound, .notFound])
            #expect(try await client.conversations(mine) == [id])
            #expect(backend.asked.count { $0.target == "/v1/chat/completions" } == 1)
        }
    }

    @Test("A session holds 20 conversations; then the next is refused and none is lost")
    func bounded() async throws {
        try await withChat { client, _ in
            let cookie = try await client.cookie()
            for number in 1...20 { _ = try await client.turn("\(number)", cookie: cookie, isNew: true) }
            let refused = try await client.turn("21", cookie: cookie, isNew: true)

            #expect(refused.status == .conflict)
            #expect(String(buffer: refused.body).contains("chat.no_room"))
            #expect(try await client.conversations(cookie).count == 20)
        }
    }

    @Test("Without the record of an exchange its answer is complete all the same")
    func undecided() async throws {
        try await withChat { client, backend in
            backend.mode = .noRecords
            let cookie = try await client.cookie()
            let response = try await client.turn("Hi", cookie: cookie)

            #expect(
                response.events.suffix(2) == [
                    #"ended {"reason":"stop"}"#, #"undecided {"request_id":"req_1"}"#,
                ])
            let kept = try await client.conversation(cookie)
            for part in [#""state":"stop""#, #""verdict":"redact""#] { #expect(kept.contains(part)) }
        }
    }

    @Test("An answer that its provider broke off is kept; one that a policy stopped is not")
    func kept() async throws {
        try await withChat { client, backend in
            let cookie = try await client.cookie()
            backend.mode = .failure
            _ = try await client.turn("One", cookie: cookie)
            let broken = try await client.conversation(cookie)
            backend.mode = .lateBlock
            _ = try await client.turn("Two", cookie: cookie, isNew: true)
            let stopped = try await client.conversation(cookie)

            for part in [#""answer":"Hel""#, #""state":"cut""#, "upstream_cut"] { #expect(broken.contains(part)) }
            #expect(stopped.contains(#""answer":"""#))
        }
    }

    @Test("A key is refused: the control plane tells whether the access has ended", arguments: [true, false])
    func accessEnded(hasEnded: Bool) async throws {
        try await withChat { client, backend in
            let cookie = try await client.cookie()
            backend.mode = hasEnded ? .noAccess : .noKey
            let response = try await client.turn("Hi", cookie: cookie)
            let page = try await client.execute(uri: "/", method: .get, headers: [.cookie: cookie])

            #expect(response.events.first?.contains("auth.access_ended") == hasEnded)
            #expect(page.status == (hasEnded ? .seeOther : .ok))
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

    @Test("No answer holds a secret", arguments: ["/", "/api/chat/conversations", "/api/chat/models", "/sign-in"])
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
