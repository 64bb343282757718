import KeeptrustsCore
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import KeeptrustsWeb

@Suite("What a server must not read")
struct RequestGuardTests {
    /// A connection with a guard, and time that only tests let pass.
    private struct Connection {
        let channel: EmbeddedChannel
        let share = ConnectionShare(most: 4)

        init() throws {
            var limits = WebLimits(connections: share)
            (limits.bodyGraceSeconds, limits.minimumBodyRate, limits.maxBodySeconds) = (10, 100, 60)
            channel = EmbeddedChannel(handler: RequestGuard(limits: limits, now: { Timestamp(rawValue: 0) }))
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        }

        func head(_ fields: [(String, String)] = [("host", "x")], _ version: HTTPVersion = .http1_1) throws {
            let head = HTTPRequestHead(version: version, method: .POST, uri: "/v1/x", headers: HTTPHeaders(fields))
            try channel.writeInbound(HTTPServerRequestPart.head(head))
        }

        func body(_ count: Int) throws {
            try channel.writeInbound(HTTPServerRequestPart.body(ByteBuffer(repeating: 0x20, count: count)))
        }

        func end() throws { try channel.writeInbound(HTTPServerRequestPart.end(nil)) }

        func wait(_ seconds: Int64) { channel.embeddedEventLoop.advanceTime(by: .seconds(seconds)) }

        /// What the server is given, in one letter for each part.
        func passedOn() throws -> String {
            var parts = ""
            while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
                switch part {
                case .head: parts += "h"
                case .body: parts += "b"
                case .end: parts += "e"
                }
            }
            return parts
        }

        /// The server answers with 200.
        func serve(isWhole: Bool = true) throws {
            try channel.writeOutbound(HTTPServerResponsePart.head(HTTPResponseHead(version: .http1_1, status: .ok)))
            if isWhole { try channel.writeOutbound(HTTPServerResponsePart.end(nil)) }
        }

        /// The answers that went out: statuses, and the bodies' texts.
        func answers() throws -> (statuses: [UInt], text: String) {
            var (statuses, text) = ([UInt](), "")
            while let part = try channel.readOutbound(as: HTTPServerResponsePart.self) {
                switch part {
                case .head(let head): statuses.append(head.status.code)
                case .body(.byteBuffer(let bytes)): text += String(buffer: bytes)
                case .body(.fileRegion), .end: break
                }
            }
            return (statuses, text)
        }
    }

    @Test(
        "A connection without a request gives its place up where others wait", arguments: [(2, true), (3, false)])
    func crowds(others: Int, isOpen: Bool) throws {
        let connection = try Connection()
        for _ in 0..<others { connection.share.opened() }
        connection.wait(4)

        #expect(connection.channel.isActive == isOpen)
    }

    @Test("One whose request is under way keeps it, and so does one that has just been answered")
    func crowdsAroundARequest() throws {
        let connection = try Connection()
        for _ in 0..<4 { connection.share.opened() }
        try connection.head()
        try connection.end()
        connection.wait(5)
        #expect(connection.channel.isActive)

        try connection.serve()
        connection.wait(1)
        #expect(connection.channel.isActive)
        connection.wait(4)
        #expect(!connection.channel.isActive)
    }

    @Test(
        "A head that others may read differently is answered and ends the connection",
        arguments: [
            ([("host", "x"), ("Host", "y")], 400, "http.duplicate_host"),
            ([("host", "x"), ("host", "x")], 400, "http.duplicate_host"),
            ([("accept", "*/*")], 400, "http.missing_host"),
            ([("host", "")], 400, "http.invalid_host"),
            ([("host", ":80")], 400, "http.invalid_host"),
            ([("host", "x/../y")], 400, "http.invalid_host"),
            ([("host", "a@x")], 400, "http.invalid_host"),
            ([("host", "x y")], 400, "http.invalid_host"),
            ([("host", "x, y")], 400, "http.invalid_host"),
            ([("host", "x:99999")], 400, "http.invalid_host"),
            ([("host", "[::1")], 400, "http.invalid_host"),
            ([("host", "é")], 400, "http.invalid_host"),
            ([("host", "x"), ("transfer-encoding", "gzip, chunked")], 501, "http.unknown_transfer_encoding"),
            ([("host", "x"), ("transfer-encoding", "gzip")], 501, "http.unknown_transfer_encoding"),
            ([("host", "x"), ("transfer-encoding", "chunked, chunked")], 501, "http.unknown_transfer_encoding"),
            ([("host", "x"), ("transfer-encoding", "\u{0B}chunked")], 501, "http.unknown_transfer_encoding"),
            ([("host", "x"), ("transfer-encoding", "")], 400, "http.invalid_transfer_encoding"),
            (
                [("host", "x"), ("transfer-encoding", "chunked"), ("Transfer-Encoding", "chunked")], 400,
                "http.duplicate_transfer_encoding"
            ),
            (
                [("host", "x"), ("transfer-encoding", "gzip"), ("transfer-encoding", "chunked")], 400,
                "http.duplicate_transfer_encoding"
            ),
            (
                [("host", "x"), ("transfer-encoding", "chunked"), ("content-length", "5")], 400,
                "http.length_and_transfer_encoding"
            ),
            ([("host", "x"), ("content-length", "5"), ("content-length", "5")], 400, "http.duplicate_content_length"),
            ([("host", "x"), ("content-length", "5, 5")], 400, "http.invalid_content_length"),
            ([("host", "x"), ("content-length", "+5")], 400, "http.invalid_content_length"),
            ([("host", "x"), ("content-length", "")], 400, "http.invalid_content_length"),
        ] as [([(String, String)], UInt, String)]
    )
    func ambiguousHeads(fields: [(String, String)], status: UInt, code: String) throws {
        let connection = try Connection()

        try connection.head(fields)
        try connection.body(3)
        try connection.end()
        try connection.head()

        let answers = try connection.answers()
        #expect(answers.statuses == [status])
        #expect(answers.text.contains("\"code\":\"\(code)\""))
        #expect(try connection.passedOn() == "")
        #expect(!connection.channel.isActive)
    }

    @Test(
        "A head that all read alike is passed on",
        arguments: [
            ([("host", "x")], .http1_1), ([("host", "x:8080")], .http1_1), ([("host", "[::1]:8080")], .http1_1),
            ([("host", "api_1.internal")], .http1_1), ([("host", "x"), ("transfer-encoding", "Chunked")], .http1_1),
            ([("host", "x"), ("content-length", "3")], .http1_1), ([], .http1_0), ([("host", "x")], .http1_0),
        ] as [([(String, String)], HTTPVersion)]
    )
    func plainHeads(fields: [(String, String)], version: HTTPVersion) throws {
        let connection = try Connection()

        try connection.head(fields, version)
        try connection.body(3)
        try connection.end()

        #expect(try connection.passedOn() == "hbe")
        #expect(try connection.answers().statuses == [])
        #expect(connection.channel.isActive)
    }

    @Test("No server of ours is a proxy")
    func connect() throws {
        let connection = try Connection()
        let head = HTTPRequestHead(
            version: .http1_1, method: .CONNECT, uri: "x:443", headers: HTTPHeaders([("host", "x:443")]))

        try connection.channel.writeInbound(HTTPServerRequestPart.head(head))

        #expect(try connection.answers().statuses == [400])
        #expect(try connection.passedOn() == "")
    }

    @Test("HTTP/1.0 has no Transfer-Encoding")
    func oldVersion() throws {
        let connection = try Connection()

        try connection.head([("host", "x"), ("transfer-encoding", "chunked")], .http1_0)

        #expect(try connection.answers().statuses == [400])
    }

    @Test("What is refused is answered after the requests before it")
    func inTurn() throws {
        let connection = try Connection()
        try connection.head()
        try connection.end()
        try connection.head()
        try connection.end()

        try connection.head([("host", "x"), ("host", "y")])
        #expect(try connection.answers().statuses == [])
        try connection.serve()
        #expect(try connection.answers().statuses == [200])
        try connection.serve()

        #expect(try connection.answers().statuses == [200, 400])
        #expect(try connection.passedOn() == "hehe")
        #expect(!connection.channel.isActive)
    }

    @Test("Bytes that are no request are answered once, as what is asked otherwise is", arguments: [true, false])
    func unreadable(isInBody: Bool) throws {
        let connection = try Connection()
        if isInBody { try connection.head() }

        connection.channel.pipeline.fireErrorCaught(HTTPParserError.invalidChunkSize)
        connection.channel.pipeline.fireErrorCaught(HTTPParserError.invalidChunkSize)

        let answers = try connection.answers()
        #expect(answers.statuses == [400])
        #expect(answers.text.contains("\"code\":\"http.malformed\""))
        #expect(!connection.channel.isActive)
    }

    @Test("A body that cannot be read to its end, and is answered already, is not answered again")
    func unreadableRest() throws {
        let connection = try Connection()
        try connection.head()
        try connection.serve()

        connection.channel.pipeline.fireErrorCaught(HTTPParserError.invalidChunkSize)

        #expect(try connection.answers().statuses == [200])
        #expect(!connection.channel.isActive)
    }

    @Test("A body that does not come is given up")
    func noBody() throws {
        let connection = try Connection()
        try connection.head()

        connection.wait(9)
        #expect(try connection.answers().statuses == [])
        connection.wait(1)

        let answers = try connection.answers()
        #expect(answers.statuses == [408])
        #expect(answers.text.contains("\"code\":\"http.body_too_slow\""))
        #expect(!connection.channel.isActive)
    }

    @Test("A body that drips is given up, however often a byte comes")
    func drip() throws {
        let connection = try Connection()
        try connection.head()

        for _ in 0..<9 {
            connection.wait(1)
            try connection.body(1)
        }
        #expect(try connection.answers().statuses == [])
        connection.wait(1)

        #expect(try connection.answers().statuses == [408])
    }

    @Test("A body at the least rate may take longer, and none longer than the most")
    func rate() throws {
        let connection = try Connection()
        try connection.head()

        for _ in 0..<59 {
            connection.wait(1)
            try connection.body(100)
        }
        #expect(try connection.answers().statuses == [])
        connection.wait(1)

        #expect(try connection.answers().statuses == [408])
    }

    @Test("A body that is complete has all the time of its answer")
    func slowAnswer() throws {
        let connection = try Connection()
        try connection.head()
        try connection.body(3)
        try connection.end()

        connection.wait(600)
        try connection.serve()

        #expect(try connection.answers().statuses == [200])
        #expect(connection.channel.isActive)
    }

    @Test("An answer that came or began before the body is not followed by another", arguments: [true, false])
    func earlyAnswer(isWhole: Bool) throws {
        let connection = try Connection()
        try connection.head()
        try connection.serve(isWhole: isWhole)

        connection.wait(10)

        #expect(try connection.answers().statuses == [200])
        #expect(!connection.channel.isActive)
    }

    @Test("A slow body behind another request waits for that one's answer, and no later answer follows its own")
    func slowBodyInTurn() throws {
        let connection = try Connection()
        try connection.head()
        try connection.end()
        try connection.head()
        connection.wait(10)
        #expect(try connection.answers().statuses == [])

        try connection.serve()
        #expect(throws: ChannelError.self) { try connection.serve() }

        #expect(try connection.answers().statuses == [200, 408])
    }
}
