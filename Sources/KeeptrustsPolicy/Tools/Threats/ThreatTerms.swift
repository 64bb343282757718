/// The names and forms by which calls of tools are judged, read from the pack `tool-threats.txt`.
struct ThreatTerms: Sendable {
    /// A command that does harm with certain words behind it.
    struct CommandRule: Sendable {
        var category: ToolThreat.Category

        /// Of each, at least one must be among the words.
        var wanted: [[Item]]

        /// None of these may.
        var unwanted: [Item]
    }

    /// What a word of a command may be.
    enum Item: Sendable {
        /// A letter among short flags: `r` is in `-rf`.
        case flag(UInt8)

        /// A long flag, with a value or without.
        case option(String)
        case word(String)
        case pattern(NamePattern)
        case kind(String)
    }

    /// What a key says of its value.
    struct KeyTraits: OptionSet, Sendable {
        let rawValue: UInt16
        static let shell = Self(rawValue: 1)
        static let code = Self(rawValue: 2)
        static let sql = Self(rawValue: 4)
        static let url = Self(rawValue: 8)
        static let path = Self(rawValue: 16)
        static let prose = Self(rawValue: 32)
        static let markup = Self(rawValue: 64)
        static let grant = Self(rawValue: 128)
    }

    /// What the words of a tool's name say of it.
    struct ToolTraits: OptionSet, Sendable {
        let rawValue: UInt16
        static let shell = Self(rawValue: 1)
        static let code = Self(rawValue: 2)
        static let sql = Self(rawValue: 4)
        static let sends = Self(rawValue: 8)
        static let shows = Self(rawValue: 16)
        static let deletes = Self(rawValue: 32)
        static let grants = Self(rawValue: 64)
        static let writes = Self(rawValue: 128)
    }

    private(set) var version = ""
    private var keyTraits: [String: KeyTraits] = [:]
    private var toolTraits: [String: ToolTraits] = [:]
    private var commands: [String: [CommandRule]] = [:]
    private var words: [String: Set<String>] = [:]
    private var patterns: [String: [NamePattern]] = [:]

    /// The one that is built in; empty when its pack cannot be read, which a test rules out.
    static let shared = ThreatTerms(Assets.all["tool-threats.txt"] ?? "") ?? ThreatTerms()

    private init() {}

    /// Reads a pack; nil when a line is malformed.
    init?(_ text: String) {
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let colon = line.firstRange(of: ": ") else { return nil }
            let key = line[..<colon.lowerBound]
            let value = line[colon.upperBound...]
            if key.hasPrefix("command ") {
                guard take(key.dropFirst(8), value.split(separator: " ")) else { return nil }
            } else if key == "version" {
                version = String(value)
            } else if key != "source" {
                add(String(key), String(value))
            }
        }
        for (list, traits) in Self.keyLists {
            for word in words[list] ?? [] { keyTraits[word, default: []].insert(traits) }
        }
        for (list, traits) in Self.toolLists {
            for word in words[list] ?? [] { toolTraits[word, default: []].insert(traits) }
        }
    }

    private static let keyLists: KeyValuePairs<String, KeyTraits> = [
        "shellkeys": .shell, "codekeys": .code, "sqlkeys": .sql, "urlkeys": .url, "pathkeys": .path,
        "prosekeys": .prose, "markupkeys": .markup, "grantkeys": .grant,
    ]
    private static let toolLists: KeyValuePairs<String, ToolTraits> = [
        "shelltools": .shell, "codetools": .code, "sqltools": .sql, "sendtools": .sends, "markuptools": .shows,
        "deletetools": .deletes, "granttools": .grants, "writetools": .writes,
    ]

    /// What a key, in small letters, says of its value.
    func traits(ofKey key: String) -> KeyTraits { keyTraits[key] ?? [] }

    /// What the words of a tool's name, in small letters, say of it.
    func traits(ofTool words: [String]) -> ToolTraits {
        words.reduce(into: []) { $0.formUnion(toolTraits[$1] ?? []) }
    }

    private mutating func take(_ category: Substring, _ parts: [Substring]) -> Bool {
        guard let category = ToolThreat.Category(rawValue: String(category)), let names = parts.first else {
            return false
        }
        var rule = CommandRule(category: category, wanted: [], unwanted: [])
        for part in parts.dropFirst() {
            if part.hasPrefix("!"), part.count > 1 {
                rule.unwanted.append(Self.item(part.dropFirst()))
            } else {
                rule.wanted.append(part.split(separator: "|").map(Self.item))
            }
        }
        for name in names.split(separator: "|") { commands[String(name), default: []].append(rule) }
        return true
    }

    private static func item(_ text: Substring) -> Item {
        let bytes = Array(text.utf8)
        if text.hasPrefix("@"), text.count > 1 { return .kind(String(text.dropFirst())) }
        if text.hasPrefix("--"), !text.contains("*") { return .option(text.lowercased()) }
        if bytes.count == 2, bytes[0] == 0x2D, (bytes[1] | 0x20) &- 0x61 < 26 { return .flag(bytes[1]) }
        if let word = literal(String(text)) { return .word(word.lowercased()) }
        return .pattern(NamePattern(text.lowercased()))
    }

    /// The word that a part stands for, when it is no pattern; `\*` is a star.
    private static func literal(_ part: String) -> String? {
        let plain = part.replacing("\\*", with: "")
        guard !plain.contains("*"), !plain.contains("?") else { return nil }
        return part.replacing("\\*", with: "*")
    }

    private mutating func add(_ key: String, _ value: String) {
        // `\ ` is a space within a word.
        for part in value.replacing("\\ ", with: "\u{1}").split(separator: " ") {
            let part = String(part).replacing("\u{1}", with: " ")
            if let word = Self.literal(part) {
                words[key, default: []].insert(word)
            } else {
                patterns[key, default: []].append(NamePattern(part))
            }
        }
    }

    /// The rules for a command of this name, in small letters.
    func rules(for command: String) -> [CommandRule] {
        if let rules = commands[command] { return rules }
        // `mkfs.ext4`, `mimikatz64`.
        return commands.filter { $0.key.hasSuffix("*") && command.hasPrefix($0.key.dropLast()) }.flatMap(\.value)
    }

    /// Whether a list has a word, or a pattern that describes it; the word is in small letters.
    func has(_ word: String, in list: String) -> Bool {
        if words[list]?.contains(word) == true { return true }
        guard let patterns = patterns[list] else { return false }
        let bytes = Array(word.utf8)
        return patterns.contains { $0.matches(bytes) }
    }

    /// The words of a list that are no patterns.
    func words(of list: String) -> Set<String> { words[list] ?? [] }
}
