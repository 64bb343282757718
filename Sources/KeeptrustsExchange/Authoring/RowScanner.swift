public import KeeptrustsCore
public import KeeptrustsPolicy
import KeeptrustsWire
public import NIOCore

/// Judges rows of texts by a chain, and writes what was found in the form that scorers read.
///
/// Takes the memory of one row. Owned by one thread.
public struct RowScanner: ~Copyable {
    /// What the rows were, and what became of them.
    public private(set) var summary = ScanSummary()

    private let chain: PolicyChain
    private let scratch: MatchScratch
    private let phase: Phase?
    private let writesText: Bool
    private var writer = ByteWriter(capacity: 1 << 16)

    /// - Parameters:
    ///   - chain: What judges.
    ///   - phase: Where a text stands whose row does not say; nil for a user's request.
    ///   - writesText: Whether a prediction holds the text as it would go on.
    public init(_ chain: PolicyChain, phase: Phase? = nil, writesText: Bool = false) {
        self.chain = chain
        self.phase = phase
        self.writesText = writesText
        scratch = MatchScratch(for: chain)
        scratch.gradesAll = true
    }

    /// Judges one line of a file, and appends its prediction to the output.
    ///
    /// An empty line is passed over; one that is no row is noted in ``summary``.
    public mutating func take(_ line: LineSplitter.Line) {
        guard let bytes = line.bytes else {
            return summary.refuse(line.number, "it is longer than \(LineSplitter.maxLineBytes) bytes")
        }
        guard bytes.readableBytesView.contains(where: { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }) else { return }
        do throws(RowFault) {
            let row = try TextRow(bytes, phase: phase)
            let judged = judge(row)
            summary.count(row, judged)
            judged.write(of: row, withText: writesText, into: &writer)
        } catch {
            summary.refuse(line.number, error.description)
        }
    }

    /// How many bytes of output wait.
    public var outputBytes: Int { writer.count }

    /// The output since this was last asked.
    public mutating func takeOutput() -> ByteBuffer {
        defer { writer.clear() }
        return writer.buffer
    }

    private func judge(_ row: TextRow) -> JudgedRow {
        let stage: ExchangeStage? = row.sources.isEmpty ? nil : .answer
        let whole = chain.judge(row.segments, at: stage, facts: row.facts, using: scratch)
        guard !row.pieces.isEmpty else { return JudgedRow(whole) }
        let text = row.segments[row.main]
        guard var judge = chain.streamJudge(on: text.phase, using: scratch) else {
            return JudgedRow(whole, streamed: text.text, differs: false)
        }
        var sent = ByteBuffer()
        var step = StreamStep.pass
        for (index, piece) in row.pieces.enumerated() {
            step = judge.push(piece, isLast: index == row.pieces.count - 1, using: scratch, into: &sent)
            guard step == .pass else { break }
        }
        let expected = JudgedRow(whole).textThatGoesOn(text.text)
        let differs: Bool
        if step == .pass {
            differs = sent != expected || judge.outcome.places != whole.places || judge.outcome.verdict != whole.verdict
        } else {
            differs = whole.verdict < .escalate
        }
        return JudgedRow(judge.outcome, streamed: sent, differs: differs)
    }
}

extension ChainOutcome {
    /// What was found where, whatever the order in which it was found.
    ///
    /// Without what stands within something longer: a stream may have seen the one before the other.
    fileprivate var places: Set<FoundPlace> {
        var places: Set<FoundPlace> = []
        for result in results {
            for located in result.findings where !result.findings.contains(where: { $0.isAround(located) }) {
                places.insert(
                    FoundPlace(policy: result.id, category: located.finding.category, span: located.finding.span))
            }
        }
        return places
    }
}

extension LocatedFinding {
    /// Whether it overlaps another finding, and is longer.
    fileprivate func isAround(_ other: LocatedFinding) -> Bool {
        segment == other.segment && finding.span.overlaps(other.finding.span)
            && finding.span.count > other.finding.span.count
    }
}

/// What one policy found, where.
private struct FoundPlace: Hashable {
    var policy: String
    var category: String
    var span: Range<Int>
}
