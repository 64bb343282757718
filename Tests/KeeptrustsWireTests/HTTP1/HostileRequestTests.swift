import KeeptrustsWire
import NIOCore
import Testing

@Suite("Hostile request heads")
struct HostileRequestTests {
    /// Heads whose first line is wrong: the fault, and the line.
    static let lines: [(String, String)] = [
        ("400 http.invalid_request_line", "GET"),
        ("400 http.invalid_request_line", "GET /"),
        ("400 http.invalid_request_line", "GET / "),
        ("400 http.invalid_request_line", "GET  / HTTP/1.1 "),
        ("400 http.invalid_request_line", "GET / HTTP/1.1 "),
        ("400 http.invalid_request_line", "GET /  HTTP/1.1x"),
        ("400 http.invalid_request_line", "GET\t/ HTTP/1.1"),
        ("400 http.invalid_request_line", "GE(T / HTTP/1.1"),
        ("400 http.invalid_request_line", " GET / HTTP/1.1"),
        ("400 http.invalid_request_line", "{} / HTTP/1.1"),
        ("400 http.invalid_request_line", "GET / http/1.1"),
        ("400 http.invalid_request_line", "GET / HTTP/11"),
        ("400 http.invalid_request_line", "GET / HTTP/1.10"),
        ("400 http.invalid_request_line", "GET / HTTP/1,1"),
        ("400 http.invalid_request_line", "GET / HTTP 1.1"),
        ("400 http.invalid_request_line", "GET / HTTP/ 1.1"),
        ("400 http.invalid_request_line", "GET /\u{0}/ HTTQ/1.1"),
        ("400 http.invalid_target", "GET  / HTTP/1.1"),
        ("400 http.invalid_target", "GET /  HTTP/1.1"),
        ("400 http.invalid_target", "GET / HTTP/1.1 HTTP/1.1"),
        ("400 http.invalid_target", "GET http://a/v1/models HTTP/1.1"),
        ("400 http.invalid_target", "GET HTTP://a/ HTTP/1.0"),
        ("400 http.invalid_target", "CONNECT a:443 HTTP/1.1"),
        ("400 http.invalid_target", "OPTIONS * HTTP/1.1"),
        ("400 http.invalid_target", "GET v1/models HTTP/1.1"),
        ("400 http.invalid_target", "GET ?a HTTP/1.1"),
        ("400 http.invalid_target", "GET \\v1 HTTP/1.1"),
        ("400 http.invalid_target", "GET /a#b HTTP/1.1"),
        ("400 http.invalid_target", "GET /a?b#c HTTP/1.1"),
        ("400 http.invalid_target", "GET /a b HTTP/1.1"),
        ("400 http.invalid_target", "GET /a\tb HTTP/1.1"),
        ("400 http.invalid_target", "GET /\u{E9} HTTP/1.1"),
        ("400 http.invalid_target", "GET /\u{7F} HTTP/1.1"),
        ("400 http.invalid_target", "GET /\u{0} HTTP/1.1"),
        ("400 http.invalid_target", "GET /\r HTTP/1.1"),
        ("505 http.unknown_version", "GET / HTTP/0.9"),
        ("505 http.unknown_version", "GET / HTTP/1.2"),
        ("505 http.unknown_version", "GET / HTTP/2.0"),
        ("505 http.unknown_version", "PRI * HTTP/2.0"),
        ("505 http.unknown_version", "GET http://a/ HTTP/3.0"),
    ]

    /// Heads with a wrong field: the fault, and the lines of fields behind a valid `Host`.
    static let fields: [(String, String)] = [
        ("400 http.folded_field", " a: b"), ("400 http.folded_field", "X: a\r\n b"),
        ("400 http.folded_field", "X: a\r\n\tb: c"), ("400 http.folded_field", "X: a\r\n "),
        ("400 http.empty_field_name", ": a"), ("400 http.empty_field_name", ":"),
        ("400 http.space_before_colon", "Content-Length : 5"), ("400 http.space_before_colon", "X\t: a"),
        ("400 http.space_before_colon", "X Y: a"), ("400 http.space_before_colon", "X a"),
        ("400 http.missing_colon", "X"), ("400 http.missing_colon", "Transfer-Encoding"),
        ("400 http.invalid_field_name", "X\u{0}: a"), ("400 http.invalid_field_name", "\u{E9}: a"),
        ("400 http.invalid_field_name", "X(y): a"), ("400 http.invalid_field_name", "\"X\": a"),
        ("400 http.invalid_field_name", "X\rY: a"), ("400 http.invalid_field_name", "\u{B}X: a"),
        ("400 http.invalid_field_name", "X\u{7F}: a"), ("400 http.invalid_field_name", "X=y: a"),
        ("400 http.control_character", "X: a\u{0}b"), ("400 http.control_character", "X: \u{0}"),
        ("400 http.control_character", "X: a\rb"), ("400 http.control_character", "X: a\r"),
        ("400 http.control_character", "X: a\rContent-Length: 5"), ("400 http.control_character", "X: 12345678\u{1F}"),
        ("400 http.control_character", "X: 1234567890123\u{7F}4567"), ("400 http.control_character", "X: \u{B}chunked"),
        ("400 http.control_character", "Transfer-Encoding: \u{B}chunked"),
        ("400 http.bare_line_feed", "X: a\nY: b"), ("400 http.bare_line_feed", "X: a\n"),
        ("400 http.bare_line_feed", "\nX: a"),
        ("400 http.duplicate_content_length", "Content-Length: 5\r\nContent-Length: 5"),
        ("400 http.duplicate_content_length", "Content-Length: 5\r\ncontent-length: 6"),
        ("400 http.invalid_content_length", "Content-Length:"), ("400 http.invalid_content_length", "Content-Length: "),
        ("400 http.invalid_content_length", "Content-Length: +5"),
        ("400 http.invalid_content_length", "Content-Length: -5"),
        ("400 http.invalid_content_length", "Content-Length: -0"),
        ("400 http.invalid_content_length", "Content-Length: 0x5"),
        ("400 http.invalid_content_length", "Content-Length: 5, 5"),
        ("400 http.invalid_content_length", "Content-Length: 5 5"),
        ("400 http.invalid_content_length", "Content-Length: 5.0"),
        ("400 http.invalid_content_length", "Content-Length: 1e3"),
        ("400 http.invalid_content_length", "Content-Length: 1_000"),
        ("400 http.invalid_content_length", "Content-Length: \u{FF15}"),
        ("400 http.invalid_content_length", "Content-Length: five"),
        ("413 http.body_too_large", "Content-Length: 9223372036854775808"),
        ("413 http.body_too_large", "Content-Length: 18446744073709551617"),
        ("413 http.body_too_large", "Content-Length: 00000000000000000005"),
        ("400 http.length_and_transfer_encoding", "Content-Length: 5\r\nTransfer-Encoding: chunked"),
        ("400 http.length_and_transfer_encoding", "Transfer-Encoding: chunked\r\nContent-Length: 0"),
        ("400 http.duplicate_transfer_encoding", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
        ("400 http.invalid_transfer_encoding", "Transfer-Encoding:"),
        ("501 http.unknown_transfer_encoding", "Transfer-Encoding: identity"),
        ("501 http.unknown_transfer_encoding", "Transfer-Encoding: gzip, chunked"),
        ("501 http.unknown_transfer_encoding", "Transfer-Encoding: chunked, identity"),
        ("501 http.unknown_transfer_encoding", "Transfer-Encoding: chunked, chunked"),
        ("501 http.unknown_transfer_encoding", "Transfer-Encoding: chunked,"),
        ("501 http.unknown_transfer_encoding", "Transfer-Encoding: ,chunked"),
        ("501 http.unknown_transfer_encoding", "Transfer-Encoding: \"chunked\""),
        ("501 http.unknown_transfer_encoding", "Transfer-Encoding: xchunked"),
        ("501 http.unknown_transfer_encoding", "Transfer-Encoding: chunked;q=1"),
        ("501 http.unknown_transfer_encoding", "Transfer-Encoding: chunke\u{17F}"),
        ("501 http.unknown_transfer_encoding", "Transfer-Encoding: chun\u{212A}ed"),
        ("400 http.duplicate_host", "Host: a"), ("400 http.duplicate_host", "hOST: b"),
        ("417 http.unknown_expectation", "Expect: 200-ok"), ("417 http.unknown_expectation", "Expect:"),
        ("417 http.unknown_expectation", "Expect: 100-continue, x"),
        ("417 http.unknown_expectation", "Expect: 100-continue\r\nExpect: 100-continue"),
    ]

    static let hosts: [String] = [
        "", "a b", "a/b", "a?b", "a#b", "a@b", "user:pw@a", "a,b", "a\\b", "a%00", "a\"", "<a>", "a:", "a:b", "a:65536",
        "a:123456", "a:-1", "a:80:80", ":80", "[", "[]", "[]:80", "[::1", "[::1]a", "[::g]", "[::1]:", "[::1%25eth0]",
        "::1", "\u{E9}.example", "a\u{0}",
    ]

    @Test("A wrong first line is refused", arguments: lines)
    func requestLine(fault: String, line: String) {
        for pieces in waysToReceive(Array("\(line)\r\nHost: a\r\n\r\n".utf8)) {
            #expect(requestFault(pieces) == fault)
        }
    }

    @Test("A wrong field is refused", arguments: fields)
    func field(fault: String, lines: String) {
        for pieces in waysToReceive(Array("POST /v1 HTTP/1.1\r\nHost: a\r\n\(lines)\r\n\r\n0\r\n\r\n".utf8)) {
            #expect(requestFault(pieces) == fault)
        }
    }

    @Test("A wrong host is refused", arguments: hosts)
    func host(host: String) {
        for pieces in waysToReceive(Array("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n".utf8)) {
            let fault = requestFault(pieces)
            #expect(fault == (host.contains("\0") ? "400 http.control_character" : "400 http.invalid_host"))
        }
    }

    @Test("HTTP/1.1 needs a host, HTTP/1.0 does not")
    func missingHost() throws {
        for pieces in waysToReceive(Array("GET / HTTP/1.1\r\nX: y\r\n\r\n".utf8)) {
            #expect(requestFault(pieces) == "400 http.missing_host")
        }
        #expect(try parseRequest("GET / HTTP/1.0\r\n\r\n") != nil)
    }

    @Test("Transfer-Encoding in HTTP/1.0 is refused")
    func transferEncodingInHTTP10() {
        for pieces in waysToReceive(Array("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)) {
            #expect(requestFault(pieces) == "400 http.transfer_encoding_in_1_0")
        }
    }

    @Test("The name of the transfer encoding has no case")
    func transferEncodingCase() throws {
        #expect(
            try parseRequest("POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: Chunked\r\n\r\n")?.framing == .chunked)
    }

    @Test(
        "What is no HTTP is refused at its first bytes",
        arguments: [[0x16, 0x03, 0x01], [0x00], [0x0A], [0x0D, 0x41], [0x20], [0x80], [0x7B]] as [[UInt8]])
    func notHTTP(bytes: [UInt8]) {
        #expect(requestFault([bytes[...]]).hasPrefix("400"))
    }

    @Test("A bare LF instead of CR LF is refused, in the first line too")
    func bareLineFeeds() {
        for pieces in waysToReceive(Array("GET / HTTP/1.1\nHost: a\n\n".utf8)) {
            #expect(requestFault(pieces) == "400 http.bare_line_feed")
        }
        for pieces in waysToReceive(Array("GET / HTTP/1.1\r\nHost: a\r\n\n".utf8)) {
            #expect(requestFault(pieces) == "400 http.bare_line_feed")
        }
    }

    @Test("Limits hold to the byte, however the bytes arrive")
    func limits() throws {
        var limits = HTTPLimits()
        limits.maxFields = 3
        limits.maxTargetBytes = 20
        limits.maxHeadBytes = 100
        func check(_ text: String, _ expected: String) {
            for pieces in waysToReceive(Array(text.utf8)) { #expect(requestFault(pieces, limits: limits) == expected) }
        }
        check("GET /\(String(repeating: "a", count: 19)) HTTP/1.1\r\nHost: a\r\n\r\n", "accepted")
        check("GET /\(String(repeating: "a", count: 20)) HTTP/1.1\r\nHost: a\r\n\r\n", "414 http.target_too_long")
        check("GET /\(String(repeating: "a", count: 90))", "414 http.target_too_long")
        check("\(String(repeating: "A", count: 90))", "414 http.target_too_long")
        check("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nY: 2\r\n\r\n", "accepted")
        check("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nY: 2\r\nZ: 3\r\n\r\n", "431 http.too_many_fields")
        let room = 100 - "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n".utf8.count
        check("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: room))\r\n\r\n", "accepted")
        check(
            "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: room + 1))\r\n\r\n",
            "431 http.head_too_large")
        check("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 200))", "431 http.head_too_large")
    }

    @Test("Random bytes never crash the parser and never depend on cuts")
    func random() {
        var generator = Seeded(1)
        let alphabet = Array("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n\u{0}\u{E9}:;,".utf8)
        for _ in 0..<2_000 {
            var bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n".utf8)
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[index] = alphabet.randomElement(using: &generator) ?? 0
            }
            let cut = Int.random(in: 1..<bytes.count, using: &generator)
            #expect(requestFault([bytes[..<cut], bytes[cut...]]) == requestFault([bytes[...]]))
        }
    }
}
