import KeeptrustsCore
import KeeptrustsMatching

/// A data file of patterns: what a kind looks for, and texts that show it.
///
/// A plain text. A line `key: value` belongs to the rule that the last line `rule:` began; what stands before the first
/// rule belongs to the pack. A line that begins with `#`, and an empty one, says nothing. A value is taken as it stands,
/// up to the end of its line, and `\n`, `\t`, `\\` and `\u{…}` in a text are undone. After `define NAME: value`, `{{NAME}}`
/// in a pattern, a list of words or a later definition stands for the value.
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
    var number: NationalNumber?
    var weight = 1
    var confidence = 1.0

    /// How many digits a match must hold.
    var fewestDigits = 0

    /// Words before a match that speak for it, and words that speak against it.
    var near: [String] = []
    var apart: [String] = []

    /// A match without a word that speaks for it is none, if there are such words.
    var needsContext = true

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
        case "pattern":
            guard let pattern = expand(value) else { return false }
            rules[rules.count - 1].pattern = pattern
        case "near", "apart":
            guard let terms = expand(value)?.split(separator: "|").map(String.init) else { return false }
            if key == "near" { rules[rules.count - 1].near += terms } else { rules[rules.count - 1].apart += terms }
        case "match": rules[rules.count - 1].matching.append(Self.unescape(value))
        case "pass": rules[rules.count - 1].passing.append(Self.unescape(value))
        default: return rules[rules.count - 1].take(key, value)
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
    /// Takes in a line that says something of this rule; false when it says nothing that is known.
    fileprivate mutating func take(_ key: String, _ value: String) -> Bool {
        switch key {
        case "category": category = value
        case "flags":
            ignoresCase = true
            return value == "i"
        case "validator":
            validator = Validator(rawValue: value)
            return validator != nil
        case "number":
            number = NationalNumber(name: value)
            return number != nil
        case "context":
            needsContext = false
            return value == "optional"
        case "weight":
            weight = Int(value) ?? 0
            return (1...3).contains(weight)
        case "digits":
            fewestDigits = Int(value) ?? 0
            return (1...16).contains(fewestDigits)
        case "confidence":
            confidence = Double(value) ?? -1
            return (0...1).contains(confidence)
        default: return false
        }
        return true
    }

    /// The rule as the chain runs it.
    var rule: Rule {
        var rule = Rule(
            category: category,
            pattern: Pattern(pattern, ignoresCase: ignoresCase, fewestDigits: fewestDigits), validator: validator,
            confidence: confidence, weight: weight
        )
        rule.number = number
        rule.needsContext = needsContext && !near.isEmpty
        if !near.isEmpty || !apart.isEmpty { rule.context = ContextWords(near: near, apart: apart) }
        return rule
    }
}
