import KeeptrustsDialects
import KeeptrustsWire
import NIOCore

/// The choices of a streamed answer of which nothing goes out but a text that takes their place.
struct ReplacedAnswers {
    /// The texts, by their choices.
    private let texts: [Int: ByteBuffer]
    private var written: Set<Int> = []

    /// What becomes of the choices in the event at hand, which say nothing any more.
    private(set) var edits = JSONEdits()

    init(_ texts: [Int: ByteBuffer] = [:]) { self.texts = texts }

    func have(_ choice: Int) -> Bool { !texts.isEmpty && texts[choice] != nil }

    /// Takes an event, and writes the texts of the choices that appear in it for the first time.
    ///
    /// - Returns: Whether there is nothing else in the event.
    /// - Throws: ``DialectError`` as for reading the event.
    mutating func take(
        _ chunk: SurfaceChunk, of surface: Surface, _ template: ChunkTemplate?, into out: inout ByteBuffer
    ) throws(DialectError) -> Bool {
        guard !texts.isEmpty else { return false }
        let choices = Set(chunk.deltas.map(\.choice) + chunk.finishes.map(\.choice) + chunk.calls.map(\.choice))
        for choice in choices.sorted() { write(choice, template, into: &out) }
        let (edits, isAll) = try surface.silence(texts.keys, in: chunk)
        self.edits = edits
        return isAll
    }

    /// Writes the texts whose choices appeared in no event.
    mutating func end(_ template: ChunkTemplate?, into out: inout ByteBuffer) {
        for choice in texts.keys.sorted() { write(choice, template, into: &out) }
    }

    private mutating func write(_ choice: Int, _ template: ChunkTemplate?, into out: inout ByteBuffer) {
        guard let text = texts[choice], written.insert(choice).inserted else { return }
        template?.writeAnswer(text, choice: choice, into: &out)
    }
}
