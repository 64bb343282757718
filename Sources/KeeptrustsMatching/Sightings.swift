/// What Hyperscan has found in a text: which patterns may match, and where the words stand that others need.
struct Sightings {
    /// A bit for each pattern, then for each word.
    let bits: UnsafeMutablePointer<UInt64>
    private let firstWord: UInt32

    /// The words that were found, with the offset behind each, in the order in which they were reported.
    private let places: UnsafeMutablePointer<Place>
    private(set) var count = 0

    /// More words were found than are noted.
    private(set) var isFull = false

    struct Place {
        var word: UInt32
        var end: UInt32
    }

    private static let mostPlaces = 4_096

    init(words: Int, firstWord: Int) {
        bits = .allocate(capacity: words)
        bits.initialize(repeating: 0, count: words)
        places = .allocate(capacity: Self.mostPlaces)
        self.firstWord = UInt32(firstWord)
    }

    func deallocate() {
        bits.deallocate()
        places.deallocate()
    }

    var hasWords: Bool { count > 0 }

    @inline(__always)
    mutating func note(_ id: UInt32, endingAt end: UInt64) {
        bits[Int(id >> 6)] |= 1 << UInt64(id & 63)
        guard id >= firstWord else { return }
        guard count < Self.mostPlaces else {
            isFull = true
            return
        }
        (places + count).initialize(to: Place(word: id, end: UInt32(truncatingIfNeeded: end)))
        count += 1
    }

    mutating func clear(words: Int) {
        for word in 0..<words { bits[word] = 0 }
        count = 0
        isFull = false
    }

    /// The words that were found, in the order of the text.
    mutating func ordered() -> UnsafeBufferPointer<Place> {
        var all = UnsafeMutableBufferPointer(start: places, count: count)
        var last: UInt32 = 0
        for place in all {
            if place.end < last {
                all.sort { $0.end < $1.end }
                break
            }
            last = place.end
        }
        return UnsafeBufferPointer(all)
    }
}
