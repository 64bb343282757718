public import NIOCore

/// Follows a document that comes in pieces, and says how a text must be written where it stands.
///
/// A string in it may be a document again; see `NestedText`. Whatever the document holds, valid or not, the time is in
/// proportion to it.
public struct JSONNesting: Sendable {
    private var nested = NestedText(.text)

    public init() {}

    /// Takes the next piece of the document.
    public mutating func read(_ piece: ByteBuffer) {
        piece.withUnsafeReadableBytes { nested.readPiece($0) { _ in } }
    }

    /// Says how the document says a text next, and follows that, as a plain piece of the string at hand.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - quotesBare: Whether it becomes a string where none has begun: no other value can be meant.
    /// - Returns: The text's bytes, escaped for each string that they stand in.
    public mutating func write(_ text: ByteBuffer, quotesBare: Bool) -> ByteBuffer {
        let depth = read(Self.plain)
        guard quotesBare, depth == 0, nested.levels[0].isBetweenBrackets else { return text.escaped(depth) }
        var quoted = ByteBuffer()
        quoted.writeJSONString(text)
        return quoted
    }

    /// A character that no escape begins with, and no document, value or space.
    private static let plain = UInt8(ascii: "-")

    /// Takes a character; tells in how many strings it stands.
    private mutating func read(_ character: UInt8) -> Int {
        var depth = 0
        withUnsafeBytes(of: character) { nested.readPiece($0) { depth = $0.depth } }
        return depth
    }
}
