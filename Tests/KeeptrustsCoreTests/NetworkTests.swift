import KeeptrustsCore
import Testing

struct NetworkTests {
    @Test(
        "A host and a port are read in each form",
        arguments: [
            ("0.0.0.0:41002", "0.0.0.0", 41_002), ("127.0.0.1:0", "127.0.0.1", 0), (":9090", "0.0.0.0", 9_090),
            (":0", "0.0.0.0", 0), ("[::1]:8080", "::1", 8_080), ("[2001:db8::7]:65535", "2001:db8::7", 65_535),
            ("gateway.example.com:41002", "gateway.example.com", 41_002),
            ("keeptrusts-api:8080", "keeptrusts-api", 8_080),
        ]
    )
    func hostPorts(text: String, host: String, port: Int) throws {
        #expect(try HostPort(text) == HostPort(host: host, port: port))
    }

    @Test("A host alone takes the default port")
    func defaultPort() throws {
        #expect(try HostPort("proxy", defaultPort: 3_128) == HostPort(host: "proxy", port: 3_128))
        #expect(try HostPort("[::1]", defaultPort: 3_128) == HostPort(host: "::1", port: 3_128))
        #expect(HostPort(host: "::1", port: 80).description == "[::1]:80")
        #expect(HostPort(host: "a.example", port: 80).description == "a.example:80")
    }

    @Test(
        "What is not a host and a port says why",
        arguments: [
            ("", "it is empty"), ("localhost", "the port is missing"), ("localhost:", "'' is not a port (0 to 65535)"),
            ("localhost:65536", "'65536' is not a port (0 to 65535)"),
            ("localhost:-1", "'-1' is not a port (0 to 65535)"), ("localhost:8o", "'8o' is not a port (0 to 65535)"),
            ("localhost:٣", "'٣' is not a port (0 to 65535)"), ("a b:1", "'a b' is not a host"),
            ("::1:8080", "an IPv6 address needs brackets, as in '[::1]:41002'"),
            ("[::1:8080", "the brackets hold no IPv6 address"), ("[a]:1", "the brackets hold no IPv6 address"),
            ("[::1]8080", "after ']' comes ':' and a port"),
            ("http://a:1", "an IPv6 address needs brackets, as in '[::1]:41002'"),
        ]
    )
    func badHostPorts(text: String, problem: String) {
        let error = #expect(throws: InvalidHostPort.self) { try HostPort(text) }
        #expect(error?.message == "'\(text)' is not a host and port: \(problem).")
    }

    @Test(
        "Addresses are read as the RFCs write them, and in no other way",
        arguments: [
            ("192.0.2.1", true), ("0.0.0.0", true), ("255.255.255.255", true), ("::", true), ("::1", true),
            ("1::", true),
            ("2001:db8:0:0:0:0:0:1", true), ("::ffff:192.0.2.1", true), ("1:2:3:4:5:6:192.0.2.1", true),
            ("256.0.0.1", false), ("1.2.3", false), ("1.2.3.4.5", false), ("01.2.3.4", false), ("1.2.3.4 ", false),
            ("0x7f.0.0.1", false), ("1.2.3.+4", false), ("", false), (":", false), (":::", false), ("1::2::3", false),
            ("1:2:3:4:5:6:7", false), ("1:2:3:4:5:6:7:8:9", false), ("1:2:3:4:5:6:7:8::", false), ("12345::", false),
            ("g::", false), ("::1%eth0", false), ("[::1]", false), ("1.2.3.4::", false), (":1:2:3:4:5:6:7", false),
        ]
    )
    func addresses(text: String, isAddress: Bool) {
        #expect((IPAddress(text) != nil) == isAddress)
    }

    @Test("An address has one value, however it is written")
    func sameAddress() {
        #expect(IPAddress("::ffff:10.0.0.1") == IPAddress("10.0.0.1"))
        #expect(IPAddress("2001:DB8::0:1") == IPAddress("2001:db8:0:0:0:0:0:1"))
        #expect(IPAddress("::a00:1")?.isIPv4 == false)
    }

    @Test(
        "A range holds the addresses that share its prefix",
        arguments: [
            ("10.0.0.0/8", "10.255.255.255", true), ("10.0.0.0/8", "11.0.0.0", false), ("10.1.2.3/8", "10.9.9.9", true),
            ("0.0.0.0/0", "8.8.8.8", true), ("0.0.0.0/0", "::1", false), ("::/0", "2001:db8::1", true),
            ("::/0", "8.8.8.8", false), ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.8", false),
            ("192.0.2.0/31", "192.0.2.1", true), ("192.0.2.0/31", "192.0.2.2", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::", false),
            ("10.0.0.0/8", "::ffff:10.1.1.1", true),
        ]
    )
    func ranges(range: String, address: String, isInside: Bool) throws {
        let range = try #require(AddressRange(range))
        let address = try #require(IPAddress(address))
        #expect(range.contains(address) == isInside)
    }

    @Test(
        "What is no range is none",
        arguments: ["10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "/8", "a/8", "10.0.0.0/8/8"])
    func badRanges(text: String) {
        #expect(AddressRange(text) == nil)
    }
}

extension NetworkTests {
    @Test(
        "Only what anybody may be behind is a public address",
        arguments: [
            ("8.8.8.8", true), ("2606:4700::1", true), ("::ffff:8.8.8.8", true), ("172.15.255.255", true),
            ("10.0.0.1", false), ("127.0.0.1", false), ("169.254.169.254", false), ("172.16.0.1", false),
            ("192.168.1.1", false), ("100.64.0.1", false), ("0.0.0.0", false), ("224.0.0.1", false),
            ("255.255.255.255", false), ("::1", false), ("::", false), ("fe80::1", false), ("fc00::1", false),
            ("::ffff:10.0.0.1", false), ("64:ff9b::a00:1", false), ("2002:a00:1::", false), ("2001:db8::1", false),
            ("::127.0.0.1", false),
        ]
    )
    func publicAddresses(text: String, isPublic: Bool) throws {
        #expect(try #require(IPAddress(text)).isPublic == isPublic)
    }
}
