public import HTTPTypes
public import KeeptrustsCore

/// What is wrong with a request, before or beside the meaning of what it asks for.
public struct RequestFault: HTTPFacingError, Equatable {
    public var category: ErrorCategory
    public var status: HTTPResponse.Status
    public var code: String
    public var message: String
    public var hint: String?
    public var param: String?
    public var headers: HTTPFields

    public init(
        _ category: ErrorCategory, code: String, _ message: String, hint: String? = nil, param: String? = nil,
        status: HTTPResponse.Status? = nil, headers: HTTPFields = [:]
    ) {
        self.category = category
        self.status = status ?? HTTPResponse.Status(code: category.status)
        self.code = code
        self.message = message
        self.hint = hint
        self.param = param
        self.headers = headers
    }

    /// A failure that Hummingbird reports by its status alone.
    init(status: HTTPResponse.Status) {
        switch status.code {
        case 404: self = .noSuchRoute
        case 413: self = .tooLarge
        case 500...: self.init(.internalFailure, code: "internal", "Something went wrong on our side.", status: status)
        default: self.init(.invalidInput, code: "http.bad_request", "The request is not valid.", status: status)
        }
    }

    static let noSuchRoute = RequestFault(.notFound, code: "http.no_such_route", "There is nothing at this address.")
    static let tooLarge = RequestFault(.tooLarge, code: "http.body_too_large", "The body is too large.")

    static func methodNotAllowed(allowed: [String]) -> RequestFault {
        let list = allowed.sorted().joined(separator: ", ")
        return RequestFault(
            .invalidInput, code: "http.method_not_allowed", "This address does not take this method.",
            hint: "It takes \(list).", status: .methodNotAllowed, headers: [.allow: list])
    }

    /// A field that is missing, of the wrong type or out of range.
    public static func field(
        _ param: String, _ message: String, code: String = "request.invalid_field", hint: String? = nil
    ) -> Self {
        RequestFault(.unprocessable, code: code, message, hint: hint, param: param)
    }
}
