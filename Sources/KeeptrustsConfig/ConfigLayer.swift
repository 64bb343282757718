/// One file of a configuration; later layers win over earlier ones.
public struct ConfigLayer: Sendable, Equatable {
    /// The largest file that is read.
    public static let maxBytes = 4 << 20

    /// What error locations call it.
    public var name: String
    public var bytes: [UInt8]

    public init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    public init(name: String, text: String) {
        self.init(name: name, bytes: Array(text.utf8))
    }
}
