import KeeptrustsCore
import Testing

struct NearestNameTests {
    @Test(
        "A misspelt name finds the one that was meant",
        arguments: [
            ("max_attemps", "max_attempts"), ("MaxAttempts", "max_attempts"), ("max-attempts", "max_attempts"),
            ("MODEL", "model"), ("modl", "model"), ("od", "id"), ("xy", nil), ("jitter", nil), ("", nil),
        ]
    )
    func nearest(name: String, expected: String?) {
        #expect(nearestName(to: name, among: ["id", "model", "max_attempts"]) == expected)
    }

    @Test(
        "A name that ends early is meant to go on, where only one does",
        arguments: [("secret_key", "secret_key_ref"), ("SECRET-KEY", "secret_key_ref"), ("api_key", nil), ("sec", nil)]
    )
    func beginning(name: String, expected: String?) {
        let names = ["secret_key_ref", "api_key_header", "api_key_prefix"]
        #expect(nearestName(to: name, among: names) == expected)
    }

    @Test("A name of any length is looked at only when it is short")
    func long() {
        #expect(nearestName(to: String(repeating: "a", count: 1_000_000), among: ["a"]) == nil)
    }

    @Test("A quoted value is short and has no control characters")
    func quoting() {
        #expect(quoted("a\u{1B}[31mb") == "'a\u{FFFD}[31mb'")
        #expect(quoted(String(repeating: "x", count: 61)) == "'\(String(repeating: "x", count: 60))…'")
    }

    @Test(
        "What does not show, or turns what stands around it, is not shown",
        arguments: [
            "\u{0}", "\u{7}", "\n", "\r", "\u{1B}", "\u{7F}", "\u{9B}", "\u{AD}", "\u{34F}", "\u{61C}", "\u{115F}",
            "\u{180B}", "\u{200B}", "\u{200D}", "\u{200E}", "\u{2028}", "\u{2029}", "\u{202A}", "\u{202E}", "\u{2060}",
            "\u{2066}", "\u{2069}", "\u{3164}", "\u{FE0F}", "\u{FEFF}", "\u{E0041}", "\u{E0100}",
        ])
    func hidden(sign: String) {
        let place = SourceLocation(file: "f", line: 1, column: 1)
        let error = ConfigError(.unknownKey, at: place, "unknown key 'a\(sign)b'.", hint: "say '\(sign)'")

        #expect(quoted("é\(sign)字") == "'é\u{FFFD}字'")
        #expect(error.message == "unknown key 'a\u{FFFD}b'." && error.hint == "say '\u{FFFD}'")
    }

    @Test("What shows stays as it is")
    func shown() {
        #expect("naïve – 'x' → 字 😀 עברית".shown == "naïve – 'x' → 字 😀 עברית")
    }
}
