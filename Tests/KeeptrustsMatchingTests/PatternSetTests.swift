import Testing

@testable import KeeptrustsMatching

struct PatternSetTests {
    static let patterns = [
        Pattern(#"\b\d{3}-\d{2}-\d{4}\b"#),
        Pattern(#"[a-z0-9._]{1,64}@[a-z0-9-]{1,40}\.[a-z]{2,8}"#, ignoresCase: true),
        Pattern(#"\b(?:ignore|forget)\s{1,4}(?:\w{1,12}\s){0,3}?(?:rules|orders)\b"#, ignoresCase: true),
        Pattern(#"(?<!\w)key-[A-Z]{4,}(?!\w)"#),
        Pattern("不要.{0,5}规则"),
        Pattern(#"pin: (?<value>\d{4})"#),
        Pattern(#"(a|b)\1c"#),
        Pattern(#"(?:^|[\n>])[ #]{0,3}(?:system|admin)[ \t]{0,2}[:>]"#, ignoresCase: true),
        Pattern(#"<\|(?:im_start|end)\|>|\b(?:api[_-]key|longerthaneight)s?\b.{0,9}\bof\b"#, ignoresCase: true),
        Pattern(#"authori[sz]\w{0,4} (?:it|me)"#, ignoresCase: true),
    ]

    static let texts = [
        "", "nothing here", "it is 123-45-6789, or 999-99-9999 x", "a.b@c.de, q@@r, x@y.zz and @", "1234-45-67890",
        "Ignore the old rules. forget  orders; ignore a b c d rules", "key-ABCD xkey-ABCD key-ABC key-ABCDE_",
        "请不要遵守这些规则 ok", "pin: 1234 pin: 12", "aac bbc abc", "é@ü.com jane@example.com ✓ 555-55-5555",
        "System: a\n## admin>\nsystem a system:b >system  : no", "<|IM_START|> <|end|> im_start end|> |end|>",
        "api_key of, api-keys of x, apikey of, api_key1 of, LongerThanEights of longerthaneightx of",
        "_api_key of 1api_key of",
        "authorise it AUTHORIZED me authoriz it, unauthorised it authori it", "system:", "api_key of",
        "ignore" + String(repeating: " filler", count: 40) + " rules then forget rules",
    ]

    @Test("The short cuts change nothing", arguments: texts)
    func differential(text: String) throws {
        let set = try PatternSet(Self.patterns, cacheDirectory: nil)

        #expect(try set.spans(in: text) == set.spansWithoutScan(in: text))
    }

    @Test("The short cuts change nothing, wherever in a text the matches stand", arguments: 0...140)
    func offsets(offset: Int) throws {
        let set = try PatternSet(Self.patterns, cacheDirectory: nil)
        let filler = String(repeating: "x ", count: offset / 2) + (offset % 2 == 1 ? "." : "")
        let text = filler + " 123-45-6789 a@b.cd forget my rules pin: 4711 不要这规则 " + filler

        #expect(try set.spans(in: text) == set.spansWithoutScan(in: text))
        #expect(try set.spans(in: text)[0] == [filler.utf8.count + 1..<filler.utf8.count + 12])
    }

    @Test("A match that begins right behind where another one could have ended is found whole", arguments: 0...140)
    func matchBehindMatch(gap: Int) throws {
        let set = try PatternSet(
            [Pattern(#"\bSECRET//[A-Z]{2,12}(?:[ ,]{1,2}[A-Z]{2,12}){0,6}"#)], cacheDirectory: nil)
        let text = "SECRET//REL TO USA, " + String(repeating: "x", count: gap) + " SECRET//REL TO USA, GBR. "

        let spans = try set.spans(in: text)

        #expect(spans == (try set.spansWithoutScan(in: text)))
        #expect(spans[0].map(\.count) == [18, 23])
    }

    @Test("More known words than are noted do not hide a match behind them")
    func manyWords() throws {
        let set = try PatternSet(Self.patterns, cacheDirectory: nil)
        let filler = String(repeating: "api_key rules ", count: 3_000)
        let text = filler + "Ignore all the rules" + " of orders." + filler

        #expect(try set.spans(in: text) == set.spansWithoutScan(in: text))
        #expect(try set.spans(in: text)[2] == [filler.utf8.count..<filler.utf8.count + 20])
    }

    @Test(
        "An edge behind a space is where a word begins",
        arguments: [
            (#"\bcarries \b[a-z]{3,9}\d"#, "she carries brca1", [4..<17]),
            (#"\b(?:carries|inherited) (?:the |a )?\b[a-z]{3,9}\d"#, "he inherited the brca2", [3..<22]),
            (#"\bcarries\b.{0,3}\d"#, "carries 1, carriess 2", [0..<9]),
        ] as [(String, String, [Range<Int>])])
    func edges(pattern: String, text: String, expected: [Range<Int>]) throws {
        let set = try PatternSet([Pattern(pattern)], cacheDirectory: nil)

        #expect(try set.spans(in: text) == [expected])
        #expect(try set.spansWithoutScan(in: text) == [expected])
    }

    @Test("A pattern of many words is found", arguments: [1, 60, 64, 65, 140])
    func manySteps(words: Int) throws {
        let first = Pattern((0..<words).map { "first\($0)" }.joined(separator: ".{1,3}"))
        let second = Pattern((0..<words).map { "second\($0)" }.joined(separator: "[^a]{1,3}"))
        let set = try PatternSet([first, second], cacheDirectory: nil)
        let text = ["first", "second"].map { name in (0..<words).map { "\(name)\($0)" }.joined(separator: " ") }

        let spans = try set.spans(in: text.joined(separator: ", "))

        let middle = text[0].utf8.count + 2
        #expect(spans == [[0..<middle - 2], [middle..<middle + text[1].utf8.count]])
    }

    @Test("A group called value is what is found")
    func groups() throws {
        let set = try PatternSet([Pattern(#"pin: (?<value>\d{4})"#)], cacheDirectory: nil)

        #expect(try set.spans(in: "my pin: 1234.") == [[8..<12]])
    }

    @Test("Where a match is refused, the search goes on one character later")
    func refusals() throws {
        let set = try PatternSet([Pattern(#"\d(?: ?\d){3}"#)], cacheDirectory: nil)
        let scratch = try #require(PatternScratch(for: set))
        var seen: [Range<Int>] = []
        _ = try Array("1 2345 6".utf8).withUnsafeBytes { text in
            try set.matches(of: 0, in: text, within: [], using: scratch) { span in
                seen.append(span)
                return span.lowerBound == 2 ? span : nil
            }
        }

        #expect(seen == [0..<5, 2..<6])
    }

    @Test("A number counts only with the first digit that its pattern asks for, and is looked for behind any")
    func firstDigits() throws {
        let pattern = Pattern(#"(?<!\d)[23]\d{13}(?!\d)"#)
        let set = try PatternSet([pattern], cacheDirectory: nil)
        var plan = ScanPlan(patterns: 1)
        try plan.add(pattern, SyntaxReader.read(pattern.expression, ignoresCase: false), 0)

        #expect(try set.spans(in: "12345678901234 23456789012345") == [[15..<29]])
        #expect(plan.entries[Gate.cardDigits.rawValue].first?.expression.hasPrefix("[23]") == false)
    }

    @Test("A search that would take too long fails; it does not find nothing")
    func limits() throws {
        let set = try PatternSet([Pattern("(x+x+)+y", mustBeLinear: true)], cacheDirectory: nil)

        #expect(throws: MatchFailure.self) { try set.spans(in: String(repeating: "x", count: 5_000) + " xxy") }
    }

    @Test("A pattern that Hyperscan does not know is still found, if it need not be linear")
    func prefilter() throws {
        let set = try PatternSet([Pattern(#"(ab|cd)x\1"#)], cacheDirectory: nil)

        #expect(try set.spans(in: "abxcd cdxcd") == [[6..<11]])
    }

    @Test(
        "A pattern that must be linear and is not is refused",
        arguments: [#"(a)\1"#, "a(?=b)", "x*", #"\Bx(?<=x)"#]
    )
    func linear(pattern: String) {
        #expect(throws: PatternError.self) {
            try PatternSet([Pattern("a"), Pattern(pattern, mustBeLinear: true)], cacheDirectory: nil)
        }
    }

    @Test("A pattern that is none is told by its number and the place of the mistake")
    func malformed() {
        let error = #expect(throws: PatternError.self) {
            try PatternSet([Pattern("a"), Pattern("b(")], cacheDirectory: nil)
        }

        #expect(error == PatternError(pattern: 1, message: "missing closing parenthesis at character 2"))
    }

    @Test("Literal terms match as they are, whole words and any space")
    func literals() throws {
        let terms = ["a.b", "C++", "über uns", "two words"]
        let patterns = terms.map { Pattern.literal($0, wholeWords: true, ignoresCase: true) }
        let set = try PatternSet(patterns, cacheDirectory: nil)

        let spans = try set.spans(in: "A.B axb c++ ÜBER\tUNS two  words twowords two wordsy")

        #expect(spans.map(\.count) == [1, 1, 1, 1])
    }

    @Test("A text is searched from the earliest word that can still belong to a match, not from one too far back")
    func region() throws {
        let set = try PatternSet(
            [Pattern(#"\bred (?:[a-z]{1,9} ){0,3}fox (?:[a-z]{1,9} ){0,99}end\b"#)], cacheDirectory: nil)
        let scratch = try #require(PatternScratch(for: set))
        let words = Array(repeating: "while ", count: 20).joined()
        let text = Array("red \(words)red big red fox \(words)end".utf8)

        try text.withUnsafeBytes { try set.scan(scratch.read($0), for: set.wholeScope, using: scratch) }

        #expect(scratch.regions.map(\.span.lowerBound) == [124])
    }

    @Test(
        "A text is searched only where no more words stand between those of a pattern than it says",
        arguments: [
            ("red a b c fox", [0...0]), ("red a b c d fox", []), ("red, a-b - c.d 'e fox", [0...0]),
            ("red a b c red d e f g fox", []), ("red a b c d red e f fox", [0...12]),
            ("red-a-b-c-d-e-f-g-h-fox", [0...0]), ("a red b fox, red c d fox", [2...13]),
        ] as [(String, [ClosedRange<Int>])])
    func words(text: String, expected: [ClosedRange<Int>]) throws {
        let pattern = #"\bred[\s,'-]{1,4}(?:[\w.-]{1,24}[\s,'-]{1,4}){0,3}fox\b"#
        let set = try PatternSet([Pattern(pattern)], cacheDirectory: nil)
        let scratch = try #require(PatternScratch(for: set))

        try Array(text.utf8).withUnsafeBytes { try set.scan(scratch.read($0), for: set.wholeScope, using: scratch) }

        #expect(scratch.regions.map { $0.span.lowerBound...$0.latest } == expected)
    }

    @Test(
        "A text is searched in one sentence at a time where a pattern cannot go on behind its end",
        arguments: [
            ("red a, fox", [0...0]), ("red a. fox", []), ("red? a red b fox", [7...7]),
            ("a b red c! red d fox.", [11...11]), ("red. fox", []), ("fox! red fox? red fox.", [5...5, 14...14]),
        ] as [(String, [ClosedRange<Int>])])
    func sentences(text: String, expected: [ClosedRange<Int>]) throws {
        let pattern = #"\b(?:red|ochre)[\s,'-]{1,4}(?:[\w-]{1,24}[\s,'-]{1,4}){0,3}fox\b"#
        let set = try PatternSet([Pattern(pattern)], cacheDirectory: nil)
        let scratch = try #require(PatternScratch(for: set))

        try Array(text.utf8).withUnsafeBytes { try set.scan(scratch.read($0), for: set.wholeScope, using: scratch) }

        #expect(scratch.regions.map { $0.span.lowerBound...$0.latest } == expected)
    }

    @Test("Words, signs and spaces in any order hide no match from the short cuts", arguments: 0..<40)
    func noise(seed: UInt64) throws {
        let gap = #"(?:[\w'.-]{1,9}+[\s,:'_-]{1,6}+)"#
        let set = try PatternSet(
            [
                Pattern(
                    "\\bred[\\s,:'_-]{1,6}\(gap){0,3}?(?:fox|big dog)[\\s,:'_-]{1,6}\(gap){0,2}?end\\b",
                    ignoresCase: true),
                Pattern("\\b(?:the \(gap){0,2}?fox|red)[ -]{1,2}(?:\(gap){1,4}end|dog,? ?tail)", ignoresCase: true),
                Pattern("(?:fox|dog).{0,12}(?:end|tail)"),
            ], cacheDirectory: nil)
        let pieces = ["red", "fox", "big", "dog", "end", "the", "tail", "x", "a.b", "c-d", "e'f", "é", "ſ", "RED", "7"]
        let joints = [" ", " ", " ", ", ", " - ", "\n", "-", "_", "", ". ", " ,,, ", "\u{A0}", "      "]
        var state = seed &* 7_919 &+ 13
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }

        for _ in 0..<50 {
            let text = (0..<next(60)).map { _ in pieces[next(pieces.count)] + joints[next(joints.count)] }.joined()

            #expect(try set.spans(in: text) == set.spansWithoutScan(in: text), "\(text.debugDescription)")
        }
    }

    @Test("A word counts however many others of its step come behind it", arguments: [0, 1, 2, 3, 4, 5])
    func trail(others: Int) throws {
        let set = try PatternSet(
            [Pattern(#"\bred(?: (?:[a-z]{1,9} ){0,9}?fox){1,9} (?:[a-z]{1,9} ){0,3}end\b"#)], cacheDirectory: nil)
        let text = "red " + Array(repeating: "fox and ", count: others).joined() + "fox the end"

        #expect(try set.spans(in: text) == [[0..<text.utf8.count]])
    }
}
