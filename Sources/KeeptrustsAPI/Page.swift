/// A resource that lists hold; a list's wire form names it.
public protocol Listed: Codable, Sendable {
    /// The key of the array in a list's wire form, such as `events`.
    static var plural: String { get }
}

/// A part of a list, and where the next part begins.
///
/// On the wire: `{"<plural>": [...], "next_cursor": "..."}`; the cursor is absent on the last page.
public struct Page<Element: Listed>: Sendable, Codable {
    public var items: [Element]

    /// What `cursor` must be to get the next page; opaque to clients.
    public var nextCursor: String?

    public init(items: [Element], nextCursor: String? = nil) {
        self.items = items
        self.nextCursor = nextCursor
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        items = try container.decode([Element].self, forKey: .items)
        nextCursor = try container.decodeIfPresent(String.self, forKey: .nextCursor)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(items, forKey: .items)
        try container.encodeIfPresent(nextCursor, forKey: .nextCursor)
    }

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }

        static var items: Key { Key(stringValue: Element.plural) }
        static var nextCursor: Key { Key(stringValue: "next_cursor") }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

extension Page: Equatable where Element: Equatable {}

/// Which part of a list is asked for.
public struct PageRequest: Sendable, Equatable {
    /// The most items that a page holds, whatever is asked for.
    public static let maximum = 500

    /// Items on the page, 1...``maximum``.
    public var limit: Int

    /// The `next_cursor` of the page before; nil asks for the first page.
    public var cursor: String?

    /// Takes what a client asked for; a limit out of range is cut to the range.
    public init(limit: Int = 50, cursor: String? = nil) {
        self.limit = min(max(limit, 1), Self.maximum)
        self.cursor = cursor
    }
}
