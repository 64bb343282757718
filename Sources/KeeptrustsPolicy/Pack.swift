import KeeptrustsCore
import KeeptrustsMatching

/// A data file of patterns: what a kind looks for, and texts that show it.
///
/// A plain text. A line `key: value` belongs to the rule that the last line `rule:` began; what stands before the first
/// rule belongs to the pack. A line that begins with `#`, and an empty one, says nothing. A value is taken as it stands,
/// up to the end of its line, and `\n`, `\t`, `\\` and `\u{…}` in a text are undone. After `define NAME: value`, `{{NAME}}`
/// in a pattern or a later definition stands for the value.
struct Pack: Sendable {
    var version = ""
    var rules: [PackRule] = []
    private var definitions: [String: String] = [:]
}

/// One rule of a pack.
struct PackRule: Sendable, Equatable {
    var id: String
    var category = ""
    var pattern = ""
    var ignoresCase = false
    var validator: Validator?
    var weight = 1
    var confidence = 1.0

    /// How many digits a match must hold.
    var fewestDigits = 0

    /// Texts in which it must be found, and texts in which it must not.
    var matching: [String] = []
    var passing: [String] = []
}

/// A pack that cannot be read.
struct PackError: Error, Equatable {
    var pack: String
    var line: Int
    var message: String
}

extension Pack {
    /// Reads the pack that was built into the binary under `name`.
    init(named name: String) throws(PackError) {
        guard let text = Assets.all[name] else { throw PackError(pack: name, line: 0, message: "it is not built in") }
        try self.init(name, text: text)
        guard !rules.isEmpty else { throw PackError(pack: name, line: 0, message: "it has no rules") }
    }

    init(_ name: String, text: String) throws(PackError) {
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            guard !line.isEmpty, !line.hasPrefix("#") else { continue }
            guard let colon = line.firstIndex(of: ":") else {
                throw PackError(pack: name, line: index + 1, message: "there is no colon")
            }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            guard take(String(line[..<colon]), String(value)) else {
                throw PackError(pack: name, line: index + 1, message: "'\(line[..<colon])' is not known or malformed")
            }
        }
        for rule in rules where rule.pattern.isEmpty || rule.category.isEmpty || rule.matching.isEmpty {
            throw PackError(pack: name, line: 0, message: "'\(rule.id)' lacks a pattern, a category or a text")
        }
        guard Set(rules.map(\.id)).count == rules.count else {
            throw PackError(pack: name, line: 0, message: "an id is there twice")
        }
    }

    private mutating func take(_ key: String, _ value: String) -> Bool {
        switch key {
        case "rule": rules.append(PackRule(id: value))
        case "version" where rules.isEmpty: version = value
        case _ where key.hasPrefix("define "):
            guard let value = expand(value) else { return false }
            definitions[String(key.dropFirst(7))] = value
        case _ where rules.isEmpty: return key == "source"
        case "category": rules[rules.count - 1].category = value
        case "pattern":
            guard let pattern = expand(value) else { return false }
            rules[rules.count - 1].pattern = pattern
        case "flags":
            guard value == "i" else { return false }
            rules[rules.count - 1].ignoresCase = true
        case "validator":
            guard let validator = Validator(rawValue: value) else { return false }
            rules[rules.count - 1].validator = validator
        case "weight":
            guard let weight = Int(value), (1...3).contains(weight) else { return false }
            rules[rules.count - 1].weight = weight
        case "digits":
            guard let digits = Int(value), (1...16).contains(digits) else { return false }
            rules[rules.count - 1].fewestDigits = digits
        case "confidence":
            guard let confidence = Double(value), (0...1).contains(confidence) else { return false }
            rules[rules.count - 1].confidence = confidence
        case "match": rules[rules.count - 1].matching.append(Self.unescape(value))
        case "pass": rules[rules.count - 1].passing.append(Self.unescape(value))
        default: return false
        }
        return true
    }

    /// The value with what the names in it stand for; nil when one stands for nothing.
    private func expand(_ value: String) -> String? {
        var expanded = ""
        var rest = value[...]
        while let opening = rest.firstRange(of: "{{") {
            let name = rest[opening.upperBound...].prefix { $0 != "}" }
            let end = rest[name.endIndex...].prefix(2)
            guard end == "}}", let meaning = definitions[String(name)] else { return nil }
            expanded += rest[..<opening.lowerBound] + meaning
            rest = rest[end.endIndex...]
        }
        return expanded + rest
    }

    static func unescape(_ text: String) -> String {
        var plain = ""
        var rest = text[...]
        while let character = rest.popFirst() {
            guard character == "\\", let escape = rest.popFirst() else {
                plain.append(character)
                continue
            }
            switch escape {
            case "n": plain.append("\n")
            case "t": plain.append("\t")
            case "u":
                let digits = rest.dropFirst().prefix { $0 != "}" }
                rest = rest.dropFirst(digits.count + 2)
                if let scalar = UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init) {
                    plain.unicodeScalars.append(scalar)
                }
            default: plain.append(escape)
            }
        }
        return plain
    }
}

extension PackRule {
    /// The rule as the chain runs it.
    var rule: Rule {
        Rule(
            category: category,
            pattern: Pattern(pattern, ignoresCase: ignoresCase, fewestDigits: fewestDigits), validator: validator,
            confidence: confidence, weight: weight
        )
    }
}
