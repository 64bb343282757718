public import NIOCore

/// An event stream that cannot be read on.
public enum EventStreamFault: Error, Sendable, Equatable {
    /// A line or an event is longer than `limit` bytes.
    case eventTooLarge(limit: Int)
}

/// Reads an event stream as the WHATWG HTML standard defines it in §9.2, from bytes cut anywhere.
///
/// `id` and `retry` are dropped: they are for a client that connects again, and the gateway does not. Data is passed on
/// as it came; whether it is valid UTF-8 is for its reader to check.
public struct EventStreamParser: Sendable {
    private let maxEventBytes: Int
    private var buffer = ByteBuffer()

    /// The bytes of `buffer` that are known to hold no line break.
    private var searched = 0
    private var isAtStart = true

    /// The line before ended in CR: an LF that follows belongs to it.
    private var skipsLineFeed = false
    private var fault: EventStreamFault?

    private var name = "message"
    private var nameBytes = 0

    /// The data of the event so far; while it has one line, a slice of what was pushed.
    private var data = ByteBuffer()
    private var dataLines = 0

    /// The name that came last; most streams use few, so most need no new string.
    private var lastName = "message"

    public init(maxEventBytes: Int) { self.maxEventBytes = maxEventBytes }

    /// Takes the stream's next bytes; call ``next()`` until it returns nil before the next push.
    public mutating func push(_ bytes: ByteBuffer) {
        guard buffer.readableBytes > 0 else {
            buffer = bytes
            searched = 0
            return
        }
        if buffer.readerIndex > 0 {
            // Events may still hold on to this storage: begin a new one with what is left.
            var rest = ByteBuffer()
            rest.reserveCapacity(buffer.readableBytes + bytes.readableBytes)
            rest.writeImmutableBuffer(buffer)
            buffer = rest
        }
        buffer.writeImmutableBuffer(bytes)
    }

    /// The next complete event, or nil when more bytes are needed.
    public mutating func next() throws(EventStreamFault) -> ServerSentEvent? {
        if let fault { throw fault }
        do throws(EventStreamFault) {
            guard skipByteOrderMark() else { return nil }
            while let line = try takeLine() {
                if line.readableBytes > 0 {
                    take(line)
                } else if let event = dispatch() {
                    return event
                }
            }
            return nil
        } catch {
            fault = error
            buffer = ByteBuffer()
            data = ByteBuffer()
            throw error
        }
    }

    /// False when it cannot be told yet whether the stream begins with a byte order mark.
    private mutating func skipByteOrderMark() -> Bool {
        guard isAtStart else { return true }
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        guard !buffer.readableBytesView.starts(with: mark) else {
            buffer.moveReaderIndex(forwardBy: 3)
            isAtStart = false
            return true
        }
        guard buffer.readableBytes >= 3 || !mark.starts(with: buffer.readableBytesView) else { return false }
        isAtStart = false
        return true
    }

    /// Takes a line off the buffer, without its end; nil when it has not arrived in full.
    private mutating func takeLine() throws(EventStreamFault) -> ByteBuffer? {
        if skipsLineFeed, let byte: UInt8 = buffer.getInteger(at: buffer.readerIndex) {
            if byte == 0x0A { buffer.moveReaderIndex(forwardBy: 1) }
            skipsLineFeed = false
        }
        let end = buffer.withUnsafeReadableBytes { $0.firstLineBreak(from: searched) }
        let held = data.readableBytes + nameBytes
        guard held + (end ?? buffer.readableBytes) <= maxEventBytes else {
            throw .eventTooLarge(limit: maxEventBytes)
        }
        searched = end == nil ? buffer.readableBytes : 0
        guard let end, let line = buffer.readSlice(length: end) else { return nil }
        skipsLineFeed = buffer.readInteger(as: UInt8.self) == 0x0D
        return line
    }

    /// Takes in one line of an event: a field or a comment.
    private mutating func take(_ line: ByteBuffer) {
        let (field, value) = line.withUnsafeReadableBytes { bytes in
            let colon = bytes.firstOffset(of: UInt8(ascii: ":"), in: 0..<bytes.count) ?? bytes.count
            let field = Field(bytes, 0..<colon)
            let start = colon + 1 < bytes.count && bytes[colon + 1] == 0x20 ? colon + 2 : min(colon + 1, bytes.count)
            return (field, start..<bytes.count)
        }
        switch field {
        case .data: append(line.bytes(value))
        case .event: rename(line.bytes(value))
        case .other: break
        }
    }

    private enum Field {
        case data, event, other

        init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
            switch range.count {
            case 4 where bytes.matches(range, "data"): self = .data
            case 5 where bytes.matches(range, "event"): self = .event
            default: self = .other
            }
        }
    }

    private mutating func append(_ line: ByteBuffer) {
        dataLines += 1
        guard dataLines > 1 else {
            data = line
            return
        }
        if dataLines == 2 {
            var lines = ByteBuffer()
            lines.reserveCapacity(2 * (data.readableBytes + line.readableBytes + 1))
            lines.writeImmutableBuffer(data)
            data = lines
        }
        data.writeInteger(UInt8(ascii: "\n"))
        data.writeImmutableBuffer(line)
    }

    private mutating func rename(_ value: ByteBuffer) {
        nameBytes = value.readableBytes
        if nameBytes == 0 {
            name = "message"
        } else if lastName.utf8.elementsEqual(value.readableBytesView) {
            name = lastName
        } else {
            name = String(buffer: value)
            lastName = name
        }
    }

    /// What an empty line ends: an event, if there was data.
    private mutating func dispatch() -> ServerSentEvent? {
        let event = dataLines > 0 ? ServerSentEvent(name: name, data: data) : nil
        name = "message"
        nameBytes = 0
        data = ByteBuffer()
        dataLines = 0
        return event
    }
}
