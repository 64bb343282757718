import Foundation
import NIOCore
import Testing

@testable import KeeptrustsGateway

@Suite("The spool on disk")
struct SegmentsTests {
    private let directory = NSTemporaryDirectory() + "kt-spool-\(UUID().uuidString)"

    private func open(maxBytes: Int = 1 << 20, dropsOldest: Bool = false) throws -> Segments {
        try Segments(directory: directory, maxBytes: maxBytes, dropsOldest: dropsOldest)
    }

    private func record(_ text: String) -> ByteBuffer { ByteBuffer(string: "{\"id\":\"\(text)\"}") }

    private func ids(_ segments: Segments, after sequence: UInt64 = 0) throws -> [String] {
        let batch = try segments.batch(after: sequence, upTo: 1_000, maxBytes: 1 << 20)
        return (batch?.records ?? []).map { String(buffer: $0.event) }
    }

    private func files() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".segment") }.sorted()
    }

    private func cleanUp() { try? FileManager.default.removeItem(atPath: directory) }

    @Test("Records come back in order, numbered without gaps, also after a restart")
    func order() throws {
        defer { cleanUp() }
        try open().append([record("a"), record("b")])
        let segments = try open()
        try segments.append([record("c")])

        let first = try #require(try segments.batch(after: 0, upTo: 2, maxBytes: 1 << 20))
        let second = try #require(try segments.batch(after: first.end, upTo: 2, maxBytes: 1 << 20))

        #expect(
            first.records.map { String(buffer: $0.event) } == [
                #"{"sequence":1,"id":"a"}"#, #"{"sequence":2,"id":"b"}"#,
            ])
        #expect(second.records.map(\.sequence) == [3])
    }

    @Test("A segment of more than is read at once is found whole")
    func longSegment() throws {
        defer { cleanUp() }
        let long = record(String(repeating: "x", count: 900_000))
        try open(maxBytes: 64 << 20).append(Array(repeating: long, count: 7))

        let segments = try open(maxBytes: 64 << 20)
        try segments.append([record("next")])

        #expect(try ids(segments, after: 7) == [#"{"sequence":8,"id":"next"}"#])
    }

    @Test("A record that was torn by a crash is dropped, those before it are not", arguments: [1, 10, 19, 25])
    func torn(left: Int) throws {
        defer { cleanUp() }
        try open().append([record("a"), record("b")])
        let path = directory + "/" + (try #require(try files().first))
        let frame = SpoolFrame.headerBytes + record("a").readableBytes
        let handle = try FileHandle(forUpdating: URL(filePath: path))
        try handle.truncate(atOffset: UInt64(frame + left))
        try handle.close()

        #expect(try ids(open()) == [#"{"sequence":1,"id":"a"}"#])
    }

    @Test("A flipped bit is noticed", arguments: [0, 5, 9, 17, 24])
    func damage(offset: Int) throws {
        defer { cleanUp() }
        try open().append([record("a")])
        let path = directory + "/" + (try #require(try files().first))
        var data = try Data(contentsOf: URL(filePath: path))
        data[offset] ^= 1
        try data.write(to: URL(filePath: path))

        #expect(try ids(open()).isEmpty)
    }

    @Test("What is acknowledged is freed, and its numbers are not used again")
    func acknowledged() throws {
        defer { cleanUp() }
        let segments = try open()
        try segments.append([record("a"), record("b")])
        try segments.acknowledge(through: 2)

        let next = try open()
        try next.append([record("c")])

        #expect(try ids(next, after: next.acknowledged) == [#"{"sequence":3,"id":"c"}"#])
        #expect(try files().count <= 2)
    }

    @Test("A full spool says so before, refuses, and takes records again once some are delivered")
    func full() throws {
        defer { cleanUp() }
        let segments = try open()
        let large = ByteBuffer(string: "{\"id\":\"\(String(repeating: "x", count: 100_000))\"}")
        var count: UInt64 = 0
        while segments.hasRoom(for: 110_000) {
            try segments.append([large])
            count += 1
        }

        #expect(count >= 6)
        #expect(throws: SpoolError.self) {
            for _ in 0..<4 { try segments.append([large]) }
        }
        try segments.acknowledge(through: count)
        #expect(segments.hasRoom(for: 110_000))
    }

    @Test("Where nobody takes them, the oldest go when the bound is reached, and what is left is whole")
    func dropsOldest() throws {
        defer { cleanUp() }
        let segments = try open(dropsOldest: true)
        let text = String(repeating: "x", count: 100_000)
        for number in 1...40 { try segments.append([record("\(number) \(text)")]) }

        let batch = try #require(try segments.batch(after: 0, upTo: 100, maxBytes: 1))

        #expect(segments.hasSpare && segments.dropped > 20)
        #expect(batch.records.first?.sequence == UInt64(segments.dropped) + 1)
        #expect(segments.depth.records == 40 - segments.dropped)
        #expect(try files().count <= 4)
        // A process that comes later begins behind what is left.
        let next = try open(dropsOldest: true)
        try next.append([record("next")])
        #expect(next.dropped <= 2 && next.hasSpare)
    }

    @Test("What is full says whether the bound is in the way")
    func namesBound() throws {
        defer { cleanUp() }
        let segments = try open()
        let large = ByteBuffer(string: "{\"id\":\"\(String(repeating: "x", count: 100_000))\"}")
        while segments.hasRoom(for: 110_000) { try segments.append([large]) }

        #expect(!segments.hasSpare)
        #expect(segments.shortage == .full(directory, maxBytes: 1 << 20))
    }

    @Test("A directory that cannot be made is named")
    func unusable() {
        #expect(throws: SpoolError.self) { try Segments(directory: "/proc/kt/spool", maxBytes: 1 << 20) }
    }
}

@Suite("Checksums")
struct ChecksumTests {
    @Test(
        "The sum is CRC-32C",
        arguments: [
            ("", UInt32(0)), ("a", 0xC1D0_4330), ("123456789", 0xE306_9283), ("0123456789abcdef0", 0x5C0C_8AC1),
        ]
    )
    func sums(text: String, sum: UInt32) {
        let bytes = Array(text.utf8)

        #expect(bytes.withUnsafeBytes(Checksum.of) == sum)
        for cut in 0...bytes.count {
            var checksum = Checksum()
            bytes.withUnsafeBytes { raw in
                checksum.update(UnsafeRawBufferPointer(rebasing: raw[..<cut]))
                checksum.update(UnsafeRawBufferPointer(rebasing: raw[cut...]))
            }
            #expect(checksum.value == bytes.withUnsafeBytes(Checksum.of))
        }
    }
}
