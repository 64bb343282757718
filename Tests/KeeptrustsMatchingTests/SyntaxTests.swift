import Testing

@testable import KeeptrustsMatching

struct SyntaxTests {
    @Test(
        "A pattern stands behind a gate only where every match needs what the gate asks for",
        arguments: [
            (#"\b\d{3}-\d{2}-\d{4}\b"#, Gate.sevenDigits),
            (#"(?:\d{1,3}\.){3}\d{1,3}"#, .joinedDigits),
            (#"cvv \d{3}"#, .digit),
            (#"\d+"#, .digit),
            ("[0-7]{2}", .digit),
            (#"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}"#, .colons),
            (#"[0-9a-f]{2}(?:-[0-9a-f]{2}){5}"#, .longWord),
            (#"[0-9a-f]{2}(?:-[0-9a-f]{2}){4}"#, .none),
            (#"::(?:x:)?"#, .colons),
            (#"a:[^:]{0,15}:"#, .none),
            (#"[a-z]{2}\d{2}(?: ?\w){4}"#, .letterDigit),
            (#"(?:ab|a-)\d"#, .digit),
            (#"\d(?:[ .()/-]{0,2}\d){6}"#, .sevenDigits),
            (#"\d(?:[ .()/-]{0,4}\d){6}"#, .digit),
            (#"\d(?:[ -]{0,3}\d){12,18}"#, .cardDigits),
            (#"\d(?:(?:[ ,;]{0,3}|\s{4,8})\d){12}"#, .cardDigits),
            (#"\d(?:(?:[ -]{0,3}|\s{4,9})\d){12}"#, .digit),
            (#"\d(?:[ -]{0,3}\d){11}"#, .sevenDigits),
            (#"\d{3}\)?[ /-]{1,2}\d{4}"#, .sevenDigits),
            (#"\d{3}[ /-]{0,2}x?\(?\d{4}"#, .fourDigits),
            (#"\d{4}(?:\d{3}|x)"#, .fourDigits),
            (#"(?:\d ?)?\d{6}"#, .sixDigits),
            (#"(?:1|22)(?:[ -]?\w){0,3}\d{6}"#, .sixDigits),
            (#"x(?:-?\w){16}"#, .longWord),
            (#"x(?:[ -]?\w){16}"#, .none),
            ("[!-?A-~]{16}", .longWord),
            ("[!-~]{16}", .none),
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
            (#"\d{7,}x"#, .sevenDigits),
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
        "The words that every match must hold are found, in their order, with the room between them",
        arguments: [
            (#"\b(?:ignore|forget)\s{1,4}(?:all|my)\b"#, "0 |forget| |ignore| 4 |all| |my| 0"),
            (#"\bignor(?:e|ing),(?:\w+,)?rules?\b"#, "0 |ignore, |ignoring, nil |rules| |rule| 0"),
            (#"a\d+b"#, ""),
            (#"\b(?:key\d|two \w{2}|x)\b"#, "0 |key 1; 0 |two  2; 0 |x| 0"),
            (#"\b(?:key\d|\w{2})\b"#, ""),
            (#"(?:secret)?\s+token"#, "nil |token 0"),
            (#"token.{0,3}x"#, "0 token 13"),
            (#"\btoken.{0,3}"#, "0 |token 12"),
            (#"\w+(?:first\s+second|third\s+fourth)"#, "nil |fourth |second 0"),
            (#"(?:\b|_)(?:pwd|pw)\b\s{0,3}="#, "1 |pwd| |pw| 4"),
            (#"(?:\b|x)(?:pwd|pw)\b\s{0,3}="#, ""),
            (#"\b(?:two-){2,3}end\b"#, "0 |two- 8 |end| 0"),
            (
                #"\bboard\s{1,2}(?:before\s{1,2}\w{1,4}\s{1,2}results|secret|unannounced)\b"#,
                "0 |board| 2 |before| 8 |results| 0; 0 |board| 2 |secret| |unannounced| 0"
            ),
        ] as [(String, String)]
    )
    func chains(pattern: String, expected: String) throws {
        let syntax = try #require(SyntaxReader.read(pattern, ignoresCase: true))

        #expect(WordChain.all(of: syntax).map(describe).joined(separator: "; ") == expected)
    }

    @Test("Each word has its own room, not that of the other words of its step")
    func slack() throws {
        let syntax = try #require(
            SyntaxReader.read(#"\b(?:tip \w{1,40} near|[a-z]{1,9} secretly) \w{1,7} \bout\b"#, ignoresCase: true))

        let chain = try #require(WordChain.all(of: syntax).first)

        let words = chain.steps[0].words.map {
            "\($0.key.text) \($0.value.before.bytes ?? -1) \($0.value.after.bytes ?? -1)"
        }
        #expect(words.sorted() == [" near 44 0", " secretly 9 0"])
    }

    @Test(
        "The most words that a match of a pattern can have behind spaces are known",
        arguments: [
            (#"\w{1,24}"#, 1), (#"\w+"#, 1), (#"[ ,:-]{1,6}"#, 0), (#"(?:[\w'.-]{1,24}[\s,:-]{1,6}){0,8}"#, 8),
            (#"(?:a b|c)"#, 2), (#"[a-z ]{0,9}"#, 5), (#".{0,7}"#, 4), (#"a.+"#, nil), (#"(?:\w+ )*"#, nil),
            (#"é{2}-x"#, 1), ("", 0),
        ] as [(String, Int?)])
    func words(pattern: String, expected: Int?) throws {
        let syntax = try #require(SyntaxReader.read(pattern, ignoresCase: true))

        #expect(syntax.extent.words == expected)
    }

    /// The words of each step, and before them and at the end the most bytes that can stand there.
    private func describe(_ chain: WordChain) -> String {
        func sum(_ extents: Extent...) -> String { extents.reduce(.none, +).bytes.map { "\($0)" } ?? "nil" }
        var after = Extent.none
        let steps = chain.steps.map { step in
            let words = step.words.keys.map { ($0.startsToken ? "|" : "") + $0.text + ($0.endsToken ? "|" : "") }
                .sorted()
            defer { after = step.mostAfter }
            return ([sum(after, step.before, step.mostBefore)] + words).joined(separator: " ")
        }
        return (steps + [sum(after, chain.after)]).joined(separator: " ")
    }

    @Test(
        "Hyperscan looks for a wider beginning where a match goes on with what it begins with, and for no other",
        arguments: [
            (#"(?<!\d)[23]\d{13}(?!\d)"#, "[0123456789]\\d{13}"),
            (#"[1-8] ?(?:\d{4}|3\d{5})"#, "[0123456789] {0,1}(?:\\d{4}|3\\d{5})"),
            (#"\b[ab][a-f]{20}"#, "\\b[abcdef][a-f]{20}"),
            (#"2\d{13}"#, #"2\d{13}"#), (#"\d[23]{13}"#, #"\d[23]{13}"#), (#"[a2]\d{13}"#, #"[a2]\d{13}"#),
            (#"[23]?\d{13}"#, #"[23]{0,1}\d{13}"#), (#"[23].{13}"#, "[23].{13}"),
            (#"(?:[23]\d{13}|x)"#, #"(?:[23]\d{13}|x)"#), ("[23]", "[23]"),
        ])
    func beginnings(pattern: String, expected: String) throws {
        let syntax = try #require(SyntaxReader.read(pattern, ignoresCase: false)).withWiderBeginning

        // The bytes of a class are written as numbers.
        let sought = (0x30...0x66).reduce(syntax.forHyperscan) { text, byte in
            text.replacing("\\x\(String(byte, radix: 16))", with: String(Character(Unicode.Scalar(UInt8(byte)))))
        }
        #expect(sought == expected)
    }

    @Test("An anchor's reach is the longest that can stand before it")
    func reach() throws {
        let syntax = try #require(SyntaxReader.read(#"\b[a-z]{1,64}\.?@x"#, ignoresCase: false))
        let unbounded = try #require(SyntaxReader.read("[a-z]+@x", ignoresCase: false))

        #expect(syntax.reach(to: UInt8(ascii: "@"))?.longest == 65)
        #expect(unbounded.reach(to: UInt8(ascii: "@")) == nil)
    }
}
