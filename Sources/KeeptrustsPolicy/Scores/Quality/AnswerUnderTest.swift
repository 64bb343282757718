import KeeptrustsCore
import KeeptrustsWire
import NIOCore

/// An answer as `quality-scorer` looks at it: its text, and what it answers.
struct AnswerUnderTest {
    let text: String
    let bytes: ByteBuffer
    let worded: WordedText

    /// What the user asked last.
    let question: WordedText

    /// What the request gave to answer from.
    let sources: Sources

    /// How the answer stands to the sources; nil when there are none.
    let grounding: GroundingReport?

    /// The calls of tools: of the request's history, and of the answer.
    let calls: [Examination.Call]

    /// An answer with more bytes is not scored.
    static let mostBytes = 1 << 18

    /// - Throws: ``GroundingFailure`` when there is too much of it.
    init(_ bytes: ByteBuffer, _ examination: Examination) throws(GroundingFailure) {
        guard bytes.readableBytes <= Self.mostBytes else { throw .tooLarge }
        self.bytes = bytes
        text = String(buffer: bytes)
        worded = WordReader.read(Array(bytes.readableBytesView))
        let conversation = examination.facts.conversation
        let last = conversation.last { $0.role == .user && $0.phase == .request }
        question = WordReader.read(last.map { Array($0.text.readableBytesView.suffix(65_536)) } ?? [])
        sources = try Sources(conversation)
        grounding = sources.passages.isEmpty ? nil : try GroundingReport(bytes, sources, GroundingReport.Demands())
        calls = Examination.calls(in: conversation) + Examination.calls(in: examination.segments)
    }

    /// The answer as JSON: all of it, or what stands in its first block of code; nil when that is none.
    func json(anywhere: Bool) -> JSONTree? {
        if let tree = try? JSONTree(bytes.trimmed) { return tree }
        guard anywhere else { return nil }
        let view = bytes.readableBytesView
        // The first brackets that hold a document; a few places are enough.
        var tries = 0
        for (index, byte) in view.enumerated() where byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
            tries += 1
            guard tries <= 16 else { return nil }
            let closing = byte == UInt8(ascii: "{") ? UInt8(ascii: "}") : UInt8(ascii: "]")
            guard let end = Self.end(of: view.dropFirst(index), byte, closing) else { continue }
            if let tree = try? JSONTree(ByteBuffer(bytes: view.dropFirst(index).prefix(end))) { return tree }
        }
        return nil
    }

    /// How many bytes there are up to the bracket that closes the first one.
    private static func end(of bytes: ByteBufferView.SubSequence, _ opening: UInt8, _ closing: UInt8) -> Int? {
        var depth = 0
        var isText = false
        var isEscaped = false
        for (index, byte) in bytes.enumerated() {
            if isText {
                if isEscaped {
                    isEscaped = false
                } else if byte == 0x5C {
                    isEscaped = true
                } else if byte == 0x22 {
                    isText = false
                }
                continue
            }
            if byte == 0x22 { isText = true }
            if byte == opening { depth += 1 }
            if byte == closing { depth -= 1 }
            if depth == 0 { return index + 1 }
        }
        return nil
    }
}

extension ByteBuffer {
    /// Without white space at its ends.
    fileprivate var trimmed: ByteBuffer {
        let view = readableBytesView
        guard let first = view.firstIndex(where: { $0 > 0x20 }), let last = view.lastIndex(where: { $0 > 0x20 }) else {
            return ByteBuffer()
        }
        return ByteBuffer(bytes: view[first...last])
    }
}
