import KeeptrustsCore
import KeeptrustsPolicy
import KeeptrustsWire
import NIOCore

/// What a chain says of a row.
struct JudgedRow {
    let outcome: ChainOutcome

    /// What went on of a text that came in pieces.
    private let streamed: ByteBuffer?

    /// In pieces the text was judged otherwise than as a whole.
    let differs: Bool

    init(_ outcome: ChainOutcome, streamed: ByteBuffer? = nil, differs: Bool = false) {
        self.outcome = outcome
        self.streamed = streamed
        self.differs = differs
    }

    /// The text does not go on.
    var isBlocked: Bool { outcome.verdict >= .escalate }

    /// A policy found something, whether or not it may act on it.
    var isDetected: Bool { outcome.results.contains(where: \.hasDetected) }

    /// How sure the chain is that something is there, 0...1: the surest of its policies.
    var score: Double { outcome.results.map(\.grade).max() ?? 0 }

    /// The text with redactions made; nothing of one that is blocked, apart from what a stream had let go.
    func textThatGoesOn(_ text: ByteBuffer, main: Int = 0) -> ByteBuffer {
        if let streamed { return streamed }
        guard !isBlocked else { return ByteBuffer() }
        var edits = JSONEdits()
        for redaction in outcome.redactions where redaction.segment == main {
            edits.replace(redaction.span, with: ByteBuffer(string: redaction.replacement))
        }
        return edits.apply(to: text)
    }

    /// Writes the prediction as a line of JSON.
    ///
    /// `labels` count in code points of the text (of a tool call: of its arguments). `redacted` is there only when it is
    /// asked for: scorers take the spans from it then, and not from `labels`.
    func write(of row: TextRow, withText: Bool, into out: inout ByteWriter) {
        out.write("{\"id\":")
        out.write(row.id)
        out.write(",\"labels\":[")
        writeLabels(of: row, into: &out)
        out.write("],\"verdict\":\"")
        out.write(text: outcome.verdict.rawValue)
        out.write(isBlocked ? "\",\"blocked\":true" : "\",\"blocked\":false")
        out.write(",\"score\":")
        out.write(text: score.description)
        if withText {
            out.write(",\"redacted\":")
            out.writeJSONString(textThatGoesOn(row.segments[row.main].text, main: row.main))
        }
        if differs { out.write(",\"differs_in_pieces\":true") }
        out.write("}\n")
    }

    private func writeLabels(of row: TextRow, into out: inout ByteWriter) {
        let all = outcome.results.flatMap { result in
            result.findings.compactMap { $0.segment == row.main ? $0.finding : nil }
        }
        let findings = all.enumerated().filter { index, finding in
            !all.enumerated().contains { finding.isCovered(by: $1, isFirst: $0 < index) }
        }.map(\.element)
        guard !findings.isEmpty else { return }
        let places = CodePoints(
            of: findings.flatMap { [$0.span.lowerBound, $0.span.upperBound] }, in: row.segments[row.main].text)
        for (index, finding) in findings.enumerated() {
            out.write(index == 0 ? "{\"type\":" : ",{\"type\":")
            out.writeJSONString(finding.labelType)
            out.write(",\"category\":")
            out.writeJSONString(finding.category)
            out.write(",\"start\":")
            out.writeDecimal(places[finding.span.lowerBound])
            out.write(",\"end\":")
            out.writeDecimal(places[finding.span.upperBound])
            out.write(",\"score\":")
            out.write(text: finding.confidence.description)
            out.write("}")
        }
    }
}

extension PolicyResult {
    /// Whether it saw something: it acts, would act if it did not only observe, or flags.
    fileprivate var hasDetected: Bool { verdict != .allow || reasonCode != nil && !isUnasked }

    /// How sure it is, 0...1.
    ///
    /// What the kind says itself, where it grades texts. Never below one half for a text that it acts on: scorers cut there.
    fileprivate var grade: Double {
        guard hasDetected else { return score ?? 0 }
        return max(0.5, score ?? findings.map(\.finding.confidence).max() ?? 1)
    }
}

extension Finding {
    /// The category in the words of scorers.
    ///
    /// They have no names for the issuers of credentials; `SECRET` agrees with each of them there, where an unknown name
    /// would not count as a false alarm either.
    fileprivate var labelType: String { category.hasPrefix("secret.") ? "SECRET" : category }

    /// Whether another finding says as much: of the same type, and wider, or as wide and first.
    fileprivate func isCovered(by other: Finding, isFirst: Bool) -> Bool {
        guard labelType == other.labelType, other.span.lowerBound <= span.lowerBound,
            other.span.upperBound >= span.upperBound
        else { return false }
        return other.span.count > span.count || isFirst
    }
}
