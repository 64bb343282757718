public import NIOCore

/// Takes a message's body out of the bytes of a connection.
public struct HTTPBodyDecoder: Sendable {
    private let maxBytes: Int
    private var taken = 0
    private var state: State

    private enum State: Sendable {
        case length(left: Int)
        case chunked(ChunkFrame)
        case untilClose
        case complete
    }

    /// - Parameters:
    ///   - framing: How the body's end is found, as the head says.
    ///   - maxBytes: The longest body to accept, without its framing.
    public init(_ framing: BodyFraming, maxBytes: Int) {
        self.maxBytes = maxBytes
        state =
            switch framing {
            case .none, .length(0): .complete
            case .length(let length): .length(left: length)
            case .chunked: .chunked(ChunkFrame())
            case .untilClose: .untilClose
            }
    }

    /// Moves the body's bytes from `buffer` to the end of `out`, without copying them when `out` is empty.
    ///
    /// - Returns: True when the body is complete; what is left in `buffer` belongs to the next message then.
    /// - Throws: ``HTTPFault`` when the body is too long or its framing is broken; the connection must be closed.
    public mutating func decode(
        _ buffer: inout ByteBuffer, into out: inout ByteBuffer
    ) throws(HTTPFault) -> Bool {
        switch state {
        case .complete:
            return true
        case .length(let left):
            guard left <= maxBytes - taken else { throw .bodyTooLarge }
            let rest = left - move(upTo: left, from: &buffer, to: &out)
            state = rest == 0 ? .complete : .length(left: rest)
            return rest == 0
        case .untilClose:
            guard buffer.readableBytes <= maxBytes - taken else { throw .bodyTooLarge }
            _ = move(upTo: buffer.readableBytes, from: &buffer, to: &out)
            return false
        case .chunked(var frame):
            let isComplete = try decode(&frame, &buffer, into: &out)
            state = isComplete ? .complete : .chunked(frame)
            return isComplete
        }
    }

    /// Takes note that the connection was closed.
    ///
    /// - Throws: ``HTTPFault`` when the body is not complete.
    public mutating func end() throws(HTTPFault) {
        switch state {
        case .complete, .untilClose:
            state = .complete
        case .length, .chunked:
            throw .malformed("truncated_body", "The connection was closed before the end of the body.")
        }
    }

    private mutating func decode(
        _ frame: inout ChunkFrame, _ buffer: inout ByteBuffer, into out: inout ByteBuffer
    ) throws(HTTPFault) -> Bool {
        while buffer.readableBytes > 0, !frame.isComplete {
            if frame.dataLeft > 0 {
                frame.dataLeft -= move(upTo: frame.dataLeft, from: &buffer, to: &out)
            } else {
                let length = try buffer.withUnsafeReadableBytes { bytes throws(HTTPFault) in try frame.read(bytes) }
                buffer.moveReaderIndex(forwardBy: length)
                guard frame.dataLeft <= maxBytes - taken else { throw .bodyTooLarge }
            }
        }
        return frame.isComplete
    }

    /// Moves at most `limit` bytes; returns how many.
    private mutating func move(upTo limit: Int, from buffer: inout ByteBuffer, to out: inout ByteBuffer) -> Int {
        guard let piece = buffer.readSlice(length: min(limit, buffer.readableBytes)) else { return 0 }
        if out.readableBytes == 0 {
            out = piece
        } else {
            out.writeImmutableBuffer(piece)
        }
        taken += piece.readableBytes
        return piece.readableBytes
    }
}
