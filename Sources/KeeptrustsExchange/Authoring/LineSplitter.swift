public import NIOCore

/// Cuts bytes that come in blocks into lines, so that a file of any length takes the memory of its longest line.
public struct LineSplitter: Sendable {
    /// The longest line that is handed out (bytes).
    public static let maxLineBytes = 64 << 20

    /// One line, without its end.
    public struct Line: Sendable, Equatable {
        /// Counted from 1.
        public var number: Int

        /// nil for a line that is longer than allowed; its bytes are passed over.
        public var bytes: ByteBuffer?

        public init(number: Int, bytes: ByteBuffer?) {
            self.number = number
            self.bytes = bytes
        }
    }

    private let limit: Int
    private var pending = ByteBuffer()
    private var number = 0

    /// How much of `pending` is known to hold no line's end.
    private var searched = 0

    /// The line at hand is too long already.
    private var isSkipping = false

    public init(limit: Int = maxLineBytes) { self.limit = limit }

    public mutating func push(_ block: ByteBuffer) {
        if pending.readableBytes == 0 {
            pending = block
        } else {
            pending.discardReadBytes()
            pending.writeImmutableBuffer(block)
        }
    }

    /// The next line that is there in full.
    ///
    /// - Parameter isLast: Nothing follows, so what is left is a line.
    /// - Returns: nil when there is none, or not yet.
    public mutating func next(isLast: Bool = false) -> Line? {
        let view = pending.readableBytesView
        let start = view.startIndex + searched
        if let end = view[start...].firstIndex(of: UInt8(ascii: "\n")) {
            return line(of: end - view.startIndex, end: 1)
        }
        guard !isLast else { return pending.readableBytes > 0 || isSkipping ? line(of: view.count, end: 0) : nil }
        searched = view.count
        if view.count > limit {
            isSkipping = true
            pending.clear()
            searched = 0
        }
        return nil
    }

    private mutating func line(of count: Int, end: Int) -> Line {
        var bytes = pending.readSlice(length: count)
        pending.moveReaderIndex(forwardBy: end)
        if count > limit || isSkipping { bytes = nil }
        searched = 0
        isSkipping = false
        number += 1
        return Line(number: number, bytes: bytes)
    }
}
