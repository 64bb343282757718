import Testing

@testable import KeeptrustsMatching

struct StreamMatcherTests {
    @Test("Whatever is in progress is noted, wherever the text is cut", arguments: PatternSetTests.texts)
    func liveness(text: String) throws {
        let set = try PatternSet(PatternSetTests.patterns, cacheDirectory: nil)
        let scratch = try #require(PatternScratch(for: set))
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            try bytes[..<cut].withUnsafeBytes { text in
                let end = text.endOfWholeCharacters
                let part = UnsafeRawBufferPointer(rebasing: text[..<end])
                var matcher = StreamMatcher(for: set)
                _ = matcher.read(part, from: 0, using: scratch)
                let noted = scratch.hits(word: 0)
                for pattern in 0..<set.count {
                    let outcome = try set.next(pattern, in: part, from: 0, isLast: false, using: scratch)
                    if outcome != .none { #expect(noted >> UInt64(pattern) & 1 == 1, "\(pattern) after \(cut) bytes") }
                }
            }
        }
    }

    @Test("Clean words leave nothing to search for")
    func quiet() throws {
        let set = try PatternSet([Pattern(#"\bsecret-\w+"#), Pattern(#"\d{4}"#)], cacheDirectory: nil)
        let scratch = try #require(PatternScratch(for: set))
        var matcher = StreamMatcher(for: set)

        let noted = Array("No such thing is in here".utf8).withUnsafeBytes { matcher.read($0, from: 0, using: scratch) }

        #expect(!noted)
    }

    @Test("A pattern of which nothing is in progress is not searched for until a match may begin again")
    func nothing() throws {
        let set = try PatternSet(
            [Pattern(#"\bpay (?:\w+ )*now"#), Pattern(#"\bpay (?:\w+ )*later"#)], cacheDirectory: nil)
        let scratch = try #require(PatternScratch(for: set))
        var matcher = StreamMatcher(for: set)
        func noted(_ text: String) -> UInt64 {
            _ = Array(text.utf8).withUnsafeBytes { matcher.read($0, from: 0, using: scratch) }
            return scratch.hits(word: 0)
        }

        #expect(noted("pay me ") == 0b11)
        matcher.noteNothing(of: 0, using: scratch)
        #expect(noted("when you ") == 0b10)
        #expect(noted("can, or pay ") == 0b11)
        matcher.noteNothing(of: 1, using: scratch)
        #expect(noted("him now") == 0b01)
    }

    @Test("What comes to nothing is not searched for again; what may have ended is, until a search has told")
    func comesToNothing() throws {
        let set = try PatternSet([Pattern("secret key"), Pattern(#"\bcode\b"#)], cacheDirectory: nil)
        let scratch = try #require(PatternScratch(for: set))
        var matcher = StreamMatcher(for: set)
        func noted(_ text: String) -> UInt64 {
            _ = Array(text.utf8).withUnsafeBytes { matcher.read($0, from: 0, using: scratch) }
            return scratch.hits(word: 0)
        }

        #expect(noted("a secret ") == 0b01)
        matcher.noteUnfinished(0)
        #expect(noted("of ") == 0)
        #expect(noted("code") == 0b10)
        #expect(!matcher.mayHaveBegun(1))
        matcher.noteUnfinished(1)
        #expect(noted(" it") == 0b10)
        #expect(matcher.mayHaveBegun(1))
        matcher.noteNothing(of: 1, using: scratch)
        #expect(noted(" to") == 0)
        #expect(!matcher.mayHaveBegun(1))
    }

    @Test("Patterns beyond the first group are followed, too")
    func groups() throws {
        let patterns = (0..<70).map { Pattern("\\bword\($0)x") }
        let set = try PatternSet(patterns, cacheDirectory: nil)
        let scratch = try #require(PatternScratch(for: set))
        var matcher = StreamMatcher(for: set)

        let noted = Array("a word69".utf8).withUnsafeBytes { matcher.read($0, from: 0, using: scratch) }

        #expect(noted)
        #expect((0..<2).map(scratch.hits(word:)) == [0, 1 << 5])
        matcher.noteNothing(of: 69, using: scratch)
        #expect(!Array("x".utf8).withUnsafeBytes { matcher.read($0, from: 0, using: scratch) })
    }

    @Test("Groups that are followed together are followed as each by itself", arguments: PatternSetTests.texts)
    func together(text: String) throws {
        let patterns = (0..<7).flatMap { number in
            PatternSetTests.patterns + [Pattern("\\bword\(number)x"), Pattern("[a-z]{2}\(number)")]
        }
        let set = try PatternSet(patterns, cacheDirectory: nil)
        let scratch = try #require(PatternScratch(for: set))
        let alone = try #require(PatternScratch(for: set))
        var matcher = StreamMatcher(for: set)
        let bytes = Array((text + text).utf8)

        for end in stride(from: 3, to: bytes.count, by: 3) {
            let window = Array(bytes[..<end])
            _ = window.withUnsafeBytes { matcher.read($0, from: end - 3, using: scratch) }
            _ = window.withUnsafeBytes { set.read(anew: $0, using: alone) }
            for word in 0..<scratch.words {
                // Read anew, a window also says what ended in it before.
                #expect(scratch.hits(word: word) & ~alone.hits(word: word) == 0)
            }
            let last = Array(window.suffix(3))
            var one = StreamMatcher(for: set)
            _ = Array(window.dropLast(3)).withUnsafeBytes { one.read($0, from: 0, using: alone) }
            _ = last.withUnsafeBytes { one.read($0, from: 0, using: alone) }
            #expect((0..<scratch.words).map(scratch.hits(word:)) == (0..<alone.words).map(alone.hits(word:)))
        }
    }

    @Test(
        "A pattern that cannot begin within a word is not searched for there",
        arguments: [#"(?<!\w)[a-z0-9]{17}"#, #"(?<![\w.+-])[a-z]{17}"#, #"\b[a-z]{17}"#])
    func words(pattern: String) throws {
        let set = try PatternSet([Pattern(pattern)], cacheDirectory: nil)
        let scratch = try #require(PatternScratch(for: set))
        var matcher = StreamMatcher(for: set)
        func noted(_ text: String) -> Bool {
            Array(text.utf8).withUnsafeBytes { matcher.read($0, from: 0, using: scratch) }
        }

        #expect(noted("so"))
        matcher.noteNothing(of: 0, using: scratch)
        #expect(!noted("me"))
        #expect(noted(" so"))
    }

    @Test("States are bounded: a text that leads to ever new ones is judged all the same")
    func bounded() throws {
        let letters = Array("abcdefghijklmnop").map(String.init)
        let patterns = letters.map { Pattern("\($0)[a-p ]{0,200}\($0)[a-p ]{0,200}\($0)!") }
        let set = try PatternSet(patterns, cacheDirectory: nil)
        let scratch = try #require(PatternScratch(for: set))
        var matcher = StreamMatcher(for: set)
        var random = UInt64(7)
        var text: [UInt8] = []
        for _ in 0..<60_000 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            text.append(UInt8(ascii: "a") + UInt8(random >> 60))
        }

        let noted = text.withUnsafeBytes { matcher.read($0, from: 0, using: scratch) }

        #expect(noted)
        #expect(scratch.hits(word: 0) == 0xFFFF)
    }
}
