public import NIOCore

/// The text of a JSON string, and the way back from its offsets to the document's.
public struct Unescaped: Sendable {
    /// A slice of the document when the string has no escapes.
    public let text: ByteBuffer

    /// Where the string's content begins and ends in the document.
    private let content: Range<Int>

    /// How the text's bytes map to the document's, from left to right; empty when they are the same.
    private var runs: [Run] = []

    /// Pieces of one form in a row: every `textUnit` bytes of the text stand for `rawUnit` bytes of the document.
    ///
    /// Literal bytes are 1 for 1. A run ends where the next begins, so a text in which every character is escaped has
    /// a handful of runs.
    private struct Run {
        var text: Int
        var raw: Int
        var textUnit: UInt8
        var rawUnit: UInt8
    }

    /// Undoes the escapes of a string that the scanner has accepted.
    ///
    /// - Parameters:
    ///   - document: The JSON text.
    ///   - token: The string's ``JSONValue/span``, quotes included.
    ///   - hasEscapes: The string's ``JSONValue/hasEscapes``.
    public init(_ document: ByteBuffer, token: Range<Int>, hasEscapes: Bool) {
        let end = min(token.upperBound - 1, document.readableBytes)
        let content = min(token.lowerBound + 1, end)..<end
        self.content = content
        guard hasEscapes else {
            text = document.bytes(content)
            return
        }
        var text = ByteBuffer()
        text.reserveCapacity(content.count)
        var runs: [Run] = []
        document.withUnsafeReadableBytes { Self.undo($0, content, into: &text, &runs) }
        self.text = text
        self.runs = runs
    }

    /// The document's bytes that stand for `span` of the text: whole escapes, even where `span` has a part only.
    public func rawRange(of span: Range<Int>) -> Range<Int> {
        let lower = raw(of: span.lowerBound, roundedUp: false)
        guard !span.isEmpty else { return lower..<lower }
        return lower..<max(lower, raw(of: span.upperBound, roundedUp: true))
    }

    private func raw(of offset: Int, roundedUp: Bool) -> Int {
        let offset = min(max(offset, 0), text.readableBytes)
        guard let run = run(at: roundedUp ? offset - 1 : offset) else { return content.lowerBound + offset }
        guard roundedUp || offset < text.readableBytes else { return content.upperBound }
        let (whole, part) = (offset - run.text).quotientAndRemainder(dividingBy: Int(run.textUnit))
        return run.raw + (whole + (roundedUp && part > 0 ? 1 : 0)) * Int(run.rawUnit)
    }

    /// The run that holds the byte at `offset`; the last one for what is behind the text.
    private func run(at offset: Int) -> Run? {
        var (low, high) = (0, runs.count)
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].text <= offset { low = middle + 1 } else { high = middle }
        }
        return low > 0 ? runs[low - 1] : runs.first
    }

    private static func undo(
        _ bytes: UnsafeRawBufferPointer, _ content: Range<Int>, into text: inout ByteBuffer, _ runs: inout [Run]
    ) {
        func note(_ raw: Int, _ textUnit: Int, _ rawUnit: Int) {
            let run = Run(
                text: text.readableBytes, raw: raw, textUnit: UInt8(truncatingIfNeeded: textUnit),
                rawUnit: UInt8(truncatingIfNeeded: rawUnit))
            guard let last = runs.last, last.textUnit == run.textUnit, last.rawUnit == run.rawUnit else {
                runs.append(run)
                return
            }
        }
        var start = content.lowerBound
        while start < content.upperBound {
            let end = bytes.firstOffset(of: UInt8(ascii: "\\"), in: start..<content.upperBound) ?? content.upperBound
            if end > start {
                note(start, 1, 1)
                text.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            }
            guard end < content.upperBound else { break }
            let escape = StringEscape(bytes, at: end, before: content.upperBound)
            note(end, UTF8.width(escape.character), escape.length)
            text.writeScalar(escape.character)
            start = end + escape.length
        }
    }
}

extension ByteBuffer {
    /// Writes a character in UTF-8.
    mutating func writeScalar(_ character: Unicode.Scalar) {
        if character.isASCII {
            writeInteger(UInt8(truncatingIfNeeded: character.value))
        } else {
            withUnsafeTemporaryAllocation(byteCount: 4, alignment: 1) { bytes in
                var count = 0
                for byte in UTF8.encode(character) ?? UTF8.encodedReplacementCharacter {
                    bytes[count] = byte
                    count += 1
                }
                writeBytes(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            }
        }
    }
}
