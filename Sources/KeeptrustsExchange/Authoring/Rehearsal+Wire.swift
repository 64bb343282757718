import Foundation
import KeeptrustsAPI
import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsDialects
import KeeptrustsWire
import NIOCore

/// The answers of tests, as a provider would send them.
enum AnswerPieces {
    /// The body of a whole answer: as it is written, or made of the text of one.
    static func body(_ answer: ConfigNode, _ model: String) -> ByteBuffer {
        guard case .string(let text) = answer.value else { return ByteBuffer(string: answer.canonicalJSON) }
        var body = head("chat.completion", model)
        body.writeStaticString(#""message":{"role":"assistant","content":"#)
        body.writeJSONString(text)
        body.writeStaticString(#"},"finish_reason":"stop"}]}"#)
        return body
    }

    /// The events of a streamed answer: a text in small pieces, or a whole body that is sent as one.
    static func stream(_ answer: ConfigNode, _ model: String) -> [ByteBuffer] {
        guard case .string(let text) = answer.value else { return [body(answer, model)] }
        var events: [ByteBuffer] = []
        var rest = text[...]
        repeat {
            var event = ByteBuffer(string: "data: ")
            event.writeImmutableBuffer(head("chat.completion.chunk", model))
            event.writeStaticString(#""delta":{"content":"#)
            event.writeJSONString(String(rest.prefix(pieceLength)))
            rest = rest.dropFirst(pieceLength)
            event.writeString(rest.isEmpty ? #"},"finish_reason":"stop"}]}"# : #"},"finish_reason":null}]}"#)
            event.writeStaticString("\n\n")
            events.append(event)
        } while !rest.isEmpty
        return events + [ByteBuffer(string: "data: [DONE]\n\n")]
    }

    /// About as long as a token (characters).
    private static let pieceLength = 4

    private static func head(_ object: String, _ model: String) -> ByteBuffer {
        var head = ByteBuffer(string: #"{"id":"test","object":"\#(object)","created":0,"model":"#)
        head.writeJSONString(model)
        head.writeStaticString(#","choices":[{"index":0,"#)
        return head
    }
}

extension Surface {
    /// The texts of a request's body.
    func texts(ofRequest body: ByteBuffer) -> [String] {
        ((try? read(body))?.texts ?? []).filter { !$0.segment.isJoined }.map { String(buffer: $0.segment.text) }
    }

    /// The texts of an HTTP response with an answer, or with an event stream in chunks that cut no event.
    func texts(ofReply reply: ByteBuffer) -> [String] {
        guard let body = reply.afterHead else { return [] }
        if let answer = try? readAnswer(body) {
            return answer.texts.filter { !$0.text.segment.isJoined }.map { String(buffer: $0.text.segment.text) }
        }
        var texts: [KeeptrustsDialects.Channel: String] = [:]
        for line in String(buffer: body).split(whereSeparator: \.isNewline) where line.hasPrefix("data: ") {
            guard let chunk = try? readChunk(ByteBuffer(string: String(line.dropFirst(6)))) else { continue }
            for delta in chunk.deltas { texts[delta.channel, default: ""] += String(buffer: delta.text.segment.text) }
        }
        return Array(texts.values)
    }
}

extension ByteBuffer {
    /// What follows the first empty line; nil when there is none.
    var afterHead: ByteBuffer? {
        let view = readableBytesView
        guard let end = view.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        return getSlice(at: readerIndex + end.upperBound - view.startIndex, length: view.endIndex - end.upperBound)
    }
}

extension DecisionEvent {
    /// Reads an event as an exchange writes it: without the number that the spool puts in.
    init(record: ByteBuffer) throws {
        var numbered = Data("{\"sequence\":0,".utf8)
        numbered.append(contentsOf: record.readableBytesView.dropFirst())
        self = try JSONDecoder().decode(DecisionEvent.self, from: numbered)
    }
}
