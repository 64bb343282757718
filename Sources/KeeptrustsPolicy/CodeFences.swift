/// Which parts of a text are code: what stands between fences of backticks or tildes (CommonMark 0.31 §4.5).
///
/// Reads a text in pieces. Fences may stand behind any indentation, quote marks and marks of list items, for models put them
/// into lists. Behind the mark of an item a fence only opens code. A fence that is not closed reaches to the end of the text.
struct CodeFences: Sendable {
    /// Where code begins and ends, by turns (byte offsets in the whole text).
    private var borders: [Int] = []

    /// Whether the first of `borders` ends code.
    private var beginsInCode = false

    /// How many bytes have been read.
    private var offset = 0

    /// The fence that opened the code that is being read.
    private var open: Fence?
    private var line = Line()

    /// A row of the same sign.
    private struct Fence: Equatable {
        var sign: UInt8
        var count: Int
    }

    /// What is known of the line that is being read.
    private struct Line {
        var start = 0
        var fence: Fence?

        /// What stands before a row, as far as it goes on.
        var lead = Lead.margin

        /// The mark of a list item stands before the row.
        var isItem = false

        /// The row of signs is over, or there is none.
        var isPast = false

        /// Something else than white space stands behind the row.
        var hasInfo = false

        /// What stands behind the row cannot stand behind one that opens code.
        var isBroken = false
    }

    /// How much of the mark of a list item has been read (§5.2), or of the box behind one.
    private enum Lead {
        case margin

        /// A sign that is a mark when white space follows.
        case mark

        /// The number of an item, of so many digits.
        case digits(Int)
        case boxBegun, boxFilled

        /// What it is with one more byte; nil when a line goes on so that has no row.
        func with(_ byte: UInt8, isItem: Bool) -> Lead? {
            switch (self, byte) {
            case (.margin, 0x20), (.margin, 0x09), (.margin, UInt8(ascii: ">")): .margin
            case (.margin, UInt8(ascii: "-")), (.margin, UInt8(ascii: "*")), (.margin, UInt8(ascii: "+")): .mark
            case (.margin, 0x30...0x39): .digits(1)
            case (.digits(let count), 0x30...0x39) where count < 9: .digits(count + 1)
            case (.digits, UInt8(ascii: ".")), (.digits, UInt8(ascii: ")")): .mark
            case (.mark, 0x20), (.mark, 0x09): .margin
            case (.margin, UInt8(ascii: "[")) where isItem: .boxBegun
            case (.boxBegun, 0x20), (.boxBegun, UInt8(ascii: "x")), (.boxBegun, UInt8(ascii: "X")): .boxFilled
            case (.boxFilled, UInt8(ascii: "]")): .mark
            default: nil
            }
        }
    }

    init() {}

    init(of text: UnsafeRawBufferPointer) {
        read(text)
    }

    /// Whether the byte at an offset of the text is code, as far as has been read.
    func isCode(at place: Int) -> Bool {
        var isCode = beginsInCode
        for border in borders {
            guard border <= place else { break }
            isCode.toggle()
        }
        return isCode
    }

    /// The places of `matches` that begin in code; both in the order of the text.
    func code(of matches: [RuleMatch]) -> [RuleMatch] {
        var isCode = beginsInCode
        var next = borders[...]
        return matches.filter { match in
            while let border = next.first, border <= match.span.lowerBound {
                isCode.toggle()
                next = next.dropFirst()
            }
            return isCode
        }
    }

    /// Takes in the next piece of the text.
    mutating func read(_ text: UnsafeRawBufferPointer) {
        for byte in text {
            offset += 1
            if byte == 0x0A || byte == 0x0D { endLine() } else if !line.isPast || line.fence != nil { take(byte) }
        }
    }

    /// Forgets what tells nothing about the text from an offset on.
    mutating func forget(upTo place: Int) {
        while let border = borders.first, border <= place {
            beginsInCode.toggle()
            borders.removeFirst()
        }
    }

    private mutating func take(_ byte: UInt8) {
        guard line.isPast else { return takeFirst(byte) }
        if byte != 0x20, byte != 0x09 { line.hasInfo = true }
        if byte == line.fence?.sign, byte == 0x60 { line.isBroken = true }
    }

    private mutating func takeFirst(_ byte: UInt8) {
        switch (byte, line.fence) {
        case (0x60, nil), (0x7E, nil):
            guard case .margin = line.lead else {
                line.isPast = true
                return
            }
            line.fence = Fence(sign: byte, count: 1)
        case (_, nil):
            guard let next = line.lead.with(byte, isItem: line.isItem) else {
                line.isPast = true
                return
            }
            if case .mark = line.lead { line.isItem = true }
            line.lead = next
        case (let sign, .some(let fence)) where sign == fence.sign: line.fence?.count += 1
        default:
            line.isPast = true
            if line.fence?.count ?? 0 < 3 { line.fence = nil } else { take(byte) }
        }
    }

    private mutating func endLine() {
        defer { line = Line(start: offset) }
        guard let fence = line.fence, fence.count >= 3 else { return }
        if let opening = open {
            let isClosing = fence.sign == opening.sign && fence.count >= opening.count
            guard isClosing, !line.hasInfo, !line.isItem else { return }
            open = nil
            borders.append(line.start)
        } else if !line.isBroken {
            open = fence
            borders.append(offset)
        }
    }
}
