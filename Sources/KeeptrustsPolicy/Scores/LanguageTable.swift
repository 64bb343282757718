/// The languages that are told apart, with their commonest words and their letters, from `packs/terms/languages.txt`.
///
/// Words are known by a hash of their letters, so that a text is looked up without a copy of it.
struct LanguageTable: Sendable {
    /// The codes (ISO 639-1), in the order of the file; a language is known by its index, at most 64.
    private(set) var codes: [String] = []

    /// Of each script that is used for one language only, that language.
    private(set) var languageOfScript: [Script: Int] = [:]

    /// Hashes of words, and at the same place the languages that have the word, a bit for each; 0 where there is none.
    private var hashes: [UInt64] = []
    private var owners: [UInt64] = []

    /// Of each letter up to U+1EFF, the languages that have it, a bit for each.
    private var lettersOwners = [UInt64](repeating: 0, count: 0x1F00)

    /// The table that was built into the binary.
    static let builtIn: Result<LanguageTable, PackError> = Result { () throws(PackError) in
        let name = "languages.txt"
        guard let text = Assets.all[name] else { throw PackError(pack: name, line: 0, message: "it is not built in") }
        return try LanguageTable(name, text: text)
    }

    /// Reads a table; its form is that of packs.
    init(_ name: String, text: String) throws(PackError) {
        var words: [UInt64: UInt64] = [:]
        var scripts: [Script?] = []
        var hasWords: Set<Int> = []
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            guard !line.isEmpty, !line.hasPrefix("#"), let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            let bit: UInt64 = codes.isEmpty ? 0 : 1 << UInt64(codes.count - 1)
            switch line[..<colon] {
            case "language":
                codes.append(String(value))
                scripts.append(nil)
            case "script" where !codes.isEmpty: scripts[scripts.count - 1] = Script(name: String(value))
            case "words" where !codes.isEmpty:
                hasWords.insert(codes.count - 1)
                for hash in Self.hashes(of: String(value)) { words[hash, default: 0] |= bit }
            case "letters" where !codes.isEmpty:
                for scalar in value.unicodeScalars where scalar != " " && Int(scalar.value) < lettersOwners.count {
                    lettersOwners[Int(scalar.value)] |= bit
                }
            case "version" where codes.isEmpty, "source" where codes.isEmpty: break
            default: throw PackError(pack: name, line: number + 1, message: "'\(line[..<colon])' is not known")
            }
        }
        guard (1...64).contains(codes.count), !scripts.contains(nil) else {
            throw PackError(pack: name, line: 0, message: "it has no languages, too many, or one without a script")
        }
        for (index, script) in scripts.enumerated() where !hasWords.contains(index) {
            if let script { languageOfScript[script] = index }
        }
        store(words)
    }

    /// Lays the words out so that a look-up reads one place, mostly.
    private mutating func store(_ words: [UInt64: UInt64]) {
        var size = 64
        while size < words.count * 3 { size *= 2 }
        hashes = [UInt64](repeating: 0, count: size)
        owners = hashes
        for (hash, languages) in words {
            var place = Int(truncatingIfNeeded: hash) & (size - 1)
            while owners[place] != 0 { place = (place + 1) & (size - 1) }
            hashes[place] = hash
            owners[place] = languages
        }
    }

    /// The languages in which a word is common, as bits.
    func languages(withWord hash: UInt64) -> UInt64 {
        guard !hashes.isEmpty else { return 0 }
        var place = Int(truncatingIfNeeded: hash) & (hashes.count - 1)
        while owners[place] != 0 {
            if hashes[place] == hash { return owners[place] }
            place = (place + 1) & (hashes.count - 1)
        }
        return 0
    }

    /// The languages that have a letter which others of the script lack, as bits.
    func languages(withLetter scalar: UInt32) -> UInt64 {
        scalar < 0x1F00 ? lettersOwners[Int(scalar)] : 0
    }

    private static func hashes(of words: String) -> [UInt64] {
        var hashes: [UInt64] = []
        var hash = LetterHash()
        for scalar in words.unicodeScalars {
            if Script(scalar.value) != nil {
                hash.take(scalar.value)
            } else if let word = hash.end() {
                hashes.append(word)
            }
        }
        return hash.end().map { hashes + [$0] } ?? hashes
    }
}

/// The hash of a word, letter by letter (FNV-1a).
struct LetterHash {
    private static let start: UInt64 = 0xCBF2_9CE4_8422_2325
    private var hash = start

    @inline(__always)
    mutating func take(_ letter: UInt32) { hash = (hash ^ UInt64(letter)) &* 0x0000_0100_0000_01B3 }

    /// The hash of the letters since the last word, its upper bits mixed in; nil when there are none.
    @inline(__always)
    mutating func end() -> UInt64? {
        guard hash != Self.start else { return nil }
        defer { hash = Self.start }
        return hash ^ hash >> 29
    }
}
