import KeeptrustsCore
import Testing

@testable import KeeptrustsConfig

/// Files that are made to occupy a process: each ends at once, with a sentence.
struct YAMLLimitTests {
    private func problem(_ text: String, _ limits: YAMLLimits = YAMLLimits()) -> String? {
        do {
            _ = try ConfigNode(yaml: ConfigLayer(name: "f", text: text), limits: limits)
            return nil
        } catch {
            return error.all.first.map { String($0.description.dropFirst(2)) }
        }
    }

    @Test("Nested aliases are counted as what they stand for")
    func aliasBomb() {
        var bomb = "a0: &a0 x\n"
        for level in 1...30 { bomb += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
        #expect(problem(bomb)?.hasSuffix("error: the document follows more than 100 aliases.") == true)
    }

    @Test("A few aliases of a large value are counted as its values")
    func largeAlias() {
        let items = Array(repeating: "x", count: 5_000).joined(separator: ",")
        let uses = Array(repeating: "*a", count: 90).joined(separator: ",")
        #expect(
            problem("a: &a [\(items)]\nb: [\(uses)]")?.hasSuffix("error: the document has more than 200000 values.")
                == true)
    }

    @Test("An alias bomb as a key does not occupy the parser")
    func aliasBombAsKey() {
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x]\n"
        for level in 1...12 {
            bomb += "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 8).joined(separator: ", "))]\n"
        }
        #expect(problem(bomb + "? *a12\n: 1\n? *a12\n: 2\n")?.hasPrefix("14:") == true || problem(bomb) != nil)
        #expect(
            problem("a: &a [x]\n? *a\n: 1\n? *a\n: 1\n") == "4:3: error: the key '*a' stands twice in this mapping.")
    }

    @Test("A large file is refused before it is read")
    func largeFile() {
        let text = "a: \(String(repeating: "x", count: 5_000_000))"
        #expect(problem(text) == "1:1: error: the file has 5000003 bytes; 4194304 are allowed.")
    }

    @Test("So are too many lines, and too many items")
    func manyLines() {
        let expected = "1:1: error: the file has more than 200000 lines and list items."
        #expect(problem(String(repeating: "\n", count: 200_001)) == expected)
        #expect(problem("a: [\(String(repeating: "x,", count: 200_000))]") == expected)
    }

    @Test("Deep nesting is refused, in each style")
    func deepNesting() {
        let expected = "error: the document is nested deeper than 64 levels."
        #expect(
            problem("a: \(String(repeating: "[", count: 64))\(String(repeating: "]", count: 64))")?.hasSuffix(expected)
                == true)
        #expect(problem("a: \(String(repeating: "[", count: 62))\(String(repeating: "]", count: 62))") == nil)
        let block = (0..<70).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
        #expect(problem(block)?.hasSuffix(expected) == true)
        for style in ["[", "{a: ", "- ", "? "] {
            #expect(problem(String(repeating: style, count: 150_000)) != nil, "\(style)")
        }
    }

    @Test("Many repeated keys are found, up to a bound")
    func manyDuplicates() {
        let text = (0..<40).map { "{k\($0): 1, k\($0): 2}" }.joined(separator: ", ")
        #expect(problem("a: [\(text)]")?.hasSuffix("this key stands more than once in its mapping.") == true)
        #expect(
            problem(String(repeating: "a: 1\n", count: 10)) == "2:1: error: the key 'a' stands twice in this mapping.")
    }

    @Test("A long key is refused, and not repeated")
    func longKey() {
        #expect(problem("\(String(repeating: "k", count: 129)): 1") == "1:1: error: a key may have 128 bytes.")
    }

    @Test("No cut of a document does more than be refused", arguments: 0..<200)
    func cuts(length: Int) {
        let text = "a: &x {b: [1, \"\\x41\", 'c'], 'd': *x}\n? e\n: |\n  f*\n\"g\": !!str h\nk: >-\n  é\n"
        _ = problem(String(text.prefix(length)))
        _ = problem(String(text.dropFirst(length)))
    }
}
