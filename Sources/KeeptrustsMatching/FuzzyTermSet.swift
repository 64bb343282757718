/// Terms that are found with a few letters wrong, missing or too many: whole words within an edit distance.
///
/// A text within distance d of a term holds at least one of any d + 1 pieces of it unchanged (the pigeonhole principle).
/// So pieces of the term's words are what a scan looks for, and the distance (Levenshtein's) is worked out only around
/// them. Case does not count, nor how much white space stands between words.
public struct FuzzyTermSet: Sendable {
    /// What a scan looks for: from the beginning of a word on, a piece of a term with room around it.
    public let pattern: Pattern

    private let terms: [Term]

    /// By its first three characters, each piece of each term.
    private let pieces: [UInt64: [Piece]]

    private struct Term: Sendable {
        var scalars: [UInt32]
        var distance: Int
    }

    /// Part of a term.
    private struct Piece: Sendable {
        var term: Int
        var offset: Int
        var scalars: ArraySlice<UInt32>
    }

    /// Characters of the shortest piece that a scan looks for; shorter ones stand in every text.
    static let shortestPiece = 3

    /// Room for more white space than the term has.
    private static let slack = 12

    /// The most pieces that one set looks for.
    private static let mostPieces = 100

    /// How far a text may be from a term: as far as its pieces stay long enough to be looked for.
    ///
    /// - Parameters:
    ///   - term: The term.
    ///   - most: The distance that is wanted, 0...8.
    /// - Returns: A distance in `0...most`: one less than the pieces of three characters that its words can be cut into; 0
    ///   for a term that begins or ends with something else than a letter or a digit.
    public static func distance(for term: String, most: Int) -> Int {
        let scalars = normalised(term)
        guard let first = scalars.first, let last = scalars.last, isWord(first), isWord(last) else { return 0 }
        let pieces = scalars.split(separator: 0x20).reduce(0) { $0 + $1.count / shortestPiece }
        return max(0, min(most, pieces - 1))
    }

    /// Sets for terms, each no larger than one pattern can be.
    ///
    /// - Parameters:
    ///   - terms: Terms whose ``distance(for:most:)`` is not 0.
    ///   - most: The distance that is wanted.
    /// - Returns: The sets.
    public static func sets(for terms: [String], most: Int) -> [FuzzyTermSet] {
        var sets: [FuzzyTermSet] = []
        var open: [Term] = []
        var count = 0
        for term in terms {
            let term = Term(scalars: normalised(term), distance: distance(for: term, most: most))
            if count + term.distance + 1 > mostPieces {
                sets.append(FuzzyTermSet(open))
                (open, count) = ([], 0)
            }
            open.append(term)
            count += term.distance + 1
        }
        return open.isEmpty ? sets : sets + [FuzzyTermSet(open)]
    }

    private init(_ terms: [Term]) {
        var pieces: [UInt64: [Piece]] = [:]
        var expressions: Set<String> = []
        var (before, after) = (0, 0)
        for (index, term) in terms.enumerated() {
            for range in Self.pieces(of: term) {
                let piece = Piece(term: index, offset: range.lowerBound, scalars: term.scalars[range])
                pieces[Self.key(term.scalars, range.lowerBound), default: []].append(piece)
                expressions.insert(Self.expression(term.scalars[range]))
                before = max(before, range.lowerBound + term.distance + Self.slack)
                after = max(after, term.scalars.count - range.upperBound + term.distance + Self.slack)
            }
        }
        self.terms = terms
        self.pieces = pieces
        let choice = expressions.sorted().joined(separator: "|")
        let start = #"(?<![A-Za-z0-9_])(?=[A-Za-z0-9\x{80}-\x{10FFFF}])"#
        pattern = Pattern("\(start)[\\s\\S]{0,\(before)}?(?:\(choice))[\\s\\S]{0,\(after)}", ignoresCase: true)
    }

    /// As many pieces of a term's words as its distance asks for, as long as may be.
    private static func pieces(of term: Term) -> [Range<Int>] {
        let words = term.scalars.split(separator: 0x20).map { $0.startIndex..<$0.endIndex }
        var counts = [Int](repeating: 0, count: words.count)
        for _ in 0...term.distance {
            let next = words.indices.max { words[$0].count / (counts[$0] + 1) < words[$1].count / (counts[$1] + 1) }
            if let next { counts[next] += 1 }
        }
        return zip(words, counts).flatMap { word, count in
            (0..<count).map { number in
                let start = word.lowerBound + word.count * number / count
                return start..<word.lowerBound + word.count * (number + 1) / count
            }
        }
    }

    /// The words at the beginning of what ``pattern`` found that are near enough to a term.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - span: What was found in it.
    /// - Returns: The longest such words of any term, of each those that are nearest; nil when there are none.
    public func match(in text: UnsafeRawBufferPointer, at span: Range<Int>) -> Range<Int>? {
        let window = Window(text, span)
        var best: (length: Int, distance: Int)?
        for index in candidates(in: window) {
            guard let found = nearest(terms[index], in: window) else { continue }
            if found.length > best?.length ?? 0 { best = found }
        }
        return best.map { span.lowerBound..<window.ends[$0.length - 1] }
    }

    /// The terms of which a piece stands where a term that begins with the window can have it.
    private func candidates(in window: Window) -> Set<Int> {
        var candidates: Set<Int> = []
        guard window.scalars.count >= Self.shortestPiece else { return candidates }
        for place in 0...window.scalars.count - Self.shortestPiece {
            guard let known = pieces[Self.key(window.scalars, place)] else { continue }
            for piece in known where abs(place - piece.offset) <= terms[piece.term].distance {
                if window.scalars[place...].starts(with: piece.scalars) { candidates.insert(piece.term) }
            }
        }
        return candidates
    }

    /// How much of the window is nearest to a term and ends where a word does; nil when it is too far.
    private func nearest(_ term: Term, in window: Window) -> (length: Int, distance: Int)? {
        let most = term.distance
        let far = most + 1
        let (rows, columns) = (term.scalars.count, window.scalars.count)
        // From the term's first characters to the window's: beside the diagonal, by more than `most`, all is far.
        var above = (0...columns).map { min($0, far) }
        var row = [Int](repeating: far, count: columns + 1)
        for length in 1...rows {
            let (low, high) = (max(1, length - most), min(columns, length + most))
            guard low <= high else { return nil }
            row[low - 1] = low == 1 ? min(length, far) : far
            for place in low...high {
                let change = term.scalars[length - 1] == window.scalars[place - 1] ? 0 : 1
                row[place] = min(above[place - 1] + change, above[place] + 1, row[place - 1] + 1, far)
            }
            swap(&above, &row)
        }
        var best: (length: Int, distance: Int)?
        for length in max(1, rows - most)...rows + most where length <= columns && window.endsWord(length) {
            if above[length] < best?.distance ?? far { best = (length, above[length]) }
        }
        return best
    }

    /// What was found, as it is compared.
    private struct Window {
        var scalars: [UInt32] = []

        /// Of each character, where it ends in the text.
        var ends: [Int] = []

        /// What follows the window in the text; nil at the end of it.
        private let next: UInt32?

        init(_ text: UnsafeRawBufferPointer, _ span: Range<Int>) {
            let part = UnsafeRawBufferPointer(rebasing: text[span])
            for (scalar, place) in Characters(part) {
                let value = scalar.map(FuzzyTermSet.folded) ?? 0
                if value == 0x20, scalars.last == 0x20 {
                    ends[ends.count - 1] = span.lowerBound + place.upperBound
                } else {
                    scalars.append(value)
                    ends.append(span.lowerBound + place.upperBound)
                }
            }
            var rest = Characters(UnsafeRawBufferPointer(rebasing: text[span.upperBound...]))
            next = rest.next()?.scalar.map(FuzzyTermSet.folded)
        }

        /// Whether a word ends after the first characters.
        func endsWord(_ length: Int) -> Bool {
            guard FuzzyTermSet.isWord(scalars[length - 1]) else { return false }
            let following = length < scalars.count ? scalars[length] : next
            return !(following.map(FuzzyTermSet.isWord) ?? false)
        }
    }

    private static func normalised(_ term: String) -> [UInt32] {
        var scalars: [UInt32] = []
        for scalar in term.unicodeScalars {
            let value = folded(scalar)
            if value == 0x20, scalars.last ?? 0x20 == 0x20 { continue }
            scalars.append(value)
        }
        while scalars.last == 0x20 { scalars.removeLast() }
        return scalars
    }

    /// A character in lower case; any white space as a space.
    private static func folded(_ scalar: Unicode.Scalar) -> UInt32 {
        guard !scalar.isASCII else {
            let byte = UInt8(scalar.value)
            return ByteSet.space.contains(byte) ? 0x20 : scalar.value | (byte &- 0x41 < 26 ? 0x20 : 0)
        }
        if scalar.properties.isWhitespace { return 0x20 }
        let lower = scalar.properties.lowercaseMapping.unicodeScalars
        return lower.first.map(\.value) ?? scalar.value
    }

    private static func isWord(_ value: UInt32) -> Bool {
        guard value >= 0x80 else { return ByteSet.word.contains(UInt8(value)) }
        return Unicode.Scalar(value)?.properties.isAlphabetic ?? false
    }

    private static func key(_ scalars: [UInt32], _ place: Int) -> UInt64 {
        UInt64(scalars[place]) << 42 | UInt64(scalars[place + 1]) << 21 | UInt64(scalars[place + 2])
    }

    private static func expression(_ piece: ArraySlice<UInt32>) -> String {
        piece.map { "\\x{\(String($0, radix: 16))}" }.joined()
    }
}
