/// A gateway's environment as its config may read it: the one way from a reference to a value.
public struct ConfigEnvironment: Sendable {
    private let values: @Sendable (String) -> String?
    private let allowed: AllowedVariables?

    /// - Parameters:
    ///   - allowed: What a config may name that others than the gateway's operator write; nil allows everything.
    ///   - values: The value of a variable; nil where it is not set.
    public init(allowing allowed: AllowedVariables? = nil, _ values: @escaping @Sendable (String) -> String?) {
        (self.allowed, self.values) = (allowed, values)
    }

    /// The value of the variable that a config names; nil when it is not set.
    ///
    /// - Throws: ``ConfigError`` when the config may not use it, whether it is set or not.
    public func value(of reference: EnvironmentReference) throws(ConfigError) -> String? {
        if let allowed, !allowed.contains(reference.name) {
            throw ConfigError(
                .outOfRange, at: reference.location,
                "this gateway gives no config from the control plane the variable '\(reference.name)'.",
                hint: allowed.hint(for: reference.name))
        }
        return values(reference.name)
    }
}

/// The names of variables that a config may use which others than the gateway's operator have written.
public struct AllowedVariables: Sendable, Equatable {
    /// What is allowed where the operator says nothing.
    public static let standard = AllowedVariables(patterns: ["*_API_KEY"])

    /// How the names of our own settings and credentials begin, which no pattern allows.
    private static let own = "KEEPTRUSTS_"

    private let patterns: [String]

    private init(patterns: [String]) { self.patterns = patterns }

    /// Reads patterns: names, in which `*` stands for any characters, or none.
    ///
    /// - Throws: ``InvalidVariablePattern`` for one that can match no name, or only our own.
    public init(_ patterns: [String]) throws(InvalidVariablePattern) {
        for pattern in patterns {
            let isName = pattern.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "_")
                    || byte == UInt8(ascii: "*")
            }
            guard isName, (1...128).contains(pattern.utf8.count), !pattern.hasPrefix(Self.own) else {
                throw InvalidVariablePattern(pattern: pattern)
            }
        }
        self.patterns = patterns
    }

    /// Whether a variable is a setting or credential of Keeptrusts itself, which no such config may use.
    public static func isOwn(_ name: String) -> Bool { name.hasPrefix(own) }

    /// Whether a config may use a variable.
    public func contains(_ name: String) -> Bool {
        !Self.isOwn(name) && patterns.contains { Self.matches(name, $0) }
    }

    /// What may be done about a name that is not allowed.
    fileprivate func hint(for name: String) -> String {
        guard !Self.isOwn(name) else { return "variables of Keeptrusts itself are never allowed" }
        return "it allows \(patterns.joined(separator: ", ")); its operator can start it with '--allow-env \(name)'"
    }

    private static func matches(_ name: String, _ pattern: String) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard let first = parts.first, let last = parts.last, parts.count > 1 else { return name == pattern }
        guard name.hasPrefix(first) else { return false }
        var rest = name.dropFirst(first.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let place = rest.firstRange(of: part) else { return false }
            rest = rest[place.upperBound...]
        }
        return rest.hasSuffix(last)
    }
}

/// A pattern for names of variables that is none.
public struct InvalidVariablePattern: UserFacingError, Equatable {
    public var pattern: String

    public var category: ErrorCategory { .invalidInput }
    public var code: String { "config.variable_pattern" }
    public var message: String {
        "'\(pattern)' must be letters, digits, '_' and '*', and not begin with KEEPTRUSTS_, whose variables no config is given."
    }
}
