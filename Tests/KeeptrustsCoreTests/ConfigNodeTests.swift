import KeeptrustsCore
import Testing

@Suite("Configuration nodes")
struct ConfigNodeTests {
    enum RetryKey: String, ConfigKey { case attempts, wait }

    static func node(_ value: ConfigNode.Value, path: String = "retry") -> ConfigNode {
        ConfigNode(value, at: SourceLocation(file: "f.yaml", line: 2, column: 3), path: path)
    }

    static func mapping(_ entries: (String, ConfigNode.Value)...) -> ConfigNode {
        let place = SourceLocation(file: "f.yaml", line: 4, column: 5)
        return node(
            .mapping(
                entries.map { (key: $0, keyLocation: place, value: ConfigNode($1, at: place, path: "retry.\($0)")) }))
    }

    @Test("A mapping gives its values by key")
    func reads() throws {
        let retry = try Self.mapping(("attempts", .integer(3)), ("wait", .number(0.5))).mapping(RetryKey.self)

        #expect(try retry.required(.attempts).integer(in: 1...10) == 3)
        #expect(try retry[.wait]?.number(in: 0...1) == 0.5)
        #expect(try Self.mapping(("attempts", .integer(3))).mapping(RetryKey.self)[.wait] == nil)
    }

    @Test("An unknown key is an error at its place, with the key that was meant")
    func unknownKey() {
        let error = #expect(throws: ConfigError.self) {
            try Self.mapping(("attempt", .integer(3))).mapping(RetryKey.self)
        }
        #expect(error?.kind == .unknownKey)
        #expect(error?.location == SourceLocation(file: "f.yaml", line: 4, column: 5))
        #expect(error?.message == "unknown key 'retry.attempt'.")
        #expect(error?.hint == "did you mean 'attempts'?")
        #expect(error?.description.hasPrefix("f.yaml:4:5: error: unknown key 'retry.attempt'.\n  hint: ") == true)
    }

    @Test("A key that must be there is missed where the mapping stands")
    func missingKey() throws {
        let retry = try Self.mapping(("wait", .integer(1))).mapping(RetryKey.self)
        let error = #expect(throws: ConfigError.self) { try retry.required(.attempts) }

        #expect(error?.kind == .missingKey && error?.location.line == 2)
        #expect(error?.message.contains("'attempts'") == true)
    }

    /// Values that are not what is asked for, and the kinds of error for a whole number, a number, a text, a list.
    static let wrong: [(ConfigNode.Value, ConfigError.Kind?, ConfigError.Kind?, ConfigError.Kind?, ConfigError.Kind?)] =
        [
            (.integer(5), nil, nil, .wrongType, .wrongType),
            (.integer(11), .outOfRange, .outOfRange, .wrongType, .wrongType),
            (.integer(0), .outOfRange, .outOfRange, .wrongType, .wrongType),
            (.number(5.5), .wrongType, nil, .wrongType, .wrongType),
            (.number(.nan), .wrongType, .outOfRange, .wrongType, .wrongType),
            (.number(.infinity), .wrongType, .outOfRange, .wrongType, .wrongType),
            (.string("5"), .wrongType, .wrongType, nil, .wrongType),
            (.boolean(true), .wrongType, .wrongType, .wrongType, .wrongType),
            (.null, .wrongType, .wrongType, .wrongType, .wrongType),
            (.list([]), .wrongType, .wrongType, .wrongType, nil),
        ]

    @Test("A value of another type or out of range is an error")
    func wrongValues() {
        for (value, integer, number, string, list) in Self.wrong {
            let node = Self.node(value)
            func kind(_ read: () throws -> Void) -> ConfigError.Kind? {
                do { try read() } catch { return (error as? ConfigError)?.kind }
                return nil
            }
            #expect(kind { _ = try node.integer(in: 1...10) } == integer, "\(value)")
            #expect(kind { _ = try node.number(in: 1...10) } == number, "\(value)")
            #expect(kind { _ = try node.string() } == string, "\(value)")
            #expect(kind { _ = try node.list() } == list, "\(value)")
        }
    }

    @Test("One of several words is read, any other names them")
    func choice() throws {
        let choices: KeyValuePairs = ["block": 1, "allow": 2]
        #expect(try Self.node(.string("allow")).choice(choices) == 2)
        let error = #expect(throws: ConfigError.self) { try Self.node(.string("deny")).choice(choices) }

        #expect(error?.kind == .unknownValue)
        #expect(error?.message.contains("'deny'") == true && error?.message.contains("'block', 'allow'") == true)
    }
}
