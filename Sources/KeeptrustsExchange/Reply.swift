import KeeptrustsCore
import KeeptrustsDialects
import KeeptrustsWire
import NIOCore

/// Writes answers to callers as HTTP/1.1 bytes; each with a writer, which it clears.
enum Reply {
    /// What stands in the head of every answer of one exchange.
    struct Facts {
        /// The value of `x-request-id`.
        var requestID: ExchangeID?
        var keepsAlive: Bool
        var verdict: Verdict?
        var isFlagged = false
        var configVersion = ""
    }

    /// An answer whose length is known.
    static func whole(
        status: Int, contentType: StaticString = "application/json", body: ByteBuffer, extra: String = "",
        _ facts: Facts, using out: inout ByteWriter
    ) -> ByteBuffer {
        out.clear()
        out.writeHead(status: status, contentType: contentType, extra: extra, facts)
        out.write("content-length: ")
        out.writeDecimal(body.readableBytes)
        out.write("\r\n\r\n")
        out.write(body)
        return out.buffer
    }

    /// The head of a streamed answer; its body follows in chunks.
    static func streamHead(_ facts: Facts, using out: inout ByteWriter) -> ByteBuffer {
        out.clear()
        out.writeHead(status: 200, contentType: "text/event-stream; charset=utf-8", extra: "", facts)
        out.write("cache-control: no-store\r\nx-accel-buffering: no\r\ntransfer-encoding: chunked\r\n\r\n")
        return out.buffer
    }

    /// The reason phrase of a status (RFC 9110 §15).
    static func phrase(_ status: Int) -> StaticString {
        switch status {
        case 200: "OK"
        case 204: "No Content"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 402: "Payment Required"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Status"
        }
    }
}

extension ByteWriter {
    fileprivate mutating func writeHead(
        status: Int, contentType: StaticString, extra: String, _ facts: Reply.Facts
    ) {
        write("HTTP/1.1 ")
        writeDecimal(status)
        write(" ")
        write(Reply.phrase(status))
        write("\r\ncontent-type: ")
        write(contentType)
        if let requestID = facts.requestID {
            write("\r\nx-request-id: ")
            write(requestID)
        }
        if let verdict = facts.verdict {
            write("\r\nx-keeptrusts-verdict: ")
            write(text: verdict.rawValue)
            if facts.isFlagged { write("\r\nx-keeptrusts-flagged: true") }
        }
        if !facts.configVersion.isEmpty {
            write("\r\nx-keeptrusts-config-version: ")
            write(text: facts.configVersion)
        }
        write("\r\n")
        if !facts.keepsAlive { write("connection: close\r\n") }
        if !extra.isEmpty { write(text: extra) }
    }
}

/// A refusal, as the caller reads it.
public struct Refusal: Error, Sendable, Equatable {
    public var status: Int

    /// `policy_violation`, `escalation_required`, `rate_limit`, `upstream_error`, `validation_error`,
    /// `authentication_error`, ….
    public var type: String
    public var code: String
    public var message: String

    /// What to do about it, in one sentence, if we know.
    public var hint: String?
    public var param: String?

    /// The id of the policy that decided.
    public var policy: String?

    /// How long the caller should wait (seconds).
    public var retryAfter: Int?

    /// Tells stock SDKs not to try again, whatever the status.
    public var forbidsRetry: Bool

    public init(
        _ status: Int, type: String, code: String, _ message: String, hint: String? = nil, param: String? = nil,
        policy: String? = nil, retryAfter: Int? = nil, forbidsRetry: Bool = false
    ) {
        self.status = status
        self.type = type
        self.code = code
        self.message = message
        self.hint = hint
        self.param = param
        self.policy = policy
        self.retryAfter = retryAfter
        self.forbidsRetry = forbidsRetry
    }

    /// The error envelope: OpenAI's fields, and ours.
    func body(requestID: ExchangeID?, using out: inout ByteWriter) -> ByteBuffer {
        out.clear()
        out.write("{\"error\":{\"message\":")
        out.writeJSONString(message)
        out.write(",\"type\":")
        out.writeJSONString(type)
        out.write(",\"code\":")
        out.writeJSONString(code)
        out.write(",\"param\":")
        if let param { out.writeJSONString(param) } else { out.write("null") }
        if let hint {
            out.write(",\"hint\":")
            out.writeJSONString(hint)
        }
        if let policy {
            out.write(",\"policy\":")
            out.writeJSONString(policy)
        }
        if let requestID {
            out.write(",\"request_id\":")
            out.writeJSONString(requestID)
        }
        out.write("}}")
        return out.buffer
    }

    /// The whole answer.
    func reply(_ facts: Reply.Facts, using out: inout ByteWriter) -> ByteBuffer {
        var extra = ""
        if let retryAfter { extra += "retry-after: \(retryAfter)\r\n" }
        if forbidsRetry { extra += "x-should-retry: false\r\n" }
        if status == 401 { extra += "www-authenticate: Bearer\r\n" }
        return Reply.whole(
            status: status, body: body(requestID: facts.requestID, using: &out), extra: extra, facts, using: &out)
    }
}

extension Refusal {
    static let missingKey = Refusal(
        401, type: "authentication_error", code: "missing_api_key",
        "The request carries no gateway key.", hint: keyForm)
    static let noBearer = Refusal(
        401, type: "authentication_error", code: "invalid_api_key",
        "The header Authorization does not hold 'Bearer' and a key behind it.", hint: keyForm)
    private static let keyForm = "Send the header Authorization: Bearer kt_gk_…, or x-api-key: kt_gk_…."
    static let badKey = Refusal(
        401, type: "authentication_error", code: "invalid_api_key", "The gateway key is not valid.")
    static let keyUnknown = Refusal(
        503, type: "unavailable", code: "keys_unavailable",
        "The gateway cannot tell at the moment whether this key is valid.", retryAfter: 1)
    static let conflictingKeys = Refusal(
        400, type: "validation_error", code: "conflicting_credentials",
        "The request carries two different credentials; send one.")
    static let spoolFull = Refusal(
        503, type: "unavailable", code: "spool_full", "The gateway cannot record this exchange at the moment.",
        retryAfter: 5)
    static let overloaded = Refusal(
        503, type: "unavailable", code: "overloaded", "The gateway is at its limit of concurrent exchanges.",
        retryAfter: 1)
    static let draining = Refusal(
        503, type: "unavailable", code: "draining", "This gateway is shutting down.", retryAfter: 1)
    static let notFound = Refusal(
        404, type: "validation_error", code: "not_found", "There is nothing at this path.",
        hint: """
            The gateway serves \(Surface.all.map { "POST \($0.path)" }.joined(separator: ", ")), GET /v1/models, \
            /v1/models/{id}, /health, /healthz and /readyz; the base URL of an SDK ends in /v1.
            """)
    static let responseTooLarge = Refusal(
        502, type: "upstream_error", code: "response_too_large", "The provider's answer exceeds the size limit.")

    static let bodyTooSlow = Refusal(
        408, type: "validation_error", code: "request_timeout", "The request's body did not arrive in time.")
    static let timedOut = Refusal(
        504, type: "upstream_error", code: "upstream_timeout", "No provider answered in time.")

    static func bodyTooLarge(_ limit: Int) -> Refusal {
        Refusal(
            413, type: "validation_error", code: "body_too_large",
            "The request's body exceeds \(limit) bytes (size_limits.max_body_bytes).")
    }

    init(_ fault: HTTPFault) {
        let code = fault.status == 413 ? "body_too_large" : fault.code
        self.init(fault.status, type: "validation_error", code: code, fault.message)
    }

    static func methodNotAllowed(_ allowed: String) -> Refusal {
        Refusal(405, type: "validation_error", code: "method_not_allowed", "This path takes \(allowed).")
    }
}
