import KeeptrustsCore
import KeeptrustsPolicy
import NIOCore
import Testing

@Suite("The kind tool-validation")
struct ToolValidationTests {
    private static func facts(_ tools: [String]) -> ExchangeFacts {
        var facts = ExchangeFacts.caller()
        facts.tools = tools.map { DeclaredTool(name: $0) }
        return facts
    }

    private static func chain(_ settings: Settings) throws -> PolicyChain {
        try PolicyChain(["tool-validation"], ["tool-validation": settings])
    }

    static let namings: [(Settings?, Bool, [String], String, Bool)] = [
        (["find", "file_*"], false, ["send"], "file_read", true),
        (["find"], false, ["send"], "send", false), (["find"], true, [], "send", true),
        (nil, false, ["send"], "send", true), (nil, false, ["send"], "find", false),
        (nil, false, [], "send", false),
        (nil, true, [], "send", true),
    ]

    @Test("A model may call what is declared: by the settings, else by the request", arguments: namings)
    func names(declared: Settings?, allowsUndeclared: Bool, offered: [String], tool: String, passes: Bool) throws {
        var settings: [(String, Settings)] = [("allow_undeclared", .boolean(allowsUndeclared))]
        if let declared { settings.append(("declared_tools", declared)) }
        let chain = try Self.chain(.mapping(settings))

        let outcome = chain.judge([.call(tool, "{}")], at: .answer, knowing: Self.facts(offered))

        #expect(outcome.verdict == (passes ? .allow : .block))
        #expect(outcome.reason?.code == (passes ? nil : "tool_validation.undeclared"))
        #expect(chain.needs.tools)
    }

    @Test("The history may have calls of tools that are not declared any more, but no others")
    func history() throws {
        let chain = try Self.chain([:])
        let call = [Segment.call("send", "{}")]

        #expect(chain.judge(call, knowing: Self.facts([])).verdict == .allow)
        #expect(chain.judge(call, knowing: Self.facts(["send"])).verdict == .allow)
        #expect(chain.judge(call, knowing: Self.facts(["find"])).verdict == .block)
    }

    static let transfer: Settings = [
        "type": "object", "additionalProperties": false, "required": ["to", "amount"],
        "properties": [
            "to": ["type": "string", "pattern": "^[A-Z]{2}[0-9]{2,30}$"],
            "amount": ["type": "integer", "minimum": 1, "maximum": 100],
            "kind": ["enum": ["once", 7, ["a": [true]]]],
            "notes": ["type": ["array", "null"], "items": ["type": "string", "maxLength": 3], "maxItems": 2],
        ],
    ]

    @Test(
        "Arguments must be what the schema says",
        arguments: [
            (#"{"to":"CH42","amount":100}"#, nil), (#"{"to":"CH42","amount":1e1,"notes":null}"#, nil),
            (#"{"to":"CH42","amount":1,"notes":["é́x","ab"],"kind":{"a":[true]}}"#, nil),
            (#"{"to":"CH42","amount":7,"kind":7.0}"#, nil),
            ("", "'to' must be there"), ("{}", "'to' must be there"), (#"{"to":"CH42"}"#, "'amount' must be there"),
            (#"{"to":"CH42","amount":101}"#, "'amount' must be at most 100.0"),
            (#"{"to":"CH42","amount":0}"#, "'amount' must be at least 1.0"),
            (#"{"to":"CH42","amount":1.5}"#, "'amount' must be of the type integer"),
            (#"{"to":"CH42","amount":"1"}"#, "'amount' must be of the type integer"),
            (#"{"to":"CH4é","amount":1}"#, "'to' must match its pattern"),
            (#"{"to":"CH42\n; rm","amount":1}"#, "'to' must match its pattern"),
            (#"{"to":"CH42","amount":1,"evil":1}"#, "must have no member that its schema does not name"),
            (#"{"to":"CH42","amount":1,"notes":["abcd"]}"#, "'notes.0' is too short or too long"),
            (#"{"to":"CH42","amount":1,"notes":["a","b","c"]}"#, "'notes' has too few or too many elements"),
            (#"{"to":"CH42","amount":1,"kind":"twice"}"#, "'kind' must be one of the values"),
            (#"{"to":"CH42","amount":1,"kind":{"a":[false]}}"#, "'kind' must be one of the values"),
            ("[]", "must be of the type object"), (#"{"to":"CH42","amount":1"#, "are not JSON"),
            (#"{"to":"CH42","amount":1,"amount":1}"#, "are not JSON"), ("rm -rf", "are not JSON"),
        ] as [(String, String?)])
    func arguments(arguments: String, problem: String?) throws {
        let chain = try Self.chain(["allow_undeclared": true, "schemas": ["transfer": Self.transfer]])

        let outcome = chain.judge([.call("transfer", arguments)], at: .answer, knowing: .caller())

        #expect(outcome.verdict == (problem == nil ? .allow : .block))
        guard let problem else { return }
        #expect(outcome.reason?.code == "tool_validation.invalid_arguments")
        #expect(outcome.reason?.message.contains(problem) == true, "\(outcome.reason?.message ?? "")")
        #expect(outcome.reason?.message.contains("evil") == false)
        let span = 0..<arguments.utf8.count
        #expect(outcome.results[0].findings == [LocatedFinding(segment: 0, Finding("tool.arguments", at: span))])
    }

    static let keywordCases: [(Settings, String, Bool)] = [
        (["anyOf": [["type": "string"], ["minimum": 5]]], "7", true),
        (["anyOf": [["type": "string"], ["minimum": 5]]], "3", false),
        (["allOf": [["minimum": 5], ["maximum": 6]]], "5", true),
        (["allOf": [["minimum": 5], ["maximum": 6]]], "7", false),
        (["oneOf": [["minimum": 5], ["maximum": 6]]], "5", false),
        (["oneOf": [["minimum": 5], ["maximum": 6]]], "9", true),
        (["not": ["type": "null"]], "null", false), (["not": ["type": "null"]], "0", true),
        (["exclusiveMinimum": 5], "5", false), (["exclusiveMinimum": 5], "5.1", true),
        (["exclusiveMaximum": 5], "5", false), (["exclusiveMaximum": 5], "4.9", true),
        (["multipleOf": 3], "9", true), (["multipleOf": 3], "10", false), (["const": "a"], #""\u0061""#, true),
        (["const": "a"], #""A""#, false), (["const": false], "null", false), (["const": 1], "true", false),
        (["uniqueItems": true], "[1,1.0]", false), (["uniqueItems": true], #"[1,"1",[1],{"a":1}]"#, true),
        (["uniqueItems": true], #"[{"a":1,"b":2},{"b":2,"a":1}]"#, false),
        (["prefixItems": [["type": "null"]], "items": ["type": "string"]], #"[null,"a"]"#, true),
        (["prefixItems": [["type": "null"]], "items": ["type": "string"]], "[null,1]", false),
        (["prefixItems": [["type": "null"]], "items": false], "[null,1]", false),
        (["minItems": 1], "[]", false), (["minProperties": 1], "{}", false),
        (["maxProperties": 1], #"{"a":1,"b":1}"#, false), (["minLength": 2], #""é""#, false),
        (["additionalProperties": ["type": "integer"]], #"{"a":1}"#, true),
        (["additionalProperties": ["type": "integer"]], #"{"a":"1"}"#, false),
        (["pattern": "^[a-z]*$"], #""""#, true), (["pattern": "b"], #""abc""#, true), ([:], "[[]]", true),
    ]

    @Test("The keywords that combine schemas, and those for numbers and lists", arguments: keywordCases)
    func keywords(schema: Settings, arguments: String, passes: Bool) throws {
        let chain = try Self.chain(["allow_undeclared": true, "schemas": ["t": schema]])

        #expect(
            chain.judge([.call("t", arguments)], at: .answer, knowing: .caller()).verdict
                == (passes ? .allow : .block))
    }

    @Test("Arguments of hostile size cost in proportion, and too many of them are refused")
    func hostile() throws {
        let schema: Settings = ["anyOf": [["items": ["anyOf": [["type": "null"], ["type": "integer"]]]]]]
        let chain = try Self.chain(["allow_undeclared": true, "schemas": ["t": schema]])
        func verdict(_ count: Int) -> Verdict {
            let list = "[" + Array(repeating: "1", count: count).joined(separator: ",") + "]"
            return chain.judge([.call("t", list)], at: .answer, knowing: .caller()).verdict
        }

        #expect(verdict(60_000) == .allow)
        #expect(verdict(70_000) == .block)
    }

    static let mistakeCases: [(Settings, String)] = [
        (
            ["semantic_validation": ["enabled": true]],
            "'policy.tool-validation.semantic_validation' needs the key 'model'"
        ),
        (["schemas": ["t": ["$ref": "#"]]], "write out what it refers to"),
        (["schemas": ["t": ["properties": ["a": ["format": "email"]]]]], "say 'pattern'"),
        (["schemas": ["t": ["pattern": "(a)\\1"]]], "no pattern that can be used"),
        (["schemas": ["t": ["minItems": 3, "maxItems": 2]]], "less than the least allowed"),
        (["schemas": ["t": ["anyOf": []]]], "must not be empty"),
    ]

    @Test("A keyword that would not be checked is refused", arguments: mistakeCases)
    func mistakes(settings: Settings, text: String) throws {
        let error = #expect(throws: ConfigError.self) { try Self.chain(settings) }

        #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
    }
}
