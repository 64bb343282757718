// What is encoded in a text, or written so that a search for its words does not find it.
extension Normaliser {
    /// What a text says apart from what it shows: with escapes undone, and what is encoded or hidden in it by itself.
    static func decode(_ text: UnsafeRawBufferPointer, _ facts: TextFacts) -> [TextView] {
        Unveiling(text, facts).layers.map(\.view)
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
    ///   - read: The text.
    ///   - readings: The ways in which it is read.
    /// - Returns: The views, each with its reading.
    public static func unveil(_ read: ReadText, _ readings: Set<Reading>) -> [(reading: Reading, view: TextView)] {
        let (text, facts) = (read.bytes, read.facts)
        guard facts.mayBeVeiled else { return [] }
        var views: [(Reading, TextView)] = []
        if readings.contains(.decoded) { for view in decode(text, facts) { views.append((.decoded, view)) } }
        guard readings.contains(.undisguised) else { return views }
        for view in undisguise(text, facts) { views.append((.undisguised, view)) }
        return views
    }
}

/// What a text, or the part of one that is there, says apart from what it shows.
///
/// Takes time in proportion to the text: what is decoded is shorter than what it was decoded from. Of a text that goes on,
/// each view is the beginning of what the view of the whole text will be.
public struct Unveiling {
    /// One view of the text.
    public struct Layer {
        public var view: TextView

        /// More text may go on with it.
        public var isOpen: Bool

        /// What was undone to get to it; the same for the same way.
        public var path: Int
    }

    public private(set) var layers: [Layer] = []

    /// From here on, more text may change what is read; nil when it changes nothing.
    public private(set) var pending: Int?

    /// Where the part of a run begins that is pending, when it is not the first of its run.
    public private(set) var part: Int?

    private let text: UnsafeRawBufferPointer
    private let facts: TextFacts
    private let piece: TextPiece
    private let depth: Int
    private let path: Int

    /// Encodings inside one another that are undone.
    private static let mostDepth = 3

    /// What can be undone.
    private enum Step: Int { case escapes = 1, runs, insideRun, hidden, joined, unbroken, folded }

    init(
        _ text: UnsafeRawBufferPointer, _ facts: TextFacts, _ piece: TextPiece = .whole, depth: Int = 0, path: Int = 1
    ) {
        self.text = text
        self.facts = facts
        self.piece = piece
        self.depth = depth
        self.path = path
        if !facts.hasEscapeSign || !unescape() { readRuns() }
        if facts.hasHighByte, let hidden = Disguises.hidden(text, isOpen: piece.isOpen) {
            add(hidden.view, .hidden, isOpen: hidden.isOpen)
        }
        join()
        if facts.mostDigits >= 2 || piece.isOpen { unbreak() }
        if facts.isOdd { readFolded() }
    }

    /// Reads the part of a streamed text that is there.
    ///
    /// - Parameters:
    ///   - window: What is not decided yet, and some of what stands before it.
    ///   - isCut: More text stands before that.
    ///   - isOpen: More text follows.
    ///   - part: What the reading of the window before has left as ``part``, as an offset in this one.
    public init(ofWindow window: UnsafeRawBufferPointer, isCut: Bool, isOpen: Bool, part: Int?) {
        self.init(window, TextFacts(window), TextPiece(isOpen: isOpen, isCut: isCut, part: part))
    }

    private func longer(_ step: Step) -> Int { path << 3 | step.rawValue }

    private mutating func add(_ view: TextView, _ step: Step, isOpen: Bool) {
        layers.append(Layer(view: view, isOpen: isOpen, path: longer(step)))
    }

    private mutating func wait(at place: Int) { pending = min(pending ?? place, place) }

    /// Undoes escapes, and reads what the text is without them; false when it has none.
    private mutating func unescape() -> Bool {
        let (plain, begun) = Self.unescape(text, isOpen: piece.isOpen)
        if let begun { wait(at: begun) }
        guard let plain else { return false }
        add(Self.folded(plain, isOpen: piece.isOpen), .escapes, isOpen: piece.isOpen)
        guard depth < Self.mostDepth else { return true }
        // Escapes may hide escapes, and what is encoded.
        plain.bytes.withUnsafeBytes { bytes in
            var piece = piece
            piece.part = piece.part.map { plain.offset(of: $0) }
            take(Unveiling(bytes, TextFacts(bytes), piece, depth: depth + 1, path: longer(.escapes)), through: plain)
        }
        return true
    }

    /// Reads what the text says without characters that do not show: they may stand inside an escape or an encoded part.
    private mutating func readFolded() {
        guard depth < Self.mostDepth else { return }
        let changes = Normaliser.changes(text)
        guard changes.folded else { return }
        let plain = Normaliser.fold(text, lookalikes: changes.lookalike, isOpen: piece.isOpen)
        plain.bytes.withUnsafeBytes { bytes in
            var piece = piece
            piece.part = piece.part.map { plain.offset(of: $0) }
            take(Unveiling(bytes, TextFacts(bytes), piece, depth: depth + 1, path: longer(.folded)), through: plain)
        }
    }

    /// Takes over what a view of the text says; of a text that is there in full, nothing twice.
    private mutating func take(_ inner: Unveiling, through view: TextView) {
        let isWhole = !piece.isOpen && !piece.isCut
        for layer in inner.layers {
            let outer = Layer(view: layer.view.through(view), isOpen: layer.isOpen, path: layer.path)
            if !isWhole || !layers.contains(where: { $0.view == outer.view }) { layers.append(outer) }
        }
        if let place = inner.pending { wait(at: view.original(at: place)) }
        if let place = inner.part { part = view.original(at: place) }
    }

    /// The text with all escapes undone, as far as more text changes nothing of it; nil when it has none.
    private static func unescape(
        _ text: UnsafeRawBufferPointer, isOpen: Bool
    ) -> (plain: TextView?, begun: Int?) {
        var reader = EscapeReader(text)
        var view: TextView?
        var (place, copied) = (0, 0)
        var end = text.count
        while let sign = reader.sign(from: place) {
            guard let (scalar, length) = reader.escape(at: sign), !isOpen || !reader.mayGrow(at: sign, length) else {
                place = sign + 1
                guard isOpen, reader.isBegun(at: sign) else { continue }
                end = sign
                break
            }
            var draft = view ?? TextView(capacity: text.count)
            view = nil
            draft.append(text[copied..<sign])
            draft.append(scalar, from: sign..<sign + length)
            view = draft
            place = sign + length
            copied = place
        }
        let begun = end < text.count ? end : nil
        guard var view else { return (begun.map { TextView(text[..<$0]) }, begun) }
        view.append(text[copied..<end])
        return (view, begun)
    }

    /// Reads what the encoded parts of the text say, one behind the other.
    private mutating func readRuns() {
        guard piece.isOpen || piece.part != nil || facts.hasLongWord && facts.hasRun else { return }
        let runs = EncodedRuns(text, piece)
        if let place = runs.pending {
            wait(at: place)
            if runs.isLaterPart { part = place }
        }
        var view = TextView(capacity: 0)
        var inner: [Layer] = []
        for run in runs.runs {
            view.append(run.bytes, all: run.span)
            view.append("\n\n".utf8, all: run.span)
            guard depth < Self.mostDepth else { continue }
            let decoding = run.bytes.withUnsafeBytes { bytes in
                Unveiling(bytes, TextFacts(bytes), depth: depth + 1, path: longer(.insideRun))
            }
            for layer in decoding.layers {
                var outer = TextView(capacity: layer.view.bytes.count)
                outer.append(layer.view.bytes, all: run.span)
                inner.append(Layer(view: outer, isOpen: false, path: layer.path))
            }
        }
        // What a run says ends with it.
        if !view.bytes.isEmpty { add(Self.folded(view, isOpen: false), .runs, isOpen: false) }
        layers += inner
    }

    private static func folded(_ view: TextView, isOpen: Bool) -> TextView {
        view.bytes.withUnsafeBytes { bytes in
            let changes = Normaliser.changes(bytes)
            guard changes.folded || changes.lookalike else { return view }
            return Normaliser.fold(bytes, lookalikes: changes.lookalike, isOpen: isOpen).through(view)
        }
    }

    private mutating func join() {
        let row = piece.isOpen ? OpenRow(text) : nil
        let place = row?.pending
        if let place { wait(at: place) }
        let sure = UnsafeRawBufferPointer(rebasing: text[..<(place ?? text.count)])
        // What tells of a row in the whole text may not have come yet.
        let mayHaveRow = row?.isSure == true || facts.mayHaveRow
        if mayHaveRow, let joined = Disguises.joined(sure) {
            add(joined, .joined, isOpen: piece.isOpen)
        } else if place != nil {
            add(TextView(sure[...]), .joined, isOpen: true)
        }
    }

    private mutating func unbreak() {
        let (view, place) = Disguises.unbroken(text, isOpen: piece.isOpen)
        if let place { wait(at: place) }
        if let view { add(view, .unbroken, isOpen: piece.isOpen) }
    }
}
