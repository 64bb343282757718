import KeeptrustsCore
import KeeptrustsWire
import NIOCore

/// What the markers in a request stand for, so that its answer can say it to the caller again.
///
/// In memory only, as long as the exchange; never in a record.
public struct Originals: Sendable, Equatable {
    /// The values, by marker.
    public private(set) var values: [String: String] = [:]

    /// Bytes of all values, and of one; what does not fit is not remembered, and its marker stays in the answer.
    static let mostBytes = 262_144
    static let mostBytesOfOne = 1_024
    private var size = 0

    init() {}

    public var isEmpty: Bool { values.isEmpty }

    mutating func remember(_ value: String, as marker: String) {
        guard values[marker] == nil, value.utf8.count <= Self.mostBytesOfOne else { return }
        guard size + value.utf8.count <= Self.mostBytes else { return }
        size += value.utf8.count
        values[marker] = value
    }

    /// Those of which the marker was put into a text: others won the place, or nothing was changed.
    func standing(in redactions: [Redaction], of segments: [Segment]) -> Originals {
        var known = Originals()
        var doubtful: Set<String> = []
        for redaction in redactions where segments.indices.contains(redaction.segment) {
            let text = segments[redaction.segment].text
            Marker.find(in: ByteBuffer(string: redaction.replacement)) { marker in
                guard let written = values[marker] else { return }
                let value = text.value(of: written)
                if value == nil || known.values[marker] ?? value != value { doubtful.insert(marker) }
                if let value { known.remember(value, as: marker) }
            }
        }
        for marker in doubtful { known.values[marker] = nil }
        return known
    }
}

extension ByteBuffer {
    /// What a value of this text means: in a document, escapes stand for something; nil where they might be a document's
    /// in a document.
    fileprivate func value(of written: String) -> String? {
        guard written.utf8.contains(UInt8(ascii: "\\")), beginsDocument else { return written }
        let token = ByteBuffer(string: "\"\(written)\"")
        let value = String(buffer: Unescaped(token, token: 0..<token.readableBytes, hasEscapes: true).text)
        return value.contains { $0 == "\\" || $0 == "\u{FFFD}" } ? nil : value
    }

    private var beginsDocument: Bool {
        let first = readableBytesView.first { $0 > 0x20 }
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    }
}

/// A marker with a number, such as `[EMAIL_1]`.
enum Marker {
    /// Bytes of the longest; types have short names.
    private static let longest = 64

    static func text(_ type: String, _ number: Int) -> String { "[\(type)_\(number)]" }

    /// Finds whatever looks like one.
    static func find(in text: ByteBuffer, _ take: (String) -> Void) {
        text.withUnsafeReadableBytes { bytes in
            var place = 0
            while let start = bytes[place...].firstIndex(of: UInt8(ascii: "[")) {
                place = start + 1
                guard let end = end(in: bytes, from: place) else { continue }
                take(String(decoding: bytes[start..<end], as: UTF8.self))
                place = end
            }
        }
    }

    /// Where one ends whose bracket stands before `start`; nil when there is none.
    private static func end(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        let limit = min(bytes.count, start + longest)
        var place = start
        while place < limit, bytes[place].isOfMarker { place += 1 }
        guard place < limit, bytes[place] == UInt8(ascii: "]"), place > start + 2 else { return nil }
        guard bytes[place - 1].isDigit else { return nil }
        return place + 1
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { self &- 0x30 < 10 }

    /// Whether it is a capital letter, a digit or a low line.
    fileprivate var isOfMarker: Bool { self &- 0x41 < 26 || isDigit || self == 0x5F }
}
