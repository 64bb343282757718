// What is encoded in a text, or written so that a search for its words does not find it.
extension Normaliser {
    /// Encodings inside one another that are undone.
    private static let mostDepth = 3

    /// What a text says apart from what it shows: with escapes undone, and what is encoded or hidden in it by itself.
    ///
    /// Takes time in proportion to the text: what is decoded is shorter than what it was decoded from.
    static func decode(_ text: UnsafeRawBufferPointer, _ facts: TextFacts, depth: Int = 0) -> [TextView] {
        var views: [TextView] = []
        let signs = facts.hasLongWord || facts.hasSpacedLetters ? VeilSigns(text) : VeilSigns.none
        if facts.hasEscapeSign, let plain = unescape(text) {
            views.append(folded(plain))
            // Escapes may hide escapes, and what is encoded.
            views += plain.bytes.withUnsafeBytes { bytes in
                guard depth < mostDepth else { return [] }
                return decode(bytes, TextFacts(bytes), depth: depth + 1).map { $0.through(plain) }
            }
        } else if facts.hasLongWord, signs.hasRun {
            views += runs(text, depth: depth)
        }
        if facts.hasHighByte, let hidden = Disguises.hidden(text) { views.append(hidden) }
        if signs.hasApart, let joined = Disguises.joined(text) { views.append(joined) }
        if facts.mostDigits >= 2, let unbroken = Disguises.unbroken(text) { views.append(unbroken) }
        return views
    }

    /// The text with all escapes undone; nil when it has none.
    private static func unescape(_ text: UnsafeRawBufferPointer) -> TextView? {
        var reader = EscapeReader(text)
        var view: TextView?
        var (place, copied) = (0, 0)
        while let sign = reader.sign(from: place) {
            guard let (scalar, length) = reader.escape(at: sign) else {
                place = sign + 1
                continue
            }
            var draft = view ?? TextView(capacity: text.count)
            view = nil
            for index in copied..<sign { draft.append(text[index], from: index..<index + 1) }
            draft.append(scalar, from: sign..<sign + length)
            view = draft
            place = sign + length
            copied = place
        }
        guard var view else { return nil }
        for index in copied..<text.count { view.append(text[index], from: index..<index + 1) }
        return view
    }

    /// What the encoded parts of a text say, one behind the other.
    private static func runs(_ text: UnsafeRawBufferPointer, depth: Int) -> [TextView] {
        var view = TextView(capacity: 0)
        var views: [TextView] = []
        for run in EncodedRuns(text).decoded() {
            view.append(run.bytes, all: run.span)
            view.append("\n\n".utf8, all: run.span)
            guard depth < mostDepth else { continue }
            let inner = run.bytes.withUnsafeBytes { bytes in decode(bytes, TextFacts(bytes), depth: depth + 1) }
            for inner in inner {
                var outer = TextView(capacity: inner.bytes.count)
                outer.append(inner.bytes, all: run.span)
                views.append(outer)
            }
        }
        return view.bytes.isEmpty ? views : [folded(view)] + views
    }

    private static func folded(_ view: TextView) -> TextView {
        view.bytes.withUnsafeBytes { bytes in
            let changes = changes(bytes)
            guard changes.folded || changes.lookalike else { return view }
            return fold(bytes, lookalikes: changes.lookalike).through(view)
        }
    }

    /// The text as it reads when its disguises are taken off; nothing when it wears none.
    static func undisguise(_ text: UnsafeRawBufferPointer, _ facts: TextFacts) -> [TextView] {
        var views: [TextView] = []
        if facts.hasLetterDigit, let words = Disguises.unleeted(text) { views.append(words) }
        return views
    }

    /// All that a whole text says apart from what it shows, as far as a policy reads it so.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - scratch: The memory that the text itself was last scanned with.
    ///   - readings: The ways in which it is read.
    /// - Returns: The views, each with its reading.
    public static func unveil(
        _ text: UnsafeRawBufferPointer, scannedBy scratch: PatternScratch, _ readings: Set<Reading>
    ) -> [(reading: Reading, view: TextView)] {
        let facts = scratch.facts
        guard facts.mayBeVeiled else { return [] }
        var views: [(Reading, TextView)] = []
        if readings.contains(.decoded) { views += decode(text, facts).map { (.decoded, $0) } }
        if readings.contains(.undisguised) { views += undisguise(text, facts).map { (.undisguised, $0) } }
        return views
    }
}
