import Testing

@testable import KeeptrustsMatching

struct PatternWeightTests {
    @Test(
        "A pattern weighs what it is when its counts are written out",
        arguments: [
            ("abc", 6), ("a{10}", 19), ("a|b|c", 3), ("(?:ab){20}", 80), ("a{1000}", 130), (#"\p{L}"#, 2_012),
            ("[^a]{10}", 150), ("(?:a|b)*c", 5),
        ]
    )
    func weights(expression: String, weight: Int) {
        #expect(Pattern(expression).weight == weight)
    }

    @Test(
        "What Hyperscan can find by no two neighbouring characters is compared with others like it",
        arguments: [
            ("ab", 0), ("A-[0-9]+B", 0), ("a.{0,300}bq", 0), ("[AB]x.{0,300}z", 0), ("(?i)ab.*z", 0), ("a{2}.*b", 0),
            (#"foo\b.*"#, 0), ("(?:ab|cd).*x", 0), ("x(?:a|b).*x", 0), ("(?:ab).*x", 0), ("é.*x", 0),
            (#"\d{3}-\d{2}-\d{4}"#, 8), ("a[0-9]{1,8}b", 8), ("a?b?c", 8),
            ("a.*b", 80), ("a.{0,300}b.{0,300}z", 80), ("a.{0,8}b", 80), ("a[a-z]{4}b", 80), ("a[0-9]+b", 80),
            ("a[0-9]{1,9}b", 80), ("[ab].{0,9}[cd]", 80), ("(?:ab)?.*x", 80), ("(?:ab|c).*x", 80), ("a(?:xy)*.*b", 80),
            ("(?s)ab", 80), ("(?:ab)+.*x", 80), ("(?:ab){2}.*x", 80), ("[a-z][é-ü]+x", 80),
        ])
    func comparisons(expression: String, comparison: Int) {
        #expect(Pattern(expression).weighed().comparison == comparison)
    }

    /// Each takes Hyperscan a second or more, or our own automata; or would overflow a count.
    static let hostile = [
        #"\p{L}{64}"#, #"[\p{L}\p{N}]{16}"#, String(repeating: #"\p{L}"#, count: 500),
        "x" + (0..<512).map { "[\(letter($0))-\(letter($0 + 2))]?" }.joined() + "y",
        "(?:" + (0..<1_000).map { "\(letter($0))\(letter($0 / 26))x" }.joined(separator: "|") + ")*x",
        "(((((((a{1000}){1000}){1000}){1000}){1000}){1000}){1000}){0}",
        "((((((((a{65535}){65535}){65535}){65535}))))){9}",
        // Of a syntax that is not read here.
        #"(?s)\p{L}{64}"#, #"(?s)(?:\p{L}{3}x){40}"#, #"(?s)(?:(?:a.?b){60}c){60}"#, #"\Q[\E(?:(?:ab){90}c){90}"#,
        "(?x)(?:(?:a b){90} c) {90}", "(?s)" + String(repeating: "a?", count: 500), #"(?s)\\x{60000}"#,
        "(?s)[" + String(repeating: "é", count: 600) + "]{60}",
    ]

    private static func letter(_ index: Int) -> Character { Array("abcdefghijklmnopqrstuvwxyz")[index % 20] }

    @Test("What would take long to compile is refused before it is", arguments: hostile)
    func refusals(expression: String) {
        let pattern = Pattern(expression, mustBeLinear: true)

        let errors = [
            #expect(throws: PatternError.self) { try PatternSet.check(pattern) },
            #expect(throws: PatternError.self) { try PatternSet([pattern], cacheDirectory: nil) },
            #expect(throws: PatternError.self) { try Expression(pattern) },
        ]

        #expect(errors.map { $0?.reason } == [.tooHeavy, .tooHeavy, .tooHeavy])
    }

    @Test(
        "What people write is far from too heavy",
        arguments: [
            #"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}\b"#, #"\p{Lu}\p{Ll}{1,40}"#, #"^\p{L}[\p{L} '-]{0,60}$"#,
            #"(?s)BEGIN [A-Z ]{1,20}KEY.{1,400}END"#, #"(?i)(?:projekt|project) (?:blue|red|green|black)(?:bird|fish)"#,
            #"[\x{4E00}-\x{9FFF}]{2,20}"#, #"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,255}\.[A-Za-z]{2,24}"#,
            #"\b(?:\d{1,3}\.){3}\d{1,3}\b"#, #"(?:\p{L}{3}x){40}"#, #"[A-Za-z0-9+/]{40,4000}={0,2}"#,
            #".{0,500}secret.{0,500}"#,
        ]
    )
    func usual(expression: String) throws {
        try PatternSet.check(Pattern(expression, mustBeLinear: true))
    }

    @Test("Only so many patterns are compiled for one configuration, a bound within a bound included")
    func work() throws {
        let pattern = Pattern("abc", mustBeLinear: true)
        func check(_ count: Int) throws(PatternError) {
            for _ in 0..<count { try PatternSet.check(pattern) }
        }

        let isSpent = try CompileWork.bounding(patterns: 3, weight: 1_000) { work throws(PatternError) in
            try check(3)
            return work.isSpent
        }
        #expect(!isSpent)
        for (patterns, weight) in [(2, 1_000), (9, 14)] {
            let error = #expect(throws: PatternError.self) {
                try CompileWork.bounding(patterns: patterns, weight: weight) { _ throws(PatternError) in
                    try CompileWork.bounding(patterns: 9, weight: 1_000) { _ throws(PatternError) in try check(3) }
                }
            }
            #expect(error?.reason == .tooMany)
        }
        try check(100)
    }
}
