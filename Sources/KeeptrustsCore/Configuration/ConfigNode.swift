/// A piece of a configuration file that remembers where it stands.
///
/// Whatever owns a setting reads it from here, so a policy's settings are described in the policy's file.
public struct ConfigNode: Sendable {
    public enum Value: Sendable {
        case null
        case boolean(Bool)
        case integer(Int)
        case number(Double)
        case string(String)
        case list([ConfigNode])
        case mapping([(key: String, keyLocation: SourceLocation, value: ConfigNode)])
    }

    public var value: Value
    public var location: SourceLocation

    /// The keys that lead here, such as `providers.targets.0.model`; empty at the root.
    public var path: String

    /// A number as the file writes it; for readers that must not round.
    public var text: String?

    /// Notes how the node is read; nil for a node of a file.
    public var probe: ConfigProbe?

    public init(_ value: Value, at location: SourceLocation, path: String, text: String? = nil) {
        self.value = value
        self.location = location
        self.path = path
        self.text = text
    }

    /// What messages call this node.
    public var name: String { path.isEmpty ? "the document" : "'\(path)'" }

    /// Reads a mapping that holds keys of `Key` and no other; nothing at all counts as an empty mapping.
    ///
    /// - Parameters:
    ///   - keys: The enum of the keys.
    ///   - hints: For keys that people write by mistake, what to write instead.
    ///   - otherwise: The hint for any other key that is not like one of these; nil names them.
    /// - Returns: The values by key.
    /// - Throws: ``ConfigError`` for the first other key.
    public func mapping<Key: ConfigKey>(
        _ keys: Key.Type, hints: [String: String] = [:], otherwise: String? = nil
    ) throws(ConfigError) -> ConfigMapping<Key> {
        expect(.mapping(Key.allCases.map(\.rawValue)))
        var values: [Key: ConfigNode] = [:]
        for (name, place, child) in try members() {
            guard let key = Key(rawValue: name) else {
                throw child.unknown(name, at: place, among: Key.allCases.map(\.rawValue), hints, otherwise)
            }
            values[key] = child
        }
        return ConfigMapping(values: values, owner: self)
    }

    /// What is wrong with a key of this value that there is not, or not in this version.
    public func unknown(
        _ key: String, at place: SourceLocation, among keys: [String], _ hints: [String: String],
        _ otherwise: String? = nil
    ) -> ConfigError {
        let near =
            otherwise == nil ? Self.hint(for: key, among: keys, are: "keys") : Self.nearHint(for: key, among: keys)
        let hint = hints[key] ?? near ?? otherwise
        let isLater = hints[key]?.hasSuffix("not in this version") == true
        return ConfigError(isLater ? .unsupported : .unknownKey, at: place, "unknown key '\(path)'.", hint: hint)
    }

    /// The member of a mapping whose keys are free, such as the ids under `policy`.
    public func member(_ name: String) throws(ConfigError) -> ConfigNode? {
        try members().first { $0.key == name }?.value
    }

    /// The members of a mapping whose keys are free, in the order of the file.
    public func members() throws(ConfigError) -> [(key: String, keyLocation: SourceLocation, value: ConfigNode)] {
        expect(.members)
        switch value {
        case .mapping(let entries): return entries
        case .null: return []
        case .boolean, .integer, .number, .string, .list: throw wrongType("must be a mapping")
        }
    }

    public func list() throws(ConfigError) -> [ConfigNode] {
        expect(.list)
        guard case .list(let nodes) = value else { throw wrongType("must be a list") }
        return nodes
    }

    public func string() throws(ConfigError) -> String {
        expect(.string)
        guard case .string(let string) = value else {
            throw wrongType("must be a text", hint: text.map { "put it in quotes: \"\($0)\"" })
        }
        return string
    }

    public func strings() throws(ConfigError) -> [String] {
        var strings: [String] = []
        for node in try list() { strings.append(try node.string()) }
        return strings
    }

    public func boolean() throws(ConfigError) -> Bool {
        expect(.boolean)
        guard case .boolean(let flag) = value else {
            var hint: String?
            if case .string(let word) = value {
                hint = ["yes": "true", "on": "true", "no": "false", "off": "false"][word.lowercased()]
            }
            throw wrongType("must be true or false", hint: hint.map { "say '\($0)'" })
        }
        return flag
    }

    public func choice<Choice>(_ choices: KeyValuePairs<String, Choice>) throws(ConfigError) -> Choice {
        expect(.choice(choices.map(\.key)))
        let name = try string()
        guard let choice = choices.first(where: { $0.key == name }) else {
            throw notOne(of: choices.map(\.key), hints: [:], name)
        }
        return choice.value
    }

    /// Reads a case of an enum by its raw value.
    ///
    /// - Parameters:
    ///   - choices: The enum.
    ///   - hints: For values that people write by mistake, what to write instead.
    /// - Returns: The case.
    /// - Throws: ``ConfigError`` for any other value.
    public func choice<Choice: CaseIterable & RawRepresentable<String>>(
        of choices: Choice.Type, hints: [String: String] = [:]
    ) throws(ConfigError) -> Choice {
        expect(.choice(Choice.allCases.map(\.rawValue)))
        let name = try string()
        guard let choice = Choice(rawValue: name) else {
            throw notOne(of: Choice.allCases.map(\.rawValue), hints: hints, name)
        }
        return choice
    }

    /// A number, whole or not, within `range`.
    public func number(in range: ClosedRange<Double>) throws(ConfigError) -> Double {
        expect(.number(range))
        let number: Double
        switch value {
        case .integer(let whole): number = Double(whole)
        case .number(let decimal): number = decimal
        case .null, .boolean, .string, .list, .mapping: throw wrongType("must be a number")
        }
        guard range.contains(number) else {
            let allowed = "\(range.lowerBound)...\(range.upperBound)"
            throw ConfigError(.outOfRange, at: location, "\(name) is \(number), not in \(allowed).")
        }
        return number
    }

    public func integer(in range: ClosedRange<Int>) throws(ConfigError) -> Int {
        expect(.integer(range))
        guard case .integer(let number) = value else { throw wrongType("must be a whole number") }
        guard range.contains(number) else {
            let allowed = "\(range.lowerBound)...\(range.upperBound)"
            throw ConfigError(.outOfRange, at: location, "\(name) is \(number), not in \(allowed).")
        }
        return number
    }

    public func wrongType(_ demand: String, hint: String? = nil) -> ConfigError {
        ConfigError(.wrongType, at: location, "\(name) \(demand).", hint: hint)
    }

    private func notOne(of known: [String], hints: [String: String], _ given: String) -> ConfigError {
        let list = known.map { "'\($0)'" }.joined(separator: ", ")
        let hint = hints[given] ?? nearestName(to: given, among: known).map { "did you mean '\($0)'?" }
        return ConfigError(
            .unknownValue, at: location, "\(name) is \(quoted(given)), not one of \(list).", hint: hint)
    }

    private static func nearHint(for name: String, among known: [String]) -> String? {
        nearestName(to: name, among: known).map { "did you mean '\($0)'?" }
    }

    /// What was probably meant by an unknown name, or else what there is.
    public static func hint(for name: String, among known: [String], are what: String) -> String? {
        if let near = nearHint(for: name, among: known) { return near }
        guard !known.isEmpty, known.count <= 12 else { return nil }
        return "the \(what) are \(known.map { "'\($0)'" }.joined(separator: ", "))"
    }
}

/// A text as messages show it: in quotes, cut short, without characters that do not show.
public func quoted(_ text: String) -> String {
    let start = String(String.UnicodeScalarView(text.unicodeScalars.prefix(60)))
    return "'\(start.shown)\(text.unicodeScalars.count > 60 ? "…" : "")'"
}

extension String {
    /// The text as a line that people read, on a terminal too: U+FFFD in the place of each character that does not show.
    ///
    /// Those are control characters, which a terminal obeys, ends of lines, and what turns or hides the text around it.
    public var shown: String {
        guard !utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else { return self }
        return String(String.UnicodeScalarView(unicodeScalars.map { $0.isShown ? $0 : "\u{FFFD}" }))
    }
}

extension Unicode.Scalar {
    fileprivate var isShown: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: false
        default: !properties.isDefaultIgnorableCodePoint
        }
    }
}
