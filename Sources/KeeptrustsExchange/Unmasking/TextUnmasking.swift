import KeeptrustsWire
import NIOCore

/// Puts into one text of an answer what the markers in it stand for; the text may come in pieces.
///
/// Holds back no more than what may become a marker of the exchange's own. In a text that begins as a document, a value is
/// written as the document needs it where it stands.
struct TextUnmasking {
    /// The end of what came, which may become a marker.
    private var held = ByteBuffer()

    /// Whether anything but white space has come.
    private var hasBegun = false

    /// Follows a text that begins as a document.
    private var document: JSONNesting?

    /// Whether a value that stands where no string has begun becomes one.
    private let quotesBare: Bool

    init(quotesBare: Bool) { self.quotesBare = quotesBare }

    /// Takes the next piece of the text.
    ///
    /// - Parameters:
    ///   - piece: The piece; whole characters.
    ///   - isLast: Nothing follows, so nothing is held back any more.
    ///   - table: The markers.
    ///   - room: Bytes that may still be put in; without any, markers stay.
    /// - Returns: What may be sent.
    mutating func push(_ piece: ByteBuffer, isLast: Bool, _ table: MarkerTable, _ room: inout Int) -> ByteBuffer {
        let text = joined(piece)
        let bytes = text.readableBytesView
        var (start, end) = (bytes.startIndex, bytes.endIndex)
        var out: ByteBuffer?
        var next = bytes.firstIndex(of: Self.bracket)
        while let bracket = next {
            var place = bracket + 1
            switch table.match(bytes[bracket...]) {
            case .none: break
            case .unfinished: if !isLast { end = bracket }
            case .marker(let entry, let length):
                place = bracket + length
                guard room > 0 else { break }
                pass(bytes[start..<bracket], into: &out)
                write(entry, &room, into: &out)
                start = place
            }
            next = bytes[place...].firstIndex(of: Self.bracket)
        }
        if end < bytes.endIndex { held = ByteBuffer(bytes: bytes[end...]) }
        pass(bytes[start..<end], into: &out)
        return out ?? ByteBuffer()
    }

    /// What is held back, when the text has ended.
    mutating func end() -> ByteBuffer {
        defer { held = ByteBuffer() }
        return held
    }

    private static let bracket = UInt8(ascii: "[")

    /// What was held back, and the next piece.
    private mutating func joined(_ piece: ByteBuffer) -> ByteBuffer {
        guard held.readableBytes > 0 else { return piece }
        var text = held
        held = ByteBuffer()
        text.writeImmutableBuffer(piece)
        return text
    }

    private mutating func pass(_ part: ByteBufferView, into out: inout ByteBuffer?) {
        guard !part.isEmpty else { return }
        let part = ByteBuffer(part)
        follow(part)
        write(part, into: &out)
    }

    /// Writes what a marker stands for.
    private mutating func write(_ entry: MarkerTable.Entry, _ room: inout Int, into out: inout ByteBuffer?) {
        // What begins with a marker is no document.
        hasBegun = true
        guard let value = document?.write(entry.value, quotesBare: quotesBare) else {
            room -= entry.size
            return write(entry.value, into: &out)
        }
        // Once more in a string, each byte is two at most: there are no control characters left.
        room -= max(entry.size, 2 * value.readableBytes)
        write(value, into: &out)
    }

    /// Clean text is written as it came, without a copy.
    private func write(_ part: ByteBuffer, into out: inout ByteBuffer?) {
        if out == nil { out = part } else { out?.writeImmutableBuffer(part) }
    }

    /// Takes notice of what is sent.
    private mutating func follow(_ part: ByteBuffer) {
        guard !hasBegun else {
            document?.read(part)
            return
        }
        guard let first = part.readableBytesView.first(where: { $0 > 0x20 }) else { return }
        hasBegun = true
        guard first == UInt8(ascii: "{") || first == Self.bracket else { return }
        document = JSONNesting()
        document?.read(part)
    }
}
