import KeeptrustsWire
import NIOCore
import Testing

@Suite("Request heads")
struct RequestHeadTests {
    static let chat = """
        POST /v1/chat/completions?trace=1&x=? HTTP/1.1\r
        Host: gateway.example:8080\r
        authorization: \t Bearer kt_1 \t\r
        Content-Type: application/json\r
        X-Empty:\r
        X-Text: caf\u{E9} \u{2713}\r
        Content-Length: 5\r
        \r
        helloGET /
        """

    @Test("A head is located, wherever it was cut")
    func locates() throws {
        for pieces in waysToReceive(Array(Self.chat.utf8)) {
            var request = try #require(try parseRequest(pieces))
            request.rest = String(request.rest.prefix(10))

            #expect(request.method == .post)
            #expect(request.path == "/v1/chat/completions")
            #expect(request.query == "trace=1&x=?")
            #expect(
                request.fields == [
                    "Host=gateway.example:8080", "authorization=Bearer kt_1", "Content-Type=application/json",
                    "X-Empty=", "X-Text=caf\u{E9} \u{2713}", "Content-Length=5",
                ])
            #expect(request.framing == .length(5))
            #expect(request.keepsAlive && !request.expectsContinue && request.isHTTP11)
            #expect(request.rest == "helloGET /")
        }
    }

    @Test("A head that has not arrived in full leaves the buffer alone")
    func incomplete() throws {
        let bytes = Array(Self.chat.utf8)
        let end = bytes.count - "helloGET /".utf8.count
        for count in 0..<end {
            var buffer = ByteBuffer(bytes: bytes[..<count])
            var head = HTTPRequestHead()

            #expect(try !head.parse(&buffer, limits: HTTPLimits()))
            #expect(buffer == ByteBuffer(bytes: bytes[..<count]))
        }
    }

    @Test("A value of a head reads request after request")
    func reuse() throws {
        var buffer = ByteBuffer(
            string: "POST /a?q HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
                + "GET /b HTTP/1.0\r\nX: 1\r\nX: 2\r\n\r\nrest")
        var head = HTTPRequestHead()

        #expect(try head.parse(&buffer, limits: HTTPLimits()))
        #expect(head.framing == .chunked && head.expectsContinue && head.query != nil)
        #expect(try head.parse(&buffer, limits: HTTPLimits()))
        #expect(head.method == .get && head.query == nil && head.framing == .none)
        #expect(!head.expectsContinue && !head.isHTTP11 && !head.keepsAlive)
        #expect(head.count(of: "x") == 2 && head.count(of: "host") == 0)
        #expect(String(buffer: buffer) == "rest")
        #expect(try !head.parse(&buffer, limits: HTTPLimits()))
    }

    @Test("After a fault the value can be used for another connection")
    func reuseAfterFault() throws {
        var head = HTTPRequestHead()
        var bad = ByteBuffer(string: "GET /a HTTP/1.1\r\nHost: a\r\nX y: 1\r\n\r\n")
        #expect(throws: HTTPFault.self) { try head.parse(&bad, limits: HTTPLimits()) }
        var good = ByteBuffer(string: "GET /b HTTP/1.1\r\nHost: b\r\n\r\n")

        #expect(try head.parse(&good, limits: HTTPLimits()))
        #expect(head.fields.count == 1 && head.isPath("/b"))
    }

    @Test("Fields are found by name, whatever their case")
    func fields() throws {
        var buffer = ByteBuffer(string: "GET / HTTP/1.1\r\nhOsT: a\r\nX-Key: 1\r\nx-key: 2\r\nX-Keys: 3\r\n\r\n")
        var head = HTTPRequestHead()
        #expect(try head.parse(&buffer, limits: HTTPLimits()))

        #expect(head.value(of: "host") == ByteBuffer(string: "a"))
        #expect(head.value(of: "x-key") == ByteBuffer(string: "1"))
        #expect(head.values(of: "x-key") == [ByteBuffer(string: "1"), ByteBuffer(string: "2")])
        #expect(head.count(of: "x-key") == 2)
        #expect(head.value(of: "x-ke") == nil && head.values(of: "y").isEmpty)
    }

    @Test(
        "Only the very bytes of a path are that path",
        arguments: [
            "//v1/models", "/v1//models", "/v1/models/", "/v1/./models", "/v1/x/../models", "/v1%2fmodels",
            "/V1/models",
            "/v1/models;a=b", "/v1/models.", "/%761/models", "/v1/model", "/v1\\models",
        ])
    func paths(path: String) throws {
        var buffer = ByteBuffer(string: "GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
        var head = HTTPRequestHead()
        #expect(try head.parse(&buffer, limits: HTTPLimits()))

        #expect(!head.isPath("/v1/models"))
        #expect(head.bytes.text(head.path) == path)
    }

    @Test("Every method is known by its name, in capitals")
    func methods() throws {
        let names: [(String, HTTPMethod)] = [
            ("GET", .get), ("HEAD", .head), ("POST", .post), ("PUT", .put), ("PATCH", .patch), ("DELETE", .delete),
            ("OPTIONS", .options), ("CONNECT", .connect), ("TRACE", .trace), ("get", .other), ("PROPFIND", .other),
        ]
        for (name, method) in names {
            #expect(try parseRequest("\(name) / HTTP/1.1\r\nHost: a\r\n\r\n")?.method == method)
        }
    }

    @Test("Whether the connection lives on follows version and Connection")
    func keepAlive() throws {
        let cases: [(String, String, Bool)] = [
            ("1.1", "", true), ("1.1", "Connection: close\r\n", false), ("1.1", "Connection: Close\r\n", false),
            ("1.1", "Connection: keep-alive\r\n", true), ("1.1", "Connection: x, ,close ,y\r\n", false),
            ("1.1", "Connection: keep-alive\r\nConnection: close\r\n", false), ("1.1", "Connection: closed\r\n", true),
            ("1.0", "", false), ("1.0", "Connection: Keep-Alive\r\n", true),
            ("1.0", "Connection: keep-alive, close\r\n", false),
        ]
        for (version, fields, expected) in cases {
            let request = try parseRequest("GET / HTTP/\(version)\r\nHost: a\r\n\(fields)\r\n")
            #expect(request?.keepsAlive == expected, "\(version) \(fields)")
        }
    }

    @Test("100-continue counts where a body follows, in HTTP/1.1")
    func expectation() throws {
        let cases: [(String, String, Bool)] = [
            ("1.1", "Content-Length: 1", true), ("1.1", "Transfer-Encoding: chunked", true),
            ("1.1", "Content-Length: 0", false), ("1.1", "X: y", false), ("1.0", "Content-Length: 1", false),
        ]
        for (version, field, expected) in cases {
            let request = try parseRequest(
                "POST / HTTP/\(version)\r\nHost: a\r\nExpect: 100-Continue\r\n\(field)\r\n\r\n")
            #expect(request?.expectsContinue == expected, "\(version) \(field)")
        }
    }

    @Test(
        "A valid host is accepted",
        arguments: ["a", "a.example", "A-1_x~.b", "127.0.0.1:80", "[::1]", "[2001:db8::1]:8443", "[::ffff:1.2.3.4]"])
    func hosts(host: String) throws {
        #expect(try parseRequest("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n") != nil)
    }

    @Test("One empty line before a request is dropped, a second is not")
    func emptyLine() throws {
        for pieces in waysToReceive(Array("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)) {
            #expect(try parseRequest(pieces)?.path == "/")
        }
        for pieces in waysToReceive(Array("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)) {
            #expect(requestFault(pieces) == "400 http.invalid_request_line")
        }
    }

    @Test("Bytes in which no line ends are searched once")
    func searchesOnce() throws {
        var head = HTTPRequestHead()
        var buffer = ByteBuffer(string: "GET / HTTP/1.1\r\nHost: a\r\nX: abcdef")
        #expect(try !head.parse(&buffer, limits: HTTPLimits()))

        // A line's end where the parser has looked already: only one that looks again would see it.
        let seen = buffer.writerIndex - 2
        buffer.setInteger(UInt8(ascii: "\n"), at: seen)
        buffer.writeString("g")
        #expect(try !head.parse(&buffer, limits: HTTPLimits()))
        buffer.setInteger(UInt8(ascii: "e"), at: seen)
        buffer.writeString("\r\n\r\n")
        #expect(try head.parse(&buffer, limits: HTTPLimits()))
        #expect(head.value(of: "x") == ByteBuffer(string: "abcdefg"))
    }
}
