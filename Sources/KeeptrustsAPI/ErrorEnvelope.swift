/// How the control plane words a failure: `{"error": {...}}`.
public struct ErrorEnvelope: Sendable, Codable, Equatable {
    public var error: Detail

    public init(_ error: Detail) { self.error = error }

    public struct Detail: Sendable, Codable, Equatable {
        /// The kind of failure, one of `ErrorCategory`'s names.
        public var type: String

        /// A stable name that clients match on.
        public var code: String
        public var message: String
        public var hint: String?
        public var requestID: String?

        private enum CodingKeys: String, CodingKey {
            case type, code, message, hint
            case requestID = "request_id"
        }

        public init(type: String, code: String, message: String, hint: String? = nil, requestID: String? = nil) {
            self.type = type
            self.code = code
            self.message = message
            self.hint = hint
            self.requestID = requestID
        }
    }
}
