import NIOCore

/// Randomness that is the same in every run.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

/// The ways to receive `bytes`: at once, in two pieces for each place to cut, and byte by byte.
func waysToReceive(_ bytes: [UInt8]) -> [[ArraySlice<UInt8>]] {
    [[bytes[...]], bytes.indices.map { bytes[$0...$0] }]
        + (1..<max(1, bytes.count)).map { [bytes[..<$0], bytes[$0...]] }
}

extension ByteBuffer {
    /// The bytes at a range of offsets from the reader index, as a text.
    func text(_ range: Range<Int>) -> String {
        String(buffer: getSlice(at: readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer())
    }
}
