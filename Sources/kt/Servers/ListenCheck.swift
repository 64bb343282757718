import KeeptrustsCore
import KeeptrustsWeb
import NIOCore
import NIOPosix

/// Whether servers can listen where they shall, found out before any of them is started.
enum ListenCheck {
    /// Takes all addresses at the same time, so that two servers on one are found, too, and lets them go again.
    ///
    /// - Parameter addresses: The servers' names and addresses; one with port 0 is free in any case.
    /// - Throws: ``CannotServe`` for the first address that cannot be taken.
    static func run(_ addresses: [(name: String, address: HostPort)]) async throws {
        var taken: [any Channel] = []
        var fault: CannotServe?
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        for (name, address) in addresses where address.port != 0 && fault == nil {
            do {
                taken.append(try await bootstrap.bind(host: address.host, port: address.port).get())
            } catch {
                fault = CannotServe(name, address, cause: CannotServe.reason(error) ?? "\(error)")
            }
        }
        for channel in taken { try await channel.close() }
        if let fault { throw fault }
    }
}
