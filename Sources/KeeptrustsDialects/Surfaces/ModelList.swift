import KeeptrustsWire
public import NIOCore

/// The answer of `GET /v1/models`.
public struct ModelList: Sendable {
    /// A model that a caller may name.
    public struct Entry: Sendable, Equatable {
        public var id: String

        /// Who answers: the provider's id.
        public var owner: String

        public init(id: String, owner: String) {
            self.id = id
            self.owner = owner
        }
    }

    public var entries: [Entry]

    /// When the list became what it is (seconds since 1970).
    public var created: Int

    public init(_ entries: [Entry], created: Int = 0) {
        self.entries = entries
        self.created = created
    }

    /// The whole list.
    public var body: ByteBuffer {
        var out = ByteBufferAllocator().buffer(capacity: 64 + 128 * entries.count)
        out.writeStaticString(#"{"object":"list","data":["#)
        for (index, entry) in entries.enumerated() {
            if index > 0 { out.writeStaticString(",") }
            write(entry, into: &out)
        }
        out.writeStaticString("]}")
        return out
    }

    /// One model of the list, for `GET /v1/models/{id}`; nil when there is none of that name.
    public func body(of id: String) -> ByteBuffer? {
        guard let entry = entries.first(where: { $0.id == id }) else { return nil }
        var out = ByteBuffer()
        write(entry, into: &out)
        return out
    }

    private func write(_ entry: Entry, into out: inout ByteBuffer) {
        out.writeStaticString(#"{"id":"#)
        out.writeJSONString(entry.id)
        out.writeStaticString(#","object":"model","created":"#)
        out.writeDecimal(created)
        out.writeStaticString(#","owned_by":"#)
        out.writeJSONString(entry.owner)
        out.writeStaticString("}")
    }
}
