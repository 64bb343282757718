public import NIOCore

#if canImport(Glibc)
public import Glibc
#elseif canImport(Musl)
public import Musl
#elseif canImport(Darwin)
public import Darwin
#endif

/// Gathers output of many small pieces, in memory that is used again for the next output.
///
/// A `ByteBuffer` asks for each piece whether its storage is its own and large enough; for the hundred pieces of a
/// record that costs more than the bytes do.
public struct ByteWriter: ~Copyable {
    // `start` always has room for `capacity` bytes, of which the first `written` are initialised.
    @usableFromInline var start: UnsafeMutablePointer<UInt8>
    @usableFromInline var capacity: Int

    @usableFromInline var written = 0

    /// - Parameter capacity: How many bytes to begin with; it grows when more are written.
    public init(capacity: Int) {
        self.capacity = max(64, capacity)
        start = .allocate(capacity: self.capacity)
    }

    deinit { start.deallocate() }

    /// Forgets what was written; gives memory back that an unusually long output took.
    public mutating func clear() {
        written = 0
        guard capacity > Self.mostKept else { return }
        start.deallocate()
        capacity = Self.mostKept
        start = .allocate(capacity: capacity)
    }

    /// Memory that is kept between two outputs (bytes).
    private static let mostKept = 1 << 18

    /// How many bytes were written.
    public var count: Int { written }

    /// A copy of what was written.
    public var buffer: ByteBuffer {
        ByteBuffer(bytes: UnsafeRawBufferPointer(start: start, count: written))
    }

    /// Room for `size` more bytes at the place where the next one is written.
    @inlinable @inline(__always)
    mutating func room(_ size: Int) -> UnsafeMutablePointer<UInt8> {
        if capacity &- written < size { grow(size) }
        return start + written
    }

    @usableFromInline @inline(never)
    mutating func grow(_ size: Int) {
        let larger = max(2 * capacity, written + size)
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
        memory.update(from: start, count: written)
        start.deallocate()
        (start, capacity) = (memory, larger)
    }

    @inlinable @inline(__always)
    public mutating func write(_ text: StaticString) {
        let size = text.utf8CodeUnitCount
        memcpy(room(size), text.utf8Start, size)
        written &+= size
    }

    @inlinable @inline(__always)
    public mutating func write(_ byte: UInt8) {
        room(1).pointee = byte
        written &+= 1
    }

    @inlinable
    public mutating func write(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        memcpy(room(bytes.count), base, bytes.count)
        written &+= bytes.count
    }

    public mutating func write(_ bytes: ByteBuffer) {
        let size = bytes.readableBytes
        let place = room(size)
        bytes.withUnsafeReadableBytes { bytes in
            if let base = bytes.baseAddress { memcpy(place, base, size) }
        }
        written &+= size
    }

    /// Writes a text that is known at run time only; a literal goes to ``write(_:)``, which copies it and nothing else.
    public mutating func write(text: String) {
        let size = text.utf8.count
        let place = room(size)
        let copied: Void? = text.utf8.withContiguousStorageIfAvailable { bytes in
            if let base = bytes.baseAddress { memcpy(place, base, size) }
        }
        if copied == nil {
            for (index, byte) in text.utf8.enumerated() { place[index] = byte }
        }
        written &+= size
    }

    /// Writes a number in decimal.
    public mutating func writeDecimal(_ number: Int) {
        // 19 digits and a sign.
        let place = room(20)
        var rest = number.magnitude
        var digits = 1
        var power = rest / 10
        while power > 0 {
            digits += 1
            power /= 10
        }
        let first = number < 0 ? 1 : 0
        if first == 1 { place.pointee = UInt8(ascii: "-") }
        var index = first + digits
        repeat {
            index -= 1
            place[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while index > first
        written += first + digits
    }

    /// Writes `text` as a JSON string, with quotes.
    public mutating func writeJSONString(_ text: String) {
        let size = text.utf8.count
        let place = room(size + 2)
        let isPlain = text.utf8.withContiguousStorageIfAvailable { bytes in
            let bytes = UnsafeRawBufferPointer(bytes)
            guard bytes.firstSpecial(from: 0) == size else { return false }
            if let base = bytes.baseAddress { memcpy(place + 1, base, size) }
            return true
        }
        guard isPlain == true else {
            var escaped = ByteBuffer()
            escaped.writeJSONString(text)
            return write(escaped)
        }
        place.pointee = UInt8(ascii: "\"")
        place[size + 1] = UInt8(ascii: "\"")
        written += size + 2
    }

    /// Writes the text in `text` as a JSON string, with quotes; bytes that are not UTF-8 become U+FFFD.
    public mutating func writeJSONString(_ text: ByteBuffer) {
        let size = text.readableBytes
        let isPlain = text.withUnsafeReadableBytes { $0.firstSpecial(from: 0) == size }
        guard isPlain else {
            var escaped = ByteBuffer()
            escaped.writeJSONString(text)
            return write(escaped)
        }
        write(UInt8(ascii: "\""))
        write(text)
        write(UInt8(ascii: "\""))
    }
}
