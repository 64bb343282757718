import Foundation
import KeeptrustsCore
import KeeptrustsPolicy
import NIOCore
import Testing

@Suite("Values that are encoded or disguised, in texts that arrive in pieces")
struct StreamDecodingTests {
    private static let chain = try? PolicyChain(["pii-detector", "dlp-filter"])

    private static let values = [
        "4111 1111 1111 1111", "jane.doe@example.com", "AKIAQYLPMN5HFIQR7XYA", "IBAN DE89 3704 0044 0532 0130 00",
    ]

    /// A way of writing a value that says the same.
    struct Disguise: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var write: @Sendable (String) -> String

        init(_ name: String, _ write: @escaping @Sendable (String) -> String) {
            testDescription = name
            self.write = write
        }
    }

    private static func each(_ text: String, _ write: (UInt8) -> String) -> String { text.utf8.map(write).joined() }

    private static func hex(_ byte: UInt8, digits: Int = 2) -> String {
        let plain = String(byte, radix: 16)
        return String(repeating: "0", count: digits - plain.count) + plain
    }

    private static func base64(_ text: String) -> String {
        Data("The value is \(text) as agreed.".utf8).base64EncodedString()
    }

    static let disguises = [
        Disguise("base64") { base64($0) },
        Disguise("base64 for URLs") { base64($0).replacing("=", with: "").replacing("/", with: "_") },
        Disguise("base64 in lines") { value in
            let long = Array(base64("\(value), and some more words so that there is a second line, and a third").utf8)
            return stride(from: 0, to: long.count, by: 64).map {
                String(decoding: long[$0..<min($0 + 64, long.count)], as: UTF8.self)
            }.joined(separator: "\n")
        },
        Disguise("base64 twice") { base64(base64($0)) },
        Disguise("hexadecimal") { each($0) { hex($0) } },
        Disguise("references by number") { each($0) { "&#\($0);" } },
        Disguise("references in hexadecimal") { each($0) { "&#x\(hex($0));" } },
        Disguise("references of references") { each($0) { "&amp;#\($0);" } },
        Disguise("percent") { each($0) { "%\(hex($0))" } },
        Disguise("percent twice") { each($0) { "%25\(hex($0))" } },
        Disguise("backslash u") { each($0) { "\\u\(hex($0, digits: 4))" } },
        Disguise("backslash x") { each($0) { "\\x\(hex($0))" } },
        Disguise("some escapes") { $0.replacing("1", with: "&#49;").replacing("e", with: "%65") },
        Disguise("hidden characters") { value in
            String(String.UnicodeScalarView(value.unicodeScalars.compactMap { Unicode.Scalar($0.value + 0xE0000) }))
        },
    ]

    @Test("What hides a value in a text hides it in no piece of it, wherever that is cut", arguments: disguises)
    func cuts(disguise: Disguise) throws {
        let chain = try #require(Self.chain)
        let scratch = MatchScratch(for: chain)
        for value in Self.values {
            let written = disguise.write(value)
            let text = "Well, it is \(written) and no other, ok?"
            let bytes = Array(text.utf8)
            let expected = try #require(chain.passed(text, .response))
            #expect(!expected.contains(written), "\(text)")
            for cut in 0...bytes.count {
                let middle = cut + (bytes.count - cut) / 3
                let pieces = [bytes[..<cut], bytes[cut..<middle], bytes[middle...]].map(Array.init)
                let found = chain.streamed(pieces, using: scratch)
                guard found.text != expected else { continue }
                Issue.record("\(text) at \(cut), \(middle): \(found.text)")
                break
            }
        }
    }

    @Test(
        "Numbers whose digits stand apart, or in lines, come out as of a whole text",
        arguments: [
            "it is 4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 ok", "it is 4 1 1 1   1 1 1 1   1 1 1 1   1 1 1 1.",
            "SSN 5 3 6 - 2 2 - 8 0 4 1, ok", "card 4111 1111\n1111 1111 ok", "card 4111\n1111\n1111\n1111\nok",
            "a column:\n10\n20\n30\n40\n50\n60\n70\nend", "I am a b and so on", "1.2.3.4 or U.S.A. or plan A, B",
            "0 1 1 0 1 0 0 0 1 0 1 1 0 1 0 1 0 0", "1,2,3,4,5,6,7,8,9,0,1,2,3 and 4",
        ])
    func apart(text: String) throws {
        let chain = try #require(Self.chain)
        let scratch = MatchScratch(for: chain)
        let bytes = Array(text.utf8)
        let expected = chain.passed(text, .response)
        for size in 1...bytes.count {
            let pieces = stride(from: 0, to: bytes.count, by: size).map {
                Array(bytes[$0..<min($0 + size, bytes.count)])
            }
            #expect(chain.streamed(pieces, using: scratch).text == expected, "pieces of \(size)")
        }
    }

    @Test(
        "Secrets whose characters stand apart are taken out, however small the pieces",
        arguments: [
            "ghp_aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5", "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
            "npm_mdryRMMc3emZWLUQJnEn36vt96an7m9VhVWE", "AKIAQYLPMN5HFIQR7XYA", "jane.doe@example.com",
        ], [" ", "\u{A0}", "-", "."])
    func secretsApart(secret: String, separator: String) throws {
        let chain = try #require(Self.chain)
        let scratch = MatchScratch(for: chain)
        let written = secret.map { String($0) }.joined(separator: separator)
        let text = "Here it is: \(written) and that is all."
        let bytes = Array(text.utf8)
        let expected = try #require(chain.passed(text, .response))
        // Signs within a value are none of a row with another sign between any two.
        #expect(!expected.contains(written) || "-.".contains(separator) && secret.contains { "_.".contains($0) })
        for size in 1...24 {
            let pieces = stride(from: 0, to: bytes.count, by: size).map {
                Array(bytes[$0..<min($0 + size, bytes.count)])
            }
            #expect(chain.streamed(pieces, using: scratch).text == expected, "pieces of \(size)")
        }
        for cut in bytes.indices {
            #expect(chain.streamed([Array(bytes[..<cut]), Array(bytes[cut...])], using: scratch).text == expected)
        }
    }

    /// What comes out after each piece.
    private func steps(_ chain: PolicyChain, _ pieces: [String]) throws -> [String] {
        let scratch = MatchScratch(for: chain)
        var judge = try #require(chain.streamJudge(using: scratch))
        return pieces.map { piece in
            var out = ByteBuffer()
            #expect(judge.push(ByteBuffer(string: piece), isLast: false, using: scratch, into: &out) == .pass)
            return String(buffer: out)
        }
    }

    @Test("What may still become a run, an escape or a row of letters waits for the next piece only")
    func latency() throws {
        let chain = try PolicyChain(["legal-privilege"])
        let pieces = [
            "Here", " is", " the", " report", " that", " you", " have", " asked", " for", ",", " with", " it", "s",
            " 100", "%", " of", " R", "&", "D", ".", " It", " took", " time", ";", " 🏴󠁧󠁢󠁥󠁮󠁧󠁿", " flags",
        ]

        let sent = try steps(chain, pieces)

        #expect(
            sent.joined().hasPrefix("Here is the report that you have asked for, with its 100% of R&D. It took time;"))
    }

    @Test("A flag, which hides a word, holds up the text for some bytes only")
    func flags() throws {
        let chain = try PolicyChain(["pii-detector"])
        let pieces = ["We play for 🏴󠁧󠁢󠁥󠁮󠁧󠁿 today. "] + Array(repeating: "It is a good day. ", count: 40)

        let sent = try steps(chain, pieces)

        #expect(sent.joined().utf8.count + 230 > pieces.joined().utf8.count)
    }

    @Test("An encoded text longer than may be held is read in parts", arguments: [64, 1_000, 5_000])
    func longRuns(size: Int) throws {
        let chain = try PolicyChain(["pii-detector"])
        let filler = String(repeating: "Nothing to see here, move along. ", count: 300)
        let clean = Data(filler.utf8).base64EncodedString()
        let dirty = Data((filler + "mail jane.doe@example.com " + filler).utf8).base64EncodedString()
        for (text, verdict) in [("x \(clean) y", Verdict.allow), ("x \(dirty) y", .redact)] {
            let bytes = Array(text.utf8)
            let pieces = stride(from: 0, to: bytes.count, by: size).map {
                Array(bytes[$0..<min($0 + size, bytes.count)])
            }

            let found = chain.streamed(pieces)

            #expect(found.outcome.verdict == verdict)
            #expect(found.text == chain.passed(text, .response))
        }
    }

    @Test(
        "Whatever is repeated, a stream goes on, and no more is held than may be",
        arguments: [
            "&#52;", "%2525", "YWFh", "6161", "a b c ", "1 0 ", "\u{E0041}", "\\u0034", "a.b.c.", "&amp;amp;", "1\n",
            "0,1,", "%", "&", "\\", "=", "A", "a\n", "12\n34\n", "/", "- ", "\\u{", "&#", "%E2%82",
        ])
    func floods(piece: String) throws {
        let chain = try PolicyChain(["pii-detector"])
        let scratch = MatchScratch(for: chain)
        var judge = try #require(chain.streamJudge(using: scratch))
        var out = ByteBuffer()
        let text = String(repeating: piece, count: 20_000 / piece.utf8.count)
        var rest = ByteBuffer(string: text)
        var pushed = 0
        while let part = rest.readSlice(length: min(777, rest.readableBytes)), part.readableBytes > 0 {
            pushed += part.readableBytes
            guard judge.push(part, isLast: false, using: scratch, into: &out) == .pass else { return }
            #expect(pushed - out.readableBytes <= StreamJudge.mostHeld)
        }

        #expect(judge.push(ByteBuffer(), isLast: true, using: scratch, into: &out) == .pass)
        #expect(String(buffer: out) == text)
    }

    @Test("No bytes do harm, wherever they are cut")
    func hostile() throws {
        let chain = try #require(Self.chain)
        let scratch = MatchScratch(for: chain)
        let bytes =
            Array("&#x1F600;%E2%82\\u12\\u{1F600}&commat\u{E0041}%u00é aWdub3JlIGFsbCBwcmV2aW91cw==\u{FF} 4 1 1\n".utf8)
            + [0xFF, 0x25, 0x26, 0xC3, 0xF3, 0xA0, 0x81]
        for first in bytes.indices {
            for second in first..<bytes.count {
                let pieces = [bytes[..<first], bytes[first..<second], bytes[second...]].map(Array.init)
                #expect(chain.streamed(pieces, using: scratch).step == .pass)
            }
        }
    }
}
