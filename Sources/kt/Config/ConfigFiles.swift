import ArgumentParser
import Foundation
import KeeptrustsConfig

/// Configuration files, read from disk.
enum ConfigFiles {
    /// Reads files as the layers of a configuration.
    ///
    /// - Parameter paths: The files, the one that wins last.
    /// - Returns: Their contents, cut just beyond what a configuration may have, so that no file fills the memory.
    /// - Throws: `ExitCode(2)`, after a line on standard error, when a file cannot be read.
    static func layers(_ paths: [String]) throws -> [ConfigLayer] {
        try paths.map { path in
            do {
                let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
                defer { try? handle.close() }
                let data = try handle.read(upToCount: ConfigLayer.maxBytes + 1) ?? Data()
                return ConfigLayer(name: path, bytes: Array(data))
            } catch {
                complain("There is no readable file '\(path)'.")
                throw ExitCode(2)
            }
        }
    }

    /// Writes lines to standard error.
    static func complain(_ text: String) {
        FileHandle.standardError.write(Data("\(text)\n".utf8))
    }
}
