import NIOCore

/// Where bytes of a text stand, counted in its Unicode code points.
struct CodePoints {
    private var places: [Int: Int] = [:]

    /// Counts up to some offsets in bytes, none of which cuts a character.
    init(of offsets: [Int], in text: ByteBuffer) {
        var (byte, count) = (0, 0)
        text.withUnsafeReadableBytes { bytes in
            for offset in Set(offsets).sorted() {
                while byte < min(offset, bytes.count) {
                    if bytes[byte] & 0xC0 != 0x80 { count += 1 }
                    byte += 1
                }
                places[offset] = count
            }
        }
    }

    /// The place of one of the offsets.
    subscript(offset: Int) -> Int { places[offset] ?? 0 }
}
