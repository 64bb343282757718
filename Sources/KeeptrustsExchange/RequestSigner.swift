import Crypto
import KeeptrustsCore
import KeeptrustsPolicy
import NIOCore

/// Signs requests to a service of AWS: Signature Version 4, in the head.
///
/// Signs the path, the host, the content type, the time and the body; not for S3, which writes paths in another way. See AWS's
/// reference "Signature Version 4 signing process".
struct RequestSigner: Sendable {
    private let region: String
    private let service: String
    private let accessKey: String
    private let secretKey: Secret
    private let sessionToken: Secret?

    /// - Parameters:
    ///   - signature: What the config says.
    ///   - secretKey: The secret half of the access key.
    ///   - resolve: The value of a variable that the config names.
    init(_ signature: RequestSignature, secretKey: Secret, resolve: (EnvironmentReference) -> String?) {
        (region, service) = (signature.region, signature.service)
        accessKey = signature.accessKeyVariable.flatMap { resolve($0) } ?? ""
        self.secretKey = secretKey
        sessionToken = signature.sessionTokenVariable.flatMap { resolve($0) }.map { Secret($0) }
    }

    /// What is signed of a request.
    struct Request {
        var method: String

        /// As it is sent, without a query.
        var path: String

        /// The query's parts in the order that AWS asks for, escaped.
        var query = ""
        var host: String
        var contentType: String?
        var body: ByteBuffer
    }

    /// The lines that sign a request sent at `time`, each with its end; AWS refuses them some minutes later.
    func lines(for request: Request, at time: Timestamp) -> String {
        let stamp = time.description.prefix(19).filter { $0 != "-" && $0 != ":" } + "Z"
        let fields = fields(of: request, stamp)
        let names = fields.map(\.name).joined(separator: ";")
        let path = request.path.replacing("%", with: "%25")
        let heads = fields.map { "\($0.name):\($0.value)\n" }.joined()
        let canonical =
            "\(request.method)\n\(path)\n\(request.query)\n\(heads)\n\(names)\n"
            + SHA256.hash(data: Array(request.body.readableBytesView)).hex
        let date = String(stamp.prefix(8))
        let scope = "\(date)/\(region)/\(service)/aws4_request"
        let text = "AWS4-HMAC-SHA256\n\(stamp)\n\(scope)\n\(SHA256.hash(data: Array(canonical.utf8)).hex)"
        let signature = HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key(of: date)).hex
        var lines = "x-amz-date: \(stamp)\r\n"
        if let sessionToken { lines += "x-amz-security-token: \(sessionToken.reveal())\r\n" }
        lines += "authorization: AWS4-HMAC-SHA256 Credential=\(accessKey)/\(scope), SignedHeaders=\(names), "
        return lines + "Signature=\(signature)\r\n"
    }

    /// The fields that are signed, by their names.
    private func fields(of request: Request, _ stamp: String) -> [(name: String, value: String)] {
        var fields = [(name: "host", value: request.host), (name: "x-amz-date", value: stamp)]
        if let type = request.contentType { fields.insert((name: "content-type", value: type), at: 0) }
        if let sessionToken { fields.append((name: "x-amz-security-token", value: sessionToken.reveal())) }
        return fields
    }

    /// The key of a day, made of the secret one.
    private func key(of date: String) -> SymmetricKey {
        let first = SymmetricKey(data: Array("AWS4\(secretKey.reveal())".utf8))
        return [date, region, service, "aws4_request"].reduce(first) { key, part in
            SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key))
        }
    }
}

extension Sequence<UInt8> {
    /// The bytes in lower-case hexadecimal digits.
    fileprivate var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
