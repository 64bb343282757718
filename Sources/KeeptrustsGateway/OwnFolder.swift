import Glibc

/// Makes folders in which a process keeps what is its own.
public enum OwnFolder {
    /// Makes a folder for this user alone, and those above it that are missing; one that is there must be writable.
    public static func make(_ path: String) throws(OwnFolderFault) {
        for end in path.indices.dropFirst() where path[end] == "/" { try makeOne(String(path[..<end])) }
        try makeOne(path)
        guard access(path, W_OK | X_OK) == 0 else { throw OwnFolderFault(path: path, errno) }
    }

    private static func makeOne(_ path: String) throws(OwnFolderFault) {
        guard mkdir(path, 0o700) != 0 else { return }
        let reason = errno
        var status = stat()
        guard stat(path, &status) == 0 else { throw OwnFolderFault(path: path, reason) }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw OwnFolderFault(path: path, ENOTDIR) }
    }
}

/// A folder that cannot be made or written to.
public struct OwnFolderFault: Error, Equatable {
    /// The folder, or the one above it that is in the way.
    public var path: String

    /// The system's own number for what is wrong.
    public var number: Int32

    init(path: String, _ number: Int32) {
        self.path = path
        self.number = number
    }

    /// What is in the way, and of what folder.
    public var cause: String { "'\(path)': \(String(cString: strerror(number)))" }

    /// What its operator can do, beside choosing another folder.
    public var remedy: String? {
        switch number {
        case EACCES, EPERM: "Make it writable for the user that kt runs as (uid \(geteuid()))."
        case ENOTDIR, EEXIST: "A file stands there; move it away."
        case ENOSPC, EDQUOT: "Free space on its disk."
        case EROFS: "Its file system is mounted read-only."
        default: nil
        }
    }
}
