import Foundation
public import HTTPTypes
import Hummingbird
public import KeeptrustsCore
import NIOCore
import NIOFoundationCompat

/// The body of every answer that reports a failure.
struct ErrorAnswer: Encodable {
    var error: Details

    struct Details: Encodable {
        var type: String
        var code: String
        var message: String
        var hint: String?
        var param: String?
        var request_id: String
    }

    let status: HTTPResponse.Status

    /// Those that the error brings, and what its body is.
    let headers: HTTPFields

    private enum CodingKeys: String, CodingKey { case error }

    init(_ error: any UserFacingError, requestID: String) {
        let facing = error as? any HTTPFacingError
        self.error = Details(
            type: error.category.rawValue, code: error.code, message: error.message, hint: error.hint,
            param: facing?.param, request_id: requestID)
        let status = facing?.status ?? HTTPResponse.Status(code: error.category.status)
        var headers = facing?.headers ?? [:]
        headers[.contentType] = "application/json; charset=utf-8"
        if status == .unauthorized { headers[.wwwAuthenticate] = #"Bearer realm="keeptrusts""# }
        (self.status, self.headers) = (status, headers)
    }

    var body: ByteBuffer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        return (try? encoder.encode(self)).map { ByteBuffer(data: $0) } ?? ByteBuffer()
    }

    var response: Response {
        Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
    }
}

/// An error with more to say over HTTP than its category: headers, a field's name, a rarer status.
public protocol HTTPFacingError: UserFacingError {
    var status: HTTPResponse.Status { get }
    var headers: HTTPFields { get }

    /// The field of the request that is wrong, as `targets.0.name`.
    var param: String? { get }
}

extension HTTPFacingError {
    public var status: HTTPResponse.Status { HTTPResponse.Status(code: category.status) }
    public var headers: HTTPFields { [:] }
    public var param: String? { nil }
}
