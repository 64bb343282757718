/// A text as its reader may take it, and the way back to the text as it was sent.
public struct TextView: Sendable, Equatable {
    /// The text, in UTF-8.
    public private(set) var bytes: [UInt8] = []

    /// Of each byte, the place in the text as it was sent that it stands for.
    private var origins: [Origin] = []

    struct Origin: Sendable, Equatable {
        var start: UInt32
        var end: UInt32

        /// The same, with an end that is not before its start.
        var ordered: Self { Self(start: start, end: max(start, end)) }
    }

    init(capacity: Int) {
        bytes.reserveCapacity(capacity)
        origins.reserveCapacity(capacity)
    }

    /// A text as it was sent.
    init(_ text: Slice<UnsafeRawBufferPointer>) {
        self.init(capacity: text.count)
        append(text)
    }

    /// Appends a part of the text as it was sent, each byte of which stands for itself.
    mutating func append(_ part: Slice<UnsafeRawBufferPointer>) {
        bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: part))
        // Not `part.indices`: asked for through the protocol, they take longer than the rest where parts are short.
        for place in part.startIndex..<part.endIndex {
            origins.append(Origin(start: UInt32(clamping: place), end: UInt32(clamping: place + 1)))
        }
    }

    /// Hands the bytes to `body`, and what each stands for.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer, UnsafeBufferPointer<Origin>) -> Result) -> Result {
        bytes.withUnsafeBytes { bytes in origins.withUnsafeBufferPointer { body(bytes, $0) } }
    }

    mutating func append(_ byte: UInt8, from origin: Range<Int>) {
        bytes.append(byte)
        origins.append(Origin(start: UInt32(clamping: origin.lowerBound), end: UInt32(clamping: origin.upperBound)))
    }

    mutating func append(_ scalar: Unicode.Scalar, from origin: Range<Int>) {
        for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { append(byte, from: origin) }
    }

    /// Puts another byte in the place of one.
    mutating func replace(at offset: Int, by byte: UInt8) { bytes[offset] = byte }

    /// Appends another view, of which each byte stands for `span`.
    mutating func append(_ more: some Collection<UInt8>, all span: Range<Int>) {
        bytes.append(contentsOf: more)
        let origin = Origin(start: UInt32(clamping: span.lowerBound), end: UInt32(clamping: span.upperBound))
        origins.append(contentsOf: repeatElement(origin, count: more.count))
    }

    /// This view of a view, as one of the text that `inner` is a view of.
    func through(_ inner: TextView) -> TextView {
        var view = self
        view.origins = origins.map { origin in
            let first = Int(origin.start)
            if origin.end == origin.start &+ 1, first < inner.origins.count { return inner.origins[first].ordered }
            let place = inner.original(first..<Int(origin.end))
            return Origin(start: UInt32(clamping: place.lowerBound), end: UInt32(clamping: place.upperBound))
        }
        return view
    }

    /// The place in the text as it was sent that a place in this view stands for.
    public func original(_ span: Range<Int>) -> Range<Int> {
        guard let first = span.first, let last = span.last, last < origins.count else {
            let place = original(at: span.lowerBound)
            return place..<place
        }
        let start = Int(origins[first].start)
        return start..<max(start, Int(origins[last].end))
    }

    /// The offset in the text as it was sent at which the byte at `offset` of this view begins.
    public func original(at offset: Int) -> Int {
        if offset < origins.count { return Int(origins[offset].start) }
        return origins.last.map { Int($0.end) } ?? 0
    }

    /// The first offset in this view that stands for `offset` of the text as it was sent, or for what follows it.
    public func offset(of original: Int) -> Int {
        var low = 0
        var high = origins.count
        while low < high {
            let middle = (low + high) / 2
            if Int(origins[middle].start) < original { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// The ways in which a text is read, apart from as it was sent.
public enum Reading: Int, Sendable, CaseIterable {
    /// As it was sent.
    case plain

    /// Characters that do not show left out, variants of letters and digits taken for the plain ones.
    case folded

    /// The same, and letters of other alphabets taken for the Latin ones that they look like.
    case lookalike

    /// Escapes undone, base64 and hexadecimal decoded, what is hidden in characters that do not show laid open, and
    /// characters that stand apart joined.
    case decoded

    /// Digits in the place of letters taken for these.
    case undisguised

    /// Whether a text that arrives in pieces is read so.
    public var isForStreams: Bool {
        switch self {
        case .plain, .folded, .lookalike, .decoded: true
        case .undisguised: false
        }
    }
}
