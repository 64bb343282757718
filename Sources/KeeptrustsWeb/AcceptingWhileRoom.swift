import HummingbirdCore
import KeeptrustsCore

/// Lets a server accept connections while its share has room; the others wait in the system's queue.
struct AcceptingWhileRoom: AvailableConnectionsDelegate {
    let share: ConnectionShare

    func connectionOpened() { share.opened() }
    func connectionClosed() { share.closed() }
    func isAcceptingNewConnections() -> Bool { share.hasRoom() }
}
