import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsStorage

/// One request that waits until the database has news for it.
struct LongPoll {
    let plane: Plane
    let topic: ChangeNotifier.Topic
    let principal: Principal

    /// How long a change by another replica may go unnoticed; for keys, ``KeyWatch`` tells sooner.
    private static let longestSilence = Duration.seconds(2)

    /// The first news, or nil when there is none in time or the server stops.
    ///
    /// - Throws: ``NotAllowed`` as soon as the credential has ended.
    func first<News: Sendable>(
        within limit: Duration, _ look: @escaping @Sendable (any Transaction) throws -> News?
    ) async throws -> News? {
        guard limit > .zero, case .token(let token) = principal.credential else {
            return try await plane.database.read(look)
        }
        return try await plane.polls.counting(token.id) {
            let end = ContinuousClock.now.advanced(by: limit)
            while true {
                let ticket = plane.notifier.ticket(for: topic)
                if let news = try await lookOnce(token, look) { return news }
                let left = end - .now
                guard left > .zero, !plane.notifier.isStopping else { return nil }
                try Task.checkCancellation()
                await plane.notifier.wait(for: topic, since: ticket, atMost: min(left, Self.longestSilence))
            }
        }
    }

    private func lookOnce<News: Sendable>(
        _ token: Token, _ look: @escaping @Sendable (any Transaction) throws -> News?
    ) async throws -> News? {
        let (org, now) = (principal.organisation, plane.now())
        return try await plane.database.read { transaction in
            guard try transaction.token(token.id, in: org, at: now)?.status == .active else {
                throw NotAllowed(.badCredential)
            }
            return try look(transaction)
        }
    }
}
