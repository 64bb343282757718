import AsyncHTTPClient
import Hummingbird
import KeeptrustsCore
import Testing

@testable import KeeptrustsWeb

struct AddressTests {
    @Test(
        "Addresses are read as they are written",
        arguments: [
            ("127.0.0.1:8080", ListenAddress(host: "127.0.0.1", port: 8080)),
            ("[::1]:0", ListenAddress(host: "::1", port: 0)),
            ("localhost:65535", ListenAddress(host: "localhost", port: 65535)),
            ("8080", nil), (":8080", nil), ("::1:80", nil), ("a b:80", nil), ("h:65536", nil), ("h:-1", nil),
            ("h:", nil),
        ] as [(String, ListenAddress?)]
    )
    func addresses(text: String, address: ListenAddress?) {
        #expect(ListenAddress(text) == address)
        if let address { #expect(address.description == text) }
    }

    @Test(
        "The forward proxy is taken unless NO_PROXY names the host",
        arguments: [
            ("https://api.openai.com/v1", "secure"), ("http://api.openai.com/v1", "plain"),
            ("http://localhost:8080/", nil), ("http://127.0.0.1/", nil), ("https://api.internal/x", nil),
            ("https://deep.api.internal/x", nil), ("https://xapi.internal/x", "secure"),
            ("http://10.200.3.4:41002/", nil),
            ("http://11.0.0.1/", "plain"), ("https://a.example.com/", nil), ("https://only.port:8443/", nil),
            ("https://only.port/", "secure"),
        ] as [(String, String?)]
    )
    func proxies(url: String, proxy: String?) {
        let settings = ProxySettings(environment: [
            "HTTP_PROXY": "http://plain:3128", "HTTPS_PROXY": "secure:3129",
            "NO_PROXY": "localhost, 127.0.0.1,api.internal,10.0.0.0/8,.example.com,only.port:8443",
        ])

        #expect(settings.proxy(for: url)?.host == proxy)
    }

    @Test("A listener takes a free port, says which, and a second one on it says why not")
    func portInUse() async throws {
        let (ports, found) = AsyncStream.makeStream(of: String.self)
        let router = Router()
        router.get("/") { _, _ in "hello" }
        let logger = Application(router: Router()).logger
        let first = try WebListener(
            name: "test", address: ListenAddress(host: "127.0.0.1", port: 0), router: router, logger: logger
        ) { found.yield($0) }
        let running = Task { try await first.run() }

        let url = try #require(await ports.first { _ in true })
        let port = try #require(url.split(separator: ":").last.flatMap { Int($0) })
        #expect(port > 0)
        let second = try WebListener(
            name: "test", address: ListenAddress(host: "127.0.0.1", port: port), router: router, logger: logger
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
                name: "test", address: ListenAddress(host: "127.0.0.1", port: 0),
                tls: TLSFiles(certificate: "/nonexistent/cert.pem", key: "/nonexistent/key.pem"), router: Router(),
                logger: logger
            ) { _ in }
        }
    }
}
