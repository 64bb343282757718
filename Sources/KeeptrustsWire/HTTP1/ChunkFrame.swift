/// What stands around the data of chunks: sizes, line ends and trailers (RFC 9112 §7.1).
///
/// Reads a byte at a time and keeps none, so it does not matter where the bytes are cut. Extensions and trailers are
/// checked and dropped; both are bounded.
struct ChunkFrame: Sendable {
    /// How many bytes of data come next, before more of the frame.
    var dataLeft = 0
    private var state = State.size
    private var size = 0
    private var digits = 0
    private var extensionBytes = 0
    private var allExtensionBytes = 0
    private var trailerBytes = 0

    private enum State: Sendable {
        case size, chunkExtension, sizeLineFeed
        case dataReturn, dataLineFeed
        case trailerStart, trailerName, trailerValue, trailerLineFeed, lastLineFeed
        case complete
    }

    var isComplete: Bool { state == .complete }

    /// Reads up to the next data or the end of the body; returns how many bytes that took.
    mutating func read(_ bytes: UnsafeRawBufferPointer) throws(HTTPFault) -> Int {
        var offset = 0
        while offset < bytes.count, state != .complete {
            try read(bytes[offset])
            offset += 1
            if dataLeft > 0 { break }
        }
        return offset
    }

    private mutating func read(_ byte: UInt8) throws(HTTPFault) {
        switch state {
        case .size: try readSize(byte)
        case .chunkExtension: try readExtension(byte)
        case .sizeLineFeed: try readLineFeed(byte, then: size == 0 ? .trailerStart : .dataReturn)
        case .dataReturn: try readReturn(byte, then: .dataLineFeed)
        case .dataLineFeed: try readLineFeed(byte, then: .size)
        case .trailerStart, .trailerName, .trailerValue: try readTrailer(byte)
        case .trailerLineFeed: try readLineFeed(byte, then: .trailerStart)
        case .lastLineFeed: try readLineFeed(byte, then: .complete)
        case .complete: break
        }
    }

    private mutating func readSize(_ byte: UInt8) throws(HTTPFault) {
        if let value = byte.hexValue {
            digits += 1
            guard digits <= 16, size <= Int.max >> 4 else {
                throw .malformed("invalid_chunk_size", "A chunk's size is too large.")
            }
            size = size << 4 | Int(value)
            return
        }
        guard digits > 0 else { throw .malformed("invalid_chunk_size", "A chunk has no size.") }
        switch byte {
        case 0x0D:
            state = .sizeLineFeed
        case UInt8(ascii: ";"):
            extensionBytes = 1
            state = .chunkExtension
        default:
            throw .malformed("invalid_chunk_size", "A chunk's size is not a hexadecimal number.")
        }
    }

    private mutating func readExtension(_ byte: UInt8) throws(HTTPFault) {
        if byte == 0x0D {
            allExtensionBytes += extensionBytes
            state = .sizeLineFeed
            return
        }
        guard 0x20...0x7E ~= byte || byte == 0x09 else {
            throw .malformed("invalid_chunk_extension", "A chunk's extension contains a character that is not allowed.")
        }
        extensionBytes += 1
        guard extensionBytes <= 256, allExtensionBytes + extensionBytes <= 8_192 else {
            throw .malformed("invalid_chunk_extension", "The extensions of chunks are too long.")
        }
    }

    private mutating func readReturn(_ byte: UInt8, then next: State) throws(HTTPFault) {
        guard byte == 0x0D else { throw .malformed("invalid_chunk_end", "A chunk's data does not end in CR LF.") }
        state = next
    }

    /// Where a size line ends, its chunk's data begins.
    private mutating func readLineFeed(_ byte: UInt8, then next: State) throws(HTTPFault) {
        guard byte == 0x0A else { throw .malformed("bare_carriage_return", "A CR is not followed by LF.") }
        if state == .sizeLineFeed {
            dataLeft = size
            size = 0
            digits = 0
        }
        state = next
    }

    private mutating func readTrailer(_ byte: UInt8) throws(HTTPFault) {
        trailerBytes += 1
        guard trailerBytes <= 8_192 else {
            throw .malformed("trailers_too_large", "The body's trailers are too large.")
        }
        switch (state, byte) {
        case (.trailerStart, 0x0D):
            state = .lastLineFeed
        case (.trailerStart, _) where byte.isToken:
            state = .trailerName
        case (.trailerName, UInt8(ascii: ":")):
            state = .trailerValue
        case (.trailerName, _) where byte.isToken:
            break
        case (.trailerValue, 0x0D):
            state = .trailerLineFeed
        case (.trailerValue, _) where byte >= 0x20 ? byte != 0x7F : byte == 0x09:
            break
        default:
            throw .malformed("invalid_trailer", "A trailer of the body is not a valid field.")
        }
    }
}
