import KeeptrustsWire
import NIOCore

/// A parsed request head, with its bytes as texts.
struct Request: Equatable {
    var method: HTTPMethod
    var path: String
    var query: String?
    var fields: [String]
    var framing: BodyFraming
    var keepsAlive: Bool
    var expectsContinue: Bool
    var isHTTP11: Bool

    /// What stood behind the head.
    var rest: String

    init(_ head: HTTPRequestHead, rest: ByteBuffer) {
        method = head.method
        path = head.bytes.text(head.path)
        query = head.query.map { head.bytes.text($0) }
        fields = head.fields.map { "\(head.bytes.text($0.name))=\(head.bytes.text($0.value))" }
        framing = head.framing
        keepsAlive = head.keepsAlive
        expectsContinue = head.expectsContinue
        isHTTP11 = head.isHTTP11
        self.rest = String(buffer: rest)
    }
}

/// Parses a head that arrives in `pieces`; nil when bytes are missing.
func parseRequest(
    _ pieces: [ArraySlice<UInt8>], limits: HTTPLimits = HTTPLimits()
) throws(HTTPFault) -> Request? {
    var head = HTTPRequestHead()
    var buffer = ByteBuffer()
    var isComplete = false
    for piece in pieces {
        buffer.writeBytes(piece)
        if !isComplete { isComplete = try head.parse(&buffer, limits: limits) }
    }
    return isComplete ? Request(head, rest: buffer) : nil
}

func parseRequest(_ text: String, limits: HTTPLimits = HTTPLimits()) throws(HTTPFault) -> Request? {
    try parseRequest([Array(text.utf8)[...]], limits: limits)
}

/// The fault's code and status, or a word for what came instead.
func requestFault(_ pieces: [ArraySlice<UInt8>], limits: HTTPLimits = HTTPLimits()) -> String {
    do throws(HTTPFault) {
        return try parseRequest(pieces, limits: limits) == nil ? "incomplete" : "accepted"
    } catch {
        return "\(error.status) \(error.code)"
    }
}
