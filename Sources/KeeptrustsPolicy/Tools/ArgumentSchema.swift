import KeeptrustsCore
import KeeptrustsMatching

/// What the arguments of a tool must be: a JSON Schema (draft 2020-12) without references, as a configuration writes it.
///
/// A schema is a tree, so a check takes no more steps than the product of its size and that of the document.
struct ArgumentSchema: Sendable {
    /// The types that a value may have; nil for any.
    var types: Set<ValueType>?

    /// The values that it may be (`enum`, or the one of `const`); nil for any.
    var constants: [Constant]?
    var object = ObjectRule()
    var array = ArrayRule()
    var number = NumberRule()
    var string = StringRule()

    /// All of these must hold, at least one of these, exactly one of these, and none of these.
    var all: [ArgumentSchema] = []
    var any: [ArgumentSchema] = []
    var one: [ArgumentSchema] = []
    var none: [ArgumentSchema] = []

    /// The schema `false`.
    var refusesAll = false

    enum ValueType: String, Sendable, CaseIterable { case object, array, string, number, integer, boolean, null }

    struct ObjectRule: Sendable {
        var properties: [String: ArgumentSchema] = [:]
        var required: [String] = []

        /// What members that `properties` does not name must be, one schema or none; empty for anything.
        var additional: [ArgumentSchema] = []
        var count = 0...Int.max
    }

    struct ArrayRule: Sendable {
        var first: [ArgumentSchema] = []

        /// What the elements after the first must be, one schema or none; empty for anything.
        var items: [ArgumentSchema] = []
        var count = 0...Int.max
        var isUnique = false
    }

    struct NumberRule: Sendable {
        var least: Double?
        var most: Double?
        var above: Double?
        var below: Double?
        var step: Double?
    }

    struct StringRule: Sendable {
        /// In characters of Unicode.
        var count = 0...Int.max
        var pattern: Expression?
    }
}

/// A value that a schema names.
enum Constant: Sendable, Hashable {
    case null
    case boolean(Bool)
    case number(Double)
    case string(String)
    case list([Constant])
    case object([String: Constant])

    init(_ node: ConfigNode) throws(ConfigError) {
        switch node.value {
        case .null: self = .null
        case .boolean(let flag): self = .boolean(flag)
        case .integer(let number): self = .number(Double(number))
        case .number(let number): self = .number(number)
        case .string(let string): self = .string(string)
        case .list(let nodes):
            var list: [Constant] = []
            for node in nodes { list.append(try Constant(node)) }
            self = .list(list)
        case .mapping(let members):
            var object: [String: Constant] = [:]
            for member in members { object[member.key] = try Constant(member.value) }
            self = .object(object)
        }
    }
}

extension ArgumentSchema {
    private enum Key: String, ConfigKey {
        case type, const, properties, required, items, minimum, maximum, pattern, not
        case values = "enum"
        case additional = "additionalProperties"
        case minProperties, maxProperties, prefixItems, minItems, maxItems, uniqueItems
        case exclusiveMinimum, exclusiveMaximum, multipleOf, minLength, maxLength
        case allOf, anyOf, oneOf
        // What says something to people only.
        case title, description, `default`, examples, deprecated
        case comment = "$comment"
        case schema = "$schema"
        case id = "$id"
    }

    private static let hints = [
        "$ref": "write out what it refers to", "$defs": "write each schema where it is used",
        "definitions": "write each schema where it is used", "format": "say 'pattern'",
        "patternProperties": "say 'properties' and 'additionalProperties'",
        "contains": "say 'items'", "if": "say 'anyOf'", "then": "say 'anyOf'", "else": "say 'anyOf'",
        "dependentRequired": "say 'anyOf'", "propertyNames": "say 'properties' and 'additionalProperties: false'",
    ]

    /// Schemas inside one another at most.
    private static let mostDepth = 32

    /// Reads a schema; a keyword that is not checked is an error.
    init(_ config: ConfigNode, depth: Int = 0) throws(ConfigError) {
        guard depth < Self.mostDepth else {
            throw ConfigError(.limit, at: config.location, "'\(config.path)' is nested too deeply.")
        }
        if case .boolean(let isAllowed) = config.value {
            refusesAll = !isAllowed
            return
        }
        let mapping = try config.mapping(Key.self, hints: Self.hints)
        types = try Self.types(mapping[.type])
        if let node = mapping[.const] { constants = [try Constant(node)] }
        if let node = mapping[.values] {
            var values: [Constant] = []
            for node in try node.list() { values.append(try Constant(node)) }
            constants = constants.map { $0.filter(values.contains) } ?? values
        }
        try readObject(mapping, depth)
        try readArray(mapping, depth)
        try readNumber(mapping)
        try readString(mapping)
        all = try Self.schemas(mapping[.allOf], depth)
        any = try Self.schemas(mapping[.anyOf], depth)
        one = try Self.schemas(mapping[.oneOf], depth)
        if let node = mapping[.not] { none = [try Self(node, depth: depth + 1)] }
    }

    private static func types(_ node: ConfigNode?) throws(ConfigError) -> Set<ValueType>? {
        guard let node else { return nil }
        guard case .list(let nodes) = node.value else { return [try node.choice(of: ValueType.self)] }
        var types: Set<ValueType> = []
        for node in nodes { types.insert(try node.choice(of: ValueType.self)) }
        return types
    }

    private static func schemas(_ node: ConfigNode?, _ depth: Int) throws(ConfigError) -> [ArgumentSchema] {
        guard let node else { return [] }
        var schemas: [ArgumentSchema] = []
        for node in try node.list() { schemas.append(try Self(node, depth: depth + 1)) }
        guard !schemas.isEmpty else {
            throw ConfigError(.outOfRange, at: node.location, "'\(node.path)' must not be empty.")
        }
        return schemas
    }

    private mutating func readObject(_ mapping: ConfigMapping<Key>, _ depth: Int) throws(ConfigError) {
        for (key, _, node) in try mapping[.properties]?.members() ?? [] {
            object.properties[key] = try Self(node, depth: depth + 1)
        }
        object.required = try mapping[.required]?.strings() ?? []
        if let node = mapping[.additional] { object.additional = [try Self(node, depth: depth + 1)] }
        object.count = try Self.range(mapping[.minProperties], mapping[.maxProperties])
    }

    private mutating func readArray(_ mapping: ConfigMapping<Key>, _ depth: Int) throws(ConfigError) {
        array.first = try Self.schemas(mapping[.prefixItems], depth)
        if let node = mapping[.items] { array.items = [try Self(node, depth: depth + 1)] }
        array.count = try Self.range(mapping[.minItems], mapping[.maxItems])
        array.isUnique = try mapping[.uniqueItems]?.boolean() ?? false
    }

    private mutating func readNumber(_ mapping: ConfigMapping<Key>) throws(ConfigError) {
        let any = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
        number.least = try mapping[.minimum]?.number(in: any)
        number.most = try mapping[.maximum]?.number(in: any)
        number.above = try mapping[.exclusiveMinimum]?.number(in: any)
        number.below = try mapping[.exclusiveMaximum]?.number(in: any)
        number.step = try mapping[.multipleOf]?.number(in: Double.leastNonzeroMagnitude...any.upperBound)
    }

    private mutating func readString(_ mapping: ConfigMapping<Key>) throws(ConfigError) {
        string.count = try Self.range(mapping[.minLength], mapping[.maxLength])
        guard let node = mapping[.pattern] else { return }
        string.pattern = try Expression(written: node, mayBeEmpty: true)
    }

    private static func range(_ low: ConfigNode?, _ high: ConfigNode?) throws(ConfigError) -> ClosedRange<Int> {
        let least = try low?.integer(in: 0...1_000_000_000) ?? 0
        guard let most = try high?.integer(in: 0...1_000_000_000) else { return least...Int.max }
        guard let high, least > most else { return least...most }
        throw ConfigError(.conflict, at: high.location, "'\(high.path)' is less than the least allowed.")
    }
}

extension Expression {
    /// An expression that a user wrote: 1 to 4096 bytes, matched in time that grows with the text only.
    init(written node: ConfigNode, mayBeEmpty: Bool = false) throws(ConfigError) {
        let text = try node.string()
        guard !text.isEmpty, text.utf8.count <= 4_096 else {
            throw ConfigError(.outOfRange, at: node.location, "'\(node.path)' must have 1 to 4096 bytes.")
        }
        do {
            try self.init(Pattern(text, mustBeLinear: true), mayBeEmpty: mayBeEmpty)
        } catch {
            throw ConfigError(error, at: node)
        }
    }
}
