import Foundation

/// Where `kt` keeps things unless it is told: `.keeptrusts` in the user's home.
enum HomeDirectory {
    /// Finds it in the home that `HOME` names, as any other program does.
    ///
    /// - Parameter environment: The process's own, unless another is given.
    /// - Returns: Its path; without a `HOME`, in the home of the account.
    static func keeptrusts(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> String {
        let home = environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? NSHomeDirectory()
        return (home == "/" ? "" : home) + "/.keeptrusts"
    }
}
