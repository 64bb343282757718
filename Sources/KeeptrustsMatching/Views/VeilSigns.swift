/// Whether letters and digits stand in a text as they do where something is encoded or disguised.
///
/// A look at eight bytes at a time, for texts that have words long enough.
struct VeilSigns {
    /// Four letters or digits stand apart from each other, each with one byte between it and the next.
    private(set) var hasApart = false

    /// So many letters and digits stand in a row that they may encode something.
    private(set) var hasRun = false

    /// Shorter than ``EncodedRuns/shortest``, for signs may stand among the letters.
    static let runLength = 12

    static let none = VeilSigns(UnsafeRawBufferPointer(start: nil, count: 0))

    init(_ text: UnsafeRawBufferPointer) {
        var window: UInt64 = 0
        var offset = 0
        while offset < text.count + 8 {
            var word: UInt64 = 0
            if offset + 8 <= text.count {
                word = text.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            } else if offset < text.count {
                for place in (offset..<text.count).reversed() { word = word << 8 | UInt64(text[place]) }
            }
            // The 64 bytes that end here; the last eight are looked at again with what follows them.
            window = window >> 8 | TokenScan.alphanumeric(word) << 56
            let alone = window & ~(window << 1) & ~(window >> 1)
            if alone & alone >> 2 & alone >> 4 & alone >> 6 & 0x007F_FFFF_FFFF_FFFE != 0 { hasApart = true }
            var run = window & window >> 1
            run &= run >> 2
            run &= run >> 4
            if run & run >> 4 != 0 { hasRun = true }
            offset += 8
        }
    }
}
