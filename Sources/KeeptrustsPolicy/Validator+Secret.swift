import KeeptrustsMatching

extension Validator {
    /// Whether a value that was assigned to something called a password or a key is one.
    ///
    /// Placeholders, references to variables, calls, paths and plain words are none.
    static func isSecret(_ value: UnsafeRawBufferPointer) -> Bool {
        guard value.count >= 6 else { return false }
        // What costs least comes first: a text may hold thousands of candidates.
        let kinds = Kinds(value)
        guard kinds.distinct >= 5 else { return false }
        let isLong = value.count >= 16
        guard kinds.count >= 3 || (kinds.count == 2 && (isLong || (kinds.hasDigit && kinds.distinct >= 6))) else {
            return false
        }
        if isLong, Entropy.bits(of: value) < 3.0 { return false }
        let text = String(decoding: value, as: UTF8.self).lowercased()
        if placeholders.contains(where: { text.contains($0) }) { return false }
        if openings.contains(where: { text.hasPrefix($0) }) { return false }
        return !text.hasSuffix("()") && !text.contains("](")
    }

    /// What people write where a secret would stand.
    private static let placeholders = [
        "example", "placeholder", "changeme", "change_me", "change-me", "your_", "your-", "yourp", "xxxx", "****",
        "....", "redacted", "dummy", "sample", "<", ">", "undefined", "not_set", "todo", "insert", "1234567890abcdef",
    ]

    /// How references to a value begin.
    private static let openings = [
        "$", "%", "{", "process.env", "os.environ", "os.getenv", "env.", "config.", "self.", "this.", "/", "./", "~/",
        "http://", "https://", "vault:", "secretref", "arn:", "ref:", "null", "none", "true", "false",
    ]

    /// The kinds of characters in a value.
    private struct Kinds {
        var hasLower = false
        var hasUpper = false
        var hasDigit = false
        var hasOther = false
        var distinct = 0

        var count: Int { [hasLower, hasUpper, hasDigit, hasOther].count { $0 } }

        init(_ value: UnsafeRawBufferPointer) {
            var seen: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
            for byte in value {
                let bit: UInt64 = 1 << UInt64(byte & 63)
                switch byte >> 6 {
                case 0: seen.0 |= bit
                case 1: seen.1 |= bit
                case 2: seen.2 |= bit
                default: seen.3 |= bit
                }
                switch byte {
                case 0x61...0x7A: hasLower = true
                case 0x41...0x5A: hasUpper = true
                case 0x30...0x39: hasDigit = true
                default: hasOther = true
                }
            }
            distinct =
                seen.0.nonzeroBitCount + seen.1.nonzeroBitCount + seen.2.nonzeroBitCount + seen.3.nonzeroBitCount
        }
    }
}
