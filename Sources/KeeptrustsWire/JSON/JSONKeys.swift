/// The keys of the objects that a walk is in, to find equal ones.
///
/// Few keys are compared one by one; beyond that, an object gets a table, so many keys still take linear time.
struct JSONKeys {
    struct Key {
        var hash: UInt64

        /// Where the key's opening quote stands.
        var start: Int
    }

    /// The keys of one object.
    struct Scope {
        /// Where the object's keys begin among all.
        fileprivate var start: Int

        /// The first 64 keys that a shape names at this place, one bit for each that was seen.
        fileprivate var named: UInt64 = 0

        /// Positions of keys in `keys` plus one, found by hash; empty while there are few keys.
        fileprivate var table: [Int32] = []

        /// Takes note of the named key at `position`; false when it was there already.
        @inline(__always)
        mutating func markNamed(_ position: Int) -> Bool {
            let bit: UInt64 = 1 &<< UInt64(truncatingIfNeeded: position)
            defer { named |= bit }
            return named & bit == 0
        }
    }

    /// How many keys are compared one by one.
    private static let few = 16
    private var keys: [Key] = []

    @inline(__always)
    func open() -> Scope { Scope(start: keys.count) }

    @inline(__always)
    mutating func close(_ scope: Scope) {
        if keys.count > scope.start { keys.removeLast(keys.count - scope.start) }
    }

    /// Adds a key of the innermost object; false when the object has an equal one.
    mutating func add(_ key: Key, to scope: inout Scope, of bytes: UnsafeRawBufferPointer) -> Bool {
        let count = keys.count - scope.start
        if count < Self.few {
            for other in scope.start..<keys.count
            where keys[other].hash == key.hash && areEqual(keys[other], key, bytes) { return false }
            keys.append(key)
            return true
        }
        if scope.table.count < 2 * (count + 1) { fillTable(of: &scope) }
        var slot = slot(key, scope.table)
        while scope.table[slot] != 0 {
            let other = keys[scope.start + Int(scope.table[slot]) - 1]
            if other.hash == key.hash, areEqual(other, key, bytes) { return false }
            slot = (slot + 1) & (scope.table.count - 1)
        }
        keys.append(key)
        scope.table[slot] = Int32(keys.count - scope.start)
        return true
    }

    /// Makes a table that is at most a quarter full, to be made anew when it is half full.
    private func fillTable(of scope: inout Scope) {
        var size = 64
        while size < 4 * (keys.count - scope.start) { size *= 2 }
        scope.table = Array(repeating: 0, count: size)
        for index in scope.start..<keys.count {
            var slot = slot(keys[index], scope.table)
            while scope.table[slot] != 0 { slot = (slot + 1) & (size - 1) }
            scope.table[slot] = Int32(index - scope.start + 1)
        }
    }

    private func slot(_ key: Key, _ table: [Int32]) -> Int { Int(truncatingIfNeeded: key.hash) & (table.count - 1) }

    /// Whether two keys with one hash are equal: once in a text at most, or the text is refused.
    private func areEqual(_ a: Key, _ b: Key, _ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.unescaped(bytes.stringContent(at: a.start)) == bytes.unescaped(bytes.stringContent(at: b.start))
    }
}

extension UnsafeRawBufferPointer {
    /// The range between the quotes of the valid string that begins at `start`.
    fileprivate func stringContent(at start: Int) -> Range<Int> {
        var end = start + 1
        while end < count, self[end] != UInt8(ascii: "\"") { end += self[end] == UInt8(ascii: "\\") ? 2 : 1 }
        return start + 1..<Swift.max(start + 1, Swift.min(end, count))
    }
}
