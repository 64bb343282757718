import Foundation
import KeeptrustsCore
import NIOCore
import NIOFoundationCompat

/// Reads the gateway's answer, an event stream of chat completion chunks.
struct AnswerReader {
    /// What an event says.
    enum Part: Equatable {
        case text(String)
        case finished(String)
        case refused(Refusal)
    }

    /// No event may be larger (bytes).
    static let maximumEvent = 1 << 20

    private var rest = ByteBuffer()

    /// Takes bytes as they come, and appends what they say.
    ///
    /// - Throws: ``Malformed`` when the stream is not what a gateway of ours sends.
    mutating func push(_ bytes: ByteBuffer, into parts: inout [Part]) throws(Malformed) {
        rest.writeImmutableBuffer(bytes)
        while let length = rest.readableBytesView.firstRange(of: Array("\n\n".utf8)) {
            let size = length.lowerBound - rest.readerIndex
            guard let event = rest.readString(length: size) else { throw Malformed() }
            rest.moveReaderIndex(forwardBy: 2)
            try read(event, into: &parts)
        }
        rest.discardReadBytes()
        guard rest.readableBytes <= Self.maximumEvent else { throw Malformed() }
    }

    private func read(_ event: String, into parts: inout [Part]) throws(Malformed) {
        let data = event.split(separator: "\n").filter { $0.hasPrefix("data:") }.map { $0.dropFirst(5) }
        let text = data.joined(separator: "\n").trimmingCharacters(in: .whitespaces)
        guard !text.isEmpty, text != "[DONE]" else { return }
        guard let chunk = try? JSONDecoder().decode(Wire.Chunk.self, from: Data(text.utf8)) else { throw Malformed() }
        if let error = chunk.error { parts.append(.refused(error.refusal(status: 200, phase: "response"))) }
        guard let choice = chunk.choices?.first else { return }
        if let text = choice.delta?.content ?? choice.delta?.refusal, !text.isEmpty { parts.append(.text(text)) }
        if let reason = choice.finish_reason { parts.append(.finished(reason)) }
    }

    /// What the gateway says instead of an answer.
    static func refusal(status: Int, body: ByteBuffer, retryAfter: String?) -> Refusal {
        var refusal =
            (try? JSONDecoder().decode(Wire.Chunk.self, from: body))?.error?.refusal(status: status, phase: nil)
            ?? Refusal(
                status: status, type: "error", code: "http.\(status)", message: "The gateway answered \(status).")
        refusal.retryAfter = retryAfter.flatMap { Int($0) }
        return refusal
    }

    struct Malformed: Error {}
}

private enum Wire {
    struct Chunk: Decodable {
        var choices: [Choice]?
        var error: Failure?
    }

    struct Choice: Decodable {
        var delta: Delta?
        var finish_reason: String?
    }

    struct Delta: Decodable {
        var content: String?
        var refusal: String?
    }

    struct Failure: Decodable {
        var type: String?
        var code: String?
        var message: String?
        var hint: String?
        var policy: String?
        var escalation_id: String?

        func refusal(status: Int, phase: String?) -> Refusal {
            Refusal(
                status: status, type: type ?? "error", code: code ?? "error",
                message: message ?? "The gateway gave no reason.", hint: hint, policy: policy, phase: phase,
                escalationID: escalation_id)
        }
    }
}
