import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsMatching
@testable import KeeptrustsPolicy

/// How often the patterns of a chain are searched for while a text is streamed.
struct StreamWorkTests {
    private static let kinds: Settings = [
        "pii-detector", "dlp-filter", "hipaa-phi-detector", "student-privacy", "case-privacy", "legal-privilege",
        "mnpi-filter", "itar-ear-filter", "code-sanitizer",
    ]

    /// A text in pieces of so many words.
    private func pieces(_ text: String, words: Int) -> [[UInt8]] {
        let all = text.split(separator: " ").map { Array($0.utf8) + [0x20] }
        return stride(from: 0, to: all.count, by: words).map { Array(all[$0..<min($0 + words, all.count)].joined()) }
    }

    @Test("An event of clean text is searched for few patterns, and by each of them once")
    func few() throws {
        let chain = try PolicyChain(Self.kinds)
        let scratch = MatchScratch(for: chain)
        var (events, bytes) = (0, 0)
        for text in CleanTextTests.texts.dropLast() {
            let pieces = pieces(text, words: 4)
            let result = chain.streamed(pieces, using: scratch)
            #expect(result.text == text + " ")
            events += pieces.count
            bytes += text.utf8.count
        }

        let work = try #require(scratch.patterns?.work)
        #expect(work.searches < events * 16, "\(work) in \(events) events")
        #expect(work.bytes < bytes * 16, "\(work) in \(bytes) bytes")
    }

    private static let patterns = [
        #"\balpha(?: \w{1,9}){0,6} omega\b"#, #"\bbeta(?: \w{1,9}){0,6} gamma\b"#, #"\bgamma ray(?: \w{1,9}){0,3} x\b"#,
    ]

    @Test(
        "What comes out does not depend on what else is in progress",
        arguments: [
            "x alpha one beta two three gamma four", "alpha one beta two three four five six gamma seven eight omega",
            "beta alpha gamma ray omega x", "alpha beta gamma rays gamma ray a b c x omega",
            "beta beta alpha gammas gamma",
            "alpha alpha beta 1 2 3 4 5 6 7 omega gamma", "betalpha beta omega gamma, alpha omegas", "alpha beta",
        ])
    func order(text: String) throws {
        let settings: Settings = ["detect_patterns": .list(Self.patterns.map { .string($0) }), "action": "redact"]
        let chain = try PolicyChain(["dlp-filter", "mnpi-filter"], ["dlp-filter": settings])
        let scratch = MatchScratch(for: chain)
        let bytes = Array(text.utf8)
        let whole = chain.streamed([bytes], using: scratch)

        #expect(whole.text.contains("[") == (text != "alpha beta"))
        for size in 1...bytes.count {
            let pieces = stride(from: 0, to: bytes.count, by: size).map {
                Array(bytes[$0..<min($0 + size, bytes.count)])
            }
            #expect(chain.streamed(pieces, using: scratch).text == whole.text, "in pieces of \(size)")
        }
        for cut in 0...bytes.count {
            let pieces = [Array(bytes[..<cut]), Array(bytes[cut...])]
            #expect(chain.streamed(pieces, using: scratch).text == whole.text, "cut at \(cut)")
        }
    }
}
