/// Reads texts as a model would: what is hidden from a plain search is laid open.
public enum Normaliser {
    /// Whether a text has characters that may be read as others, or not at all: control characters, some beyond ASCII.
    public static func mayChange(_ text: UnsafeRawBufferPointer) -> Bool { text.firstOddByte(from: 0) != nil }

    /// Whether a text is read otherwise than it was sent, for it has control characters or others beyond ASCII.
    ///
    /// Dashes, which plain prose is full of, count only between letters or digits.
    ///
    /// - Parameter text: The text.
    /// - Returns: Whether folding changes it, and whether it holds letters that look like Latin ones.
    public static func changes(_ text: UnsafeRawBufferPointer) -> (folded: Bool, lookalike: Bool) {
        var folded = false
        var lookalike = false
        var offset = 0
        while !(folded && lookalike), let place = text.firstOddByte(from: offset) {
            var characters = Characters(text, from: place)
            guard let (scalar, span) = characters.next() else { break }
            offset = span.upperBound
            guard let scalar else { continue }
            if !folded, Folding.fold(scalar) != .same { folded = isMeant(scalar, at: span, in: text) }
            if !lookalike, Folding.lookalike(scalar) != nil { lookalike = true }
        }
        return (folded, lookalike)
    }

    private static func isMeant(_ scalar: Unicode.Scalar, at span: Range<Int>, in text: UnsafeRawBufferPointer) -> Bool
    {
        guard (0x2010...0x2015).contains(scalar.value) else { return true }
        guard span.lowerBound > 0, ByteSet.word.contains(text[span.lowerBound - 1]) else { return false }
        return span.upperBound == text.count || ByteSet.word.contains(text[span.upperBound])
    }

    /// The text without what does not show, with variants of letters and digits as the plain ones.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - lookalikes: Letters that look like Latin ones become these, in words that hold a Latin letter or a digit.
    ///   - isOpen: More text follows: the last word may still get a Latin letter, and counts as if it had one.
    /// - Returns: The view.
    public static func fold(_ text: UnsafeRawBufferPointer, lookalikes: Bool, isOpen: Bool = false) -> TextView {
        var reader = FoldReader(text, lookalikes)
        while let place = text.firstOddByte(from: reader.place) {
            reader.takePlain(upTo: place)
            reader.takeCharacter()
        }
        reader.takePlain(upTo: text.count)
        return reader.finished(isOpen: isOpen)
    }
}

/// Folds a text from its beginning to its end: see ``Normaliser/fold(_:lookalikes:isOpen:)``.
private struct FoldReader {
    /// How far the text is read.
    private(set) var place = 0

    private let text: UnsafeRawBufferPointer
    private let lookalikes: Bool
    private let wordBytes = ByteSet.word
    private var view: TextView

    /// The word that is being read, from the first letter on that may only look Latin: what stands before that is what it is.
    private var letters: [(scalar: Unicode.Scalar, similar: UInt8?, span: Range<Int>)] = []
    private var hasLatin = false

    init(_ text: UnsafeRawBufferPointer, _ lookalikes: Bool) {
        self.text = text
        self.lookalikes = lookalikes
        view = TextView(capacity: text.count)
    }

    /// Takes in what stands before `end`, all of which is what it shows.
    mutating func takePlain(upTo end: Int) {
        while !letters.isEmpty, place < end {
            put(Unicode.Scalar(text[place]), place..<place + 1)
            place += 1
        }
        guard place < end else { return }
        view.append(text[place..<end])
        hasLatin = wordBytes.contains(text[end - 1])
        place = end
    }

    /// Takes in the character that stands here, or a byte that is of none.
    mutating func takeCharacter() {
        var characters = Characters(text, from: place)
        guard let (scalar, span) = characters.next() else { return }
        place = span.upperBound
        guard let scalar else {
            endWord()
            return view.append(text[span.lowerBound], from: span)
        }
        switch Folding.fold(scalar) {
        case .nothing: return
        case .one(let byte): put(Unicode.Scalar(byte), span)
        case .same: put(scalar, span)
        }
    }

    private mutating func put(_ scalar: Unicode.Scalar, _ span: Range<Int>) {
        guard lookalikes else { return view.append(scalar, from: span) }
        let isASCII = scalar.isASCII && wordBytes.contains(UInt8(scalar.value))
        let similar = Folding.lookalike(scalar)
        if !isASCII, similar == nil { endWord() }
        hasLatin = hasLatin || isASCII
        if similar != nil || isASCII && !letters.isEmpty {
            letters.append((scalar, similar, span))
        } else {
            view.append(scalar, from: span)
        }
    }

    private mutating func endWord() {
        for (scalar, similar, span) in letters {
            if hasLatin, let similar { view.append(similar, from: span) } else { view.append(scalar, from: span) }
        }
        letters.removeAll(keepingCapacity: true)
        hasLatin = false
    }

    /// The view of all that was taken in; of a text that goes on, the last word counts as if it had a Latin letter.
    mutating func finished(isOpen: Bool) -> TextView {
        hasLatin = hasLatin || isOpen
        endWord()
        return view
    }
}
