import Foundation
import KeeptrustsCore
import Testing

@testable import KeeptrustsPolicy

/// How well kinds find what they are for, on texts of their own domain.
struct DetectionTests {
    /// A kind, the phase of its texts, and what the reference says of it.
    struct Kind: Sendable, CustomTestStringConvertible {
        var name: String
        var phase: Phase
        var testDescription: String { name }
    }

    static let kinds = [
        Kind(name: "dlp-filter", phase: .request), Kind(name: "code-sanitizer", phase: .response),
        Kind(name: "hipaa-phi-detector", phase: .request), Kind(name: "student-privacy", phase: .request),
        Kind(name: "case-privacy", phase: .request),
    ]

    @Test("A kind finds what it must, passes near misses, and its reference states the figures", arguments: kinds)
    func quality(kind: Kind) throws {
        let texts = try MarkedText.all(in: "\(kind.name).txt")
        let chain = try PolicyChain([.string(kind.name)])
        var (values, found, redactions, right) = (0, 0, 0, 0)
        var wrong: [String] = []
        for text in texts {
            let spans = chain.judge(text.plain, kind.phase).redactions.map(\.span)
            let hit = text.marked.filter { marked in spans.contains { $0.overlap(marked) * 5 >= marked.count * 4 } }
            let rightSpans = spans.filter { span in text.marked.contains { $0.overlaps(span) } }
            if hit.count < text.marked.count || rightSpans.count < spans.count { wrong.append(text.plain) }
            values += text.marked.count
            found += hit.count
            redactions += spans.count
            right += rightSpans.count
        }
        let (precision, recall) = (Double(right) / Double(redactions), Double(found) / Double(values))
        let positives = texts.count { !$0.marked.isEmpty }

        #expect(positives >= 40 && texts.count - positives >= 40)
        #expect(precision >= 0.97 && recall >= 0.97, "\(wrong)")
        let line = """
            On \(positives) texts with \(values) values to find and \(texts.count - positives) near misses \
            (`Tests/Fixtures/detection/\(kind.name).txt`): precision \(Self.percent(precision)), recall \
            \(Self.percent(recall)).
            """
        let path = MarkedText.root.appending(path: "docs/reference/policies/\(kind.name).md")
        let page = try String(contentsOf: path, encoding: .utf8)
        #expect(page.split(whereSeparator: \.isWhitespace).joined(separator: " ").contains(line), "\(line)")
    }

    private static func percent(_ share: Double) -> String { "\((share * 1_000).rounded() / 10) %" }
}

/// A text, and the places in it that must be found.
struct MarkedText: Sendable {
    var plain: String
    var marked: [Range<Int>] = []

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The texts of a file: one a line, `+` those that hold something, `-` those that do not, `#` remarks.
    static func all(in file: String) throws -> [MarkedText] {
        let path = root.appending(path: "Tests/Fixtures/detection/\(file)")
        return try String(contentsOf: path, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#") }.map {
            line in
            let text = MarkedText(Pack.unescape(String(line.dropFirst(2))))
            guard text.marked.isEmpty == line.hasPrefix("-") else { throw MarkedTextError(line: String(line)) }
            return text
        }
    }

    private init(_ text: String) {
        plain = ""
        var start: Int?
        for character in text {
            switch (character, start) {
            case ("⟦", nil): start = plain.utf8.count
            case ("⟧", let begin?):
                marked.append(begin..<plain.utf8.count)
                start = nil
            default: plain.append(character)
            }
        }
    }
}

/// A line that is marked as what it is not.
struct MarkedTextError: Error {
    var line: String
}

extension Range<Int> {
    fileprivate func overlap(_ other: Self) -> Int { clamped(to: other).count }
}
