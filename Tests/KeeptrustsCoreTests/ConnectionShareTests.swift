import KeeptrustsCore
import NIOCore
import Synchronization
import Testing

@Suite("A listener's share of the connections")
struct ConnectionShareTests {
    private final class Told: Sendable {
        private let all = Mutex<[ConnectionShare.News]>([])
        private let time = Mutex(ContinuousClock.now)

        var news: [ConnectionShare.News] { all.withLock { $0 } }
        var now: ContinuousClock.Instant { time.withLock { $0 } }

        func add(_ news: ConnectionShare.News) { all.withLock { $0.append(news) } }
        func wait(seconds: Int) { time.withLock { $0 += .seconds(seconds) } }

        func share(_ most: Int) -> ConnectionShare {
            ConnectionShare(most: most, tell: { self.add($0) }, now: { self.now })
        }
    }

    private func address(_ text: String) throws -> SocketAddress { try SocketAddress(ipAddress: text, port: 7) }

    @Test("There is room until it is full, and again when one has ended")
    func room() {
        let share = ConnectionShare(most: 4)
        for open in 0..<4 {
            #expect(share.hasRoom())
            #expect(share.isCrowded == (open >= 3))
            share.opened()
        }
        #expect(!share.hasRoom())

        share.closed()

        #expect(share.hasRoom() && share.isCrowded)
    }

    @Test("That it is full is told once, until three quarters are no longer taken, and at most once in a minute")
    func news() {
        let told = Told()
        let share = told.share(4)
        func fill() {
            for _ in 0..<4 { share.opened() }
            for _ in 0..<100 { _ = share.hasRoom() }
        }
        fill()
        share.closed()
        #expect(told.news == [.full])
        share.closed()
        #expect(told.news == [.full, .roomAgain])
        for _ in 0..<2 { share.closed() }

        told.wait(seconds: 59)
        fill()
        #expect(told.news == [.full, .roomAgain])

        told.wait(seconds: 1)
        _ = share.hasRoom()
        #expect(told.news == [.full, .roomAgain, .full])
    }

    @Test("One client cannot take all of it, and those it may have no more of are told once")
    func clients() throws {
        let told = Told()
        let share = told.share(8)
        let (greedy, other) = (try address("192.0.2.1"), try address("192.0.2.2"))

        let admitted = (0..<20).count { _ in share.admit(greedy) }

        #expect(admitted == 6)
        #expect(share.admit(other))
        #expect(told.news == [.clientFull("192.0.2.1")])
        share.left(greedy)
        #expect(share.admit(greedy))
        #expect(!share.admit(greedy))
    }

    @Test(
        "A client of IPv6 is its network, and one that is mapped to IPv4 its address",
        arguments: [
            ("2001:db8::1", "2001:db8::ffff:2", true), ("2001:db8::1", "2001:db8:0:1::1", false),
            ("::ffff:192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.3", false),
        ])
    func networks(first: String, second: String, isSame: Bool) throws {
        let share = ConnectionShare(most: 1)

        #expect(share.admit(try address(first)))
        #expect(share.admit(try address(second)) != isSame)
    }

    @Test("A peer without an address is nobody's client")
    func noAddress() {
        let share = ConnectionShare(most: 1)

        #expect((0..<5).allSatisfy { _ in share.admit(nil) })
    }
}

@Suite("How descriptors are divided")
struct DescriptorSharesTests {
    @Test(
        "All parts together stay within the limit, and each is of use",
        arguments: [256, 512, 1_024, 4_096, 20_000, 1 << 20], [(true, 3), (true, 0), (false, 1)])
    func parts(limit: Int, servers: (hasGateway: Bool, web: Int)) throws {
        let shares = try DescriptorShares(limit: limit, hasGateway: servers.hasGateway, webServers: servers.web)

        let sum = shares.reserve + shares.callers + shares.upstreams + servers.web * shares.web
        #expect(sum <= limit)
        #expect(shares.reserve >= 128)
        #expect(servers.web == 0 || shares.web >= 8)
        #expect(!servers.hasGateway || shares.callers >= 24)
        #expect(shares.upstreams >= shares.callers)
    }

    @Test("The parts at common limits")
    func values() throws {
        let low = try DescriptorShares(limit: 1_024, hasGateway: true, webServers: 3)
        #expect((low.reserve, low.callers, low.upstreams, low.web) == (192, 249, 332, 83))
        let high = try DescriptorShares(limit: 1 << 20, hasGateway: true, webServers: 3)
        #expect((high.reserve, high.callers, high.upstreams, high.web) == (1_024, 65_536, 87_381, 4_096))
    }

    @Test("With too few there is no start, and it is said how many it takes")
    func tooFew() throws {
        let fault = #expect(throws: TooFewDescriptors.self) {
            _ = try DescriptorShares(limit: 200, hasGateway: true, webServers: 3)
        }

        let need = try #require(fault?.need)
        #expect(fault?.message == "This process may have 200 files open, and needs 256.")
        #expect(throws: Never.self) { try DescriptorShares(limit: need, hasGateway: true, webServers: 3) }
    }
}
