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

    public init(_ value: Value, at location: SourceLocation, path: String) {
        self.value = value
        self.location = location
        self.path = path
    }

    /// Reads a mapping that holds keys of `Key` and no other.
    public func mapping<Key: ConfigKey>(_: Key.Type) throws(ConfigError) -> ConfigMapping<Key> {
        guard case .mapping(let entries) = value else {
            throw ConfigError(.wrongType, at: location, "'\(path)' must be a mapping.")
        }
        var values: [Key: ConfigNode] = [:]
        for (name, place, child) in entries {
            guard let key = Key(rawValue: name) else {
                let meant = nearestName(to: name, among: Key.allCases.map(\.rawValue))
                let hint = meant.map { "did you mean '\($0)'?" }
                throw ConfigError(.unknownKey, at: place, "unknown key '\(child.path)'.", hint: hint)
            }
            values[key] = child
        }
        return ConfigMapping(values: values, owner: self)
    }

    /// The member of a mapping whose keys are free, such as the ids under `policy`.
    public func member(_ name: String) throws(ConfigError) -> ConfigNode? {
        guard case .mapping(let entries) = value else {
            throw ConfigError(.wrongType, at: location, "'\(path)' must be a mapping.")
        }
        return entries.first { $0.key == name }?.value
    }

    public func list() throws(ConfigError) -> [ConfigNode] {
        guard case .list(let nodes) = value else {
            throw ConfigError(.wrongType, at: location, "'\(path)' must be a list.")
        }
        return nodes
    }

    public func string() throws(ConfigError) -> String {
        guard case .string(let string) = value else {
            throw ConfigError(.wrongType, at: location, "'\(path)' must be a text.")
        }
        return string
    }

    /// The members of a mapping whose keys are free, in the order of the file.
    public func members() throws(ConfigError) -> [(key: String, keyLocation: SourceLocation, value: ConfigNode)] {
        guard case .mapping(let entries) = value else {
            throw ConfigError(.wrongType, at: location, "'\(path)' must be a mapping.")
        }
        return entries
    }

    public func strings() throws(ConfigError) -> [String] {
        var strings: [String] = []
        for node in try list() { strings.append(try node.string()) }
        return strings
    }

    public func choice<Choice>(_ choices: KeyValuePairs<String, Choice>) throws(ConfigError) -> Choice {
        let name = try string()
        guard let choice = choices.first(where: { $0.key == name }) else {
            let known = choices.map { "'\($0.key)'" }.joined(separator: ", ")
            throw ConfigError(.unknownValue, at: location, "'\(path)' is '\(name)', not one of \(known).")
        }
        return choice.value
    }

    public func boolean() throws(ConfigError) -> Bool {
        guard case .boolean(let flag) = value else {
            throw ConfigError(.wrongType, at: location, "'\(path)' must be true or false.")
        }
        return flag
    }

    /// A number, whole or not, within `range`.
    public func number(in range: ClosedRange<Double>) throws(ConfigError) -> Double {
        let number: Double
        switch value {
        case .integer(let whole): number = Double(whole)
        case .number(let decimal): number = decimal
        case .null, .boolean, .string, .list, .mapping:
            throw ConfigError(.wrongType, at: location, "'\(path)' must be a number.")
        }
        guard range.contains(number) else {
            let allowed = "\(range.lowerBound)...\(range.upperBound)"
            throw ConfigError(.outOfRange, at: location, "'\(path)' is \(number), not in \(allowed).")
        }
        return number
    }

    public func integer(in range: ClosedRange<Int>) throws(ConfigError) -> Int {
        guard case .integer(let number) = value else {
            throw ConfigError(.wrongType, at: location, "'\(path)' must be a whole number.")
        }
        guard range.contains(number) else {
            let allowed = "\(range.lowerBound)...\(range.upperBound)"
            throw ConfigError(.outOfRange, at: location, "'\(path)' is \(number), not in \(allowed).")
        }
        return number
    }
}
