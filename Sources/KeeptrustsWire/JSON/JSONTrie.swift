/// Paths as a tree whose nodes are places, in flat arrays that a scan walks without counting references.
struct JSONTrie: Sendable {
    struct Node: Sendable {
        /// The path that ends here, or -1.
        var field: Int32 = -1

        /// The node of an array's elements, or -1.
        var element: Int32 = -1

        /// The keys that lead on: a range of `edges`, found through a power of two of `slots`.
        var firstEdge: Int32 = 0
        var edgeCount: Int32 = 0

        /// How many of them, the last ones, stand for all keys that begin so.
        var familyCount: Int32 = 0
        var firstSlot: Int32 = 0
        var slotMask: Int32 = 0
    }

    struct Edge: Sendable {
        var hash: UInt64
        var keyStart: Int32
        var keyLength: Int32
        var child: Int32
    }

    private(set) var nodes: [Node] = []
    private(set) var edges: [Edge] = []

    /// An edge's position among its node's edges plus one; 0 is an empty slot.
    private(set) var slots: [UInt16] = []
    private(set) var keys: [UInt8] = []
    let rest: JSONRest

    init(_ paths: [String], rest: JSONRest) {
        self.rest = rest
        let root = Place()
        for (field, path) in paths.enumerated() {
            var place = root
            for step in path.split(separator: ".") { place = place.child(String(step)) }
            place.field = place.field ?? field
        }
        add(root)
    }

    /// Adds a place and all below it; returns its node.
    @discardableResult
    private mutating func add(_ place: Place) -> Int32 {
        let node = nodes.count
        nodes.append(Node(field: Int32(place.field ?? -1)))
        if let element = place.element { nodes[node].element = add(element) }
        guard !place.members.isEmpty else { return Int32(node) }
        nodes[node].firstEdge = Int32(edges.count)
        nodes[node].edgeCount = Int32(place.members.count)
        let families = place.members.filter { $0.key.hasSuffix("*") }
        let members = place.members.filter { !$0.key.hasSuffix("*") } + families
        nodes[node].familyCount = Int32(families.count)
        for (key, _) in members {
            let bytes = Array((key.hasSuffix("*") ? key.dropLast() : key[...]).utf8)
            let hash = bytes.withUnsafeBytes { $0.hash(0..<bytes.count, .ofProcess) }
            edges.append(
                Edge(hash: hash, keyStart: Int32(keys.count), keyLength: Int32(bytes.count), child: -1))
            keys += bytes
        }
        fillSlots(ofNode: node)
        for (position, member) in members.enumerated() {
            edges[Int(nodes[node].firstEdge) + position].child = add(member.place)
        }
        return Int32(node)
    }

    private mutating func fillSlots(ofNode node: Int) {
        let (first, count) = (Int(nodes[node].firstEdge), Int(nodes[node].edgeCount))
        var size = 2
        while size < 2 * count { size *= 2 }
        nodes[node].firstSlot = Int32(slots.count)
        nodes[node].slotMask = Int32(size - 1)
        slots += Array(repeating: 0, count: size)
        for position in 0..<count - Int(nodes[node].familyCount) {
            var slot = Int(truncatingIfNeeded: edges[first + position].hash) & (size - 1)
            while slots[Int(nodes[node].firstSlot) + slot] != 0 { slot = (slot + 1) & (size - 1) }
            slots[Int(nodes[node].firstSlot) + slot] = UInt16(position + 1)
        }
    }

    /// Hands the arrays to `body` as memory.
    func withTables(_ body: (JSONTables) throws(JSONFault) -> Void) throws(JSONFault) {
        try nodes.withUnsafeBufferPointer { nodes throws(JSONFault) in
            try edges.withUnsafeBufferPointer { edges throws(JSONFault) in
                try slots.withUnsafeBufferPointer { slots throws(JSONFault) in
                    try keys.withUnsafeBufferPointer { keys throws(JSONFault) in
                        try body(
                            JSONTables(nodes: nodes, edges: edges, slots: slots, keys: UnsafeRawBufferPointer(keys)))
                    }
                }
            }
        }
    }

    /// A node while the tree is being built.
    private final class Place {
        var field: Int?
        var element: Place?
        var members: [(key: String, place: Place)] = []

        func child(_ step: String) -> Place {
            if step == "*" {
                let place = element ?? Place()
                element = place
                return place
            }
            if let member = members.first(where: { $0.key == step }) { return member.place }
            let place = Place()
            members.append((step, place))
            return place
        }
    }
}

/// A trie's arrays, for the length of a scan.
struct JSONTables {
    let nodes: UnsafeBufferPointer<JSONTrie.Node>
    let edges: UnsafeBufferPointer<JSONTrie.Edge>
    let slots: UnsafeBufferPointer<UInt16>
    let keys: UnsafeRawBufferPointer

    /// The position among the node's edges of the key in `range`, or -1.
    @inline(__always)
    func edge(of node: JSONTrie.Node, hash: UInt64, _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int {
        guard node.edgeCount > 0 else { return -1 }
        let mask = Int(node.slotMask)
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let position = Int(slots[Int(node.firstSlot) + slot]) - 1
            guard position >= 0 else { return -1 }
            let edge = edges[Int(node.firstEdge) + position]
            if edge.hash == hash, Int(edge.keyLength) == range.count,
                bytes.equals(range.lowerBound, keys, Int(edge.keyStart), count: range.count)
            {
                return position
            }
            slot = (slot + 1) & mask
        }
    }

    /// Whether the key in `range` would be one of the node's if letters' case did not count.
    ///
    /// Some readers also fold the two characters outside ASCII that are letters of ASCII in another case: the long s
    /// (U+017F) and the Kelvin sign (U+212A).
    func resembles(_ node: JSONTrie.Node, _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
        for position in 0..<Int(node.edgeCount - node.familyCount) {
            let key = key(ofEdge: Int(node.firstEdge) + position)
            guard key.count <= range.count, range.count <= 3 * key.count else { continue }
            if end(of: key, in: bytes, range) == range.upperBound { return true }
        }
        return false
    }

    /// The edge of the node for all keys that begin as the one in `range` does, whatever the case of its letters; or -1.
    func family(of node: JSONTrie.Node, _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int {
        for position in Int(node.edgeCount - node.familyCount)..<Int(node.edgeCount) {
            let edge = Int(node.firstEdge) + position
            if end(of: key(ofEdge: edge), in: bytes, range) != nil { return edge }
        }
        return -1
    }

    private func key(ofEdge edge: Int) -> Range<Int> {
        let start = Int(edges[edge].keyStart)
        return start..<start + Int(edges[edge].keyLength)
    }

    /// Where a key ends that `range` begins with, if letters' case does not count; nil when it does not.
    private func end(of key: Range<Int>, in bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
        var offset = range.lowerBound
        for index in key {
            guard offset < range.upperBound else { return nil }
            var byte = bytes[offset].lowercased
            var length = 1
            if bytes.matches(offset..<min(offset + 2, range.upperBound), "\u{17F}") { (byte, length) = (0x73, 2) }
            if bytes.matches(offset..<min(offset + 3, range.upperBound), "\u{212A}") { (byte, length) = (0x6B, 3) }
            guard byte == keys[index].lowercased else { return nil }
            offset += length
        }
        return offset
    }
}
