/// A pattern for `LIKE … ESCAPE '!'` that finds a text as it stands, without wildcards.
///
/// For columns in lower case: only ASCII letters are folded, so that both engines find the same.
struct LikePattern {
    let text: String

    /// The most characters that are looked for; SQLite's own bound is far above.
    static let maximumLength = 200

    init(containing text: String) throws(StorageError) {
        guard text.unicodeScalars.count <= Self.maximumLength else {
            throw StorageError(
                .invalidValue, "The text to look for is longer than \(Self.maximumLength) characters.")
        }
        var pattern = "%"
        for scalar in text.asciiLowercased.unicodeScalars {
            if scalar == "%" || scalar == "_" || scalar == "!" { pattern.unicodeScalars.append("!") }
            pattern.unicodeScalars.append(scalar)
        }
        self.text = pattern + "%"
    }
}

extension String {
    /// With A–Z in lower case and every other character as it is.
    var asciiLowercased: String {
        String(decoding: utf8.map { (65...90).contains($0) ? $0 | 32 : $0 }, as: UTF8.self)
    }
}
