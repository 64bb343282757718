import Hummingbird
import KeeptrustsCore
import Testing

@testable import KeeptrustsWeb

struct WebListenerTests {
    @Test("A listener takes a free port, says which, and a second one on it says why not")
    func portInUse() async throws {
        let (ports, found) = AsyncStream.makeStream(of: String.self)
        let router = Router()
        router.get("/") { _, _ in "hello" }
        let logger = Application(router: Router()).logger
        let first = try WebListener(
            name: "test", address: HostPort(host: "127.0.0.1", port: 0), router: router, logger: logger
        ) { found.yield($0) }
        let running = Task { try await first.run() }

        let url = try #require(await ports.first { _ in true })
        let port = try #require(url.split(separator: ":").last.flatMap { Int($0) })
        #expect(port > 0)
        let second = try WebListener(
            name: "test", address: HostPort(host: "127.0.0.1", port: port), router: router, logger: logger
        ) { _ in }
        await #expect(throws: CannotServe.self) { try await second.run() }

        running.cancel()
        _ = await running.result
    }

    @Test("A certificate that cannot be used stops the start")
    func badCertificate() {
        let logger = Application(router: Router()).logger

        #expect(throws: CannotServe.self) {
            _ = try WebListener(
                name: "test", address: HostPort(host: "127.0.0.1", port: 0),
                tls: TLSFiles(certificate: "/nonexistent/cert.pem", key: "/nonexistent/key.pem"), router: Router(),
                logger: logger
            ) { _ in }
        }
    }
}
