public import NIOCore

/// Checks a whole JSON text and locates values in it, without making values of them.
public enum JSONScanner {
    /// How deep objects and arrays may stand in one another.
    public static let maxDepth = 64

    /// Checks all of `text` and appends what `shape` names to `values`, in the order of the text, containers before
    /// their members.
    ///
    /// Accepts RFC 8259 in UTF-8 without a byte order mark, and of that only what every reader takes for the same: no
    /// equal keys in an object, no key that differs from a named one in letters' case only, no half of a surrogate pair,
    /// no number beyond a `Double`. Takes time in proportion to the text.
    ///
    /// - Throws: ``JSONFault``; `values` is as it was then.
    public static func scan(
        _ text: ByteBuffer, _ shape: JSONShape, into values: inout [JSONValue]
    ) throws(JSONFault) {
        let count = values.count
        do throws(JSONFault) {
            try text.withUnsafeReadableBytes { bytes throws(JSONFault) in
                try shape.trie.withTables { tables throws(JSONFault) in
                    var walk = JSONWalk(bytes, tables, shape.trie)
                    swap(&walk.values, &values)
                    defer { swap(&walk.values, &values) }
                    try walk.document()
                }
            }
        } catch {
            values.removeSubrange(count...)
            throw error
        }
    }
}
