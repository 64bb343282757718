import KeeptrustsPolicy
import KeeptrustsWire
import NIOCore

/// The markers that stand in an exchange's request, and what they stand for.
///
/// Lives in memory as long as the exchange. Its values go to the caller who has sent them, and nowhere else.
struct MarkerTable {
    /// What begins at a bracket of a text.
    enum Match {
        /// Nothing that is known here.
        case none

        /// A marker with so many bytes.
        case marker(Entry, length: Int)

        /// The text ends within what may become one.
        case unfinished
    }

    struct Entry {
        fileprivate var marker: [UInt8]
        var value: ByteBuffer

        /// Bytes of the value in a string of JSON.
        var size: Int
    }

    /// In the order of their markers' bytes.
    private let entries: [Entry]

    /// Bytes of the longest marker.
    private let longest: Int

    init(_ originals: Originals) {
        entries = originals.values.map { Entry($0.key, for: $0.value) }
            .sorted { $0.marker.lexicographicallyPrecedes($1.marker) }
        longest = entries.map(\.marker.count).max() ?? 0
    }

    /// Looks at what begins at the bracket with which `text` begins.
    func match(_ text: ByteBufferView) -> Match {
        let head = text.prefix(longest)
        let end = head.firstIndex(of: UInt8(ascii: "]"))
        guard end != nil || head.count < longest else { return .none }
        let name = end.map { head[...$0] } ?? head
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].marker.lexicographicallyPrecedes(name) { low = middle + 1 } else { high = middle }
        }
        guard low < entries.count, entries[low].marker.starts(with: name) else { return .none }
        return end == nil ? .unfinished : .marker(entries[low], length: name.count)
    }
}

extension MarkerTable.Entry {
    fileprivate init(_ marker: String, for value: String) {
        var written = ByteBuffer()
        written.writeJSONContent(value)
        self.init(marker: Array(marker.utf8), value: ByteBuffer(string: value), size: written.readableBytes)
    }
}
