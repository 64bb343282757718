/// What may be shown of a sentence that a provider wrote.
enum PublicText {
    /// The first 512 characters without control characters and without anything that looks like a key.
    static func cleaned(_ text: String) -> String {
        var out = ""
        var word = ""
        var follows = false
        func flush() {
            guard !word.isEmpty else { return }
            out += isLikeKey(word) || follows && word.utf8.count >= 8 ? "[removed]" : word
            follows = ["bearer", "basic"].contains(word.lowercased())
            word = ""
        }
        for character in text.prefix(2_048) {
            if isPartOfWord(character) {
                word.append(character)
            } else {
                flush()
                out.append(
                    character.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F } ? character : " ")
            }
        }
        flush()
        return String(out.prefix(512)).trimmed
    }

    private static func isPartOfWord(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "_-*+".contains(character))
    }

    /// Whether a word has the form of a credential: a known beginning, or a long mix of letters and digits.
    private static func isLikeKey(_ word: String) -> Bool {
        let lowered = word.lowercased()
        if word.utf8.count >= 8, beginnings.contains(where: lowered.hasPrefix) { return true }
        return word.split(whereSeparator: { $0 == "-" || $0 == "_" }).contains { part in
            part.utf8.count >= 20 && part.contains(where: \.isNumber) && part.contains(where: \.isLetter)
        }
    }

    private static let beginnings = [
        "sk-", "sk_", "pk-", "pk_", "rk_", "gsk_", "csk-", "xai-", "aiza", "akia", "asia", "eyj", "kt_", "ghp_", "gho_",
        "github_pat_", "hf_", "r8_", "nvapi-", "pplx-", "fw_", "tgp_", "key-", "api-key", "ya29",
    ]
}

extension String {
    fileprivate var trimmed: String {
        let start = drop { $0.isWhitespace }
        return String(
            start.prefix(upTo: start.lastIndex { !$0.isWhitespace }.map(start.index(after:)) ?? start.startIndex))
    }
}
