public import NIOCore

/// A JSON text as a tree of located values: for small documents that have to be looked at from all sides.
///
/// Accepts what ``JSONScanner`` accepts. The nodes stand in the order of the text, containers before their members, so a
/// node and all below it are one range.
public struct JSONTree: Sendable {
    /// A value, and where it stands.
    public struct Node: Sendable, Equatable {
        public var kind: JSONKind

        /// The bytes of the token, counted from the text's first byte; a string's quotes are included.
        public var span: Range<Int>

        /// The key of a member of an object, quotes included; nil for any other value.
        public var key: Range<Int>?

        /// The number of the first node that is not below this one.
        public var end: Int
    }

    /// Why a text has no tree.
    public enum Fault: Error, Equatable, Sendable {
        case malformed(JSONFault)

        /// It has more values than a tree may have.
        case tooLarge
    }

    public let text: ByteBuffer

    /// Never empty; the first is the root.
    public let nodes: [Node]

    /// The most values of a tree, unless its maker says otherwise.
    public static let mostNodes = 65_536

    private static let nothing = JSONShape([], reportsOthers: false)

    /// Reads a document.
    ///
    /// - Throws: ``Fault``; the work is in proportion to the text.
    public init(_ text: ByteBuffer, limit: Int = JSONTree.mostNodes) throws(Fault) {
        var none: [JSONValue] = []
        do { try JSONScanner.scan(text, Self.nothing, into: &none) } catch { throw .malformed(error) }
        self.text = text
        let nodes: [Node]? = text.withUnsafeReadableBytes { bytes in
            var reader = TreeReader(bytes, limit: limit)
            reader.value(key: nil)
            return reader.isFull ? nil : reader.nodes
        }
        guard let nodes else { throw .tooLarge }
        self.nodes = nodes
    }

    /// The numbers of the members or elements of a container, in order; none for any other value.
    public func children(of number: Int) -> [Int] {
        var children: [Int] = []
        var next = number + 1
        while next < nodes[number].end {
            children.append(next)
            next = nodes[next].end
        }
        return children
    }

    /// The value of a string, its escapes undone.
    public func string(_ number: Int) -> String { String(buffer: unescaped(nodes[number].span)) }

    /// The key of a member, its escapes undone; nil for what is no member.
    public func key(_ number: Int) -> String? { nodes[number].key.map { String(buffer: unescaped($0)) } }

    /// A number, as near as a `Double` comes to it; nil for what is no number.
    public func double(_ number: Int) -> Double? {
        nodes[number].kind == .number ? Double(String(buffer: text.bytes(nodes[number].span))) : nil
    }

    /// The member of an object with this key.
    public func member(_ key: String, of number: Int) -> Int? {
        guard nodes[number].kind == .object else { return nil }
        return children(of: number).first { self.key($0) == key }
    }

    private func unescaped(_ token: Range<Int>) -> ByteBuffer {
        let hasEscapes = text.bytes(token).readableBytesView.contains(UInt8(ascii: "\\"))
        return Unescaped(text, token: token, hasEscapes: hasEscapes).text
    }
}

/// Makes the nodes of a text that is known to be acceptable JSON.
private struct TreeReader {
    private let bytes: UnsafeRawBufferPointer
    private let limit: Int
    private var offset = 0
    private(set) var nodes: [JSONTree.Node] = []
    private(set) var isFull = false

    init(_ bytes: UnsafeRawBufferPointer, limit: Int) {
        self.bytes = bytes
        self.limit = limit
    }

    /// Reads a value; the nesting is bounded by the scanner.
    mutating func value(key: Range<Int>?) {
        skipBlanks()
        guard offset < bytes.count, nodes.count < limit else { return isFull = true }
        let start = offset
        let number = nodes.count
        nodes.append(JSONTree.Node(kind: kind(bytes[start]), span: start..<start, key: key, end: number + 1))
        switch nodes[number].kind {
        case .string: skipString()
        case .object: members(hasKeys: true)
        case .array: members(hasKeys: false)
        case .number, .true, .false, .null: skipToken()
        }
        nodes[number].span = start..<offset
        nodes[number].end = nodes.count
    }

    private func kind(_ byte: UInt8) -> JSONKind {
        switch byte {
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "t"): .true
        case UInt8(ascii: "f"): .false
        case UInt8(ascii: "n"): .null
        default: .number
        }
    }

    private mutating func members(hasKeys: Bool) {
        offset += 1
        skipBlanks()
        while offset < bytes.count, !isFull {
            if bytes[offset] == UInt8(ascii: "}") || bytes[offset] == UInt8(ascii: "]") {
                offset += 1
                return
            }
            var key: Range<Int>?
            if hasKeys {
                let start = offset
                skipString()
                key = start..<offset
                skipBlanks()
                offset += 1
            }
            value(key: key)
            skipBlanks()
            if offset < bytes.count, bytes[offset] == UInt8(ascii: ",") { offset += 1 }
            skipBlanks()
        }
    }

    private mutating func skipString() {
        offset += 1
        while offset < bytes.count, bytes[offset] != UInt8(ascii: "\"") {
            offset += bytes[offset] == UInt8(ascii: "\\") ? 2 : 1
        }
        offset += 1
    }

    private mutating func skipToken() {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x09, 0x0A, 0x0D, 0x20, UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"): return
            default: offset += 1
            }
        }
    }

    private mutating func skipBlanks() {
        while offset < bytes.count, [0x09, 0x0A, 0x0D, 0x20].contains(bytes[offset]) { offset += 1 }
    }
}
