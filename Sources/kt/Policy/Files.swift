import ArgumentParser
import Glibc
import KeeptrustsCore
import NIOCore

/// A file, or standard input, that is read block by block.
final class InputFile {
    fileprivate let descriptor: Int32
    private let path: String

    private static let blockBytes = 1 << 18

    /// Opens a file; `-` stands for standard input.
    init(_ path: String) throws {
        self.path = path
        descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw UnreadableFile(path: path, cause: reasonOfFailure()) }
    }

    deinit { if descriptor > STDERR_FILENO { close(descriptor) } }

    /// The next block; nil at the end.
    func read() throws -> ByteBuffer? {
        var block = ByteBuffer()
        var result = 0
        repeat {
            block.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.blockBytes) { memory in
                result = Glibc.read(descriptor, memory.baseAddress, Self.blockBytes)
                return max(0, result)
            }
        } while result < 0 && errno == EINTR
        guard result >= 0 else { throw UnreadableFile(path: path, cause: reasonOfFailure()) }
        return result > 0 ? block : nil
    }

    /// All of it, up to `limit` bytes.
    func readAll(upTo limit: Int) throws -> ByteBuffer {
        var all = ByteBuffer()
        while let block = try read() {
            all.writeImmutableBuffer(block)
            guard all.readableBytes <= limit else {
                throw UnreadableFile(path: path, cause: "it has more than \(limit) bytes")
            }
        }
        return all
    }
}

/// A file, or standard output, that is written anew.
final class OutputFile {
    private let descriptor: Int32
    private let path: String

    /// Empties a file, unless it is `input`, which is still being read; `-` stands for standard output.
    init(_ path: String, unlike input: InputFile? = nil) throws {
        self.path = path
        guard path != "-" else {
            descriptor = STDOUT_FILENO
            return
        }
        var (mine, other) = (stat(), stat())
        if let input, stat(path, &mine) == 0, fstat(input.descriptor, &other) == 0, mine.st_mode & S_IFMT == S_IFREG,
            mine.st_dev == other.st_dev, mine.st_ino == other.st_ino
        {
            throw ValidationError("'\(path)' is read and cannot be written at the same time.")
        }
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw UnwritableFile(path: path, cause: reasonOfFailure()) }
    }

    deinit { if descriptor > STDERR_FILENO { close(descriptor) } }

    func write(_ bytes: ByteBuffer) throws {
        var rest = bytes
        while rest.readableBytes > 0 {
            let count = rest.withUnsafeReadableBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 || errno == EINTR else { throw UnwritableFile(path: path, cause: reasonOfFailure()) }
            rest.moveReaderIndex(forwardBy: max(0, count))
        }
    }

    func write(_ text: String) throws { try write(ByteBuffer(string: text)) }
}

/// A file that a command cannot write.
struct UnwritableFile: UserFacingError {
    var path: String
    var cause: String

    var category: ErrorCategory { .unavailable }
    var code: String { "file.unwritable" }
    var message: String { "'\(path)' cannot be written: \(cause)" }
}

/// What the last failed call says of its failure.
private func reasonOfFailure() -> String { String(cString: strerror(errno)) }
