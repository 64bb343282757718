/// How the descriptors that a process may have open are divided, so that no number of clients takes the last one.
///
/// A process without descriptors cannot accept, read a file or ask a name server, and parts of the runtime end it then.
public struct DescriptorShares: Sendable, Equatable {
    /// Kept for files, the database, event loops and the process's own calls to its neighbours.
    public var reserve: Int

    /// Connections of callers to the gateway; 0 without one.
    public var callers = 0

    /// Connections of the gateway to providers and to services of policies: one for each caller, and some that wait.
    public var upstreams = 0

    /// Connections to each of API, console and chat.
    public var web: Int

    /// - Parameters:
    ///   - limit: Descriptors that the process may have open.
    ///   - hasGateway: Whether it is a gateway.
    ///   - webServers: How many of API, console and chat it is.
    /// - Throws: ``TooFewDescriptors`` where a listener's share would be of no use.
    public init(limit: Int, hasGateway: Bool, webServers: Int) throws(TooFewDescriptors) {
        let parts = (hasGateway ? Self.gatewayParts : 0) + webServers
        reserve = Self.reserve(of: limit)
        let part = (limit - reserve) / max(1, parts)
        guard part >= Self.leastPart else {
            let need = (1...).lazy.map { $0 * 64 }.first { $0 - Self.reserve(of: $0) >= parts * Self.leastPart }
            throw TooFewDescriptors(limit: limit, need: need ?? limit)
        }
        web = min(part, Self.mostOfWeb)
        guard hasGateway else { return }
        callers = min(part * Self.callerParts, Self.mostCallers)
        upstreams = callers + callers / Self.callerParts
    }

    private static func reserve(of limit: Int) -> Int { min(128 + limit / 16, 1_024) }

    private static let callerParts = 3

    /// Those of callers, and of upstreams one more.
    private static let gatewayParts = 7
    private static let leastPart = 8

    /// Connections to one of the slow servers, however many there could be.
    public static let mostOfWeb = 4_096

    /// Connections of callers to a gateway, however many there could be.
    public static let mostCallers = 65_536
}

/// The process may open so few files that it could serve nobody.
public struct TooFewDescriptors: UserFacingError, Equatable {
    /// Descriptors that the process may have open.
    public var limit: Int

    /// How many it needs.
    public var need: Int

    public var category: ErrorCategory { .unavailable }
    public var code: String { "open_files.too_few" }
    public var message: String { "This process may have \(limit) files open, and needs \(need)." }
    public var hint: String? { "Raise the hard limit: ulimit -Hn, or LimitNOFILE of a systemd unit." }
}
