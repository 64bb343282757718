import KeeptrustsCore
import Testing

@testable import KeeptrustsMatching
@testable import KeeptrustsPolicy

/// Numbers with check digits, whatever stands between their groups and around them.
struct SeparatedNumberTests {
    private static let chain = try? PolicyChain(["pii-detector"])

    /// What is left of a text, and that a stream leaves the same of it when it comes byte by byte.
    private static func left(of text: String) throws -> String {
        let chain = try #require(chain)
        let scratch = MatchScratch(for: chain)
        let whole = try #require(chain.passed(text, .response))
        let (streamed, _, _) = chain.streamed(Array(text.utf8).map { [$0] }, using: scratch)
        #expect(streamed == whole, "\(text.debugDescription)")
        return whole
    }

    /// Every ASCII character that is no letter and no digit.
    static let separators = (UInt8(0)...0x7F).map { Unicode.Scalar($0) }.filter {
        !("a"..."z").contains($0) && !("A"..."Z").contains($0) && !("0"..."9").contains($0)
    }.map { String(Character($0)) }

    @Test("Any separator may stand between the groups of a card and of an account", arguments: separators)
    func separator(separator: String) throws {
        let card = ["4111", "1111", "1111", "1111"].joined(separator: separator)
        let account = ["DE89", "3704", "0044", "0532", "0130", "00"].joined(separator: separator)

        let left = try [Self.left(of: "pay \(card) now"), Self.left(of: "pay \(account) now")]

        #expect(left == ["pay [CREDIT_CARD_REDACTED] now", "pay [IBAN_REDACTED] now"])
    }

    @Test(
        "Up to eight of them",
        arguments: ["\r\n", " | ", "\", \"", ",,,", "\t\t\t\t", "        ", "\",\n    \""])
    func runs(separator: String) throws {
        let card = ["3782", "822463", "10005"].joined(separator: separator)

        let left = try Self.left(of: "pay \(card) now")

        #expect(left == "pay [CREDIT_CARD_REDACTED] now")
    }

    @Test(
        "A number may touch what stands before and behind it",
        arguments: [
            ("_4111 1111 1111 1111_", "_[CREDIT_CARD_REDACTED]_"), ("x4111111111111111", "x[CREDIT_CARD_REDACTED]"),
            ("bill.4111111111111111", "bill.[CREDIT_CARD_REDACTED]"),
            ("4111111111111111USD", "[CREDIT_CARD_REDACTED]USD"),
            ("a5555-5555-5555-4444b", "a[CREDIT_CARD_REDACTED]b"),
            ("1.4111 1111 1111 1111", "1.[CREDIT_CARD_REDACTED]"), ("9,4111111111111111", "9,[CREDIT_CARD_REDACTED]"),
            ("4111111111111111E0", "[CREDIT_CARD_REDACTED]E0"),
            ("4111,1111,1111,1111,20271", "[CREDIT_CARD_REDACTED],20271"),
            ("4.111111111111111E+15", "[CREDIT_CARD_REDACTED]E+15"),
            ("0.4111111111111111e16", "0.[CREDIT_CARD_REDACTED]e16"),
            ("é4111111111111111é", "é[CREDIT_CARD_REDACTED]é"),
            ("xDE89370400440532013000", "x[IBAN_REDACTED]"), ("_GB29NWBK60161331926819_", "_[IBAN_REDACTED]_"),
            ("DE89370400440532013000EUR", "[IBAN_REDACTED]EUR"),
            ("toFR1420041010050500013M02606now", "to[IBAN_REDACTED]now"),
        ])
    func touching(text: String, left: String) throws {
        let found = try [Self.left(of: text), Self.left(of: "Note: \(text), please.")]

        #expect(found == [left, "Note: \(left), please."])
    }

    @Test(
        "Lists, fractions, amounts and longer numbers are none",
        arguments: [
            "4111,1111,1111,1111,2027", "[1999, 4111, 1111, 1111, 1111]", "4111\t1111\t1111\t1111\t1111",
            "4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 7", "0.4111111111111111", "4.111111111111111e-05",
            "4.111111111111111", "0.4111111111111111e", "4111         1111         1111         1111",
            "411     1     1111     1111     1111", "4,111,111,111,111,111",
            "41111111111111111", "141111111111111110", "4111 and 1111 and 1111 and 1111", "4111:11:1111:111:111",
            "4111,1111,1111,1112", "x4111111111111112", "DE89_3704_0044_0532_0130_01",
            "DE89370400440532013001", "DE98370400440532013000", "DE89370400440532013", "DE8937040044053201300?",
            // The check digits are right, but the country has digits where these have letters.
            "xDE86AB0400440532013000", "FO43_AB00_0054_0104_40",
        ])
    func others(text: String) throws {
        let left = try Self.left(of: text)

        #expect(left == text)
    }

    @Test(
        "Right behind a decimal point, the groups are a card's or none",
        arguments: [
            ("31.4 1 1 1 1 11 1 1 1 11 1 1 1 1", 3, false), ("31 4 1 1 1 1 11 1 1 1 11 1 1 1 1", 3, true),
            ("1.4111 1111 1111 1111", 2, true), ("1.4111111111111111", 2, false), (".4111111111111111", 1, true),
        ])
    func fractions(text: String, start: Int, isCard: Bool) {
        let found = Array(text.utf8).withUnsafeBytes { CardNumber.first(in: start..<$0.count, of: $0) }

        #expect(found == (isCard ? start..<text.utf8.count : nil))
    }

    @Test("A list of numbers does not hide a card with other separators")
    func besides() throws {
        let left = try Self.left(of: "in May 4111:1111:1111:1111 1234 times")

        #expect(left == "in May [CREDIT_CARD_REDACTED] 1234 times")
    }

    @Test(
        "Digits without end take linear work", .timeLimit(.minutes(1)),
        arguments: ["4,", "4 ", "4111,1111,", "41-", "DE12 "])
    func endless(part: String) throws {
        let chain = try #require(Self.chain)
        let text = String(repeating: part, count: 400_000 / part.utf8.count)

        _ = chain.judge(text)
    }

    @Test("The pack names the countries that have account numbers")
    func countries() throws {
        let rule = try #require(try Pack(named: "pii.txt").rules.first { $0.id == "iban" })
        let patterns = try PatternSet([rule.rule.pattern], cacheDirectory: nil)

        #expect(AccountNumber.countries.count == 89)
        for country in AccountNumber.countries {
            let scratch = try #require(PatternScratch(for: patterns))
            try Array("\(country)1200000000000000".utf8).withUnsafeBytes { text in
                try patterns.scan(scratch.read(text), for: patterns.wholeScope, using: scratch)
                #expect(scratch.hits(word: 0) == 1, "\(country)")
            }
        }
    }
}
