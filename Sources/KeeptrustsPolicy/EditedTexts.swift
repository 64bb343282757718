public import KeeptrustsCore
import NIOCore

/// Texts with edits made to them, that know what of each still stands as it was sent.
struct EditedTexts {
    /// The texts as they were sent.
    private let sent: [Segment]

    /// The texts that differ from what was sent.
    private var changed: [Int: Pieces] = [:]

    init(_ segments: [Segment], _ redactions: [Redaction]) {
        sent = segments
        apply(redactions)
    }

    /// The texts as they are now.
    var segments: [Segment] {
        var segments = sent
        for (number, pieces) in changed { segments[number].text = pieces.text(of: sent[number].text) }
        return segments
    }

    /// What must be replaced in the texts as they were sent to make them what they are now, in their order.
    var redactions: [Redaction] {
        changed.keys.sorted().flatMap { number in
            changed[number]?.redactions(number, count: sent[number].text.readableBytes) ?? []
        }
    }

    /// Makes edits, which are in order, do not overlap, and count from the beginning of the texts as they are now.
    mutating func apply(_ edits: [Redaction]) {
        var next = 0
        while next < edits.count {
            let number = edits[next].segment
            let own = edits[next...].prefix { $0.segment == number }
            var pieces = changed[number] ?? Pieces(count: sent[number].text.readableBytes)
            pieces.apply(own)
            changed[number] = pieces
            next = own.endIndex
        }
    }

    /// A text with edits made, which are in order and do not overlap.
    static func text(_ text: ByteBuffer, _ edits: [Redaction]) -> ByteBuffer {
        EditedTexts([Segment(text, role: .assistant, phase: .response)], edits).segments[0].text
    }

    /// One text, as pieces of what was sent and of what was put in.
    private struct Pieces {
        private enum Piece {
            case sent(Range<Int>)
            case added([UInt8])

            var count: Int {
                switch self {
                case .sent(let range): range.count
                case .added(let bytes): bytes.count
                }
            }

            func part(_ range: Range<Int>) -> Piece {
                switch self {
                case .sent(let all): .sent(all.lowerBound + range.lowerBound..<all.lowerBound + range.upperBound)
                case .added(let bytes): .added(Array(bytes[range]))
                }
            }
        }

        private var pieces: [Piece]

        init(count: Int) { pieces = [.sent(0..<count)] }

        mutating func apply(_ edits: ArraySlice<Redaction>) {
            var reader = Reader(pieces: pieces)
            var result: [Piece] = []
            for edit in edits {
                reader.read(upTo: edit.span.lowerBound) { result.append($0) }
                result.append(.added(Array(edit.replacement.utf8)))
                reader.read(upTo: edit.span.upperBound) { _ in }
            }
            reader.read(upTo: .max) { result.append($0) }
            pieces = result
        }

        /// Goes through pieces once, from the first to the last.
        private struct Reader {
            let pieces: [Piece]
            private var index = 0
            private var offsetInPiece = 0
            private var offset = 0

            init(pieces: [Piece]) { self.pieces = pieces }

            mutating func read(upTo end: Int, _ take: (Piece) -> Void) {
                while index < pieces.count, offset < end {
                    let piece = pieces[index]
                    let count = min(piece.count - offsetInPiece, end - offset)
                    if count > 0 { take(piece.part(offsetInPiece..<offsetInPiece + count)) }
                    (offset, offsetInPiece) = (offset + count, offsetInPiece + count)
                    guard offsetInPiece == piece.count else { return }
                    (index, offsetInPiece) = (index + 1, 0)
                }
            }
        }

        func text(of sent: ByteBuffer) -> ByteBuffer {
            var text = ByteBuffer()
            for piece in pieces {
                switch piece {
                case .sent(let range):
                    if let part = sent.getSlice(at: sent.readerIndex + range.lowerBound, length: range.count) {
                        text.writeImmutableBuffer(part)
                    }
                case .added(let bytes): text.writeBytes(bytes)
                }
            }
            return text
        }

        /// The gaps between the pieces that stand as they were sent, and what is in them now.
        func redactions(_ number: Int, count: Int) -> [Redaction] {
            var redactions: [Redaction] = []
            var end = 0
            var added: [UInt8] = []
            func close(_ next: Int) {
                guard next > end || !added.isEmpty else { return }
                let text = String(decoding: added, as: UTF8.self)
                redactions.append(Redaction(segment: number, span: end..<next, replacement: text))
                added = []
            }
            for piece in pieces {
                switch piece {
                case .sent(let range):
                    close(range.lowerBound)
                    end = range.upperBound
                case .added(let bytes): added += bytes
                }
            }
            close(count)
            return redactions
        }
    }
}

extension ChainOutcome {
    /// The texts after the redactions that were made in them.
    ///
    /// - Parameter segments: The texts that were judged.
    /// - Returns: The texts as they may be sent.
    public func applied(to segments: [Segment]) -> [Segment] {
        redactions.isEmpty ? segments : EditedTexts(segments, redactions).segments
    }
}
