import KeeptrustsWire
import NIOCore
import Testing

@Suite("Event streams")
struct EventStreamTests {
    /// The events of a stream that arrives in `pieces`, as `name|data`.
    static func events(_ pieces: [ArraySlice<UInt8>], maxEventBytes: Int = 1_000) throws(EventStreamFault) -> [String] {
        var parser = EventStreamParser(maxEventBytes: maxEventBytes)
        var events: [String] = []
        for piece in pieces {
            parser.push(ByteBuffer(bytes: piece))
            while let event = try parser.next() { events.append("\(event.name)|\(String(buffer: event.data))") }
        }
        return events
    }

    /// Streams, and their events.
    static let streams: [(String, [String])] = [
        ("data: a\n\n", ["message|a"]), ("data: a\r\n\r\n", ["message|a"]), ("data: a\r\r", ["message|a"]),
        ("data: a\r\n\ndata: b\n\r\n", ["message|a", "message|b"]), ("data:a\n\n", ["message|a"]),
        ("data:  a \n\n", ["message| a "]), ("data\n\n", ["message|"]), ("data:\n\n", ["message|"]),
        ("data: a\ndata: b\n\n", ["message|a\nb"]), ("data\ndata\n\n", ["message|\n"]),
        ("data: a\rdata: b\r\ndata: c\n\n", ["message|a\nb\nc"]), ("event: x\ndata: a\n\n", ["x|a"]),
        ("event: x\n\ndata: a\n\n", ["message|a"]), ("event: x\nevent:y\ndata: a\n\n", ["y|a"]),
        ("event: x\nevent:\ndata: a\n\n", ["message|a"]),
        ("event: x\ndata: a\n\nevent: x\ndata: b\n\n", ["x|a", "x|b"]),
        ("data: a\nevent: content_block_delta\n\ndata: b\n\n", ["content_block_delta|a", "message|b"]),
        (": comment\n\ndata: a\n\n:\n\n", ["message|a"]), (":data: x\ndata: a\n:y\n\n", ["message|a"]),
        ("id: 1\nretry: 5\nfoo: x\ndata: a\n\n", ["message|a"]),
        ("DATA: x\ndata : y\n data: z\ndata: a\n\n", ["message|a"]),
        ("data: a: b:c\n\n", ["message|a: b:c"]), ("\n\n\r\r\n\ndata: a\n\n", ["message|a"]), ("data: a\n", []),
        ("data: a", []), ("\u{FEFF}data: a\n\n", ["message|a"]), ("\u{FEFF}\u{FEFF}data: a\n\n", []),
        ("data: a\n\n\u{FEFF}data: b\n\n", ["message|a"]),
        ("data: \u{FEFF}caf\u{E9} \u{1F600}\n\n", ["message|\u{FEFF}caf\u{E9} \u{1F600}"]),
        ("data: {\"a\":\"b\"}\n\ndata: [DONE]\n\n", ["message|{\"a\":\"b\"}", "message|[DONE]"]),
        ("data: 0123456789012345678901234567890123\u{0}\n\n", ["message|0123456789012345678901234567890123\u{0}"]),
    ]

    @Test("A stream's events are the same, wherever it was cut", arguments: streams)
    func cuts(stream: String, expected: [String]) throws {
        for pieces in waysToReceive(Array(stream.utf8)) {
            #expect(try Self.events(pieces) == expected)
        }
    }

    @Test("A stream that begins like a byte order mark is not one")
    func halfMark() throws {
        let bytes: [UInt8] = [0xEF, 0xBB, 0x0A] + Array("data: a\n\n".utf8)
        for pieces in waysToReceive(bytes) { #expect(try Self.events(pieces) == ["message|a"]) }
    }

    @Test("An event is bounded, and so is a line that never ends")
    func bounds() throws {
        let cases: [(String, Bool)] = [
            ("data: 0123456789\n\n", true), ("data: 01234567890\n\n", false), ("data: 01234567890", false),
            (":01234567890123456", false), ("data: 01234\ndata:01\n\n", true),
            ("data: 01234\ndata:0123456789\n\n", false),
            (String(repeating: "data:1\n", count: 5) + "\n", true), (String(repeating: "data:1\n", count: 20), false),
            (String(repeating: "data: 0123456789\n\n", count: 50), true),
            (String(repeating: ":012345\n", count: 50), true),
            ("event: 0123456\ndata:0123456789\n\n", false),
        ]
        for (stream, isAccepted) in cases {
            for pieces in waysToReceive(Array(stream.utf8)) {
                let events = try? Self.events(pieces, maxEventBytes: 16)
                #expect((events != nil) == isAccepted, "\(stream)")
            }
        }
    }

    @Test("After a fault there is nothing more to read")
    func staysBroken() throws {
        var parser = EventStreamParser(maxEventBytes: 4)
        parser.push(ByteBuffer(string: "data: too long\n\n"))
        #expect(throws: EventStreamFault.eventTooLarge(limit: 4)) { try parser.next() }
        parser.push(ByteBuffer(string: "\n\nd:\n\n"))
        #expect(throws: EventStreamFault.eventTooLarge(limit: 4)) { try parser.next() }
    }

    @Test("Data in one piece is not copied")
    func noCopy() throws {
        let bytes = ByteBuffer(string: "data: one\n\ndata: two\n\n")
        var parser = EventStreamParser(maxEventBytes: 100)
        parser.push(bytes)
        let memory = bytes.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }

        for offset: UInt in [6, 17] {
            let event = try #require(try parser.next())
            #expect(event.data.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) } == memory + offset)
        }
    }

    @Test("Events keep their data while the stream goes on")
    func eventsAreValues() throws {
        var parser = EventStreamParser(maxEventBytes: 100)
        parser.push(ByteBuffer(string: "data: one\n\ndata: t"))
        let first = try #require(try parser.next())
        #expect(try parser.next() == nil)
        parser.push(ByteBuffer(string: "wo\n\ndata: three\n\n"))

        #expect(try parser.next()?.data == ByteBuffer(string: "two"))
        #expect(first.data == ByteBuffer(string: "one"))
    }

    @Test("A long line that arrives byte by byte takes linear work", .timeLimit(.minutes(1)))
    func linear() throws {
        var parser = EventStreamParser(maxEventBytes: 2_000_000)
        let piece = ByteBuffer(string: "x")
        parser.push(ByteBuffer(string: ": a\n\ndata: "))
        for _ in 0..<1_000_000 {
            parser.push(piece)
            guard try parser.next() == nil else { break }
        }
        parser.push(ByteBuffer(string: "\n\n"))

        #expect(try parser.next()?.data.readableBytes == 1_000_000)
    }

    @Test("Data is written so that it is read as it was, line breaks apart")
    func roundTrip() throws {
        let texts: [(String, String)] = [
            ("", ""), ("a", "a"), ("a\nb", "a\nb"), ("a\r\nb", "a\nb"), ("a\rb", "a\nb"), ("\n", "\n"),
            ("a\n\nb", "a\n\nb"),
            ("x\n\nevent: y\ndata: z", "x\n\nevent: y\ndata: z"), (" a", " a"), ("0123456789012\n", "0123456789012\n"),
        ]
        for (text, expected) in texts {
            var wire = ByteBuffer()
            wire.writeSSEData(ByteBuffer(string: text))
            #expect(try Self.events([Array(buffer: wire)[...]]) == ["message|\(expected)"])
        }
        var wire = ByteBuffer()
        wire.writeSSEData(ByteBuffer(string: "a\nb"))
        #expect(String(buffer: wire) == "data: a\ndata: b\n\n")
    }
}
