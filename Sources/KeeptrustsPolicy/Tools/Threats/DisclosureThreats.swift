/// Judges texts that a tool sends out by what they give away.
struct DisclosureThreats {
    private let terms: ThreatTerms

    /// Hashes of words; of pairs, of both words without the ends of plurals.
    private let sensitive: Set<UInt64>
    private let pairs: Set<UInt64>
    private let disclosing: Set<UInt64>
    private let gathering: Set<UInt64>
    private let innocuous: Set<UInt64>
    private let statements: Set<UInt64>
    private let isWords = Set(["is", "are"].map { WordHash.of($0.utf8) })
    private let attached = Set(["attached", "below", "follows"].map { WordHash.of($0.utf8) })

    static let shared = DisclosureThreats(.shared)

    init(_ terms: ThreatTerms) {
        self.terms = terms
        func hashes(_ list: String) -> Set<UInt64> { Set(terms.words(of: list).map { WordHash.of($0.utf8) }) }
        sensitive = hashes("sensitive")
        disclosing = hashes("disclosing")
        gathering = hashes("gathering")
        innocuous = hashes("innocuous")
        statements = hashes("statements")
        pairs = Set(
            terms.words(of: "sensitivepairs").compactMap { pair in
                let words = pair.utf8.split(separator: 0x2D).map { Token(Array($0)[...]) }
                return words.count == 2 ? words[0].paired(with: words[1]) : nil
            })
    }

    /// A word by its hash, and by that of its singular.
    private struct Token {
        var hash = WordHash.start
        var singular = WordHash.start

        init(_ word: ArraySlice<UInt8>) {
            var last = WordHash.start
            for byte in word {
                last = hash
                hash = WordHash.add(byte &- 0x41 < 26 ? byte | 0x20 : byte, to: hash)
            }
            singular = word.last.map { $0 | 0x20 } == UInt8(ascii: "s") ? last : hash
        }

        func paired(with next: Self) -> UInt64 { (singular &* 31) ^ next.singular }
    }

    /// How far before what must not leave a word stands that makes it a disclosure.
    private static let reach = 6
    private static let nearReach = 2

    /// Whether a text gives away what must not leave.
    ///
    /// - Parameters:
    ///   - text: What is sent.
    ///   - isSuspicious: It goes to where nobody honest lets data be collected.
    /// - Returns: How sure it is; nil when it gives nothing away.
    func disclosure(in text: String, isSuspicious: Bool) -> Double? {
        let bytes = Array(text.utf8)
        let sentences = Self.sentences(bytes)
        for words in sentences {
            if let confidence = disclosure(in: words, isSuspicious, isAlone: sentences.count == 1) { return confidence }
        }
        return files(bytes, isSuspicious) ?? values(bytes)
    }

    private static func sentences(_ text: [UInt8]) -> [[Token]] {
        var sentences: [[Token]] = []
        var words: [Token] = []
        var start: Int?
        for index in 0...text.count {
            let byte = index < text.count ? text[index] : 0x2E
            if (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte >= 0x80 {
                if start == nil { start = index }
                continue
            }
            if let from = start { words.append(Token(text[from..<index])) }
            start = nil
            guard [0x2E, 0x21, 0x3F, 0x0A].contains(byte), !words.isEmpty else { continue }
            sentences.append(words)
            words = []
        }
        return sentences
    }

    private func disclosure(in words: [Token], _ isSuspicious: Bool, isAlone: Bool) -> Double? {
        var (told, gathered) = (-100, -100)
        for (index, word) in words.enumerated() {
            if disclosing.contains(word.hash) { told = index }
            if gathering.contains(word.hash) { gathered = index }
            let isPair = index + 1 < words.count && pairs.contains(word.paired(with: words[index + 1]))
            guard sensitive.contains(word.hash) || isPair else { continue }
            if isSuspicious { return 0.9 }
            let near = words[max(0, index - 4)..<min(words.count, index + 5)]
            guard !near.contains(where: { innocuous.contains($0.hash) }) else { continue }
            if index - told <= Self.reach || index - gathered <= Self.nearReach { return 0.8 }
            if words[(index + 1)...].prefix(5).contains(where: { attached.contains($0.hash) }) { return 0.8 }
            // `The password is hunter2`.
            let end = index + (isPair ? 2 : 1)
            if end + 1 < words.count, isWords.contains(words[end].hash), !statements.contains(words[end + 1].hash) {
                return 0.7
            }
            // Hardly anything else is said.
            if isAlone, words.count <= 6, isPair { return 0.7 }
        }
        return nil
    }

    /// Words that are looked at as paths.
    private static let mostPaths = 256

    /// Files of which a text says that it holds them.
    private func files(_ text: [UInt8], _ isSuspicious: Bool) -> Double? {
        let ends: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D, 0x22, 0x27, 0x28, 0x29, 0x2C, 0x3B]
        var count = 0
        for word in text.split(whereSeparator: { ends.contains($0) }) {
            guard (3...256).contains(word.count), word.dropLast().contains(where: { $0 == 0x2F || $0 == 0x2E }) else {
                continue
            }
            count += 1
            let name = String(decoding: word, as: UTF8.self)
            guard count <= Self.mostPaths, !name.contains("://"), let path = PathForm(name) else { continue }
            if PathThreats.isCredential(path, terms) { return 0.9 }
            guard terms.has(path.path, in: "datafile") else { continue }
            if isSuspicious || ["csv", "sql", "dump"].contains(where: { path.path.contains($0) }) { return 0.7 }
        }
        return nil
    }

    /// A member that names a secret and holds one: `"api_key": "sk-…"`, `password=hunter2`.
    private func values(_ text: [UInt8]) -> Double? {
        let skipped: Set<UInt8> = [0x20, 0x22, 0x27, 0x5C]
        for index in text.indices where [0x3A, 0x3D].contains(text[index]) {
            var end = index
            while end > 0, skipped.contains(text[end - 1]) { end -= 1 }
            let before = text[max(0, end - 24)..<end].map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }
            guard Self.secretNames.contains(where: { before.suffix($0.count).elementsEqual($0) }) else { continue }
            let value = text[(index + 1)...].prefix(64).drop { skipped.contains($0) }.prefix {
                $0 > 0x20 && !Self.valueEnds.contains($0)
            }
            let isNone = ["false", "null", "none", "http", "$"].contains { value.starts(with: $0.utf8) }
            if value.count >= 5, !isNone { return 0.8 }
        }
        return nil
    }

    private static let valueEnds: Set<UInt8> = [0x22, 0x27, 0x2C, 0x7D, 0x26, 0x5C]
    private static let secretNames = [
        "api_key", "apikey", "api-key", "password", "passwd", "secret_key", "secret", "access_token", "auth_token",
        "private_key", "client_secret", "access_key", "ssn", "card_number", "cvv",
    ].map { Array($0.utf8) }
}
