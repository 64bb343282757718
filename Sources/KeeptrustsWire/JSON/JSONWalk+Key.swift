extension JSONWalk {
    /// Reads the key that begins here; returns the node of the place that it leads to, or -1.
    mutating func key(_ place: Place, _ scope: inout JSONKeys.Scope) throws(JSONFault) -> Int32 {
        let start = offset
        guard try string() else {
            return try enter(place, &scope, start, bytes, start + 1..<offset - 1, hasEscapes: false)
        }
        let name = bytes.unescaped(start + 1..<offset - 1)
        return try name.withUnsafeBufferPointer { characters throws(JSONFault) in
            let name = UnsafeRawBufferPointer(characters)
            return try enter(place, &scope, start, name, 0..<name.count, hasEscapes: true)
        }
    }

    /// Checks a key that `name` holds at `range` without escapes, and finds where it leads.
    @inline(__always)
    private mutating func enter(
        _ place: Place, _ scope: inout JSONKeys.Scope, _ start: Int, _ name: UnsafeRawBufferPointer,
        _ range: Range<Int>,
        hasEscapes: Bool
    ) throws(JSONFault) -> Int32 {
        let hash = name.hash(range, seed)
        lastKey = hash
        let key = JSONKeys.Key(hash: hash, start: start)
        guard place.node >= 0 else {
            if rest.others || rest.unknownKeys {
                try report(JSONShape.otherKey, .string, start, place, hasEscapes: hasEscapes)
            }
            guard keys.add(key, to: &scope, of: bytes) else { throw JSONFault(.duplicateKey, at: start) }
            return -1
        }
        let node = tables.nodes[Int(place.node)]
        let position = tables.edge(of: node, hash: hash, name, range)
        guard position >= 0 else {
            guard !tables.resembles(node, name, range) else { throw JSONFault(.caseVariantKey, at: start) }
            let family = tables.family(of: node, name, range)
            if family < 0, rest.unknownKeys {
                try report(JSONShape.otherKey, .string, start, place, hasEscapes: hasEscapes)
            }
            guard keys.add(key, to: &scope, of: bytes) else { throw JSONFault(.duplicateKey, at: start) }
            return family < 0 ? -1 : tables.edges[family].child
        }
        let isNew = position < 64 ? scope.markNamed(position) : keys.add(key, to: &scope, of: bytes)
        guard isNew else { throw JSONFault(.duplicateKey, at: start) }
        return tables.edges[Int(node.firstEdge) + position].child
    }
}
