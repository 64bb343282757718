import KeeptrustsWire
import NIOCore
import Testing

@Suite("Response heads")
struct ResponseHeadTests {
    struct Response: Equatable {
        var status: Int
        var fields: [String]
        var framing: BodyFraming
        var keepsAlive: Bool
        var rest: String
    }

    /// Parses a head that arrives in `pieces`; nil when bytes are missing.
    static func parse(
        _ pieces: [ArraySlice<UInt8>], to method: HTTPMethod = .post, limits: HTTPLimits = HTTPLimits()
    ) throws(HTTPFault) -> Response? {
        var head = HTTPResponseHead()
        var buffer = ByteBuffer()
        var isComplete = false
        for piece in pieces {
            buffer.writeBytes(piece)
            if !isComplete { isComplete = try head.parse(&buffer, toMethod: method, limits: limits) }
        }
        guard isComplete else { return nil }
        return Response(
            status: head.status,
            fields: head.fields.map { "\(head.bytes.text($0.name))=\(head.bytes.text($0.value))" },
            framing: head.framing, keepsAlive: head.keepsAlive, rest: String(buffer: buffer))
    }

    static func fault(_ pieces: [ArraySlice<UInt8>], limits: HTTPLimits = HTTPLimits()) -> String {
        do throws(HTTPFault) {
            return try parse(pieces, limits: limits) == nil ? "incomplete" : "accepted"
        } catch {
            return "\(error.status) \(error.code)"
        }
    }

    @Test("A head is located, wherever it was cut, and interim answers are skipped")
    func locates() throws {
        let text =
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
            + "HTTP/1.1 200 All is well\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 404"
        for pieces in waysToReceive(Array(text.utf8)) {
            #expect(
                try Self.parse(pieces)
                    == Response(
                        status: 200, fields: ["Content-Type=application/json", "Content-Length=2"], framing: .length(2),
                        keepsAlive: true, rest: "{}HTTP/1.1 404"))
        }
    }

    /// The method asked with, the answer's head without its last line, its framing, and whether the connection lives on.
    static let framings: [(HTTPMethod, String, BodyFraming, Bool)] = [
        (.post, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n", .length(7), true),
        (.post, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", .length(0), true),
        (.post, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n", .chunked, true),
        (.post, "HTTP/1.1 200 OK\r\n", .untilClose, false),
        (.post, "HTTP/1.1 200 \r\nContent-Length: 1\r\n", .length(1), true),
        (.post, "HTTP/1.1 200\r\nContent-Length: 1\r\n", .length(1), true),
        (.post, "HTTP/1.1 500 x\r\nContent-Length: 1\r\nConnection: close\r\n", .length(1), false),
        (.post, "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n", .length(1), false),
        (.post, "HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n", .length(1), true),
        (.post, "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n", .untilClose, false),
        (.head, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n", .none, true),
        (.head, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n", .none, true),
        (.head, "HTTP/1.1 200 OK\r\n", .none, true),
        (.post, "HTTP/1.1 204 No Content\r\n", .none, true),
        (.post, "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n", .none, true),
        (.post, "HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n", .none, false),
        (.post, "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n", .none, false),
        (.get, "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n", .none, true),
        (.get, "HTTP/1.1 200 OK\r\nExpect: x\r\nHost: a\r\nHost: /\r\nContent-Length: 1\r\n", .length(1), true),
    ]

    @Test("A body's end follows from status, method and fields", arguments: framings)
    func framing(method: HTTPMethod, head: String, framing: BodyFraming, keepsAlive: Bool) throws {
        let response = try #require(try Self.parse([Array("\(head)\r\n".utf8)[...]], to: method))

        #expect(response.framing == framing)
        #expect(response.keepsAlive == keepsAlive)
    }

    static let faults: [(String, String)] = [
        ("invalid_status_line", "HTTP/1.1 20 OK\r\n"), ("invalid_status_line", "HTTP/1.1 2000 OK\r\n"),
        ("invalid_status_line", "HTTP/1.1 099 x\r\n"), ("invalid_status_line", "HTTP/1.1 600 x\r\n"),
        ("invalid_status_line", "HTTP/1.1 2x0 OK\r\n"), ("invalid_status_line", "HTTP/1.1  200 OK\r\n"),
        ("invalid_status_line", "HTTP/1.1 -20 OK\r\n"), ("invalid_status_line", "HTTP/2.0 200 OK\r\n"),
        ("invalid_status_line", "http/1.1 200 OK\r\n"), ("invalid_status_line", "ICY 200 OK\r\n"),
        ("invalid_status_line", "HTTP/1.1 200 O\u{0}K\r\n"), ("invalid_status_line", "HTTP/1.1 200 O\rK\r\n"),
        ("invalid_status_line", "HTTP/1.1 200\tOK\r\n"), ("invalid_status_line", "\r\nHTTP/1.1 200 OK\r\n"),
        ("invalid_status_line", "HTTP/1.1\r\n"), ("bare_line_feed", "HTTP/1.1 200 OK\n"),
        ("duplicate_content_length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n"),
        ("invalid_content_length", "HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n"),
        ("invalid_content_length", "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n"),
        ("body_too_large", "HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999\r\n"),
        ("length_and_transfer_encoding", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
        ("length_and_transfer_encoding", "HTTP/1.1 304 x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
        ("unknown_transfer_encoding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n"),
        ("transfer_encoding_in_1_0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n"),
        ("folded_field", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n"), ("bare_line_feed", "HTTP/1.1 200 OK\r\nX: a\nY: b\r\n"),
        ("control_character", "HTTP/1.1 200 OK\r\nX: a\rY: b\r\n"),
        ("space_before_colon", "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n"),
        ("unexpected_upgrade", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n"),
        ("interim_answer_with_body", "HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n"),
        ("interim_answer_with_body", "HTTP/1.1 103 x\r\nTransfer-Encoding: chunked\r\n"),
    ]

    @Test("An answer that could be read in two ways is refused", arguments: faults)
    func refuses(code: String, head: String) {
        for pieces in waysToReceive(Array("\(head)\r\n".utf8)) {
            #expect(Self.fault(pieces) == "502 http.\(code)")
        }
    }

    @Test("Interim answers are bounded")
    func interimFlood() {
        let interim = "HTTP/1.1 102 Processing\r\n\r\n"
        let answer = "HTTP/1.1 204 x\r\n\r\n"
        for pieces in waysToReceive(Array((String(repeating: interim, count: 8) + answer).utf8)) {
            #expect(Self.fault(pieces) == "accepted")
        }
        for pieces in waysToReceive(Array((String(repeating: interim, count: 9) + answer).utf8)) {
            #expect(Self.fault(pieces) == "502 http.too_many_interim_answers")
        }
    }

    @Test("A head without end is refused at the limit")
    func limits() {
        var limits = HTTPLimits()
        limits.maxHeadBytes = 60
        limits.maxFields = 2
        let endless = "HTTP/1.1 200 OK\r\nX: \(String(repeating: "x", count: 60))"
        for pieces in waysToReceive(Array(endless.utf8)) {
            #expect(Self.fault(pieces, limits: limits) == "502 http.head_too_large")
        }
        for pieces in waysToReceive(Array(String(repeating: "x", count: 61).utf8)) {
            #expect(Self.fault(pieces, limits: limits) == "502 http.head_too_large")
        }
        for pieces in waysToReceive(Array("HTTP/1.1 200 OK\r\nX: 1\r\nY: 2\r\nZ: 3\r\n\r\n".utf8)) {
            #expect(Self.fault(pieces, limits: limits) == "502 http.too_many_fields")
        }
    }

    @Test("A value of a head reads answer after answer, and counts interim answers for each")
    func reuse() throws {
        let interim = String(repeating: "HTTP/1.1 102 x\r\n\r\n", count: 8)
        var buffer = ByteBuffer(
            string:
                "\(interim)HTTP/1.1 200 OK\r\nA: 1\r\nContent-Length: 0\r\n\r\n\(interim)HTTP/1.1 404 x\r\nB: 2\r\n\r\n"
        )
        var head = HTTPResponseHead()

        #expect(try head.parse(&buffer, toMethod: .get, limits: HTTPLimits()))
        #expect(head.status == 200 && head.value(of: "a") == ByteBuffer(string: "1"))
        #expect(try head.parse(&buffer, toMethod: .get, limits: HTTPLimits()))
        #expect(head.status == 404 && head.count(of: "a") == 0 && head.values(of: "b") == [ByteBuffer(string: "2")])
    }
}
