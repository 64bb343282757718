import Foundation
public import KeeptrustsAPI
public import KeeptrustsCore
import NIOCore

/// What tools ask about the past.
extension ControlPlaneClient {
    /// A page of decision events, the newest first.
    ///
    /// - Parameters:
    ///   - since: From when on: an age such as `7d`, or a time (RFC 3339).
    ///   - cursor: The `next_cursor` of the page before; nil asks for the first page.
    ///   - token: A token that may read events.
    /// - Returns: At most ``PageRequest/maximum`` events.
    /// - Throws: ``ControlPlaneError``.
    public func events(since: String, cursor: String?, as token: Secret) async throws -> Page<DecisionEvent> {
        var target = "/v1/events?limit=\(PageRequest.maximum)&since=\(Self.escaped(since))"
        if let cursor { target += "&cursor=\(Self.escaped(cursor))" }
        return try await ask(Call(.GET, target), as: token, timeout: .seconds(60))
    }

    /// A value as it stands in a query (RFC 3986 §3.4).
    private static func escaped(_ value: String) -> String {
        let allowed = CharacterSet(charactersIn: "-._~").union(.alphanumerics)
        return value.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
    }
}
