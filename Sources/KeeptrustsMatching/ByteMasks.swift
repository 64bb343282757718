import CByteMasks

/// What each of 64 bytes is: a bit for each, the first byte's lowest.
struct ByteMasks {
    /// Bytes above the space, and those beyond ASCII; and the same without `@`, which parts an address.
    let visible: UInt64
    let unparted: UInt64

    /// Letters and digits of ASCII.
    let alphanumeric: UInt64
    let digits: UInt64

    /// Control characters, line breaks and tabs too, and bytes beyond ASCII.
    let odd: UInt64

    /// What ends a sentence: see ``Sentences``.
    let ends: UInt64

    /// - Parameter block: 64 bytes that may be read.
    @inline(__always)
    init(_ block: UnsafeRawPointer) {
        let masks = byte_masks_of(block)
        visible = masks.visible
        unparted = masks.unparted
        alphanumeric = masks.alphanumeric
        digits = masks.digits
        odd = masks.odd
        ends = masks.ends
    }
}

extension UnsafeRawBufferPointer {
    /// Hands the place of each 64 bytes and what they are to `body`; spaces stand behind the text's end.
    @inline(__always)
    func eachBlock(_ body: (Int, ByteMasks) -> Void) {
        guard let base = baseAddress else { return }
        var offset = 0
        while offset &+ 64 <= count {
            body(offset, ByteMasks(base + offset))
            offset &+= 64
        }
        guard offset < count else { return }
        withRest(from: offset) { body(offset, ByteMasks($0)) }
    }

    /// Hands 64 bytes to `body` that begin with the text's last ones; spaces stand behind its end.
    @inline(__always)
    private func withRest(from offset: Int, _ body: (UnsafeRawPointer) -> Void) {
        let spaces: UInt64 = 0x2020_2020_2020_2020
        var rest = (spaces, spaces, spaces, spaces, spaces, spaces, spaces, spaces)
        withUnsafeMutableBytes(of: &rest) { rest in
            rest.copyMemory(from: UnsafeRawBufferPointer(rebasing: self[offset...]))
            if let block = rest.baseAddress { body(UnsafeRawPointer(block)) }
        }
    }

    /// Whether there are bytes beyond ASCII, and control characters other than tabs and line breaks.
    func oddities() -> (hasHighByte: Bool, hasControl: Bool) {
        guard let base = baseAddress else { return (false, false) }
        var (high, controls): (UInt64, UInt64) = (0, 0)
        let take = { (block: UnsafeRawPointer) in
            let oddities = byte_oddities_of(block)
            (high, controls) = (high | oddities.high, controls | oddities.controls)
        }
        var offset = 0
        while offset &+ 64 <= count {
            take(base + offset)
            offset &+= 64
        }
        if offset < count { withRest(from: offset, take) }
        return (high != 0, controls != 0)
    }
}
