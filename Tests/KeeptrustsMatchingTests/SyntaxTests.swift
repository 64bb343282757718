import Testing

@testable import KeeptrustsMatching

struct SyntaxTests {
    @Test(
        "A pattern stands behind a gate only where every match needs what the gate asks for",
        arguments: [
            (#"\b\d{3}-\d{2}-\d{4}\b"#, Gate.sevenDigits),
            (#"(?:\d{1,3}\.){3}\d{1,3}"#, .fourDigits),
            (#"cvv \d{3}"#, .digit),
            (#"\d+"#, .digit),
            ("[0-7]{2}", .digit),
            (#"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}"#, .none),
            (#"\d?x"#, .none),
            (#"(?:\d|x)y"#, .none),
            (#"(?:\d\d|x\d)y"#, .digit),
            (#"(?=\d)x"#, .none),
            (#"[\d-]x"#, .none),
            (#"[^\D]x"#, .none),
            (#"\w+@\w+"#, .at),
            (#"(?:a@b)?"#, .none),
            (#"[@%]x"#, .none),
            ("\u{4e0d}\u{8981}", .highByte),
            ("[\u{4e0d}x]", .none),
            (#".\d{7}"#, .sevenDigits),
            (#"\d{4}.{0,100}\d{4}"#, .fourDigits),
            (#"\d{7,}x"#, .digit),
            (#"(\d)\1{8}"#, .none),
            (#"\p{Nd}{9}"#, .none),
        ] as [(String, Gate)]
    )
    func gates(pattern: String, gate: Gate) {
        let syntax = SyntaxReader.read(pattern, ignoresCase: false)

        #expect(Gate(Pattern(pattern), syntax) == gate)
    }

    @Test(
        "What is not known for sure is not read",
        arguments: [
            #"(a)\1"#, #"\Qa.b\E"#, "(?x)a b", "(?(1)a|b)", "a**", "(?R)", #"\Ka"#, "a{,3}", "x{2", #"\8"#, "[b-a]",
            "(a", "a)", #"\xZZ"#, #"[\b]"#, "(*UTF)a", #"\g{1}"#, "a{3,2}", "^*",
        ]
    )
    func unknown(pattern: String) {
        #expect(SyntaxReader.read(pattern, ignoresCase: false) == nil)
    }

    @Test("Nesting has a bound") func nesting() {
        let pattern = String(repeating: "(", count: 5_000) + "a" + String(repeating: ")", count: 5_000)

        #expect(SyntaxReader.read(pattern, ignoresCase: false) == nil)
    }

    @Test(
        "The words that every match must hold, and those that it begins with, are found",
        arguments: [
            (
                "(?:ignore|forget) (?:rules|orders)",
                ["ignore rules", "ignore orders", "forget rules", "forget orders"], []
            ),
            (#"\b(?:ignore|forget(?:ting)?)\s+(?:rules?|orders)"#, ["ignore", "forget"], [["rule", "orders"]]),
            (#"a\d+b"#, nil, []),
            (#"(?:key\d|word)\s(?:x|house)"#, ["key", "word"], []),
            (#"(?:secret)?\s+token"#, nil, [["token"]]),
            (#"\w+(?:first\s+second|third\s+fourth)"#, nil, [["second", "fourth"], ["first", "third"]]),
            (#"(?:do|ignore)\s+it"#, nil, []),
        ] as [(String, Set<String>?, [Set<String>])]
    )
    func factors(pattern: String, leading: Set<String>?, groups: [Set<String>]) throws {
        let syntax = try #require(SyntaxReader.read(pattern, ignoresCase: true))
        let factors = Factors(of: syntax)

        #expect(factors.leading == leading)
        #expect(factors.groups == groups)
    }

    @Test("An anchor's reach is the longest that can stand before it")
    func reach() throws {
        let syntax = try #require(SyntaxReader.read(#"\b[a-z]{1,64}\.?@x"#, ignoresCase: false))
        let unbounded = try #require(SyntaxReader.read("[a-z]+@x", ignoresCase: false))

        #expect(syntax.reach(to: UInt8(ascii: "@")) == 65)
        #expect(unbounded.reach(to: UInt8(ascii: "@")) == nil)
    }
}
