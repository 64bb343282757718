import NIOCore

/// How a record lies in a segment.
///
/// Its length, the payload's CRC-32C, its sequence number, the CRC-32C of these sixteen
/// bytes, then the payload. A length of zero ends a segment.
struct SpoolFrame: Equatable {
    static let headerBytes = 20

    /// The longest payload (bytes); a longer one is damage.
    static let maxPayloadBytes = 1 << 20

    var sequence: UInt64
    var payload: ByteBuffer

    /// Appends the frame of a payload.
    static func write(_ payload: ByteBuffer, sequence: UInt64, into out: inout ByteBuffer) {
        let start = out.writerIndex
        out.writeInteger(UInt32(payload.readableBytes), endianness: .little)
        out.writeInteger(payload.withUnsafeReadableBytes(Checksum.of), endianness: .little)
        out.writeInteger(sequence, endianness: .little)
        let check = out.withUnsafeReadableBytes { bytes in
            let offset = start - out.readerIndex
            return Checksum.of(UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + 16]))
        }
        out.writeInteger(check, endianness: .little)
        out.writeImmutableBuffer(payload)
    }

    /// Takes the next frame off `bytes`; nil at the end of what was written, or at damage.
    static func read(_ bytes: inout ByteBuffer) -> SpoolFrame? {
        let start = bytes.readerIndex
        guard bytes.readableBytes >= headerBytes,
            let length = bytes.getInteger(at: start, endianness: .little, as: UInt32.self), length > 0,
            length <= maxPayloadBytes,
            let payloadCheck = bytes.getInteger(at: start + 4, endianness: .little, as: UInt32.self),
            let sequence = bytes.getInteger(at: start + 8, endianness: .little, as: UInt64.self),
            let headerCheck = bytes.getInteger(at: start + 16, endianness: .little, as: UInt32.self),
            let header = bytes.getSlice(at: start, length: 16),
            header.withUnsafeReadableBytes(Checksum.of) == headerCheck,
            let payload = bytes.getSlice(at: start + headerBytes, length: Int(length)),
            payload.withUnsafeReadableBytes(Checksum.of) == payloadCheck
        else { return nil }
        bytes.moveReaderIndex(forwardBy: headerBytes + Int(length))
        return SpoolFrame(sequence: sequence, payload: payload)
    }
}

extension SpoolFrame {
    /// The decision event as it is delivered: the payload, with its number as the first member.
    var event: ByteBuffer {
        var out = ByteBufferAllocator().buffer(capacity: payload.readableBytes + 40)
        out.writeString("{\"sequence\":\(sequence),")
        out.writeBytes(payload.readableBytesView.dropFirst())
        return out
    }
}
