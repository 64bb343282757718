import KeeptrustsCore
import KeeptrustsPolicy
import NIOCore
import Testing

struct StreamJudgeTests {
    static let answer = """
        Pay é with 4111-1111-1111-1111, not 4111-1111-1111-1112 ✓; \
        mail jané.doe@example.com or ring (415) 555-2671. IBAN DE89 3704 0044 0532 0130 00 🙂 ok
        """
    static let expected = """
        Pay é with [CREDIT_CARD_REDACTED], not 4111-1111-1111-1112 ✓; \
        mail [EMAIL_REDACTED] or ring [PHONE_REDACTED]. IBAN [IBAN_REDACTED] 🙂 ok
        """

    static let chain = try? PolicyChain(["pii-detector", "dlp-filter"])

    @Test("No byte of a match gets out, wherever the text is cut in two", arguments: 0...answer.utf8.count)
    func cutInTwo(at cut: Int) throws {
        let chain = try #require(Self.chain)
        let bytes = Array(Self.answer.utf8)

        let result = chain.streamed([Array(bytes[..<cut]), Array(bytes[cut...])])

        #expect(result.text == Self.expected)
        #expect(result.outcome.verdict == .redact)
    }

    @Test("No byte of a match gets out, wherever the text is cut in three", arguments: 0...answer.utf8.count)
    func cutInThree(at first: Int) throws {
        let chain = try #require(Self.chain)
        let bytes = Array(Self.answer.utf8)

        let scratch = MatchScratch(for: chain)
        for second in first...bytes.count {
            let pieces = [Array(bytes[..<first]), Array(bytes[first..<second]), Array(bytes[second...])]
            #expect(chain.streamed(pieces, using: scratch).text == Self.expected)
        }
    }

    @Test("What comes out does not depend on the size of the pieces", arguments: 1...40)
    func pieces(size: Int) throws {
        let chain = try #require(Self.chain)

        #expect(chain.streamed(Self.cut(Self.answer, size)).text == Self.expected)
    }

    @Test("A text that is judged as a whole comes out as one that is streamed")
    func wholeAndStreamed() throws {
        let chain = try #require(Self.chain)

        #expect(chain.passed(Self.answer, .response) == Self.expected)
    }

    @Test("Nothing comes out before it is decided, and everything after it is sent at once")
    func steps() throws {
        let chain = try PolicyChain(["pii-detector"])
        let scratch = MatchScratch(for: chain)
        var judge = try #require(chain.streamJudge(using: scratch))
        var seen: [String] = []
        for piece in ["Hello there, ", "card 4111 1111", " 1111 1111", " is", " yours: j", "@", "x.org", "."] {
            var out = ByteBuffer()
            #expect(judge.push(ByteBuffer(string: piece), isLast: false, using: scratch, into: &out) == .pass)
            seen.append(String(buffer: out))
        }

        #expect(seen == ["Hello there, ", "card ", "", "", "[CREDIT_CARD_REDACTED] is yours: ", "", "", ""])
    }

    @Test("A candidate that fails its check digits is passed on as it is", arguments: 1...25)
    func refusedCandidates(size: Int) throws {
        let chain = try #require(Self.chain)
        let text = "order 4111 1111 1111 1112, IBAN DE89 3704 0044 0532 0130 01, SSN 000-12-3456."

        let result = chain.streamed(Self.cut(text, size))

        #expect(result.text == text)
        #expect(result.outcome.verdict == .allow)
    }

    @Test("A block ends the text before the first byte of what is forbidden", arguments: 1...12)
    func blocks(size: Int) throws {
        let chain = try PolicyChain(["pii-detector"], ["pii-detector": ["action": "block"]])
        let reason = Reason(code: "pii_detector.detected", message: "The text holds personal data.")

        let result = chain.streamed(Self.cut("The card is 4111 1111 1111 1111, he said.", size))

        #expect(result.step == .blocked(reason, policy: "pii-detector"))
        #expect("The card is ".hasPrefix(result.text))
        #expect(result.outcome.verdict == .block)
    }

    @Test("A policy that observes holds nothing back and reports what it saw")
    func observes() throws {
        let chain = try PolicyChain([["kind": "pii-detector", "mode": "observe"]])
        let scratch = MatchScratch(for: chain)
        var judge = try #require(chain.streamJudge(using: scratch))
        var out = ByteBuffer()

        for piece in ["card 4111 1111", " 1111 11", "11 ok"] {
            _ = judge.push(ByteBuffer(string: piece), isLast: false, using: scratch, into: &out)
        }

        #expect(String(buffer: out) == "card 4111 1111 1111 1111 ok")
        #expect(judge.outcome.verdict == .allow)
        #expect(judge.outcome.flagged)
        #expect(judge.outcome.results[0].verdict == .redact)
        #expect(judge.outcome.results[0].findings == [LocatedFinding(segment: 0, Finding("CREDIT_CARD", at: 5..<24))])
    }

    @Test("A match that does not end within the bound ends the text")
    func overflow() throws {
        let chain = try PolicyChain(["dlp-filter"], ["dlp-filter": ["detect_patterns": ["BEGIN[a-z]*END"]]])
        let text = "xBEGIN" + String(repeating: "a", count: 9_000)

        let result = chain.streamed(Self.cut(text, 100))

        #expect(result.text == "x")
        let message = "The text holds something that may be forbidden and does not end."
        let reason = Reason(code: "dlp_filter.unfinished", message: message)
        #expect(result.step == .blocked(reason, policy: "dlp-filter"))
    }

    @Test("Values hidden by characters that do not show are found, wherever the text is cut", arguments: 1...14)
    func hidden(size: Int) throws {
        let chain = try #require(Self.chain)
        let text = "card 4111\u{200B}1111\u{2060}1111 1111, ４１１１ １１１１ １１１１ １１１１ and ja\u{AD}ne@example.com done"

        let result = chain.streamed(Self.cut(text, size))

        #expect(
            result.text == "card [CREDIT_CARD_REDACTED], [CREDIT_CARD_REDACTED] and [EMAIL_REDACTED] done")
    }

    @Test("A word that is not Latin yet is held, wherever the text is cut", arguments: 1...30)
    func openWords(size: Int) throws {
        let chain = try #require(Self.chain)
        let text = "mail: j\u{430}ne at \u{435}xample.com, \u{43A}ey: \u{410}KIAQYLPMN5HFIQR7XYA, \u{43C}\u{438}\u{440}"

        let result = chain.streamed(Self.cut(text, size))

        #expect(!result.text.contains("QYLPM"))
        #expect(result.text.hasSuffix("\u{43C}\u{438}\u{440}"))
        #expect(result.text == chain.passed(text))
    }

    @Test("What one reading has found does not hide what another would find before it", arguments: [1, 7, 80])
    func readings(size: Int) throws {
        let chain = try PolicyChain(["dlp-filter"])
        let key = "KIAQYLPMN5HFIQR7XYA"

        let result = chain.streamed(Self.cut("\u{410}\(key) A\u{200B}\(key) end", size))

        #expect(result.text == "[API_KEY_REDACTED] [API_KEY_REDACTED] end")
    }

    @Test("Overlapping matches become one redaction", arguments: 1...16)
    func overlaps(size: Int) throws {
        let settings: Settings = ["dlp-filter": ["detect_patterns": ["doe@exam", "mple.*z"]]]
        let chain = try PolicyChain(["pii-detector", "dlp-filter"], settings)

        let result = chain.streamed(Self.cut("to jane.doe@example.com z, yes", size))

        #expect(result.text == "to [EMAIL_REDACTED], yes")
    }

    /// What is held back while it goes on, of a few bytes each.
    static let endless = ["%34", "&#52;", "\\u0034", "QUJDREVG", "4111", "deadbeef", "1 ", "a.", "i g n o r e "]

    @Test("What is held back costs a multiple of plain text, however small the pieces are", arguments: endless)
    func rereading(unit: String) throws {
        let chain = try #require(Self.chain)
        let scratch = MatchScratch(for: chain)
        let clock = ContinuousClock()
        func cost(_ unit: String) -> Duration {
            let text = String(repeating: unit, count: 6_000 / unit.utf8.count)
            return (0..<3).map { _ in clock.measure { _ = chain.streamed(Self.cut(text, 1), using: scratch) } }.min()
                ?? .zero
        }

        // Read again with each piece, it costs up to a hundred times as much.
        #expect(cost(unit) < cost("the river bends where old mills stand ") * 16)
    }

    @Test(
        "A value of thousands of bytes in the smallest pieces is taken out whole",
        arguments: ["%34", "&#52;", "\\u0034"])
    func longValues(digit: String) throws {
        let chain = try #require(Self.chain)
        let one = digit.replacing("34", with: "31").replacing("52", with: "49")
        let card = digit + String(repeating: one, count: 15)
        let text = "pay " + String(repeating: card + "-", count: 40) + " and go on, please"

        #expect(chain.streamed(Self.cut(text, 1)).text == chain.passed(text))
        #expect(!chain.streamed(Self.cut(text, 1)).text.contains(one))
    }

    private static func cut(_ text: String, _ size: Int) -> [[UInt8]] {
        let bytes = Array(text.utf8)
        return stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
    }
}
