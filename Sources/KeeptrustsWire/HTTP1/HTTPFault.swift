/// Bytes that are not the HTTP/1.1 we speak; the connection that they came on is of no further use.
///
/// `message` never repeats what was received.
public struct HTTPFault: Error, Sendable, Equatable {
    /// What a server answers to a request with this fault (RFC 9110 §15); 502 when an upstream's answer has it.
    public var status: Int

    /// A stable name, such as `http.duplicate_content_length`.
    public var code: String
    public var message: String

    public init(status: Int, code: String, message: String) {
        self.status = status
        self.code = code
        self.message = message
    }
}

extension HTTPFault {
    static func malformed(_ code: String, _ message: String) -> HTTPFault {
        HTTPFault(status: 400, code: "http.\(code)", message: message)
    }

    static var headTooLarge: HTTPFault {
        HTTPFault(status: 431, code: "http.head_too_large", message: "The head of the message is too large.")
    }

    static var bodyTooLarge: HTTPFault {
        HTTPFault(status: 413, code: "http.body_too_large", message: "The body of the message is too large.")
    }

    /// The same fault, made by an upstream and not by a caller.
    var ofUpstream: HTTPFault { HTTPFault(status: 502, code: code, message: message) }
}
