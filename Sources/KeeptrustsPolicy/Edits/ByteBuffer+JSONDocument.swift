import KeeptrustsWire
import NIOCore

extension ByteBuffer {
    /// The text as a JSON object or list, of at most a mebibyte; nil when it is none.
    var jsonDocument: JSONTree? {
        guard let first = readableBytesView.first(where: { $0 > 0x20 }), first == 0x7B || first == 0x5B else {
            return nil
        }
        return try? JSONTree(self, limit: 1 << 20)
    }

    /// Whether any character of the text shows.
    var hasVisibleText: Bool { readableBytesView.contains { $0 > 0x20 } }
}
