import KeeptrustsCore
import Testing

@testable import KeeptrustsConfig

struct YAMLTests {
    private func node(_ yaml: String, _ limits: YAMLLimits = YAMLLimits()) throws -> ConfigNode {
        try node(Array(yaml.utf8), limits)
    }

    private func node(_ bytes: [UInt8], _ limits: YAMLLimits = YAMLLimits()) throws -> ConfigNode {
        do {
            return try ConfigNode(yaml: ConfigLayer(name: "f", bytes: bytes), limits: limits)
        } catch {
            throw Mistakes(texts: error.all.map { String($0.description.dropFirst(2)) })
        }
    }

    private struct Mistakes: Error, Equatable {
        var texts: [String]
    }

    /// The values without their places, as JSON-like text.
    private func values(_ node: ConfigNode) -> String {
        switch node.value {
        case .null: "null"
        case .boolean(let flag): "\(flag)"
        case .integer(let number): "int(\(number))"
        case .number(let number): "number(\(number))"
        case .string(let text): "'\(text)'"
        case .list(let items): "[\(items.map(values).joined(separator: ", "))]"
        case .mapping(let entries): "{\(entries.map { "\($0.key): \(values($0.value))" }.joined(separator: ", "))}"
        }
    }

    @Test(
        "A plain text means one thing",
        arguments: [
            ("true", "true"), ("False", "false"), ("null", "null"), ("~", "null"), ("", "null"), ("yes", "'yes'"),
            ("on", "'on'"), ("No", "'No'"), ("12", "int(12)"), ("-3", "int(-3)"), ("+3", "int(3)"), ("0x1F", "int(31)"),
            ("0o17", "int(15)"), ("017", "'017'"), ("1_000", "'1_000'"), ("12:30", "'12:30'"), ("1.5", "number(1.5)"),
            ("1.", "number(1.0)"), (".5", "'.5'"), ("1e3", "number(1000.0)"), ("-1.5E-2", "number(-0.015)"),
            (".inf", "'.inf'"), (".nan", "'.nan'"), ("1e999", "'1e999'"), ("0x", "'0x'"), ("0x-1", "'0x-1'"),
            ("99999999999999999999", "number(1e+20)"), ("2024-01-01", "'2024-01-01'"), ("1.0.0", "'1.0.0'"),
            ("\"12\"", "'12'"), ("'true'", "'true'"), ("!!str 12", "'12'"), ("a*b", "'a*b'"), ("'*a'", "'*a'"),
        ]
    )
    func plainTexts(text: String, expected: String) throws {
        #expect(try values(node("a: \(text)")) == "{a: \(expected)}")
    }

    @Test("Every node knows its place, its path and, when it is a number, its text")
    func places() throws {
        let root = try node("a:\n  - é: 2.50\n    'b': [x, *]\n".replacing("*", with: "'*'"))

        let item = try #require(try root.member("a")?.list().first)
        #expect(item.path == "a.0")
        let number = try #require(try item.member("é"))
        #expect(number.path == "a.0.é")
        #expect(number.text == "2.50")
        #expect(number.location == SourceLocation(file: "f", line: 2, column: 8))
        let list = try #require(try item.member("b"))
        #expect(try list.list().map(\.location.column) == [11, 14])
        #expect(try list.strings() == ["x", "*"])
    }

    @Test("Asterisks stay what they are, in every kind of text")
    func asterisks() throws {
        let yaml = "'*k*': \"*a\\x2a\"\nb: '*'\nc: |\n  *x\n  **\nd: x*y # *\ne: >-\n  *folded\n"
        #expect(try values(node(yaml)) == "{*k*: '*a*', b: '*', c: '*x\n**\n', d: 'x*y', e: '*folded'}")
    }

    @Test("An alias stands for what its anchor is at, with that place and its own path")
    func aliases() throws {
        let root = try node("a: &x {n: 1}\nb: [*x, *x]\nc: &y 7\nd: *y\n")

        #expect(values(root) == "{a: {n: int(1)}, b: [{n: int(1)}, {n: int(1)}], c: int(7), d: int(7)}")
        let copy = try #require(try root.member("b")?.list().last?.member("n"))
        #expect(copy.path == "b.1.n")
        #expect(copy.location == SourceLocation(file: "f", line: 1, column: 11))
    }

    @Test(
        "What a configuration has no use for is refused where it stands",
        arguments: [
            ("a: 1\na: 2\n", ["2:1: error: the key 'a' stands twice in this mapping."]),
            ("a: 1\n\"a\": 2\n", ["2:1: error: the key 'a' stands twice in this mapping."]),
            (
                "x:\n  - {k: 1, 'k': 2, \"\\x6b\": 3}\n",
                [
                    "2:12: error: the key 'k' stands twice in this mapping.",
                    "2:20: error: the key 'k' stands twice in this mapping.",
                ]
            ),
            (
                "p: {a: 1, a: 2}\nq: {b: {c: 1, d: 2, c: 3}}\np: 3\n",
                [
                    "1:11: error: the key 'a' stands twice in this mapping.",
                    "2:21: error: the key 'c' stands twice in this mapping.",
                    "3:1: error: the key 'p' stands twice in this mapping.",
                ]
            ),
            ("é: {é: 1, é: 2}", ["1:11: error: the key 'é' stands twice in this mapping."]),
            ("'*a': 1\n'*a': 2\n", ["2:1: error: the key '*a' stands twice in this mapping."]),
            (
                "a: &x {k: 1}\nb:\n  <<: *x\n",
                [
                    "3:3: error: merge keys ('<<') are not accepted.\n  hint: write the keys out, or layer two files with a repeated --policy-config"
                ]
            ),
            ("1: a", ["1:1: error: a key must be a text; '1' is not.\n  hint: use quotes"]),
            (
                "true: a",
                [
                    "1:1: error: a key must be a text; 'true' is not.\n  hint: use quotes; where a tool has made 'true' of 'on', write '\"on\":'"
                ]
            ),
            ("~: a", ["1:1: error: a key must be a text; '~' is not.\n  hint: use quotes"]),
            ("? [a]\n: b", ["1:3: error: a key must be a text, not a list or a mapping."]),
            ("{a: 1}: b", ["1:1: error: a key must be a text, not a list or a mapping."]),
            ("&k a: 1", ["1:1: error: a key must not have an anchor."]),
            ("a: &x b\n*x : 1", ["2:1: error: a key must be a text; '*x' is not.\n  hint: use quotes"]),
            ("\"a\\e[31m\": 1", ["1:1: error: a key must not hold control characters."]),
            ("a: \"x\\0y\"", ["1:4: error: the control character U+0000 is not allowed."]),
            (
                "a: !!python/object:os.system x",
                [
                    "1:4: error: the tag 'tag:yaml.org,2002:python/object:os.system' is not accepted.\n  hint: a configuration holds plain values only; remove the '!' and what follows it"
                ]
            ),
            (
                "a: !env SECRET",
                [
                    "1:4: error: the tag '!env' is not accepted.\n  hint: a configuration holds plain values only; remove the '!' and what follows it"
                ]
            ),
            (
                "a: !!binary aGk=",
                [
                    "1:4: error: the tag 'tag:yaml.org,2002:binary' is not accepted.\n  hint: a configuration holds plain values only; remove the '!' and what follows it"
                ]
            ),
            (
                "a: !x {b: 1}",
                [
                    "1:4: error: the tag '!x' is not accepted.\n  hint: a configuration holds plain values only; remove the '!' and what follows it"
                ]
            ),
            (
                "a: !x [b]",
                [
                    "1:4: error: the tag '!x' is not accepted.\n  hint: a configuration holds plain values only; remove the '!' and what follows it"
                ]
            ),
            (
                "!x a: 1",
                [
                    "1:1: error: the tag '!x' is not accepted.\n  hint: a configuration holds plain values only; remove the '!' and what follows it"
                ]
            ),
            ("a: *x", ["1:4: error: no anchor 'x' stands before this alias."]),
            ("a: &x [*x]", ["1:8: error: no anchor 'x' stands before this alias."]),
            ("a: &x 1\nb: &x 2\n", ["2:4: error: the anchor 'x' is set twice."]),
            (
                "a: *.log",
                [
                    "1:4: error: a text that begins with '*' needs quotes.\n  hint: without them it is an alias, '*' and the name of an anchor"
                ]
            ),
            ("a: 1\n---\nb: 2\n", ["2:1: error: a second document begins here; a configuration is one document."]),
            (
                "a:\n\tb: 1\n",
                ["2:1: error: found character that cannot start any token.\n  hint: indent with spaces, not with tabs"]
            ),
            ("a: 1\n b: 2\n", ["2:3: error: mapping values are not allowed in this context."]),
            (
                "a: [1, 2",
                [
                    "1:9: error: did not find expected ',' or ']'.\n  hint: while parsing a flow sequence that begins in line 1"
                ]
            ),
            (
                "a: 'x",
                [
                    "1:6: error: found unexpected end of stream.\n  hint: while scanning a quoted scalar that begins in line 1"
                ]
            ),
            (
                "a: @x",
                [
                    "1:4: error: found character that cannot start any token.\n  hint: while scanning for the next token that begins in line 1"
                ]
            ),
            ("a\u{0}: 1", ["1:2: error: the control character U+0000 is not allowed."]),
            ("a: 1\nb: \u{1B}[2J", ["2:4: error: the control character U+001B is not allowed."]),
            ("a: \u{85}", ["1:4: error: the control character U+0085 is not allowed."]),
            ("a: x\u{FEFF}y", ["1:5: error: the control character U+FEFF is not allowed."]),
        ]
    )
    func refused(yaml: String, expected: [String]) {
        #expect(throws: Mistakes(texts: expected)) { try node(yaml) }
    }

    @Test("A byte order mark is passed over, and moves nothing")
    func byteOrderMark() throws {
        let root = try node([0xEF, 0xBB, 0xBF] + Array("a: b".utf8))
        #expect(try root.member("a")?.location.column == 4)
    }

    @Test("What is not UTF-8 is refused where it begins")
    func encodings() {
        #expect(throws: Mistakes(texts: ["1:1: error: the file is UTF-16.\n  hint: save it as UTF-8"])) {
            try node([0xFF, 0xFE, 0x61, 0x00])
        }
        for bad: [UInt8] in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82]] {
            #expect(throws: Mistakes(texts: ["2:5: error: this byte is not UTF-8.\n  hint: save the file as UTF-8"])) {
                try node(Array("a: 1\né: x".utf8) + bad)
            }
        }
    }

    @Test("An empty file, or one of comments, is nothing", arguments: ["", "\n\n", "# note\n", "---\n", "\u{FEFF}"])
    func empty(text: String) throws {
        #expect(try values(node(text)) == "null")
    }
}
