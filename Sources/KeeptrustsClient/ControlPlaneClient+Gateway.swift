public import KeeptrustsAPI
public import KeeptrustsCore
public import NIOCore

/// What a gateway asks; the credential is a token of purpose `gateway_runtime`.
extension ControlPlaneClient {
    public func register(_ request: RegisterRequest, as token: Secret) async throws -> RegisterResponse {
        try await ask(Call(.POST, "/v1/gateway/register", body: Self.json(request)), as: token)
    }

    public func heartbeat(_ heartbeat: Heartbeat, as token: Secret) async throws -> Heartbeat.Response {
        try await ask(Call(.POST, "/v1/gateway/heartbeat", body: Self.json(heartbeat)), as: token)
    }

    /// What `GET /v1/gateway/config` says.
    public enum ConfigNews: Sendable, Equatable {
        case assigned(AssignedConfig)
        case unchanged
        case noneAssigned
    }

    /// Asks for the assigned configuration.
    ///
    /// - Parameters:
    ///   - digest: The digest of the one that the gateway has; the answer waits until another is assigned.
    ///   - wait: How long the answer may wait for that (seconds).
    ///   - token: The gateway's credential.
    /// - Returns: The one that is assigned, or that it is the same, or that there is none.
    /// - Throws: ``ControlPlaneError``.
    public func config(unlike digest: String?, waitSeconds wait: Int, as token: Secret) async throws -> ConfigNews {
        var call = Call(.GET, "/v1/gateway/config?wait_seconds=\(wait)")
            .adding("if-none-match", digest.map { "\"\($0)\"" })
        call.token = token
        let answer = try await send(call, timeout: .seconds(Int64(wait) + 15))
        switch answer.status {
        case 304: return .unchanged
        case 404: return .noneAssigned
        default: return .assigned(try Self.value(of: answer))
        }
    }

    /// Asks for the callers' keys.
    ///
    /// - Parameters:
    ///   - generation: The generation that the gateway knows; nil asks for all keys. The answer waits for a change.
    ///   - wait: How long the answer may wait for that (seconds).
    ///   - token: The gateway's credential.
    /// - Returns: All keys, or what changed among them.
    /// - Throws: ``ControlPlaneError``.
    public func keys(since generation: Int?, waitSeconds wait: Int, as token: Secret) async throws -> KeySet {
        let since = generation.map { "since=\($0)&" } ?? ""
        return try await ask(
            Call(.GET, "/v1/gateway/keys?\(since)wait_seconds=\(wait)"), as: token, timeout: .seconds(Int64(wait) + 15))
    }

    /// Delivers decision events that are JSON objects already, at most ``MachineProtocol/maximumEvents``.
    public func deliver(events: [ByteBuffer], as token: Secret) async throws -> EventReceipt {
        var body = ByteBuffer()
        body.reserveCapacity(events.reduce(16) { $0 + $1.readableBytes + 1 })
        body.writeStaticString(#"{"events":["#)
        for (index, event) in events.enumerated() {
            if index > 0 { body.writeStaticString(",") }
            body.writeImmutableBuffer(event)
        }
        body.writeStaticString("]}")
        return try await ask(Call(.POST, "/v1/gateway/events", body: body), as: token, timeout: .seconds(60))
    }
}
