import AsyncHTTPClient
import Foundation
import HTTPTypes
import Hummingbird
import KeeptrustsAPI
import KeeptrustsClient
import KeeptrustsCore
import KeeptrustsWeb
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// What the page asks of its server: the models, the conversations, a turn.
struct ConversationRoutes {
    let app: ChatApp

    func add(to router: Router<BrowserContext>) {
        router.get("api/chat/models", use: models)
        router.get("api/chat/conversations", use: list)
        router.get("api/chat/conversations/:id", use: conversation)
        router.delete("api/chat/conversations/:id", use: remove)
        router.post("api/chat/turns", use: turn)
        router.get("api/chat/decisions/:request", use: decision)
    }

    private func session(_ request: Request) throws -> ChatSession {
        guard let session = app.session(of: request)?.value else { throw RequestFault.notSignedIn }
        return session
    }

    /// The models that this person's key may use, as the gateway lists them.
    private func models(_ request: Request, context: BrowserContext) async throws -> Response {
        struct List: Decodable {
            struct Model: Decodable { var id: String }
            var data: [Model]
        }
        let gateway = Gateway(app: app, session: try session(request), requestID: context.id)
        var answer = try await gateway.ask("/v1/models")
        var hasEnded = false
        for _ in 0..<10 where answer.status == .unauthorized && !hasEnded {
            hasEnded = await gateway.accessHasEnded()
            guard !hasEnded else { break }
            // The gateway hears of a key within a second or two of its making, and nothing tells us when.
            try await Task.sleep(for: .milliseconds(200))
            answer = try await gateway.ask("/v1/models")
        }
        guard answer.status == .ok else { throw try await fault(answer, hasEnded: hasEnded, request) }
        guard let list = try? JSONDecoder().decode(List.self, from: await answer.body.collect(upTo: 1 << 20)) else {
            throw RequestFault.gatewayUnreadable
        }
        return try Self.json(["models": list.data.map(\.id)])
    }

    private func list(_ request: Request, context: BrowserContext) throws -> Response {
        try Self.json(["conversations": try session(request).conversations.entries])
    }

    private func conversation(_ request: Request, context: BrowserContext) throws -> Response {
        try Self.json(try session(request).conversations.find(try context.parameters.require("id")).record)
    }

    private func remove(_ request: Request, context: BrowserContext) throws -> Response {
        try session(request).conversations.remove(try context.parameters.require("id"))
        return Response(status: .noContent)
    }

    /// Sends a message, and streams what happens back: `conversation`, `started`, `delta`…, `refused`, `ended`, then
    /// `decision`, or `undecided` when the record of the exchange is not to be had.
    private func turn(_ request: Request, context: BrowserContext) async throws -> Response {
        struct Draft: Decodable {
            var text: String
            var model: String

            /// Without it, the message begins a new conversation.
            var conversation: String?
        }
        let session = try session(request)
        guard request.headers[.contentType]?.hasPrefix("application/json") == true else { throw RequestFault.notJSON }
        // Collected into the request: the relay watches what follows the body to see the browser leave.
        var request = request
        let draft = try JSONBody.decode(Draft.self, from: try await request.collectBody(upTo: 256 << 10))
        let text = draft.text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard (1...100_000).contains(text.utf8.count) else {
            throw RequestFault.field("text", "A message has 1 to 100,000 bytes.")
        }
        guard (1...200).contains(draft.model.utf8.count) else { throw RequestFault.field("model", "Choose a model.") }
        let conversation = try session.conversations.open(draft.conversation, for: text.utf8.count)
        let (turn, earlier) = try conversation.begin(text, model: draft.model)
        let gateway = Gateway(app: app, session: session, requestID: context.id)
        let relay = AnswerRelay(
            gateway: gateway, conversation: conversation, turn: turn, text: text, model: draft.model, earlier: earlier,
            secret: app.cookie.value(in: request))
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store",
                .xAccelBuffering: "no",
            ],
            body: ResponseBody { [request] writer in
                defer { conversation.end(turn) }
                try await relay.run(for: request, logger: context.logger, to: &writer)
            })
    }

    /// What was decided about a turn of this conversation; empty when the gateway has not reported it in time.
    private func decision(_ request: Request, context: BrowserContext) async throws -> Response {
        let session = try session(request)
        let id = try context.parameters.require("request")
        let found = session.conversations.all.lazy.compactMap { conversation in
            conversation.turns.first { $0.requestID == id }.map { (conversation, $0) }
        }
        guard let (conversation, turn) = found.first else { throw RequestFault.noSuchTurn }
        let gateway = Gateway(app: app, session: session, requestID: context.id)
        guard let event = try await gateway.decision(on: id) else { return Response(status: .noContent) }
        conversation.decide(event, on: id)
        return try Self.json(Decided(event: event, segment: turn.segment))
    }

    /// A refusal of the gateway as ours; a key that is no longer good ends the session.
    private func fault(
        _ answer: HTTPClientResponse, hasEnded: Bool, _ request: Request
    ) async throws -> RequestFault {
        if hasEnded {
            if let secret = app.cookie.value(in: request) { app.sessions.end(secret) }
            return .notSignedIn
        }
        let body = try await answer.body.collect(upTo: 1 << 20)
        let refusal = AnswerReader.refusal(status: Int(answer.status.code), body: body, retryAfter: nil)
        return RequestFault(.upstreamFailed, code: refusal.code, refusal.message, hint: refusal.hint)
    }

    private static func json(_ value: some Encodable) throws -> Response {
        let body = ByteBuffer(data: try JSONEncoder().encode(value))
        return Response(
            status: .ok, headers: [.contentType: "application/json; charset=utf-8"],
            body: ResponseBody(byteBuffer: body))
    }
}

extension RequestFault {
    /// The browser has no session, or it has ended.
    static let notSignedIn = RequestFault(
        .unauthenticated, code: "auth.not_signed_in", "You are not signed in, or your session has ended.",
        hint: "Sign in again.")

    static let gatewayUnreadable = RequestFault(
        .upstreamFailed, code: "gateway.unreadable", "The gateway's answer could not be read.")

    fileprivate static let notJSON = RequestFault(
        .invalidInput, code: "http.not_json", "The body must be JSON.", status: .unsupportedMediaType)

    fileprivate static let noSuchTurn = RequestFault(
        .notFound, code: "chat.no_such_turn", "This conversation has no such message.")
}

extension HTTPField.Name {
    /// Asks nginx not to hold a stream back.
    static var xAccelBuffering: Self { Self("x-accel-buffering") ?? .via }
}
