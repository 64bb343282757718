import Foundation
import Glibc
import KeeptrustsCore
import NIOCore
import Synchronization

/// The decision events that the control plane refuses for what they are: a file of JSON objects, one in each line.
///
/// Each has the time, the reason and the event itself, so that nothing is lost and someone can look. An event may stand
/// there twice when the process ended between setting it aside and acknowledging it.
final class RefusedEvents: Sendable {
    /// 64 MiB: some fifty thousand events.
    static let maximumBytes = 64 << 20

    let path: String
    private let maximumBytes: Int
    private let count = Mutex(0)

    /// - Parameters:
    ///   - path: The file; made with the first event.
    ///   - maximumBytes: How large it may become.
    init(path: String, maximumBytes: Int = RefusedEvents.maximumBytes) {
        self.path = path
        self.maximumBytes = maximumBytes
    }

    /// Writes an event down for good; blocks.
    ///
    /// - Returns: How many have been set aside by this process.
    /// - Throws: ``RefusedEventsFull`` when there is no room for it, ``SpoolError`` when it cannot be written.
    func append(_ event: ByteBuffer, code: String, message: String, at now: Timestamp = .now) throws -> Int {
        let reason = String(decoding: try Self.encoder.encode(Reason(code: code, message: message)), as: UTF8.self)
        var line = #"{"refused_at":"\#(now)","reason":\#(reason),"event":"#
        line += String(buffer: event) + "}\n"
        return try count.withLock { count in
            try write(line)
            count += 1
            return count
        }
    }

    private struct Reason: Encodable {
        var code: String
        var message: String
    }

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }

    private func write(_ line: String) throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw SpoolError(path: path, errno) }
        defer { close(descriptor) }
        let size = Int(lseek(descriptor, 0, SEEK_END))
        var bytes = Array(line.utf8)
        var last = UInt8(0)
        // A line that a crash cut short must not swallow the next one.
        if size > 0, pread(descriptor, &last, 1, off_t(size - 1)) == 1, last != UInt8(ascii: "\n") {
            bytes.insert(UInt8(ascii: "\n"), at: 0)
        }
        guard size + bytes.count <= maximumBytes else { throw RefusedEventsFull(path: path) }
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fdatasync(descriptor) == 0 else {
            let failure = SpoolError(path: path, errno)
            ftruncate(descriptor, off_t(size))
            throw failure
        }
    }
}

/// The file of refused events has no room for another; the spool keeps that one and all that follow.
struct RefusedEventsFull: UserFacingError, Equatable {
    var path: String

    var category: ErrorCategory { .unavailable }
    var code: String { "spool.refused_full" }
    var message: String {
        "The control plane refuses an event, and '\(path)' has no room for it; no event is delivered until it is moved away."
    }
}
