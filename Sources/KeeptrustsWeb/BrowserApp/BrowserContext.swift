import Foundation
public import Hummingbird
import KeeptrustsCore
public import NIOCore

/// What a browser app's server knows about a request while it answers it.
public struct BrowserContext: RequestContext, RemoteAddressRequestContext {
    public var coreContext: CoreRequestContextStorage

    /// The other end of the connection, which may be a proxy.
    public let remoteAddress: SocketAddress?

    /// Our end of the connection.
    public let localAddress: SocketAddress?

    public init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        remoteAddress = source.channel.remoteAddress
        localAddress = source.channel.localAddress
    }
}

/// Where a browser comes from, and where it wants to go.
public struct Arrival: Sendable {
    private let request: Request

    public init(_ request: Request) { self.request = request }

    /// Whether another site sent the browser here; our strict cookie then stayed behind.
    public var isCrossSite: Bool { request.headers[.named("sec-fetch-site")] == "cross-site" }

    /// The path and query that the browser asks for, which may serve as `next`.
    public var target: String { Self.localTarget(request.uri.description) ?? "/" }

    /// The address of a neighbour of ours, for this browser.
    ///
    /// A neighbour that listens on every address, or on loopback, does not know by which name browsers reach its host;
    /// the browser that asks knows, and has it in `Host`. Of that only the host is taken, and only if it is one of ours;
    /// scheme and port are the neighbour's, and an address with a name of its own stays as it is.
    ///
    /// - Parameters:
    ///   - url: The neighbour's address as it is known here.
    ///   - hosts: The hosts that are ours.
    ///   - local: Our end of the connection.
    /// - Returns: The address; nil where there is no neighbour.
    public func reachable(_ url: String?, by hosts: OwnHosts, at local: SocketAddress?) -> String? {
        guard let url, let own = URLComponents(string: url), let scheme = own.scheme, let port = own.port,
            let host = own.host?.trimmingCharacters(in: CharacterSet(charactersIn: "[]")),
            ["0.0.0.0", "127.0.0.1", "::", "::1", "localhost"].contains(host),
            let reached = hosts.host(asked: request.head.authority, at: local)
        else { return url }
        return "\(scheme)://\(HostPort(host: reached, port: port))"
    }

    /// `text` if it names a place on this server and none elsewhere; browsers read `//` and `/\` as another host.
    public static func localTarget(_ text: String?) -> String? {
        guard let text, text.utf8.count <= 2_048, text.first == "/", text.dropFirst().first != "/",
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") })
        else { return nil }
        return text
    }
}

extension Request {
    /// The fields of a form that a plain page has posted.
    ///
    /// - Throws: ``RequestFault``: 413, 415, or 400 for what is no form.
    public func form(upTo limit: Int = 16_384) async throws -> [String: String] {
        let media = headers[.contentType]?.split(separator: ";").first.map(String.init)
        guard media == "application/x-www-form-urlencoded" else {
            throw RequestFault(
                .invalidInput, code: "http.not_a_form", "The body must be a form.", status: .unsupportedMediaType)
        }
        let text = String(buffer: try await bytes(upTo: limit))
        do {
            return try URLEncodedFormDecoder().decode([String: String].self, from: text)
        } catch {
            throw RequestFault(.invalidInput, code: "http.malformed_form", "The form could not be read.")
        }
    }
}
