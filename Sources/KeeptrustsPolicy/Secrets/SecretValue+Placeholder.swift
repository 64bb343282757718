// What stands where a secret would, and is none.
extension SecretValue {
    /// Whether nobody would take it for a secret: a word that says so, one character over and over, keys in their order.
    var isPlaceholder: Bool {
        SecretWords.placeholders.occurs(in: bytes) || isSequence || isMonotonous
    }

    /// Whether it says where a value is, instead of what it is: a variable, a path, an address, a call.
    var isReference: Bool {
        if SecretWords.references.isPrefix(of: bytes) || isVariable || isPath { return true }
        for place in bytes.indices.dropLast() {
            switch (bytes[place], bytes[place + 1]) {
            case (0x24, 0x7B), (0x7B, 0x7B), (0x24, 0x28), (0x5D, 0x28): return true
            case (0x3A, 0x2F) where place + 2 < count && bytes[place + 2] == 0x2F: return true
            case (0x28, 0x29) where place + 2 == count: return true
            default: continue
            }
        }
        return false
    }

    /// `$NAME`, `$1`, `%NAME%`, `%s`, `@NAME@` and the like.
    private var isVariable: Bool {
        guard count >= 2, let first = bytes.first, let last = bytes.last else { return false }
        let inner = bytes.dropFirst()
        switch first {
        case 0x24:
            if count == 2, Self.isDigit(bytes[1]) { return true }
            return !Self.isDigit(bytes[1]) && inner.allSatisfy(Validator.isWord)
        case 0x25:
            if count == 2 { return Self.isLetter(bytes[1]) }
            return last == 0x25 && inner.dropLast().allSatisfy(Validator.isWord)
        case 0x40: return last == 0x40 && inner.dropLast().allSatisfy(Validator.isWord)
        default: return false
        }
    }

    private var isPath: Bool {
        if count > 2, Self.isLetter(bytes[0]), bytes[1] == 0x3A, bytes[2] == 0x5C { return true }
        guard bytes.first == 0x2F else { return false }
        return bytes.dropFirst().contains(0x2F) || isName
    }

    /// Whether it is typed along the order of the alphabet or of the digits.
    var isSequence: Bool {
        var total = 0
        var ordered = 0
        var length = 1
        for place in 0..<count {
            let byte = bytes[place] | 0x20
            guard Self.isAlphanumeric(byte) else {
                length = 0
                continue
            }
            total += 1
            let before = place > 0 ? bytes[place - 1] | 0x20 : 0
            let follows = byte == before &+ 1 || byte == before || (before == 0x39 && byte == 0x30)
            length = place > 0 && Self.isAlphanumeric(before) && follows ? length + 1 : 1
            if length == 4 { ordered += 4 } else if length > 4 { ordered += 1 }
        }
        return total > 0 && ordered * 20 > total * 19
    }

    /// Whether one character is most of it.
    private var isMonotonous: Bool {
        withUnsafeTemporaryAllocation(of: UInt16.self, capacity: 256) { counts in
            counts.initialize(repeating: 0)
            for byte in bytes { counts[Int(byte)] &+= 1 }
            return bytes.contains { Int(counts[Int($0)]) * 2 > count }
        }
    }
}
