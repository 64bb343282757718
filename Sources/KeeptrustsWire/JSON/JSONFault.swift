/// Why a text is not JSON as we accept it, and where.
public struct JSONFault: Error, Equatable, Sendable {
    public enum Reason: String, Sendable, CaseIterable {
        case unexpectedByte = "unexpected_byte"
        case unexpectedEnd = "unexpected_end"
        case trailingData = "trailing_data"
        case byteOrderMark = "byte_order_mark"
        case invalidUTF8 = "invalid_utf8"
        case controlCharacter = "control_character"
        case invalidEscape = "invalid_escape"

        /// Half of a pair of `\u` escapes, which names no character.
        case loneSurrogate = "lone_surrogate"
        case invalidNumber = "invalid_number"

        /// Readers would make infinity or an error of the number.
        case numberOutOfRange = "number_out_of_range"

        /// Readers disagree on which of two equal keys counts.
        case duplicateKey = "duplicate_key"

        /// Some readers take the key for the one that it resembles, others do not.
        case caseVariantKey = "case_variant_key"
        case tooDeep = "too_deep"

        /// More values than the shape lets a scan report.
        case tooManyValues = "too_many_values"
    }

    public var reason: Reason

    /// Counted in bytes from the start of the text.
    public var offset: Int

    public init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}
