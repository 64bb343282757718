import Foundation
import Glibc
public import KeeptrustsCore

/// The directory in which one gateway keeps its spool and what it last knew; locked while the gateway runs.
public final class StateDirectory: Sendable {
    public let path: String
    private let lock: Int32

    /// Makes the directory if need be, and locks it.
    ///
    /// - Parameters:
    ///   - path: The directory.
    ///   - patternCache: Where compiled patterns are kept, when several gateways share them; nil for below the directory.
    /// - Throws: ``StateDirectoryError`` when it cannot be used, or when another process holds it.
    public init(_ path: String, patternCache: String? = nil) throws(StateDirectoryError) {
        self.path = path
        self.patternCache = patternCache ?? "\(path)/patterns"
        do { try OwnFolder.make(path) } catch {
            throw StateDirectoryError(path: path, cause: error.cause, remedy: error.remedy)
        }
        // Without it, patterns are compiled at each start.
        try? OwnFolder.make(self.patternCache)
        let descriptor = open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StateDirectoryError(path: path, cause: String(cString: strerror(errno)))
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            var text = [UInt8](repeating: 0, count: 32)
            let count = max(0, pread(descriptor, &text, 32, 0))
            close(descriptor)
            let holder = String(decoding: text.prefix(count), as: UTF8.self)
            throw StateDirectoryError(path: path, cause: "the process \(holder) holds it")
        }
        let name = Array("\(getpid())".utf8)
        ftruncate(descriptor, 0)
        _ = pwrite(descriptor, name, name.count, 0)
        lock = descriptor
    }

    deinit { close(lock) }

    /// Where compiled patterns are kept.
    public let patternCache: String
    var spool: String { "\(path)/spool" }

    /// Where decision events end that the control plane refuses.
    var refusedEvents: String { "\(spool)/refused.jsonl" }

    /// What is kept under a name, such as the last good config.
    func text(_ name: String) -> String? { try? String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) }

    /// Keeps a text under a name, for the owner's eyes only; a reader sees the old or the new one, never half of one.
    func keep(_ text: String, as name: String) throws {
        let (file, draft) = ("\(path)/\(name)", "\(path)/\(name).new")
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.failure(draft) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        // A draft that an earlier process left may have another mode.
        guard fchmod(descriptor, 0o600) == 0 else { throw Self.failure(draft) }
        try handle.write(contentsOf: Data(text.utf8))
        try handle.synchronize()
        guard rename(draft, file) == 0 else { throw Self.failure(file) }
    }

    private static func failure(_ path: String) -> StateDirectoryError {
        StateDirectoryError(path: path, cause: String(cString: strerror(errno)))
    }
}

/// A gateway's state directory cannot be used.
public struct StateDirectoryError: UserFacingError, Equatable {
    public var path: String
    public var cause: String

    /// What to do about it, when there is more to do than to choose another one.
    public var remedy: String?

    public var category: ErrorCategory { .unavailable }
    public var code: String { "state_directory.unusable" }
    public var message: String { "The state directory '\(path)' cannot be used: \(cause)." }
    public var hint: String? {
        (remedy.map { "\($0) Or choose" } ?? "Choose") + " another one (--state-dir; --data-dir of kt up)."
    }
}
