import Testing

@testable import KeeptrustsMatching
@testable import KeeptrustsPolicy

/// No text makes the search for a pattern start over too often, counted instead of timed.
struct SearchWorkTests {
    private static let size = 2_000

    /// What is repeated until a text is full.
    static let units = [
        "1", "1 ", "12 ", "1-", "1.", "1:", "123-", "4111 1111 1111 1112 ", "536 22 80411 ",
        "DE89 3700 0440 0532 0130 01 ",
        "a", "a ", "A1", "a:b:", "a@", "a.a@a.", "user@host.", "http://a.", "https://a:", "://a:b", "password=",
        "password= ",
        "token=", "api_key=", "pwd:", "key: '", "secret", "Bearer ", "eyJ", "-----BEGIN ", "AKIA", "sk-", "ignore ",
        "the ",
        "you are now ", "\"a\":", " ", "\n", ".", "=", "_", "é", "中",
    ]

    /// How often a search may pass over a text: the longest values that are refused have some hundred bytes, and begin again
    /// behind some bytes.
    private static let mostAgain = 140

    @Test("A pattern passes over a text some times, whatever the text", arguments: PackTests.cases.indices)
    func restarts(_ number: Int) throws {
        let example = PackTests.cases[number].rule
        let patterns = try #require(PackNoiseTests.patterns)
        let scratch = try #require(PatternScratch(for: patterns))
        let own = (example.matching + example.passing).flatMap { [$0 + " ", $0.dropLast() + " "] }
        for unit in Self.units + own {
            let text = Array(String(repeating: unit, count: Self.size / unit.utf8.count + 1).utf8)
            let before = scratch.work
            _ = try text.withUnsafeBytes { text in
                // What can be refused, is.
                try patterns.matches(of: number, in: text, within: [], using: scratch) { span in
                    example.rule.takesAll ? span : nil
                }
            }
            let (searches, bytes) = (scratch.work.searches - before.searches, scratch.work.bytes - before.bytes)
            #expect(searches <= text.count + 1, "\(example.id), \(unit.debugDescription)")
            #expect(bytes <= text.count * Self.mostAgain, "\(example.id), \(unit.debugDescription)")
        }
    }
}

extension Rule {
    /// Whether whatever its pattern finds is a match.
    fileprivate var takesAll: Bool {
        validator == nil && number == nil && context == nil && terms == nil && pattern.fewestDigits == 0
    }
}
