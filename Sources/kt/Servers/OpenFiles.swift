import Glibc
import KeeptrustsCore
import Logging

/// The files that this process may have open, sockets among them, and who may have how many.
struct OpenFiles {
    private let shares: DescriptorShares
    private let logger: Logger

    /// Raises the limit to what the system allows, as servers do, and divides it.
    ///
    /// - Parameters:
    ///   - hasGateway: Whether this process is a gateway.
    ///   - webServers: How many of API, console and chat it is.
    ///   - logger: Where the process logs.
    /// - Throws: ``TooFewDescriptors`` when it could serve nobody.
    init(hasGateway: Bool = false, webServers: Int = 0, _ logger: Logger) throws {
        let limit = Self.raiseLimit()
        shares = try DescriptorShares(limit: limit, hasGateway: hasGateway, webServers: webServers)
        self.logger = logger
        var metadata: Logger.Metadata = ["limit": "\(limit)"]
        if hasGateway { metadata.merge(["callers": "\(shares.callers)", "upstreams": "\(shares.upstreams)"]) { $1 } }
        if webServers > 0 { metadata["each_web_server"] = "\(shares.web)" }
        if limit < Self.fewFiles {
            logger.warning(
                "few files may be open at a time, and so few connections; raise the hard limit (ulimit -Hn, LimitNOFILE)",
                metadata: metadata)
        } else {
            logger.info("files that may be open at a time, and connections of each kind", metadata: metadata)
        }
    }

    /// The share of callers of the gateway.
    var callers: ConnectionShare { share("gateway", shares.callers) }

    /// The share of the gateway's connections to others.
    var upstreams: ConnectionShare {
        ConnectionShare(most: shares.upstreams) { [logger] news in
            switch news {
            case .full: logger.warning("all connections to providers are in use; further calls fail")
            case .clientFull: break
            case .roomAgain: logger.info("connections to providers are free again")
            }
        }
    }

    /// The share of a web server.
    ///
    /// - Parameter name: The server's, as logs have it.
    /// - Returns: A share of its own.
    func web(_ name: String) -> ConnectionShare { share(name, shares.web) }

    private func share(_ name: String, _ most: Int) -> ConnectionShare {
        ConnectionShare(most: most) { [logger] news in
            let metadata: Logger.Metadata = ["server": "\(name)", "most": "\(most)"]
            switch news {
            case .full:
                logger.warning("all connections are taken; new ones wait, and idle ones are closed", metadata: metadata)
            case .clientFull(let address):
                logger.warning(
                    "a client has all connections that one may have; its new ones are closed",
                    metadata: metadata.merging(["client": "\(address)"]) { $1 })
            case .roomAgain:
                logger.info("connections are free again", metadata: metadata)
            }
        }
    }

    /// The limit in force, after it was raised as far as that goes.
    private static func raiseLimit() -> Int {
        let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(kind, &limit) == 0 else { return 1_024 }
        var raised = limit
        raised.rlim_cur = limit.rlim_max
        let current = setrlimit(kind, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur
        return Int(min(current, 1 << 30))
    }

    /// What systems give a service at least; below it, a few clients can take a listener's share.
    private static let fewFiles = 4_096
}
