public import HTTPTypes
public import Hummingbird
import Mustache
import NIOCore

/// A page rendered from a Mustache template, with the policy that every page has.
public struct HTMLShell: Sendable {
    private let template: MustacheTemplate

    /// Reads a template's text, in which `{{name}}` escapes.
    public init(template: String) throws {
        self.template = try MustacheTemplate(string: template)
    }

    public func page(
        _ values: [String: any Sendable], status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) -> Response {
        var headers = headers
        headers[.contentType] = "text/html; charset=utf-8"
        headers[.contentSecurityPolicy] = ContentPolicy.page
        let text = template.render(values)
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
