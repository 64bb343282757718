import Foundation

/// Where tests keep compiled patterns, so that each set is compiled once.
enum TestPatterns {
    static let directory =
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: ".build/test-patterns").path
}
