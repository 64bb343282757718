/// Where the sentences of a text end: at each `.`, `!` and `?`.
///
/// A match that can hold none of these stands within one of them. Valid until the next text is read.
struct Sentences {
    static let ends = ByteSet(".!?".utf8)

    /// The ends in each 64 bytes, a bit for each byte, and how many stand before these.
    private let masks: UnsafeMutablePointer<UInt64>
    private let counts: UnsafeMutablePointer<Int32>
    private var blocks = 0

    /// A text of more blocks than there is room for counts as one sentence.
    private var isLong = false
    private static let room = 1_024

    init() {
        masks = .allocate(capacity: Self.room)
        counts = .allocate(capacity: Self.room)
    }

    func deallocate() {
        masks.deallocate()
        counts.deallocate()
    }

    mutating func begin() { (blocks, isLong) = (0, false) }

    /// Takes in where sentences end in the next 64 bytes.
    @inline(__always)
    mutating func take(_ ends: UInt64) {
        guard blocks < Self.room else {
            isLong = true
            return
        }
        (masks + blocks).initialize(to: ends)
        let count = blocks > 0 ? counts[blocks &- 1] &+ Int32(masks[blocks &- 1].nonzeroBitCount) : 0
        (counts + blocks).initialize(to: count)
        blocks &+= 1
    }

    /// The number of the sentence that a place of the text is of.
    @inline(__always)
    func number(at place: Int) -> Int {
        guard !isLong else { return 0 }
        // A place of the text is of one of its blocks.
        let before = masks[place &>> 6] & ((1 &<< UInt64(place & 63)) &- 1)
        return Int(counts[place &>> 6]) &+ before.nonzeroBitCount
    }

    /// A bit for the sentence that a place is of, which 64 sentences further on another has, too; all bits in a long text.
    @inline(__always)
    func bit(at place: Int) -> UInt64 { isLong ? ~0 : 1 &<< UInt64(number(at: place) & 63) }

    /// Where the sentence begins that a place is of.
    func start(at place: Int) -> Int {
        guard !isLong else { return 0 }
        var block = place &>> 6
        var before = masks[block] & ((1 &<< UInt64(place & 63)) &- 1)
        while before == 0, block > 0 {
            block &-= 1
            before = masks[block]
        }
        return before == 0 ? 0 : block &* 64 &+ (64 &- before.leadingZeroBitCount)
    }
}
