/// What single words say about a claim: numbers, units, negations, opposites, and words that say nothing.
///
/// Read from the pack `grounding.txt`: English, with what other languages write the same.
struct Lexicon: Sendable {
    /// What a word does in a sentence.
    struct Roles: OptionSet, Sendable, Hashable {
        let rawValue: UInt16

        /// It carries no meaning of its own.
        static let stop = Self(rawValue: 1)
        static let negation = Self(rawValue: 2)

        /// The number behind it is not exact.
        static let approximate = Self(rawValue: 4)

        /// The speaker or the reader is meant, and no fact.
        static let speaker = Self(rawValue: 8)

        /// It speaks of the sources, and not of what they say.
        static let meta = Self(rawValue: 16)
        static let title = Self(rawValue: 32)

        /// A full stop behind it ends no sentence.
        static let abbreviation = Self(rawValue: 64)

        /// It may deny what follows without a negation.
        static let doubt = Self(rawValue: 256)

        /// A word of a language that writes every noun with a capital.
        static let nounsAreCapital = Self(rawValue: 128)
    }

    /// What a number counts: units of the same dimension can be converted.
    struct Unit: Sendable, Equatable {
        var dimension: Int
        var factor: Double
    }

    /// The place of a word in a group whose members exclude each other.
    struct Sense: Sendable, Equatable {
        var group: Int
        var member: Int
    }

    struct Entry: Sendable {
        var roles: Roles = []
        var number: Double?
        var scale: Double?
        var unit: Unit?
        var month: Int?
        var senses: [Sense] = []
    }

    private(set) var version = ""
    private(set) var entries: [UInt64: Entry] = [:]
    private var dimensions: [String: Int] = [:]
    private var groups = 0

    /// The one that is built in; empty when its pack cannot be read, which a test rules out.
    static let shared = Lexicon(Assets.all["grounding.txt"] ?? "") ?? Lexicon()

    private init() {}

    /// Reads a pack; nil when a line is malformed.
    init?(_ text: String) {
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let key = line[..<colon].split(separator: " ").map(String.init)
            let value = line[line.index(after: colon)...]
            guard take(key, value.split(separator: " ").map(String.init)) else { return nil }
        }
    }

    /// What is known of a word, by the hash of its bytes in lower case.
    subscript(hash: UInt64) -> Entry? { entries[hash] }

    private mutating func take(_ key: [String], _ words: [String]) -> Bool {
        guard let name = key.first else { return false }
        if name == "version" {
            version = words.joined()
            return true
        }
        if name == "source" { return true }
        if let roles = Self.roles[name] {
            for word in words { edit(word) { $0.roles.insert(roles) } }
            return true
        }
        if name == "class" || name == "opposite" {
            groups += 1
            var member = 0
            for word in words {
                guard word != "|" else {
                    member += 1
                    continue
                }
                let sense = Sense(group: groups, member: member)
                edit(word) { $0.senses.append(sense) }
                if name == "class" { member += 1 }
            }
            return true
        }
        guard let value = key.last.flatMap({ Double($0) }) else { return false }
        return take(name, key, value, words)
    }

    private mutating func take(_ name: String, _ key: [String], _ value: Double, _ words: [String]) -> Bool {
        switch name {
        case "number": for word in words { edit(word) { $0.number = value } }
        case "scale": for word in words { edit(word) { $0.scale = value } }
        case "month": for word in words { edit(word) { $0.month = Int(value) } }
        case "unit" where key.count == 3:
            let dimension = dimensions[key[1]] ?? dimensions.count
            dimensions[key[1]] = dimension
            for word in words { edit(word) { $0.unit = Unit(dimension: dimension, factor: value) } }
        default: return false
        }
        return true
    }

    private mutating func edit(_ word: String, _ change: (inout Entry) -> Void) {
        change(&entries[WordHash.of(Array(word.utf8)), default: Entry()])
    }

    private static let roles: [String: Roles] = [
        "stop": .stop, "negation": .negation, "approximate": .approximate, "speaker": .speaker, "meta": .meta,
        "title": .title, "abbreviation": .abbreviation, "capitals": .nounsAreCapital, "doubt": .doubt,
    ]
}
