import Glibc
public import KeeptrustsCore

/// The spool cannot be read or written.
public struct SpoolError: UserFacingError, Equatable {
    public var path: String

    /// What is in the way: the system's word for it, such as `No space left on device`, or the bound that is reached.
    public var cause: String
    public var hint: String?

    init(path: String, _ number: Int32) {
        self.init(path: path, cause: String(cString: strerror(number)), hint: Self.hint(for: number))
    }

    init(path: String, cause: String, hint: String? = SpoolError.checkDirectory) {
        self.path = path
        self.cause = cause
        self.hint = hint
    }

    /// The spool holds as much as it may.
    static func full(_ path: String, maxBytes: Int) -> SpoolError {
        SpoolError(
            path: path, cause: "it is full, record.max_bytes is \(maxBytes)",
            hint: """
                Records leave it as soon as the control plane takes them. If it must hold more, raise record.max_bytes and \
                start the gateway anew.
                """)
    }

    /// More exchanges are under way than the room is reserved for.
    static func crowded(_ path: String) -> SpoolError {
        SpoolError(
            path: path, cause: "it has no room for the records of so many exchanges at a time",
            hint: "If there are to be so many, raise record.max_bytes and start the gateway anew.")
    }

    public var category: ErrorCategory { .unavailable }
    public var code: String { "spool.failed" }
    public var message: String { "The spool '\(path)' cannot be used: \(cause)." }

    private static let checkDirectory =
        "Check that the state directory (--state-dir; --data-dir of kt up) is writable and has room."

    private static func hint(for number: Int32) -> String {
        guard number == ENOSPC || number == EDQUOT else { return checkDirectory }
        return "Free space on its disk, which must hold what record.max_bytes says."
    }
}
