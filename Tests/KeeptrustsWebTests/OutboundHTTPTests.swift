import AsyncHTTPClient
import KeeptrustsCore
import Testing

@testable import KeeptrustsWeb

struct OutboundHTTPTests {
    @Test(
        "The forward proxy is taken unless NO_PROXY names the host",
        arguments: [
            ("https://api.openai.com/v1", "secure"), ("http://api.openai.com/v1", "plain"),
            ("http://localhost:8080/", nil), ("http://127.0.0.1/", nil), ("https://api.internal/x", nil),
            ("https://deep.api.internal/x", nil), ("https://xapi.internal/x", "secure"),
            ("http://10.200.3.4:41002/", nil),
            ("http://11.0.0.1/", "plain"), ("http://[::1]:8080/", nil), ("http://[::2]/", "plain"), ("nonsense", nil),
            ("https://a.example.com/", nil), ("https://only.port:8443/", nil),
            ("https://only.port/", "secure"),
        ] as [(String, String?)]
    )
    func proxies(url: String, proxy: String?) throws {
        let rules = try ProxyRules(environment: [
            "HTTP_PROXY": "http://plain:3128", "HTTPS_PROXY": "secure:3129",
            "NO_PROXY": "localhost, 127.0.0.1,api.internal,10.0.0.0/8,.example.com,only.port:8443,::1",
        ])

        #expect(rules.proxy(forURL: url)?.host == proxy)
    }

    @Test("The user and password of a proxy's variable are its credential")
    func authorization() throws {
        let rules = try ProxyRules(environment: ["HTTP_PROXY": "http://us%65r:p%3Aw@proxy:3128"])

        #expect(
            rules.proxy(forURL: "http://a.example/")
                == .server(host: "proxy", port: 3_128, authorization: .basic(username: "user", password: "p:w")))
    }
}
