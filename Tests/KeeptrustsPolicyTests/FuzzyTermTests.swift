import KeeptrustsCore
import KeeptrustsMatching
import NIOCore
import Testing

@testable import KeeptrustsPolicy

struct FuzzyTermTests {
    private static func chain(_ terms: [String], distance: Int?) throws -> PolicyChain {
        var settings: [(String, Settings)] = [
            ("blocked_terms", .list(terms.map { .string($0) })), ("fuzzy_matching", true),
        ]
        if let distance { settings.append(("max_distance", .integer(distance))) }
        return try PolicyChain(["dlp-filter"], ["dlp-filter": .mapping(settings)])
    }

    @Test(
        "A term is found as whole words within the distance",
        arguments: [
            ("Project Bluebird", 1, "the Project Bluebrid plan", "the Project Bluebrid plan"),
            ("Project Bluebird", 2, "the Project Bluebrid plan", "the [TERM_REDACTED] plan"),
            ("Project Bluebird", 1, "PROJECT  BLUEBIRDS are late", "[TERM_REDACTED] are late"),
            ("Project Bluebird", 1, "projectbluebird", "[TERM_REDACTED]"),
            ("Project Bluebird", 2, "(Projekt\nBluebirt)", "([TERM_REDACTED])"),
            ("Project Bluebird", 3, "Projects Bluebirds2 and more", "[TERM_REDACTED] and more"),
            ("Bluebird", 1, "a blubird, a bluebirdie, xBluebird", "a [TERM_REDACTED], a bluebirdie, [TERM_REDACTED]"),
            ("Bluebird", 0, "a bluebird, a blubird", "a [TERM_REDACTED], a blubird"),
            ("falcon", 8, "falcom falkom talons", "[TERM_REDACTED] falkom talons"),
            ("owl", 8, "owl owls cowl", "[TERM_REDACTED] owls cowl"),
            ("C++ core", 2, "in C++ core, C+ core, C core", "in [TERM_REDACTED], [TERM_REDACTED], C core"),
            ("Überflieger", 1, "der überfliger, ÜBERFLIEGER!", "der [TERM_REDACTED], [TERM_REDACTED]!"),
            ("Операция Закат", 2, "это операция закад.", "это [TERM_REDACTED]."),
        ]
    )
    func distances(term: String, distance: Int, text: String, expected: String) throws {
        #expect(try Self.chain([term], distance: distance).passed(text) == expected)
    }

    @Test("The distance is one where none is said, and short terms lessen it")
    func defaults() throws {
        let chain = try Self.chain(["Bluebird"], distance: nil)

        #expect(chain.passed("blubird, blubir") == "[TERM_REDACTED], blubir")
        #expect(FuzzyTermSet.distance(for: "falco", most: 8) == 0)
        #expect(FuzzyTermSet.distance(for: "falcon", most: 8) == 1)
        #expect(FuzzyTermSet.distance(for: "the blue falcon", most: 8) == 3)
        #expect(FuzzyTermSet.distance(for: "the blue falcon has landed.", most: 8) == 0)
        #expect(FuzzyTermSet.distance(for: "the blue falcon has landed 1", most: 8) == 6)
    }

    @Test("Hidden and look-alike letters cost no distance, and redaction covers what was sent")
    func readings() throws {
        let chain = try Self.chain(["Bluebird"], distance: 1)

        #expect(chain.passed("a Blu\u{200B}e\u{200B}bir\u{200B}t!") == "a [TERM_REDACTED]!")
        #expect(chain.passed("a Вlu\u{435}bi\u{433}\u{501}!") == "a [TERM_REDACTED]!")
    }

    @Test("A stream is redacted as a whole text is, whatever the pieces", arguments: [1, 2, 5, 9, 33])
    func streams(size: Int) throws {
        let chain = try Self.chain(["Project Bluebird", "falcon"], distance: 2)
        let text = "Projec Bluebird is a falkon. The projectBluebirt, the Project of Bluebirds; Project Blue and birds."

        let bytes = Array(text.utf8)
        let pieces = stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }

        #expect(chain.streamed(pieces).text == chain.passed(text, .response))
        #expect(
            chain.passed(text, .response)
                == "[TERM_REDACTED] is a [TERM_REDACTED]. The [TERM_REDACTED], the Project of Bluebirds; Project Blue and birds."
        )
    }

    @Test("What is found is what a comparison of all words finds", arguments: 0..<12)
    func exhaustive(seed: UInt64) throws {
        var random = seed &* 7_919 &+ 1
        func next(_ bound: Int) -> Int {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((random >> 33) % UInt64(bound))
        }
        let term = ["bluebird", "night falcon", "delta"][next(3)]
        let distance = next(4)
        let chain = try Self.chain([term], distance: distance)
        let most = min(distance, ["bluebird": 1, "night falcon": 2, "delta": 0][term] ?? 0)
        for _ in 0..<60 {
            var letters = Array(term)
            for _ in 0..<next(4) {
                let place = next(letters.count)
                switch next(3) {
                case 0: letters.remove(at: place)
                case 1: letters.insert(Array("abdeln ")[next(7)], at: place)
                default: letters[place] = Array("abdeln")[next(6)]
                }
            }
            let text = String(letters).split(separator: " ").joined(separator: " ")
            guard let first = text.first, first != " " else { continue }

            let isNear = Self.spans(of: text).contains { Self.distance(Array(term), Array($0)) <= most }

            #expect((chain.passed(text) != text) == isNear, "\(term) \(most) in \(text)")
        }
    }

    /// Every row of whole words of a text.
    private static func spans(of text: String) -> [String] {
        let words = text.split(separator: " ")
        return words.indices.flatMap { start in
            (start..<words.count).map { words[start...$0].joined(separator: " ") }
        }
    }

    private static func distance(_ a: [Character], _ b: [Character]) -> Int {
        var row = Array(0...b.count)
        for i in 1...a.count {
            var next = [i]
            for j in 1..<(b.count + 1) {
                next.append(min(row[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1), row[j] + 1, next[j - 1] + 1))
            }
            row = next
        }
        return row[b.count]
    }

    @Test("Many terms are looked for together, and odd texts do no harm")
    func hostile() throws {
        let terms = (0..<300).map { "codename number \($0) alpha" }
        let chain = try Self.chain(terms, distance: 2)

        #expect(chain.passed("codenam number 217 alpha") == "[TERM_REDACTED]")
        #expect(chain.passed(String(repeating: "codename ", count: 2_000))?.hasPrefix("codename") == true)
        #expect(chain.judge("").verdict == .allow)
        let bytes: [UInt8] = [0xFF, 0xFE] + Array("codename number 5 alpha".utf8) + [0x80]
        #expect(
            chain.judge(
                [Segment(ByteBuffer(bytes: bytes), role: .user, phase: .request)], using: MatchScratch(for: chain)
            ).verdict == .redact)
    }
}
