import KeeptrustsWire
import NIOCore

/// Tells what says what a value means that no row names, while a body is being read: its key, that of its list, or a name
/// beside it.
struct ValueKeys {
    /// The last value, if it was a key that no row names.
    private var key: JSONValue?

    /// The key of the list at hand, and where its last element ends.
    private var list: (key: JSONValue, end: Int)?

    /// The last value, if its key says that it names something, such as `{"name": "ssn"`.
    private var name: JSONValue?

    /// What says elsewhere than right before the last value what that means: the key of its list, or the name that stands
    /// before it, such as `ssn` in `{"name": "ssn", "value": 536228041}`.
    private(set) var distant: JSONValue?

    /// The bytes that a key or a name may have, quotes included: each value of a list takes its key once more.
    private static let mostBytes = 256

    /// Takes the next value of a body.
    ///
    /// - Returns: Where its key and it stand, if the key says what it means.
    mutating func take(_ value: JSONValue, in body: ByteBuffer) -> Range<Int>? {
        let member = body.member(key, value)
        takeList(value, in: body)
        distant = list?.key
        let named = key
        key = value.field == JSONShape.otherKey ? value : nil
        // Of a key, nothing is known before its value.
        guard key == nil else { return member }
        let name = self.name
        self.name = nil
        guard let named, member != nil else { return member }
        if value.kind == .string, value.span.count <= Self.mostBytes, body.isOne(of: Self.naming, named) {
            self.name = value
        }
        guard let name, body.isOne(of: Self.valued, named), body.isNext(name, named) else { return member }
        distant = name
        return nil
    }

    /// Follows the list that `value` is an element of.
    private mutating func takeList(_ value: JSONValue, in body: ByteBuffer) {
        if let key, key.span.count <= Self.mostBytes, body.isElement(value, after: key) {
            list = (key, value.span.upperBound)
        } else if let known = list {
            let isNext = known.end < value.span.lowerBound && body.isPlain(known.end..<value.span.lowerBound)
            list = isNext ? (known.key, value.span.upperBound) : nil
        }
    }

    private static let naming: [StaticString] = ["name", "key", "field", "label", "title", "type", "header", "id", "k"]
    private static let valued: [StaticString] = ["value", "val", "v", "content", "text", "data", "answer"]
}

extension ByteBuffer {
    /// Whether a key is one of some words, in any case.
    fileprivate func isOne(of words: [StaticString], _ key: JSONValue) -> Bool {
        guard !key.hasEscapes, key.span.count <= 12 else { return false }
        return withUnsafeReadableBytes { bytes in
            let content = bytes[key.span.lowerBound + 1..<key.span.upperBound - 1]
            return words.contains { word in
                content.count == word.utf8CodeUnitCount
                    && content.indices.allSatisfy { bytes[$0] | 0x20 == word.utf8Start[$0 - content.startIndex] }
            }
        }
    }

    /// Whether `key` is that of the member behind the one whose value `value` is.
    fileprivate func isNext(_ value: JSONValue, _ key: JSONValue) -> Bool {
        let comma = offsetAfterSpace(from: value.span.upperBound)
        return getInteger(at: readerIndex + comma) == UInt8(ascii: ",")
            && offsetAfterSpace(from: comma + 1) == key.span.lowerBound
    }
}
