import KeeptrustsMatching

extension Validator {
    /// Whether a value that was assigned to something called a password or a key is one.
    ///
    /// Placeholders, references to variables, calls, paths and plain words are none.
    static func isSecret(_ value: UnsafeRawBufferPointer) -> Bool {
        guard value.count >= 6 else { return false }
        let text = String(decoding: value, as: UTF8.self).lowercased()
        if placeholders.contains(where: { text.contains($0) }) { return false }
        if openings.contains(where: { text.hasPrefix($0) }) { return false }
        if text.hasSuffix("()") || text.contains("](") { return false }
        let kinds = Kinds(value)
        guard kinds.distinct >= 5 else { return false }
        if value.count >= 16 { return Entropy.bits(of: value) >= 3.0 && kinds.count >= 2 }
        return kinds.count >= 3 || (kinds.count == 2 && kinds.hasDigit && kinds.distinct >= 6)
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
            for byte in value {
                switch byte {
                case 0x61...0x7A: hasLower = true
                case 0x41...0x5A: hasUpper = true
                case 0x30...0x39: hasDigit = true
                default: hasOther = true
                }
            }
            distinct = Set(value).count
        }
    }
}
