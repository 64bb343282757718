public import KeeptrustsWire
public import NIOCore

/// Chat completions for callers of chat completions: the bytes pass, edited in place.
public struct OpenAIForChat: Translation {
    /// Whether the provider knows `stream_options`; one that does not sends its usage unasked.
    private let knowsStreamOptions: Bool

    public init(knowsStreamOptions: Bool = true) { self.knowsStreamOptions = knowsStreamOptions }

    public var passesThrough: Bool { true }

    public func request(_ request: SurfaceRequest, model: String) throws(DialectError) -> UpstreamRequest {
        var edits = request.edits
        if model != request.model {
            var token = ByteBuffer()
            token.writeJSONString(model)
            edits.replace(request.modelToken, with: token)
        }
        if request.isStreaming, !request.includesUsage, knowsStreamOptions { request.switchUsageOn(&edits) }
        return UpstreamRequest(
            path: "/chat/completions", body: edits.isEmpty ? request.body : edits.apply(to: request.body))
    }

    public func answer(_ body: ByteBuffer) throws(DialectError) -> ByteBuffer { body }

    public func translate(_ event: ServerSentEvent, into out: inout ByteBuffer) throws(DialectError) {
        out.writeSSEData(event.data)
    }

    public func end(into out: inout ByteBuffer) {}

    public func failure(status: Int, body: ByteBuffer) -> UpstreamFailure {
        UpstreamFailure(status: status, ErrorFields(body: body))
    }
}
