import Testing

@testable import KeeptrustsMatching

struct StartFilterTests {
    /// The places of a text at which a match of a pattern may begin.
    private func places(_ pattern: String, _ text: String, isOpen: Bool = false) throws -> [Int]? {
        let syntax = try #require(SyntaxReader.read(pattern, ignoresCase: true))
        guard let filter = StartFilter(syntax) else { return nil }
        defer { filter.deallocate() }
        return Array(text.utf8).withUnsafeBytes { bytes in
            var places: [Int] = []
            var next = 0
            while let place = filter.place(in: bytes, from: next, upTo: bytes.count, isOpen: isOpen) {
                places.append(place)
                next = place + 1
            }
            return places
        }
    }

    @Test(
        "A match may begin only where three bytes of one stand",
        arguments: [
            (#"\b(?:buy|sell\w{0,3})\b"#, "I buy, he SELLS; bought, unsell", [2, 10]),
            (#"(?:buy|sell)"#, "unsell", [2]),
            (#"\b(?:a|to)\s\w+"#, "to a go, at", [0, 3]),
            (#"\bx?\d"#, "x1 2y x", [0, 3]),
            (#"\b(?:i|we)\s{1,4}(?:\w{1,24}\s{1,4}){0,2}?(?:want|need)"#, "on why we wish to, I want", [7, 19]),
            (#"(?:é|ü)b"#, "éb ub üb", [0, 7]),
            (#"\bab"#, "abc ab", [0, 4]),
            (#"(?:ab){2}|[a-c]d{0,2}e"#, "abab cde ade abc", [0, 5, 9]),
            (#"[a-z][12]\d{4}x?"#, "a1234 b123 c1x345 D2345", []),
            (#"[a-z][12]\d{4}x?"#, "a12345 b1234x c13456x", [0, 14]),
            (#"(?:[a-h]{2}\d|[x-z]{2}-)[0-4]\d?"#, "ab12 ab5 ab56 xy-4 xy-9", [0, 14]),
        ] as [(String, String, [Int])])
    func begins(pattern: String, text: String, expected: [Int]) throws {
        let found = try #require(try places(pattern, text))

        #expect(Set(expected).isSubset(of: found))
        #expect(found.count <= expected.count + 1, "\(found)")
    }

    @Test(
        "Where more text may follow, the last places are not passed over",
        arguments: [("a se", [2, 4]), ("a x", [3])])
    func open(text: String, expected: [Int]) throws {
        let found = try #require(try places(#"(?:buy|sell)"#, text, isOpen: true))

        #expect(found == expected)
    }

    @Test("What is not there yet may be all that the next bytes must be", arguments: ["ab a1", "ab a123", "ab a12345"])
    func openRow(text: String) throws {
        #expect(try places(#"[a-z][12]\d{4}x?"#, text, isOpen: true)?.contains(3) == true)
        #expect(try places(#"[a-z][12]\d{4}x?"#, text)?.contains(3) == (text.utf8.count > 8))
    }

    @Test(
        "A pattern that can begin with nearly anything has no filter",
        arguments: [#"\w+@"#, #".{3}x"#, #"[a-z]{2,9}\d"#, "(?:a|b)?"])
    func nothing(pattern: String) throws {
        #expect(try places(pattern, "") == nil)
    }

    @Test(
        "A pattern that begins with few letters needs none",
        arguments: [(#"\d{4}-x"#, false), (#"(?:buy|sell)"#, false), ("(?:ab|cd|ef|gh|ij|kl|mn)", true)])
    func worth(pattern: String, expected: Bool) throws {
        let set = try PatternSet([Pattern(pattern)], cacheDirectory: nil)

        #expect((set.confirmers[0].starts != nil) == expected)
    }

    @Test("Letters beyond ASCII that stand for one of ASCII are no way past it", arguments: ["ſell é", "K-é", "aſk é"])
    func wide(text: String) throws {
        let set = try PatternSet(
            [Pattern("(?:sell|k-|ask|buy|call|due|end|fly).?é", ignoresCase: true)], cacheDirectory: nil)
        let confirmer = set.confirmers[0]
        #expect(confirmer.starts != nil)
        let memory = try #require(MatchMemory())

        let found = try Array(text.utf8).withUnsafeBytes { text in
            try confirmer.search(text, from: 0, isOpen: false, memory)
        }

        #expect(found == .match(whole: 0..<text.utf8.count, found: 0..<text.utf8.count))
    }
}
