import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsPolicy

@Suite("Markers that can be turned back")
struct ReversibleMarkersTests {
    private static func chain(_ more: Settings = ["marker_format": "numbered", "reversible": true]) throws
        -> PolicyChain
    {
        try PolicyChain(
            ["pii-detector"], ["pii-detector": ["detect_patterns": ["<<[^>]+>>"], "redaction": more]])
    }

    /// Judges a request's texts; gives what they become, and what the markers in them stand for.
    private static func judge(_ texts: [String], _ chain: PolicyChain) -> (texts: [String], values: [String: String]?) {
        let segments = texts.map(Segment.user)
        var placeholders = Placeholders()
        placeholders.beginRemembering(segments)
        let outcome = chain.judge(segments, using: MatchScratch(for: chain), placeholders: &placeholders)
        placeholders.endRemembering()
        let originals = placeholders.takeOriginals(outcome.redactions, in: segments)
        return (outcome.applied(to: segments).map { String(buffer: $0.text) }, originals?.values)
    }

    @Test("Only markers with numbers can be", arguments: ["label", "asterisks", "partial"])
    func refused(format: String) {
        #expect {
            try Self.chain(["marker_format": .string(format), "reversible": true])
        } throws: { error in
            "\(error)".contains("'policy.pii-detector.redaction.reversible' needs 'marker_format: numbered'.")
        }
    }

    @Test("Values that are written in different ways are different values")
    func exact() throws {
        let (texts, values) = Self.judge(["J.Doe@x.com jdoe@x.com J.Doe@x.com", "jdoe@x.com"], try Self.chain())

        #expect(texts == ["[EMAIL_1] [EMAIL_2] [EMAIL_1]", "[EMAIL_2]"])
        #expect(values == ["[EMAIL_1]": "J.Doe@x.com", "[EMAIL_2]": "jdoe@x.com"])
    }

    @Test("Without the setting, they are one, and nothing is remembered")
    func off() throws {
        let (texts, values) = Self.judge(
            ["J.Doe@x.com jdoe@x.com"], try Self.chain(["marker_format": "numbered"]))

        #expect(texts == ["[EMAIL_1] [EMAIL_1]"])
        #expect(values == nil)
    }

    @Test("A number is not given of which the marker stands in a text")
    func taken() throws {
        let (texts, values) = Self.judge(["a@x.com b@x.com", "[EMAIL_2] [EMAIL_01] [email_1]"], try Self.chain())

        #expect(texts == ["[EMAIL_1] [EMAIL_3]", "[EMAIL_2] [EMAIL_01] [email_1]"])
        #expect(values == ["[EMAIL_1]": "a@x.com", "[EMAIL_3]": "b@x.com"])
    }

    @Test("With more such markers than can be told apart, nothing is remembered")
    func tooManyTaken() throws {
        let literals = (1...Placeholders.mostTaken + 1).map { "[A_\($0)]" }.joined()

        let (texts, values) = Self.judge(["a@x.com", literals], try Self.chain())

        #expect(texts == ["[EMAIL_1]", literals])
        #expect(values == nil)
    }

    @Test("A value is remembered only as far as there is room, and its marker is there")
    func room() throws {
        let long = "<<" + String(repeating: "x", count: Originals.mostBytesOfOne) + ">>"
        let values = (0..<300).map { "<<" + String(repeating: "y", count: 1_000) + "\($0)>>" }

        let known = Self.judge([long + " " + values.joined(separator: " ")], try Self.chain()).values

        let sizes = known?.values.map(\.utf8.count) ?? []
        #expect(sizes.reduce(0, +) <= Originals.mostBytes && sizes.count > 250)
        #expect(known?["[CUSTOM_1]"] == nil)
        #expect(known?["[CUSTOM_2]"] == values[0])
    }

    @Test("A marker that another policy's took the place of is not remembered")
    func replaced() throws {
        let chain = try PolicyChain(
            ["pii-detector", "dlp-filter"],
            [
                "pii-detector": ["redaction": ["marker_format": "numbered", "reversible": true]],
                "dlp-filter": ["detect_patterns": ["key=[a-z]+@x[.]com-[a-z]{30}"]],
            ])

        let (texts, values) = Self.judge(["key=a@x.com-" + String(repeating: "s", count: 30) + " b@x.com"], chain)

        #expect(texts == ["[CUSTOM_REDACTED] [EMAIL_2]"])
        #expect(values == ["[EMAIL_2]": "b@x.com"])
    }

    @Test(
        "What a document says with escapes is remembered as it is meant, or not at all",
        arguments: [
            (#"{"a": "<<Zo\u00eb \"Z\">>"}"#, #"<<Zoë "Z">>"#), (#"<<Zo\u00eb>>"#, #"<<Zo\u00eb>>"#),
            (#"{"a": "<<c:\\x>>"}"#, nil), (#"[<<\q>>]"#, nil),
        ] as [(String, String?)])
    func escapes(text: String, value: String?) throws {
        let (texts, values) = Self.judge([text], try Self.chain())

        #expect(texts[0].contains("[CUSTOM_1]"))
        #expect(values?["[CUSTOM_1]"] == value)
    }

    @Test(
        "What looks like a marker is found in any text",
        arguments: [
            ("[EMAIL_1]", ["[EMAIL_1]"]), ("[[A_1][B_2]]", ["[A_1]", "[B_2]"]), ("[A_1 [A_1", []), ("[a_1][A_][1]", []),
            ("[\(String(repeating: "A", count: 80))_1]", []), ("", []), ("[", []), ("[A_1", []),
        ] as [(String, [String])])
    func finding(text: String, expected: [String]) {
        var found: [String] = []
        Marker.find(in: ByteBuffer(string: text)) { found.append($0) }

        #expect(found == expected)
    }
}
