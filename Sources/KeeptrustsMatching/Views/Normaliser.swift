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
        var view = TextView(capacity: text.count)
        var word = Word()
        for (scalar, span) in Characters(text) {
            guard let scalar else {
                word.end(into: &view)
                view.append(text[span.lowerBound], from: span)
                continue
            }
            switch Folding.fold(scalar) {
            case .nothing: continue
            case .one(let byte): put(Unicode.Scalar(byte), span, lookalikes, &word, &view)
            case .same: put(scalar, span, lookalikes, &word, &view)
            }
        }
        word.hasLatin = word.hasLatin || isOpen
        word.end(into: &view)
        return view
    }

    private static func put(
        _ scalar: Unicode.Scalar, _ span: Range<Int>, _ lookalikes: Bool, _ word: inout Word, _ view: inout TextView
    ) {
        guard lookalikes else { return view.append(scalar, from: span) }
        let isASCII = scalar.isASCII && ByteSet.word.contains(UInt8(scalar.value))
        let similar = Folding.lookalike(scalar)
        if isASCII || similar != nil {
            word.letters.append((scalar, similar, span))
            word.hasLatin = word.hasLatin || isASCII
        } else {
            word.end(into: &view)
            view.append(scalar, from: span)
        }
    }

    /// Letters in a row, of which some may only look Latin.
    private struct Word {
        var letters: [(scalar: Unicode.Scalar, similar: UInt8?, span: Range<Int>)] = []
        var hasLatin = false

        mutating func end(into view: inout TextView) {
            for (scalar, similar, span) in letters {
                if hasLatin, let similar { view.append(similar, from: span) } else { view.append(scalar, from: span) }
            }
            letters.removeAll(keepingCapacity: true)
            hasLatin = false
        }
    }
}
