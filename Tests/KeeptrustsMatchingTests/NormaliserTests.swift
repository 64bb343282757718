import Testing

@testable import KeeptrustsMatching

struct NormaliserTests {
    @Test(
        "A text is read as it looks",
        arguments: [
            ("plain", "plain"), ("a\u{200B}b\u{AD}c\u{2060}d\u{FEFF}", "abcd"), ("４１１１ ｔｅｘｔ＠ｘ", "4111 text@x"),
            ("\u{202E}abc\u{202C}", "abc"), ("𝐛𝐨𝐥𝐝 𝟗𝟘", "bold 90"), ("ⓐⒷ①⓪", "aB10"), ("٣٤ १२", "34 12"),
            ("a\u{301}e\u{308}", "ae"), ("12\u{2013}34\u{2011}5", "12-34-5"), ("x\u{A0}y\u{3000}z", "x y z"),
            ("é ü ß 日本 🙂", "é ü ß 日本 🙂"), ("ﬁ", "ﬁ"), ("a\u{E0041}b", "ab"), ("", ""),
            ("a\u{1}b\u{0}c\u{7F}d\u{9B}e\u{1F}f", "abcdef"), ("a\tb\nc\r\n", "a\tb\nc\r\n"),
            ("a\u{B}b\u{C}c\u{85}d\u{2028}e\u{2029}f\u{2800}g", "a b c d e f g"),
            ("ᵒᵖᵉʳᵃᵗⁱᵒⁿ ᵇˡᵘᵉᵇⁱʳᵈ", "operation bluebird"), ("ɪɢɴᴏʀᴇ ᴀʟʟ", "ignore all"),
            ("bluebirⅾ ℓⅰ ₙₒ ⅭⅤ", "bluebird li no CV"),
            ("j\u{483}a\u{591}n\u{64B}e\u{3099}@\u{1D165}x", "jane@x"),
            ("a\u{E000}b\u{FFFC}c\u{605}d\u{13430}e\u{F0000}f", "abcdef"),
        ]
    )
    func fold(text: String, expected: String) {
        let view = Array(text.utf8).withUnsafeBytes { Normaliser.fold($0, lookalikes: false) }

        #expect(String(decoding: view.bytes, as: UTF8.self) == expected)
    }

    @Test(
        "What is no character at all does not show", arguments: [0xFDD0, 0xFDEF, 0xFFFE, 0x1FFFE, 0x5FFFF] as [UInt32])
    func noCharacters(value: UInt32) throws {
        let text = "a\(try #require(Unicode.Scalar(value)))b"
        let view = Array(text.utf8).withUnsafeBytes { Normaliser.fold($0, lookalikes: false) }

        #expect(String(decoding: view.bytes, as: UTF8.self) == "ab")
    }

    @Test(
        "Letters that look Latin count as Latin in words that have Latin letters",
        arguments: [("pаssword", "password"), ("пароль", "пароль"), ("сat и кот", "cat и кот"), ("Ηello", "Hello")]
    )
    func lookalikes(text: String, expected: String) {
        let view = Array(text.utf8).withUnsafeBytes { Normaliser.fold($0, lookalikes: true) }

        #expect(String(decoding: view.bytes, as: UTF8.self) == expected)
    }

    @Test("A place in a view is a place in the text as it was sent")
    func places() {
        let text = "é４\u{200B}1\u{AD} x"
        let view = Array(text.utf8).withUnsafeBytes { Normaliser.fold($0, lookalikes: false) }

        #expect(String(decoding: view.bytes, as: UTF8.self) == "é41 x")
        #expect(view.original(2..<4) == 2..<9)
        #expect(view.original(0..<2) == 0..<2)
        #expect(view.original(4..<6) == 11..<13)
        #expect(view.original(at: 6) == 13)
        #expect(view.offset(of: 5) == 3)
    }

    @Test(
        "Most texts beyond ASCII are read as they were sent",
        arguments: [
            ("naïve café – done", false, false), ("“quoted” — text…", false, false), ("日本語", false, false),
            ("Größe, ŝipo, 한국어 ‘…’", false, false), ("so\u{AD}ft", true, false), ("٣", true, false), ("ı", false, true),
            ("aſ", true, false), ("x²", true, false), ("ⅿ", true, false), ("ʙ", true, false), ("ш", false, false),
            ("12–34", true, false), ("a\u{200B}", true, false), ("пароль", false, true), ("１", true, false),
            ("a\u{1}b", true, false), ("a\u{7F}", true, false), ("a\tb\r\nc", false, false), ("\u{E000}", true, false),
        ]
    )
    func changes(text: String, folded: Bool, lookalike: Bool) {
        let changes = Array(text.utf8).withUnsafeBytes { Normaliser.changes($0) }

        #expect(changes.folded == folded)
        #expect(changes.lookalike == lookalike)
    }

    @Test("Bytes that are no text are handed on one by one")
    func invalid() {
        let bytes: [UInt8] = [0x61, 0xFF, 0xC3, 0x28, 0xE2, 0x82]
        let view = bytes.withUnsafeBytes { Normaliser.fold($0, lookalikes: true) }

        #expect(view.bytes == bytes)
    }
}
