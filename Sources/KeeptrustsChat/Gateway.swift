import AsyncHTTPClient
import Foundation
import KeeptrustsAPI
import KeeptrustsClient
import KeeptrustsCore
import KeeptrustsWeb
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// The gateway as one person reaches it: with the person's own key, which never leaves this server.
struct Gateway: Sendable {
    let app: ChatApp
    let session: ChatSession

    /// By which the gateway's log and ours can be matched.
    let requestID: String

    /// Sends a request.
    ///
    /// - Throws: ``RequestFault`` when the gateway does not answer.
    func ask(_ path: String, body: ByteBuffer? = nil) async throws -> HTTPClientResponse {
        guard let base = app.settings.gatewayURL() else { throw RequestFault.noGateway }
        var request = HTTPClientRequest(url: base + path)
        request.headers.add(name: "authorization", value: "Bearer \(session.gatewayKey.reveal())")
        request.headers.add(name: "x-request-id", value: requestID)
        if let body {
            request.method = .POST
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(body)
        }
        do {
            return try await app.http.execute(request, timeout: .minutes(10))
        } catch let error as CancellationError {
            throw error
        } catch {
            if Task.isCancelled { throw CancellationError() }
            throw RequestFault.noGateway
        }
    }

    /// The decision event of a request of this session, which the gateway reports soon after the answer; nil when it
    /// does not come in three seconds.
    func decision(on requestID: String) async throws -> DecisionEvent? {
        let isPlain = requestID.utf8.allSatisfy { $0.isPlain }
        guard isPlain, (1...128).contains(requestID.utf8.count) else { return nil }
        let call = ControlPlaneClient.Call(.GET, "/v1/events/own?request_id=\(requestID)&limit=1")
        for _ in 0..<20 {
            let answer = try await app.api.pass(call, as: session.token)
            guard answer.status == 200 else { return nil }
            let page = try? JSONDecoder().decode(Page<DecisionEvent>.self, from: answer.body)
            if let event = page?.items.first { return event }
            try await Task.sleep(for: .milliseconds(150))
        }
        return nil
    }

    /// Whether the control plane says that this person may no longer chat; not when it does not answer.
    func accessHasEnded() async -> Bool {
        let call = ControlPlaneClient.Call(.GET, "/v1/whoami")
        guard let answer = try? await app.api.pass(call, as: session.token) else { return false }
        if answer.status == 401 { return true }
        guard answer.status == 200, let who = try? JSONDecoder().decode(WhoAmI.self, from: answer.body) else {
            return false
        }
        return !who.actions.contains("chat:use")
    }
}

extension UInt8 {
    /// Whether it is an ASCII letter, a digit, `-`, `_` or `.`.
    fileprivate var isPlain: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }
}

extension RequestFault {
    static let accessEnded = RequestFault(
        .unauthenticated, code: "auth.access_ended", "Your access to the chat has ended.",
        hint: "Sign in again; if that is refused, ask an administrator of your organisation.")

    static let noGateway = RequestFault(
        .upstreamFailed, code: "gateway.unavailable", "The gateway does not answer.", hint: "Try again in a moment.")
}
