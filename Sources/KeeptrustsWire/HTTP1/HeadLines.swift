/// Takes the lines off a head while it arrives, and looks at each byte for a line's end once.
///
/// Offsets count from the first byte of the head, so the buffer may move in memory between two calls.
struct HeadLines: Sendable {
    /// Where the line begins that is read next.
    private(set) var next = 0

    /// The bytes before this offset hold no end of the line that is read next.
    private var searched = 0

    /// The next line without its CRLF, or nil when it has not arrived in full.
    ///
    /// `bytes` is the head so far. A line whose end passes the offset `limit` is `tooLarge`, and one that ends in a bare
    /// LF is a fault as well.
    mutating func take(
        _ bytes: UnsafeRawBufferPointer, limit: Int, else tooLarge: @autoclosure () -> HTTPFault
    ) throws(HTTPFault) -> Range<Int>? {
        guard bytes.count > searched else { return nil }
        guard let lineFeed = bytes.firstOffset(of: 0x0A, in: searched..<bytes.count) else {
            searched = bytes.count
            guard bytes.count < limit else { throw tooLarge() }
            return nil
        }
        guard lineFeed < limit else { throw tooLarge() }
        guard lineFeed > next, bytes[lineFeed - 1] == 0x0D else {
            throw .malformed("bare_line_feed", "A line of the head does not end in CR LF.")
        }
        let line = next..<lineFeed - 1
        next = lineFeed + 1
        searched = next
        return line
    }
}
