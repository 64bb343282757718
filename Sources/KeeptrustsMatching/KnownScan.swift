/// What is known of a text from the scan of another one, which differs from it in some places only.
///
/// What a pattern matches apart from these, it matches in the other text, too.
public struct KnownScan: Sendable {
    private let places: [Range<Int>]

    /// The patterns that may match in the other text, a bit for each.
    let hits: [UInt64]

    /// - Parameters:
    ///   - places: Where the text differs, as offsets in it, in order.
    ///   - hits: What the scan of the other text found; it looked for the same patterns.
    public init(places: [Range<Int>], hits: [UInt64]) {
        self.places = places
        self.hits = hits
    }

    /// Bytes that a pattern looks at before a match, and behind it.
    private static let lookAround = 32

    /// What stands between two parts.
    fileprivate static let gap = UInt8(ascii: "\n")

    /// The parts of a text in which matches can stand that the other text has not, one behind the other.
    struct Part {
        var bytes: [UInt8] = []

        /// Where each of the parts begins here, and in the text.
        private var starts: [(here: Int, there: Int)] = []

        fileprivate init(capacity: Int) { bytes.reserveCapacity(capacity) }

        fileprivate mutating func append(_ span: Range<Int>, of text: UnsafeRawBufferPointer) {
            if !bytes.isEmpty { bytes.append(KnownScan.gap) }
            starts.append((bytes.count, span.lowerBound))
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[span]))
        }

        /// Where in the text a place of these bytes is.
        func original(_ place: Int) -> Int {
            var (low, high) = (0, starts.count)
            while low < high {
                let middle = (low + high) / 2
                if starts[middle].here <= place { low = middle + 1 } else { high = middle }
            }
            guard low > 0 else { return place }
            return place - starts[low - 1].here + starts[low - 1].there
        }
    }

    /// - Parameters:
    ///   - text: The text.
    ///   - reach: Bytes that a match has at most.
    /// - Returns: The parts, none where no match is looked for; nil where they are not much less than the text.
    func part(of text: UnsafeRawBufferPointer, reach: Int) -> Part? {
        guard reach > 0 else { return Part(capacity: 0) }
        let around = reach + Self.lookAround
        let spans = places.joinedWhereTheyTouch(before: around, behind: around)
        let length = spans.reduce(0) { $0 + $1.count }
        guard length < text.count / 4 * 3 else { return nil }
        var part = Part(capacity: length + spans.count * 8)
        for span in spans {
            let start = text.beginOfCharacter(atOrAfter: span.lowerBound)
            part.append(start..<text.beginOfCharacter(atOrAfter: span.upperBound), of: text)
        }
        return part
    }
}
