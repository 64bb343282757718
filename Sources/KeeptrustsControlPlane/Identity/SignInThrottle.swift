import Crypto
import HTTPTypes
import KeeptrustsCore
import KeeptrustsWeb
import Synchronization

/// Slows down guessing: a few failures are free, then each costs a wait that doubles.
///
/// Counted for an account from one network, for a network, and, with far more that are free and short waits, for an
/// account from anywhere: so whoever guesses keeps out himself. From where an account has been signed in to, guesses from
/// elsewhere do not hold it up at all; from elsewhere its owner shares the short waits, for as long as somebody with very
/// many addresses goes on guessing. Held in this process; a replica counts
/// for itself. Bounded: see ``FailureTable``.
final class SignInThrottle: Sendable {
    /// What is counted, each in a table of its own: who fills one takes nothing from the others.
    private struct Tables {
        var pairs: FailureTable
        var accounts: FailureTable
        var networks: FailureTable

        /// Codes name nobody, and guessed passwords must not keep anybody from using one.
        var codes: FailureTable
        var known: KnownNetworks

        var count: Int { pairs.count + accounts.count + networks.count + codes.count + known.count }
    }

    private let tables: Mutex<Tables>

    /// - Parameter capacity: The records of each table.
    init(capacity: Int = 20_000) {
        // Many people may share a network.
        let network = FailureTable.Rule(free: 30, firstWait: .seconds(1), longestWait: .seconds(60))
        tables = Mutex(
            Tables(
                pairs: FailureTable(
                    .init(free: 5, firstWait: .seconds(2), longestWait: .seconds(900)), capacity: capacity),
                accounts: FailureTable(
                    .init(free: 100, firstWait: .seconds(1), longestWait: .seconds(10)), capacity: capacity),
                networks: FailureTable(network, capacity: capacity), codes: FailureTable(network, capacity: capacity),
                known: KnownNetworks(capacity: capacity)))
    }

    /// Records that are held, of all kinds.
    var count: Int { tables.withLock { $0.count } }

    /// Lets an attempt begin, or not.
    ///
    /// It counts as a failure until ``succeeded(account:address:)``, so that attempts at the same time count, too.
    ///
    /// - Parameters:
    ///   - account: Whose password is guessed; nil for a code, which names nobody and is counted by itself.
    ///   - peer: The address that it comes from.
    ///   - now: The time.
    /// - Throws: ``TooManyAttempts`` while an earlier failure has to be waited for.
    func begin(account: String? = nil, address peer: String, at now: Timestamp) throws(TooManyAttempts) {
        let keys = Keys(account, peer)
        let wait = tables.withLock { tables in
            guard let account = keys.account, let pair = keys.pair else {
                return tables.codes.begin(keys.network, at: now)
            }
            var wait = max(tables.pairs.wait(pair, at: now), tables.networks.wait(keys.network, at: now))
            if !tables.known.contains(keys.network, of: account) {
                wait = max(wait, tables.accounts.wait(account, at: now))
            }
            guard wait <= 0 else { return wait }
            tables.pairs.add(pair, at: now)
            tables.networks.add(keys.network, at: now)
            tables.accounts.add(account, at: now)
            return 0
        }
        guard wait > 0 else { return }
        throw TooManyAttempts(retryAfterSeconds: Int((wait + 999_999) / 1_000_000))
    }

    /// Takes an attempt back that succeeded: forgets the failures of the account from this network, and this one of the
    /// network and of the account.
    ///
    /// These keep their others, or one good account would free any number of guesses.
    func succeeded(account: String? = nil, address peer: String) {
        let keys = Keys(account, peer)
        tables.withLock { tables in
            guard let account = keys.account, let pair = keys.pair else { return tables.codes.takeBack(keys.network) }
            tables.pairs.forget(pair)
            tables.networks.takeBack(keys.network)
            tables.accounts.takeBack(account)
            tables.known.add(keys.network, of: account)
        }
    }

    /// The names of an attempt's records, of a length that nobody chooses.
    private struct Keys {
        var network: String
        var account: String?
        var pair: String?

        init(_ account: String?, _ peer: String) {
            network = SHA256.hexDigest(Self.network(of: peer))
            self.account = account.map(SHA256.hexDigest)
            pair = account.map { SHA256.hexDigest("\(network) \($0)") }
        }

        /// An IPv4 address, or the first 64 bits of an IPv6 address: whoever has one such has all of its network.
        private static func network(of peer: String) -> String {
            guard let address = IPAddress(peer.prefix { $0 != "%" }) else { return peer }
            return address.isIPv4 ? "\(address.bits)" : "\(address.bits >> 64)/64"
        }
    }
}

/// Someone must wait before the next attempt.
struct TooManyAttempts: HTTPFacingError, Equatable {
    var retryAfterSeconds: Int

    var category: ErrorCategory { .limited }
    var code: String { "auth.too_many_attempts" }
    var message: String { "There were too many attempts." }
    var hint: String? { "Try again in \(retryAfterSeconds) s." }
    var headers: HTTPFields { [.retryAfter: "\(retryAfterSeconds)"] }
}
