public import NIOCore

/// A piece that is taken out of a text, and what stands there instead.
struct JSONCut: Sendable {
    var range: Range<Int>
    var replacement: String

    /// Tells it from others; what was asked for first has the least.
    var number: Int

    /// Cuts in order, of which none overlaps another: those that do are one, with the replacement of the longest.
    ///
    /// Sorts once, whatever order they come in: each level of documents in one another brings its own from the beginning.
    static func merged(_ cuts: [JSONCut]) -> [JSONCut] {
        var merged: [JSONCut] = []
        var longest = 0
        for cut in cuts.sorted(by: { ($0.range.lowerBound, $0.number) < ($1.range.lowerBound, $1.number) }) {
            guard let last = merged.last, cut.range.lowerBound < last.range.upperBound else {
                longest = cut.range.count
                merged.append(cut)
                continue
            }
            let place = merged.count - 1
            merged[place].range = last.range.lowerBound..<max(last.range.upperBound, cut.range.upperBound)
            guard cut.range.count > longest || cut.range.count == longest && cut.number < last.number else { continue }
            longest = cut.range.count
            (merged[place].replacement, merged[place].number) = (cut.replacement, cut.number)
        }
        return merged
    }
}

/// A change of a text's bytes.
public struct JSONEdit: Sendable, Equatable {
    public var range: Range<Int>
    public var replacement: ByteBuffer
}

/// Turns cuts into changes that leave each string, number and word of a text whole.
struct JSONCutting: Sendable {
    /// A value outside strings that is longer than this (bytes) changes as text does.
    static let longestValue = 1_024

    private var edits: [JSONEdit] = []

    /// The string, value or word at hand.
    private var token = -1
    private var part = NestedText.Part.mark
    private var depth = 0
    private var tokenStart = 0
    private var end = 0

    /// The cut whose replacement was written last, while nothing that stays came after it.
    private var spoken = -1

    /// The value outside strings that is at hand, with its cuts made; nil for all else.
    private var value: ByteBuffer?
    private var valueIsCut = false

    /// A key in which a cut begins: its changes, from which on, are given up when the cut goes on in the value.
    private var key: (token: Int, cut: Int, firstEdit: Int)?

    /// Takes the next stretch of the text.
    ///
    /// - Parameters:
    ///   - stretch: The stretch.
    ///   - bytes: The text.
    ///   - cuts: All cuts, in order.
    ///   - next: The first that does not end before the stretch.
    mutating func take(
        _ stretch: NestedText.Stretch, of bytes: UnsafeRawBufferPointer, _ cuts: [JSONCut], _ next: Int
    ) {
        if stretch.token != token || stretch.part != part { begin(stretch) }
        end = stretch.raw.upperBound
        guard part != .mark, part != .blank else { return }
        var (place, index) = (stretch.raw.lowerBound, next)
        while index < cuts.count, cuts[index].range.lowerBound < stretch.raw.upperBound, place < end {
            // A character that is written as an escape goes as a whole.
            let range = stretch.character == nil ? cuts[index].range.clamped(to: place..<end) : place..<end
            keep(stretch, place..<range.lowerBound, of: bytes)
            cut(range, cuts[index])
            place = range.upperBound
            index += 1
        }
        keep(stretch, place..<end, of: bytes)
    }

    /// The changes, when the text has ended.
    consuming func finished() -> [JSONEdit] {
        endValue()
        return edits
    }

    private mutating func endValue() {
        guard let value, valueIsCut else { return self.value = nil }
        var quoted = ByteBuffer()
        quoted.writeJSONString(value)
        edits.append(JSONEdit(range: tokenStart..<end, replacement: quoted.escaped(depth)))
        self.value = nil
    }

    private mutating func begin(_ stretch: NestedText.Stretch) {
        endValue()
        (token, part, depth, tokenStart) = (stretch.token, stretch.part, stretch.depth, stretch.raw.lowerBound)
        if part == .mark { spoken = -1 }
        value = part == .bare ? ByteBuffer() : nil
        valueIsCut = false
    }

    private mutating func keep(_ stretch: NestedText.Stretch, _ range: Range<Int>, of bytes: UnsafeRawBufferPointer) {
        guard !range.isEmpty else { return }
        spoken = -1
        if let key, key.token != token { self.key = nil }
        guard value != nil else { return }
        if let character = stretch.character {
            value?.writeScalar(character)
        } else {
            value?.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[range]))
        }
        guard let value, value.readableBytes > Self.longestValue else { return }
        endValue()
    }

    private mutating func cut(_ range: Range<Int>, _ cut: JSONCut) {
        guard !range.isEmpty else { return }
        if let key, key.token != token {
            if key.cut == cut.number { edits.removeSubrange(key.firstEdit...) }
            self.key = nil
        }
        let text = spoken == cut.number ? "" : cut.replacement
        spoken = cut.number
        guard value == nil else {
            value?.writeString(text)
            valueIsCut = true
            return
        }
        if text.isEmpty, let last = edits.last, last.range.upperBound == range.lowerBound {
            edits[edits.count - 1].range = last.range.lowerBound..<range.upperBound
            return
        }
        if part == .key, key?.cut != cut.number { key = (token, cut.number, edits.count) }
        edits.append(JSONEdit(range: range, replacement: ByteBuffer(string: text).escaped(depth)))
    }
}

extension ByteBuffer {
    /// The text as it must be written in `depth` strings of one another.
    func escaped(_ depth: Int) -> ByteBuffer {
        var text = self
        for _ in 0..<depth {
            var next = ByteBuffer()
            next.writeJSONContent(String(buffer: text))
            text = next
        }
        return text
    }
}
