import Testing

@testable import KeeptrustsMatching

struct BranchOrderTests {
    @Test(
        "Branches stand together by their first letters, each letter once",
        arguments: [
            ("(?:buy|sell|bring|a)", "b(?:uy|ring)|sell|a"),
            (#"\b(?:do|does|did)\b"#, #"\b(?:d(?:o(?:|es)|id))\b"#),
            ("(?:ab|(?:ac|b))x", "(?:a(?:b|c)|b)x"),
            ("(?:cat|cars?|ca)", "ca(?:t|rs?|)"),
            // What may begin with anything keeps its place, and so does what is counted.
            (#"(?:as|\w|at|as)"#, #"as|\w|a(?:t|s)"#),
            ("(?:as|a?t|at)", "as|a?t|at"),
            ("(?:as|(a)|at)", "as|(a)|at"),
            ("(?:a(s)|at)", "a(s)|at"),
            ("(?:as|at)?", "(?:a(?:s|t))?"),
            (#"(?<=as|at)[a|b)]\|x{2,3}y{,2}"#, #"(?<=as|at)[a|b)]\|x{2,3}y{,2}"#),
            ("(?>ab|a|ac)", "(?>a(?:b||c))"),
        ])
    func order(expression: String, expected: String) throws {
        let whole = try #require(BranchOrder.ordered(expression, ignoresCase: false))

        #expect(whole == expected || whole == "(?:\(expected))")
    }

    @Test("Letters are the same in both cases where case is ignored")
    func cases() {
        #expect(BranchOrder.ordered("Ab|ac", ignoresCase: true) == "A(?:b|c)")
        #expect(BranchOrder.ordered("Ab|ac", ignoresCase: false) == "Ab|ac")
        #expect(BranchOrder.ordered("x(?i:Ab|ac)", ignoresCase: false) == "x(?i:A(?:b|c))")
    }

    @Test(
        "What is not known is left alone",
        arguments: [
            "(?x) a|b", "(?|a|b)", "(*UCP)a", #"\Qa|b\E"#, "(?#a)b", "a)", "(a", "[a", #"\"#, #"\x{41"#, #"(a)\g1"#,
            "(?<name", "(?i)a|A", "(?-i:a)", String(repeating: "(?:", count: 100) + String(repeating: ")", count: 100),
        ])
    func unknown(expression: String) {
        #expect(BranchOrder.ordered(expression, ignoresCase: false) == nil)
    }

    @Test("Matches stay the same", arguments: [false, true])
    func same(ignoresCase: Bool) throws {
        let expressions = [
            "(?:a|ab|b|abc|ba|ac|bab)c?", "(?:ab?|b|ac|aa*|[bc]a|ab)(?:c|cb|a)", "(?>a|ab|ac|b)(?:a|b|ac)c",
            "(?:a|(?:ab|c|abc)|b+)+?c", "(?:ab|a|)(?:bc|b|)c", "(?!ab|ac)(?:a|b|ba)(?=c|ca|b)",
            "(?:aB|Ab|ab|AB)(?:c|C)",
        ]
        let memory = try #require(MatchMemory())
        var texts = [""]
        for _ in 0..<6 { texts += texts.suffix(4_096).flatMap { text in ["a", "b", "c", "A"].map { text + $0 } } }
        for expression in expressions {
            let ordered = try #require(BranchOrder.ordered(expression, ignoresCase: ignoresCase))
            // A pattern is put in order; one that begins with what is not known is not.
            let plain = try Confirmer(Pattern("(?#)" + expression, ignoresCase: ignoresCase), syntax: nil, index: 0)
            let other = try Confirmer(Pattern(ordered, ignoresCase: ignoresCase), syntax: nil, index: 0)
            for text in Set(texts) {
                for isOpen in [false, true] {
                    let found = try Array(text.utf8).withUnsafeBytes { bytes in
                        (
                            try plain.searchAll(bytes, from: 0, isOpen: isOpen, memory),
                            try other.searchAll(bytes, from: 0, isOpen: isOpen, memory)
                        )
                    }
                    #expect(found.0 == found.1, "\(expression) as \(ordered) in \(text)")
                }
            }
        }
    }
}
