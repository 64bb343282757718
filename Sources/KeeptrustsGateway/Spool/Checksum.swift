import CISAL

/// CRC-32C (Castagnoli), see RFC 3720 appendix B.4.
struct Checksum {
    private var state: UInt32 = ~0

    var value: UInt32 { ~state }

    static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var checksum = Checksum()
        checksum.update(bytes)
        return checksum.value
    }

    /// Takes in more bytes, of which there are fewer than 2³¹.
    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        // The library only reads them.
        let start = UnsafeMutablePointer(mutating: bytes.bindMemory(to: UInt8.self).baseAddress)
        state = crc32_iscsi(start, Int32(bytes.count), state)
    }
}
