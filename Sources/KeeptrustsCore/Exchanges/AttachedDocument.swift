public import NIOCore

/// A picture, sound or file that a request brings along or points at.
public struct AttachedDocument: Sendable, Equatable {
    /// As the request writes it: a `data:` URL, base64, an address, the id of a file, or text.
    public var content: ByteBuffer

    /// It is the id of a file that lies at the provider.
    public var isReference: Bool

    public init(_ content: ByteBuffer, isReference: Bool = false) {
        self.content = content
        self.isReference = isReference
    }
}
