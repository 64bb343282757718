import Glibc
import NIOCore

/// One file of the spool, with its room reserved on disk.
///
/// Named by the sequence number of its first record, so that the names' order is the records'.
final class SegmentFile: @unchecked Sendable {
    // `descriptor` and `capacity` never change; the owner's lock guards the rest.
    private(set) var path: String
    let capacity: Int
    private let descriptor: Int32

    /// The sequence number of the first record.
    private(set) var first: UInt64

    /// Where the next record goes (bytes).
    var end = 0

    /// The sequence number of the last record; `first - 1` when there is none.
    var last: UInt64

    /// What is read at once when an end is looked for (bytes); the longest record fits.
    private static let windowBytes = 2 * SpoolFrame.maxPayloadBytes

    private init(path: String, descriptor: Int32, capacity: Int, first: UInt64) {
        self.path = path
        self.descriptor = descriptor
        self.capacity = capacity
        self.first = first
        last = first - 1
    }

    deinit { close(descriptor) }

    static func path(in directory: String, first: UInt64) -> String {
        let digits = String(first, radix: 16)
        return "\(directory)/\(String(repeating: "0", count: 16 - digits.count))\(digits).segment"
    }

    /// Makes a new file and reserves its room.
    static func create(in directory: String, first: UInt64, capacity: Int) throws(SpoolError) -> SegmentFile {
        let path = path(in: directory, first: first)
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SpoolError(path: path, errno) }
        let failure = posix_fallocate(descriptor, 0, off_t(capacity))
        guard failure == 0 else {
            close(descriptor)
            unlink(path)
            throw SpoolError(path: path, failure)
        }
        return SegmentFile(path: path, descriptor: descriptor, capacity: capacity, first: first)
    }

    /// Puts a spare file into use: its first record will be `first`.
    func begin(in directory: String, first: UInt64) throws(SpoolError) {
        let new = Self.path(in: directory, first: first)
        guard rename(path, new) == 0 else { throw SpoolError(path: path, errno) }
        (path, self.first, last) = (new, first, first - 1)
    }

    /// Opens a file that an earlier process wrote, and finds its end.
    static func recover(_ path: String, first: UInt64) throws(SpoolError) -> SegmentFile {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw SpoolError(path: path, errno) }
        let size = Int(lseek(descriptor, 0, SEEK_END))
        let file = SegmentFile(path: path, descriptor: descriptor, capacity: size, first: first)
        while try file.recoverWindow() {}
        return file
    }

    /// Moves the end behind the sound records that lie next to it, within ``windowBytes``.
    ///
    /// A whole file is mostly reserved room, which is not worth a read.
    ///
    /// - Returns: Whether there was one.
    private func recoverWindow() throws(SpoolError) -> Bool {
        var bytes = try read(from: end, count: min(capacity - end, Self.windowBytes))
        let all = bytes.readableBytes
        while let frame = SpoolFrame.read(&bytes) { last = frame.sequence }
        end += all - bytes.readableBytes
        return bytes.readableBytes < all
    }

    func write(_ bytes: ByteBuffer) throws(SpoolError) {
        var (done, failure) = (0, Int32(0))
        bytes.withUnsafeReadableBytes { raw in
            while done < raw.count {
                let written = pwrite(
                    descriptor, raw.baseAddress?.advanced(by: done), raw.count - done, off_t(end + done))
                if written > 0 { done += written } else if errno != EINTR { return failure = errno }
            }
        }
        guard failure == 0 else { throw SpoolError(path: path, failure) }
        end += bytes.readableBytes
    }

    /// Reads up to `count` bytes, fewer at the end of the file.
    func read(from offset: Int, count: Int) throws(SpoolError) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: count)
        while buffer.readableBytes < count {
            let have = buffer.readableBytes
            var failure = Int32(0)
            let got = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count - have) { raw in
                let got = pread(descriptor, raw.baseAddress, count - have, off_t(offset + have))
                if got < 0 { failure = errno }
                return max(0, got)
            }
            if failure == EINTR { continue }
            guard failure == 0 else { throw SpoolError(path: path, failure) }
            if got == 0 { break }
        }
        return buffer
    }

    func sync() throws(SpoolError) {
        guard fdatasync(descriptor) == 0 else { throw SpoolError(path: path, errno) }
    }

    func remove() { unlink(path) }
}
