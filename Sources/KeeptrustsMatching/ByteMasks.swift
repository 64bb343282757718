import CByteMasks

/// What each of 64 bytes is: a bit for each, the first byte's lowest.
struct ByteMasks {
    /// Bytes above the space, and those beyond ASCII; and the same without `@`, which parts an address.
    let visible: UInt64
    let unparted: UInt64

    /// Letters and digits of ASCII.
    let alphanumeric: UInt64
    let digits: UInt64

    /// Bytes beyond ASCII.
    let high: UInt64

    /// - Parameter block: 64 bytes that may be read.
    @inline(__always)
    init(_ block: UnsafeRawPointer) {
        let masks = byte_masks_of(block)
        visible = masks.visible
        unparted = masks.unparted
        alphanumeric = masks.alphanumeric
        digits = masks.digits
        high = masks.high
    }
}

extension UnsafeRawBufferPointer {
    /// Hands the place of each 64 bytes and what they are to `body`; zeros stand behind the text's end.
    @inline(__always)
    func eachBlock(_ body: (Int, ByteMasks) -> Void) {
        guard let base = baseAddress else { return }
        var offset = 0
        while offset &+ 64 <= count {
            body(offset, ByteMasks(base + offset))
            offset &+= 64
        }
        guard offset < count else { return }
        var rest: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0, 0)
        withUnsafeMutableBytes(of: &rest) { rest in
            rest.copyMemory(from: UnsafeRawBufferPointer(rebasing: self[offset...]))
            if let block = rest.baseAddress { body(offset, ByteMasks(UnsafeRawPointer(block))) }
        }
    }
}
