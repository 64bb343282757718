import Foundation
import KeeptrustsCore
import KeeptrustsPolicy
import NIOCore

/// What a file of rows held, and what became of it.
public struct ScanSummary: Sendable, Equatable {
    /// A line that is no row.
    public struct BadRow: Sendable, Equatable, Codable {
        public var line: Int
        public var problem: String
    }

    public private(set) var rows = 0

    /// Bytes of the texts.
    public private(set) var bytes = 0

    /// Rows in which a policy found something.
    public private(set) var detected = 0
    public private(set) var redacted = 0

    /// Rows that were blocked or escalated.
    public private(set) var blocked = 0

    /// Rows that came in pieces, and the ids of those that were judged otherwise than as a whole (the first twenty).
    public private(set) var inPieces = 0
    public private(set) var differing = 0
    public private(set) var differingIDs: [String] = []

    /// Lines that are no rows (the first twenty).
    public private(set) var badRows: [BadRow] = []
    public private(set) var badRowCount = 0

    private static let mostNamed = 20

    mutating func count(_ row: TextRow, _ judged: JudgedRow) {
        rows += 1
        bytes += row.segments[row.main].text.readableBytes
        if judged.isDetected { detected += 1 }
        if judged.outcome.verdict == .redact { redacted += 1 }
        if judged.isBlocked { blocked += 1 }
        guard !row.pieces.isEmpty else { return }
        inPieces += 1
        guard judged.differs else { return }
        differing += 1
        if differingIDs.count < Self.mostNamed { differingIDs.append(String(buffer: row.id)) }
    }

    mutating func refuse(_ line: Int, _ problem: String) {
        badRowCount += 1
        if badRows.count < Self.mostNamed { badRows.append(BadRow(line: line, problem: problem)) }
    }

    /// For people: one line, and how fast it went, given what reading, judging and writing took.
    public func text(after duration: Duration) -> String {
        var text = "\(rows) rows: \(detected) with findings, \(redacted) redacted, \(blocked) blocked"
        if inPieces > 0 { text += "; \(inPieces) in pieces, \(differing) of them judged otherwise" }
        let seconds = duration / .seconds(1)
        let speed = seconds > 0 ? Double(bytes) / seconds / 1e6 : 0
        return text + String(format: "; %.1f MB in %.2f s (%.1f MB/s)", Double(bytes) / 1e6, seconds, speed)
    }

    /// What is wrong with the file, in lines; empty when nothing is.
    public func remarks(file: String) -> [String] {
        var remarks = badRows.map { "\(file):\($0.line): error: \($0.problem)" }
        if badRowCount > badRows.count { remarks.append("\(file): and \(badRowCount - badRows.count) more such lines") }
        remarks += differingIDs.map { "\(file): error: the row \($0) is judged otherwise in pieces than as a whole" }
        if differing > differingIDs.count {
            remarks.append("\(file): and \(differing - differingIDs.count) more such rows")
        }
        return remarks.map(\.shown)
    }

    /// For programs.
    public func json(after duration: Duration) -> String {
        let wire = Wire(
            rows: rows, bytes: bytes, seconds: duration / .seconds(1), detected: detected, redacted: redacted,
            blocked: blocked, in_pieces: inPieces, differing: differing, differing_ids: differingIDs,
            bad_rows: badRowCount, problems: badRows)
        return JSONReport.text(wire)
    }

    private struct Wire: Encodable {
        var rows: Int
        var bytes: Int
        var seconds: Double
        var detected: Int
        var redacted: Int
        var blocked: Int
        var in_pieces: Int
        var differing: Int
        var differing_ids: [String]
        var bad_rows: Int
        var problems: [BadRow]
    }
}
