/// One walk over a JSON text, from its first byte to its last.
struct JSONWalk {
    let bytes: UnsafeRawBufferPointer
    let tables: JSONTables
    let rest: JSONRest
    let seed = KeySeed.ofProcess
    var values: [JSONValue] = []

    /// The keys of the open objects that the shape does not name.
    var keys = JSONKeys()
    var offset = 0

    /// The hash of the last key that was read.
    var lastKey: UInt64 = 0

    init(_ bytes: UnsafeRawBufferPointer, _ tables: JSONTables, _ trie: JSONTrie) {
        self.bytes = bytes
        self.tables = tables
        rest = trie.rest
    }

    /// Where in the shape, and in which elements of arrays, a value stands.
    struct Place {
        /// The trie's node, or -1 where the shape names nothing.
        var node: Int32
        var index: Int32 = -1
        var inner: Int32 = -1
        var depth = 0

        /// Where the shape names nothing: the steps that lead here, hashed.
        var path: UInt32 = 0
    }

    mutating func document() throws(JSONFault) {
        guard !(bytes.count >= 3 && bytes.matches(0..<3, "\u{FEFF}")) else { throw JSONFault(.byteOrderMark, at: 0) }
        skipBlanks()
        try value(Place(node: 0))
        skipBlanks()
        guard offset == bytes.count else { throw JSONFault(.trailingData, at: offset) }
    }

    private mutating func value(_ place: Place) throws(JSONFault) {
        guard offset < bytes.count else { throw JSONFault(.unexpectedEnd, at: offset) }
        let start = offset
        let field = place.node >= 0 ? Int(tables.nodes[Int(place.node)].field) : JSONShape.other
        switch bytes[start] {
        case UInt8(ascii: "\""):
            let hasEscapes = try string()
            if field >= 0 || rest.others { try report(field, .string, start, place, hasEscapes: hasEscapes) }
        case UInt8(ascii: "{"):
            let position = values.count
            if field >= 0 { try report(field, .object, start, place) }
            try object(place)
            if field >= 0 { values[position].span = start..<offset }
        case UInt8(ascii: "["):
            let position = values.count
            if field >= 0 { try report(field, .array, start, place) }
            try array(place)
            if field >= 0 { values[position].span = start..<offset }
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            try number()
            if field >= 0 || offset - start >= rest.leastNumber { try report(field, .number, start, place) }
        case UInt8(ascii: "t"):
            try literal("true")
            if field >= 0 { try report(field, .true, start, place) }
        case UInt8(ascii: "f"):
            try literal("false")
            if field >= 0 { try report(field, .false, start, place) }
        case UInt8(ascii: "n"):
            try literal("null")
            if field >= 0 { try report(field, .null, start, place) }
        default:
            throw JSONFault(.unexpectedByte, at: start)
        }
    }

    private mutating func array(_ place: Place) throws(JSONFault) {
        guard place.depth < JSONScanner.maxDepth else { throw JSONFault(.tooDeep, at: offset) }
        offset += 1
        skipBlanks()
        guard !take(UInt8(ascii: "]")) else { return }
        var element = place
        element.node = place.node >= 0 ? tables.nodes[Int(place.node)].element : -1
        element.depth += 1
        var position: Int32 = 0
        while true {
            if place.index < 0 {
                element.index = position
            } else if place.inner < 0 {
                element.inner = position
            }
            if rest.places, element.node < 0 { element.path = step(from: place, UInt64(position)) }
            try value(element)
            skipBlanks()
            if take(UInt8(ascii: "]")) { return }
            try expect(UInt8(ascii: ","))
            skipBlanks()
            position &+= 1
        }
    }

    private mutating func object(_ place: Place) throws(JSONFault) {
        guard place.depth < JSONScanner.maxDepth else { throw JSONFault(.tooDeep, at: offset) }
        offset += 1
        skipBlanks()
        guard !take(UInt8(ascii: "}")) else { return }
        var scope = keys.open()
        var member = place
        member.depth += 1
        while true {
            guard offset < bytes.count else { throw JSONFault(.unexpectedEnd, at: offset) }
            guard bytes[offset] == UInt8(ascii: "\"") else { throw JSONFault(.unexpectedByte, at: offset) }
            member.node = try key(place, &scope)
            if rest.places { member.path = member.node < 0 ? step(from: place, lastKey) : 0 }
            skipBlanks()
            try expect(UInt8(ascii: ":"))
            skipBlanks()
            try value(member)
            skipBlanks()
            if take(UInt8(ascii: "}")) { break }
            try expect(UInt8(ascii: ","))
            skipBlanks()
        }
        keys.close(scope)
    }

    private mutating func literal(_ text: StaticString) throws(JSONFault) {
        let end = offset + text.utf8CodeUnitCount
        guard end <= bytes.count else { throw JSONFault(.unexpectedEnd, at: bytes.count) }
        guard bytes.matches(offset..<end, text) else { throw JSONFault(.unexpectedByte, at: offset) }
        offset = end
    }

    @inline(__always)
    mutating func report(_ field: Int, _ kind: JSONKind, _ start: Int, _ place: Place, hasEscapes: Bool = false)
        throws(JSONFault)
    {
        guard values.count < rest.mostValues else { throw JSONFault(.tooManyValues, at: start) }
        let path = rest.places && field < 0 && place.node >= 0 ? step(from: place, 0) : place.path
        values.append(
            JSONValue(
                field: field, kind: kind, span: start..<offset, hasEscapes: hasEscapes, index: place.index,
                inner: place.inner, place: path))
    }

    /// The hash of a place one step below another.
    private func step(from place: Place, _ step: UInt64) -> UInt32 {
        let base = place.node >= 0 ? UInt64(place.node) &+ 1 << 32 : UInt64(place.path)
        return UInt32(truncatingIfNeeded: fold(base ^ seed.first, step ^ seed.second)) | 1
    }

    @inline(__always)
    mutating func skipBlanks() {
        while offset < bytes.count, bytes[offset] <= 0x20 {
            let byte = bytes[offset]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            offset += 1
        }
    }

    /// Takes the next byte if it is `byte`.
    @inline(__always)
    private mutating func take(_ byte: UInt8) -> Bool {
        guard offset < bytes.count, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    @inline(__always)
    private mutating func expect(_ byte: UInt8) throws(JSONFault) {
        guard offset < bytes.count else { throw JSONFault(.unexpectedEnd, at: offset) }
        guard bytes[offset] == byte else { throw JSONFault(.unexpectedByte, at: offset) }
        offset += 1
    }
}
