import Crypto
import Foundation
import HTTPTypes
public import Hummingbird
import NIOCore

/// The files that a browser app loads, under a path that changes with their contents, so browsers may keep them for ever.
public struct BrowserAssets: Sendable {
    /// What stands before a file's name, such as `/assets/3f9a1c2b4d5e6f70`.
    public let prefix: String

    /// The paths of the modules that a page will need, for `modulepreload`.
    public let modules: [String]

    private let files: [String: File]

    private struct File: Sendable {
        var contents: ByteBuffer
        var mediaType: String
        var tag: String
    }

    /// - Parameters:
    ///   - texts: The files by their names, such as `shared/base.css`; what no browser loads is passed over.
    ///   - preloading: Which modules to name in ``modules``.
    public init(_ texts: [String: String], preloading: (String) -> Bool) {
        var hash = SHA256()
        var files: [String: File] = [:]
        for (name, text) in texts.sorted(by: { $0.key < $1.key }) {
            guard let mediaType = Self.mediaType(of: name) else { continue }
            let digest = Self.hex(SHA256.hash(data: Data(text.utf8)))
            hash.update(data: Data("\(name)\0\(digest)\0".utf8))
            files[name] = File(
                contents: ByteBuffer(string: text), mediaType: mediaType, tag: "\"\(digest.prefix(32))\"")
        }
        let prefix = "/assets/\(Self.hex(hash.finalize()).prefix(16))"
        self.prefix = prefix
        self.files = files
        modules = files.keys.filter { $0.hasSuffix(".js") && preloading($0) }.sorted().map { "\(prefix)/\($0)" }
    }

    /// Answers a request for a file; one of another build, which has another prefix, is not found.
    public func answer(_ request: Request) throws -> Response {
        guard request.uri.path.hasPrefix(prefix + "/"),
            let file = files[String(request.uri.path.dropFirst(prefix.count + 1))]
        else { throw RequestFault.noSuchRoute }
        var headers: HTTPFields = [
            .contentType: file.mediaType, .eTag: file.tag, .cacheControl: "public, max-age=31536000, immutable",
        ]
        if request.headers[values: .ifNoneMatch].contains(where: { $0.contains(file.tag) || $0 == "*" }) {
            return Response(status: .notModified, headers: headers)
        }
        headers[.contentLength] = String(file.contents.readableBytes)
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: file.contents))
    }

    private static func mediaType(of name: String) -> String? {
        switch name.split(separator: ".").last {
        case "js": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        default: nil
        }
    }

    private static func hex(_ digest: some Sequence<UInt8>) -> String {
        digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
