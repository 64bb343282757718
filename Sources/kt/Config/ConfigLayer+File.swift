import Foundation
import KeeptrustsConfig

extension ConfigLayer {
    /// Reads files from disk, each cut just beyond what a configuration may have, so that none fills the memory.
    ///
    /// - Parameter paths: The files, the one that wins last.
    /// - Returns: One layer for each.
    /// - Throws: ``UnreadableFile`` for the first that cannot be read.
    static func read(_ paths: [String]) throws -> [ConfigLayer] {
        try paths.map { path in
            do {
                let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
                defer { try? handle.close() }
                let data = try handle.read(upToCount: maxBytes + 1) ?? Data()
                return ConfigLayer(name: path, bytes: Array(data))
            } catch {
                throw UnreadableFile(path: path, cause: "there is no such file, or it is not ours to read")
            }
        }
    }
}
