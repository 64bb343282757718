import NIOCore

/// Where a field of a head stands: offsets from the head's first byte.
public struct HTTPField: Sendable, Equatable {
    public var name: Range<Int>

    /// Without the white space around it.
    public var value: Range<Int>

    public init(name: Range<Int>, value: Range<Int>) {
        self.name = name
        self.value = value
    }
}

extension HTTPField {
    /// Reads a field's line, which does not include its CRLF.
    ///
    /// Strict where lenient readers disagree with each other (RFC 9112 §5.1, §5.2): no folded lines, no space before the
    /// colon, no control characters.
    init(_ bytes: UnsafeRawBufferPointer, line: Range<Int>) throws(HTTPFault) {
        var colon = line.lowerBound
        while colon < line.upperBound, bytes[colon].isToken { colon += 1 }
        guard colon > line.lowerBound, colon < line.upperBound, bytes[colon] == UInt8(ascii: ":") else {
            throw Self.nameFault(bytes, line: line, at: colon)
        }
        var value = colon + 1..<line.upperBound
        guard isFieldContent(bytes, value) else {
            throw .malformed("control_character", "A field's value contains a control character.")
        }
        while !value.isEmpty, bytes[value.lowerBound].isBlank { value = value.lowerBound + 1..<value.upperBound }
        while !value.isEmpty, bytes[value.upperBound - 1].isBlank { value = value.lowerBound..<value.upperBound - 1 }
        self.init(name: line.lowerBound..<colon, value: value)
    }

    private static func nameFault(_ bytes: UnsafeRawBufferPointer, line: Range<Int>, at offset: Int) -> HTTPFault {
        guard offset < line.upperBound else {
            return .malformed("missing_colon", "A line of the head is not a field.")
        }
        switch (offset == line.lowerBound, bytes[offset]) {
        case (true, 0x20), (true, 0x09):
            return .malformed("folded_field", "A field is folded over several lines.")
        case (true, UInt8(ascii: ":")):
            return .malformed("empty_field_name", "A field has no name.")
        case (false, 0x20), (false, 0x09):
            return .malformed("space_before_colon", "White space stands in or behind a field's name.")
        default:
            return .malformed("invalid_field_name", "A field's name contains a character that is not allowed.")
        }
    }
}

/// Whether `range` holds only what a field's value may: no control characters except the tab.
@inline(__always)
func isFieldContent(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
    var offset = range.lowerBound
    while offset + 8 <= range.upperBound {
        let word = bytes.word(at: offset)
        if (Word.below(word, 0x20) | Word.equal(word, 0x7F)) != 0, !isFieldBytes(bytes, offset..<offset + 8) {
            return false
        }
        offset += 8
    }
    return isFieldBytes(bytes, offset..<range.upperBound)
}

private func isFieldBytes(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
    for offset in range {
        let byte = bytes[offset]
        guard byte >= 0x20 ? byte != 0x7F : byte == 0x09 else { return false }
    }
    return true
}

extension ByteBuffer {
    /// The bytes at a range of offsets from the reader index; empty when there are none.
    func bytes(_ range: Range<Int>) -> ByteBuffer {
        getSlice(at: readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
    }

    /// The first field at or after `index` whose name is `name`, which is in lower case.
    func firstField(_ name: StaticString, in fields: [HTTPField], from start: Int = 0) -> Int? {
        withUnsafeReadableBytes { bytes in
            for index in start..<fields.count where bytes.matchesIgnoringCase(fields[index].name, name) { return index }
            return nil
        }
    }

    func fieldValues(_ name: StaticString, in fields: [HTTPField]) -> [ByteBuffer] {
        var values: [ByteBuffer] = []
        var start = 0
        while let index = firstField(name, in: fields, from: start) {
            values.append(bytes(fields[index].value))
            start = index + 1
        }
        return values
    }

    func fieldCount(_ name: StaticString, in fields: [HTTPField]) -> Int {
        withUnsafeReadableBytes { bytes in
            fields.reduce(0) { $0 + (bytes.matchesIgnoringCase($1.name, name) ? 1 : 0) }
        }
    }
}
