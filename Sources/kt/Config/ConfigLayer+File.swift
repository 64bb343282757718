import Foundation
import Glibc
import KeeptrustsConfig

extension ConfigLayer {
    /// Reads files from disk, each cut just beyond what a configuration may have, so that none fills the memory.
    ///
    /// - Parameter paths: The files, the one that wins last.
    /// - Returns: One layer for each.
    /// - Throws: ``UnreadableFile`` for the first that cannot be read.
    static func read(_ paths: [String]) throws -> [ConfigLayer] {
        try paths.map { path in
            let handle = try OpenFile.forReading(path)
            do {
                let data = try handle.read(upToCount: maxBytes + 1) ?? Data()
                return ConfigLayer(name: path, bytes: Array(data))
            } catch {
                throw UnreadableFile(path: path, cause: "reading it fails")
            }
        }
    }
}

/// A file that a command was pointed at.
enum OpenFile {
    /// Opens a file, and nothing else: no directory.
    ///
    /// - Throws: ``UnreadableFile``, which says why.
    static func forReading(_ path: String) throws(UnreadableFile) -> FileHandle {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let cause =
                switch errno {
                case ENOENT, ENOTDIR: "there is no such file"
                case EACCES, EPERM: "it is not ours to read"
                default: String(cString: strerror(errno))
                }
            throw UnreadableFile(path: path, cause: cause)
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var facts = stat()
        guard fstat(descriptor, &facts) != 0 || facts.st_mode & S_IFMT != S_IFDIR else {
            throw UnreadableFile(path: path, cause: "it is a directory")
        }
        return handle
    }
}
