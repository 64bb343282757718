import KeeptrustsCore
import Testing

struct ProxyRulesTests {
    private static let proxy = "http://proxy.corp.internal:3128"

    private func isProxied(_ noProxy: String, _ host: String, _ port: Int = 443) throws -> Bool {
        let rules = try ProxyRules(environment: ["HTTPS_PROXY": Self.proxy, "NO_PROXY": noProxy])
        return rules.proxy(for: "https", host: host, port: port) != nil
    }

    @Test(
        "The guide's exceptions hold: names, an address, an internal host, a range",
        arguments: [
            ("localhost", false), ("127.0.0.1", false), ("api.internal", false), ("10.0.0.1", false),
            ("10.255.255.255", false), ("v2.api.internal", false), ("api.openai.com", true), ("11.0.0.1", true),
            ("127.0.0.2", true), ("internal", true), ("myapi.internal", true), ("localhost.example.com", true),
        ]
    )
    func guide(host: String, isProxied expected: Bool) throws {
        #expect(try isProxied("localhost,127.0.0.1,api.internal,10.0.0.0/8", host) == expected)
    }

    @Test(
        "Each form of an exception covers what it says",
        arguments: [
            ("*", "anything.example", 443, false), ("", "a.example", 443, true),
            ("example.com", "example.com", 443, false), ("example.com", "a.b.example.com", 443, false),
            ("example.com", "badexample.com", 443, true), (".example.com", "example.com", 443, false),
            (".example.com", "a.example.com", 443, false), ("*.example.com", "a.example.com", 443, false),
            ("EXAMPLE.com", "a.Example.COM", 443, false), ("example.com.", "example.com", 443, false),
            ("example.com", "example.com.", 443, false), ("example.com:8443", "example.com", 8_443, false),
            ("example.com:8443", "example.com", 443, true), ("example.com:443", "a.example.com", 443, false),
            ("192.0.2.1", "192.0.2.1", 443, false), ("192.0.2.1:80", "192.0.2.1", 443, true),
            ("192.0.2.1:443", "192.0.2.1", 443, false), ("::1", "::1", 443, false),
            ("[::1]", "0:0:0:0:0:0:0:1", 443, false),
            ("[::1]:8443", "::1", 443, true), ("[::1]:8443", "::1", 8_443, false),
            ("2001:db8::/32", "2001:db8:7::1", 443, false), ("2001:db8::/32", "2001:db9::1", 443, true),
            ("10.0.0.0/8", "10.example.com", 443, true), ("1", "192.0.2.1", 443, true),
            (" a.example ,\tb.example  c.example", "b.example", 443, false),
            ("a.example b.example", "b.example", 443, false), (",,a.example,,", "a.example", 443, false),
        ]
    )
    func exceptions(list: String, host: String, port: Int, isProxied expected: Bool) throws {
        #expect(try isProxied(list, host, port) == expected)
    }

    @Test("An entry that means nothing is passed over and named")
    func ignored() throws {
        let list = "10.0.0.0/99,<local>,a.example,http://b.example,c.example:99999"
        let rules = try ProxyRules(environment: ["HTTPS_PROXY": Self.proxy, "NO_PROXY": list])

        #expect(rules.ignored == ["10.0.0.0/99", "<local>", "http://b.example", "c.example:99999"])
        #expect(rules.proxy(for: "https", host: "a.example", port: 443) == nil)
        #expect(rules.proxy(for: "https", host: "b.example", port: 443) != nil)
    }

    @Test("Each scheme has its own proxy")
    func schemes() throws {
        let rules = try ProxyRules(environment: ["HTTP_PROXY": "http://plain:1", "HTTPS_PROXY": "http://secure:2"])

        #expect(rules.proxy(for: "http", host: "a.example", port: 80)?.address == HostPort(host: "plain", port: 1))
        #expect(rules.proxy(for: "https", host: "a.example", port: 443)?.address == HostPort(host: "secure", port: 2))
        #expect(
            try ProxyRules(environment: ["HTTP_PROXY": "http://plain:1"]).proxy(for: "https", host: "a", port: 443)
                == nil)
        #expect(try ProxyRules(environment: [:]).isEmpty)
    }

    @Test("The lower-case spelling wins, and an empty value is none")
    func spellings() throws {
        let both = [
            "HTTPS_PROXY": "http://upper:1", "https_proxy": "http://lower:2", "no_proxy": "a.example", "NO_PROXY": "*",
        ]
        let rules = try ProxyRules(environment: both)

        #expect(rules.proxy(for: "https", host: "b.example", port: 443)?.address.host == "lower")
        #expect(rules.proxy(for: "https", host: "a.example", port: 443) == nil)
        #expect(try ProxyRules(environment: ["HTTPS_PROXY": "http://upper:1", "https_proxy": ""]).isEmpty)
    }

    @Test("A caller's header cannot name the proxy of a gateway script")
    func gatewayScript() throws {
        let environment = ["REQUEST_METHOD": "GET", "HTTP_PROXY": "http://evil:1"]
        #expect(try ProxyRules(environment: environment).isEmpty)
    }

    @Test(
        "A proxy is read in each form",
        arguments: [
            ("http://proxy:3128", "proxy", 3_128, nil), ("http://proxy:3128/", "proxy", 3_128, nil),
            ("proxy:3128", "proxy", 3_128, nil), ("HTTP://proxy", "proxy", 80, nil),
            ("http://[::1]:3128", "::1", 3_128, nil),
            ("http://user:pass@proxy:1", "proxy", 1, "Basic dXNlcjpwYXNz"),
            ("http://user@proxy:1", "proxy", 1, "Basic dXNlcjo="),
            ("http://u%40x:p%3A%2F@proxy:1", "proxy", 1, "Basic dUB4OnA6Lw=="),
        ] as [(String, String, Int, String?)]
    )
    func proxies(text: String, host: String, port: Int, authorization: String?) throws {
        let proxy = try ProxyRules(environment: ["HTTPS_PROXY": text]).proxy(for: "https", host: "a", port: 443)

        #expect(proxy?.address == HostPort(host: host, port: port))
        #expect(proxy?.authorization?.reveal() == authorization)
    }

    @Test(
        "What is no proxy is refused, and its password is not repeated",
        arguments: [
            ("socks5://u:secret@proxy:1", "it names a scheme other than http"),
            ("https://proxy:1", "it names a scheme other than http"), ("http://", "it names no host and port"),
            ("http://u:secret@", "it names no host and port"), ("http://proxy:0", "it names no host and port"),
            ("http://proxy:http", "it names no host and port"),
            ("http://u:secret%zz@proxy:1", "its user name or password is not percent-encoded"),
            ("http://proxy:1/path", "it names no host and port"),
            ("http://u:secret\r\nX: y@proxy:1\r\n", "it names no host and port"),
        ]
    )
    func badProxies(text: String, problem: String) {
        let error = #expect(throws: InvalidProxy.self) { try ProxyRules(environment: ["HTTPS_PROXY": text]) }
        #expect(error?.description.contains("secret") == false)
        #expect(error?.message == "The variable HTTPS_PROXY does not name a proxy: \(problem).")
    }
}
