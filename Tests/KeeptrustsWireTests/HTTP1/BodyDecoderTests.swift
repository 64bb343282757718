import KeeptrustsWire
import NIOCore
import Testing

@Suite("Bodies")
struct BodyDecoderTests {
    /// Decodes a body that arrives in `pieces`: the body and what is behind it, or nil when it is not complete.
    static func decode(
        _ pieces: [ArraySlice<UInt8>], _ framing: BodyFraming, maxBytes: Int = 1_000
    ) throws(HTTPFault) -> [String]? {
        var decoder = HTTPBodyDecoder(framing, maxBytes: maxBytes)
        var (buffer, out) = (ByteBuffer(), ByteBuffer())
        var isComplete = false
        for piece in pieces {
            buffer.writeBytes(piece)
            if !isComplete { isComplete = try decoder.decode(&buffer, into: &out) }
        }
        return isComplete ? [String(buffer: out), String(buffer: buffer)] : nil
    }

    static func fault(_ pieces: [ArraySlice<UInt8>], _ framing: BodyFraming, maxBytes: Int = 1_000) -> String {
        do throws(HTTPFault) {
            return try decode(pieces, framing, maxBytes: maxBytes) == nil ? "incomplete" : "complete"
        } catch {
            return "\(error.status) \(error.code)"
        }
    }

    /// Chunked bodies, and what they hold.
    static let bodies: [(String, String)] = [
        ("0\r\n\r\n", ""), ("5\r\nhello\r\n0\r\n\r\n", "hello"), ("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", "abc"),
        ("00000005\r\nhello\r\n000\r\n\r\n", "hello"), ("A\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        ("a;x=y; z=\"q\"\r\n0123456789\r\n0;last\r\n\r\n", "0123456789"), ("4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"),
        ("3\r\n0\r\n\r\n0\r\n\r\n", "0\r\n"), ("0\r\nX: y\r\nEmpty:\r\n\r\n", ""),
        ("0000000000000001\r\na\r\n0\r\n\r\n", "a"), ("1\r\na\r\n0\r\nDigest: a\tb \u{E9}\r\n\r\n", "a"),
    ]

    @Test("A chunked body is complete exactly at its end, wherever it was cut", arguments: bodies)
    func chunked(body: String, expected: String) throws {
        for pieces in waysToReceive(Array("\(body)GET".utf8)) {
            #expect(try Self.decode(pieces, .chunked) == [expected, "GET"])
        }
        for count in 0..<body.utf8.count {
            #expect(try Self.decode([Array(body.utf8)[..<count]], .chunked) == nil)
        }
    }

    /// What is wrong, and the body.
    static let faults: [(String, String)] = [
        ("invalid_chunk_size", "\r\n"), ("invalid_chunk_size", ";x\r\n"), ("invalid_chunk_size", " 5\r\n"),
        ("invalid_chunk_size", "5 \r\n"), ("invalid_chunk_size", "5\t;x\r\n"), ("invalid_chunk_size", "+5\r\n"),
        ("invalid_chunk_size", "-5\r\n"), ("invalid_chunk_size", "0x5\r\n"), ("invalid_chunk_size", "5h\r\n"),
        ("invalid_chunk_size", "g\r\n"), ("invalid_chunk_size", "5_0\r\n"), ("invalid_chunk_size", "\n"),
        ("invalid_chunk_size", "5\nhello\r\n0\r\n\r\n"), ("invalid_chunk_size", "\u{FF15}\r\n"),
        ("invalid_chunk_size", "8000000000000000\r\n"), ("invalid_chunk_size", "ffffffffffffffff\r\n"),
        ("invalid_chunk_size", "FFFFFFFFFFFFFFFB\r\n"), ("invalid_chunk_size", "00000000000000005\r\n"),
        ("invalid_chunk_size", "10000000000000005\r\n"), ("bare_carriage_return", "5\rhello\r\n0\r\n\r\n"),
        ("bare_carriage_return", "5\r\rhello"), ("bare_carriage_return", "5;x\ry\r\n"),
        ("invalid_chunk_extension", "5;x\ny\r\nhello\r\n"), ("invalid_chunk_extension", "5;\u{0}\r\nhello\r\n"),
        ("invalid_chunk_extension", "5;\u{E9}\r\nhello\r\n"), ("invalid_chunk_end", "5\r\nhelloo\r\n0\r\n\r\n"),
        ("invalid_chunk_end", "5\r\nhello0\r\n\r\n"), ("invalid_chunk_end", "5\r\nhello\n0\r\n\r\n"),
        ("bare_carriage_return", "5\r\nhello\rx0\r\n\r\n"), ("invalid_chunk_end", "4\r\nhello\r\n0\r\n\r\n"),
        ("invalid_trailer", "0\r\n: a\r\n\r\n"), ("invalid_trailer", "0\r\n X: a\r\n\r\n"),
        ("invalid_trailer", "0\r\nX : a\r\n\r\n"), ("invalid_trailer", "0\r\nX\r\n\r\n"),
        ("invalid_trailer", "0\r\nX: a\r\n b\r\n\r\n"), ("invalid_trailer", "0\r\nX: a\nY: b\r\n\r\n"),
        ("bare_carriage_return", "0\r\nX: a\rb\r\n\r\n"), ("invalid_trailer", "0\r\nX: \u{0}\r\n\r\n"),
        ("invalid_trailer", "0\r\n\n"), ("bare_carriage_return", "0\r\n\rX"),
        ("invalid_trailer", "0\r\nX: \u{7F}\r\n\r\n"),
        ("invalid_trailer", "0\r\nGET / HTTP/1.1\r\n\r\n"),
    ]

    @Test("Broken chunks are refused, wherever they were cut", arguments: faults)
    func broken(code: String, body: String) {
        for pieces in waysToReceive(Array(body.utf8)) {
            #expect(Self.fault(pieces, .chunked) == "400 http.\(code)")
        }
    }

    @Test("Extensions and trailers are bounded")
    func bounds() {
        func fault(_ text: String) -> String { Self.fault([Array(text.utf8)[...]], .chunked, maxBytes: 100_000) }
        let long = String(repeating: "x", count: 255)
        #expect(fault("1;\(long)\r\na\r\n0\r\n\r\n") == "complete")
        #expect(fault("1;\(long)x\r\na\r\n0\r\n\r\n") == "400 http.invalid_chunk_extension")
        #expect(fault(String(repeating: "1;\(long)\r\na\r\n", count: 32) + "0\r\n\r\n") == "complete")
        #expect(
            fault(String(repeating: "1;\(long)\r\na\r\n", count: 33) + "0\r\n\r\n")
                == "400 http.invalid_chunk_extension")
        let trailer = "X: \(String(repeating: "x", count: 4_000))\r\n"
        #expect(fault("0\r\n\(trailer)\(trailer)\r\n") == "complete")
        #expect(fault("0\r\n\(trailer)\(trailer)\(trailer)\r\n") == "400 http.trailers_too_large")
        #expect(fault("0\r\nX: \(String(repeating: "x", count: 9_000))") == "400 http.trailers_too_large")
    }

    @Test("A body longer than allowed is refused before it is read")
    func tooLarge() {
        #expect(Self.fault([[]], .length(11), maxBytes: 10) == "413 http.body_too_large")
        #expect(Self.fault([[]], .length(.max), maxBytes: 10) == "413 http.body_too_large")
        #expect(Self.fault([Array("0123456789".utf8)[...]], .length(10), maxBytes: 10) == "complete")
        for pieces in waysToReceive(Array("B\r\n".utf8)) {
            #expect(Self.fault(pieces, .chunked, maxBytes: 10) == "413 http.body_too_large")
        }
        for pieces in waysToReceive(Array("A\r\n0123456789\r\n1\r\n".utf8)) {
            #expect(Self.fault(pieces, .chunked, maxBytes: 10) == "413 http.body_too_large")
        }
        #expect(
            Self.fault([Array("7fffffffffffffff\r\n".utf8)[...]], .chunked, maxBytes: 10) == "413 http.body_too_large")
        for pieces in waysToReceive(Array("01234567890".utf8)) {
            #expect(Self.fault(pieces, .untilClose, maxBytes: 10) == "413 http.body_too_large")
        }
    }

    @Test("A body of known length ends there, wherever it was cut")
    func length() throws {
        for pieces in waysToReceive(Array("helloGET".utf8)) {
            #expect(try Self.decode(pieces, .length(5)) == ["hello", "GET"])
        }
        #expect(try Self.decode([Array("GET".utf8)[...]], .none) == ["", "GET"])
        #expect(try Self.decode([Array("GET".utf8)[...]], .length(0)) == ["", "GET"])
        #expect(try Self.decode([Array("GET".utf8)[...]], .untilClose) == nil)
    }

    /// A framing, what has arrived when the connection is closed, and whether that is the whole body.
    static let ends: [(BodyFraming, String, Bool)] = [
        (.none, "", true), (.length(0), "", true), (.length(2), "ab", true), (.length(2), "a", false),
        (.untilClose, "", true), (.untilClose, "abc", true), (.chunked, "", false), (.chunked, "1\r\na\r\n", false),
        (.chunked, "0\r\n", false), (.chunked, "0\r\n\r\n", true),
    ]

    @Test("A closed connection ends a body only where that is its framing", arguments: ends)
    func close(framing: BodyFraming, received: String, isWhole: Bool) throws {
        var decoder = HTTPBodyDecoder(framing, maxBytes: 100)
        var (buffer, out) = (ByteBuffer(string: received), ByteBuffer())
        _ = try decoder.decode(&buffer, into: &out)

        let end: Void? = try? decoder.end()
        #expect((end != nil) == isWhole)
    }

    @Test("What is written as chunks is read as it was, whatever the pieces")
    func roundTrip() throws {
        var generator = Seeded(2)
        for _ in 0..<200 {
            let body = (0..<Int.random(in: 0...300, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            var wire = ByteBuffer()
            var rest = body[...]
            while !rest.isEmpty {
                let count = Int.random(in: 0...rest.count, using: &generator)
                wire.writeChunk(ByteBuffer(bytes: rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            wire.writeLastChunk()
            var decoder = HTTPBodyDecoder(.chunked, maxBytes: 300)
            var (buffer, out, isComplete) = (ByteBuffer(), ByteBuffer(), false)
            while !isComplete {
                let count = min(wire.readableBytes, Int.random(in: 1...40, using: &generator))
                let piece = wire.readSlice(length: count)
                buffer.writeImmutableBuffer(try #require(piece))
                isComplete = try decoder.decode(&buffer, into: &out)
            }

            #expect(out == ByteBuffer(bytes: body))
            #expect(wire.readableBytes == 0 && buffer.readableBytes == 0)
        }
    }

    @Test("Numbers and chunks are written as the protocol wants them")
    func writing() {
        var buffer = ByteBuffer()
        for number in [0, 7, 10, 1_234_567_890, .max, .min, -1] {
            buffer.writeDecimal(number)
            buffer.writeString(" ")
        }
        #expect(String(buffer: buffer) == "0 7 10 1234567890 9223372036854775807 -9223372036854775808 -1 ")

        var chunks = ByteBuffer()
        chunks.writeChunk(ByteBuffer(string: "a"))
        chunks.writeChunk(ByteBuffer())
        chunks.writeChunk(ByteBuffer(repeating: UInt8(ascii: "b"), count: 256))
        chunks.writeLastChunk()
        #expect(String(buffer: chunks) == "1\r\na\r\n100\r\n\(String(repeating: "b", count: 256))\r\n0\r\n\r\n")
    }

    @Test("A body that arrives whole is not copied")
    func noCopy() throws {
        for (framing, text) in [(BodyFraming.length(5), "hello"), (.chunked, "5\r\nhello\r\n0\r\n\r\n")] {
            var buffer = ByteBuffer(string: text)
            let received = buffer
            var out = ByteBuffer()
            var decoder = HTTPBodyDecoder(framing, maxBytes: 10)
            #expect(try decoder.decode(&buffer, into: &out))

            let memory = received.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
            let body = out.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
            #expect(body == memory + (framing == .chunked ? 3 : 0))
        }
    }
}
