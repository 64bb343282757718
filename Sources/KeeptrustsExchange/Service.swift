import KeeptrustsCore
import KeeptrustsPolicy
import KeeptrustsWire
public import NIOCore

/// A service that a policy asks, made ready: where it is, and the lines of a request's head that are always the same.
struct Service: Sendable {
    let endpoint: Endpoint
    private let basePath: String
    private let fixedLines: ByteBuffer

    /// Signs its requests; nil where the fixed lines hold the credential, or none is needed.
    private let signer: RequestSigner?

    /// Whether its credential is there.
    let isAvailable: Bool

    /// - Parameters:
    ///   - address: What the config says of it.
    ///   - resolve: The value of a variable that the config names.
    init(_ address: ServiceAddress, resolve: (EnvironmentReference) -> String?) {
        let secret = address.secretVariable.flatMap { resolve($0) }.map { Secret($0) }
        let isAvailable = address.variables.allSatisfy { resolve($0)?.isEmpty == false }
        let signer = address.signature.map { RequestSigner($0, secretKey: secret ?? Secret(""), resolve: resolve) }
        self.init(address.url, isAvailable: isAvailable, signer: signer) { lines in
            guard let secret, signer == nil else { return }
            lines.writeString("\(address.credentialHeader): \(address.credentialPrefix)\(secret.reveal())\r\n")
        }
    }

    /// A service that is asked without a credential.
    init(_ url: BaseURL) { self.init(url, isAvailable: true) { _ in } }

    private init(
        _ url: BaseURL, isAvailable: Bool, signer: RequestSigner? = nil,
        _ writeCredential: (inout ByteBuffer) -> Void
    ) {
        self.signer = signer
        endpoint = Endpoint(isTLS: url.isTLS, host: url.host, port: url.port)
        basePath = url.path
        self.isAvailable = isAvailable
        var lines = ByteBuffer()
        lines.writeString(" HTTP/1.1\r\nhost: \(endpoint.authority)\r\n")
        lines.writeString("accept-encoding: identity\r\nuser-agent: keeptrusts/\(Product.version)\r\n")
        writeCredential(&lines)
        fixedLines = lines
    }

    /// The bytes of a question that is asked at `time`.
    func request(
        _ question: ServiceQuestion, requestID: ExchangeID, at time: Timestamp, using out: inout ByteWriter
    ) -> ByteBuffer {
        let path = basePath.isEmpty && question.path.isEmpty ? "/" : basePath + question.path
        out.clear()
        out.write(text: question.method.rawValue)
        out.write(" ")
        out.write(text: path)
        out.write(fixedLines)
        if let signer {
            let signed = RequestSigner.Request(
                method: question.method.rawValue, path: path, host: endpoint.authority,
                contentType: question.method == .post ? "application/json" : nil, body: question.body)
            out.write(text: signer.lines(for: signed, at: time))
        }
        if let depth = question.judgeDepth { out.write(text: "\(ServiceQuestion.judgeDepthHeader): \(depth)\r\n") }
        out.write("x-request-id: ")
        out.write(requestID)
        if question.method == .post {
            out.write("\r\ncontent-type: application/json\r\ncontent-length: ")
            out.writeDecimal(question.body.readableBytes)
        }
        out.write("\r\n\r\n")
        out.write(question.body)
        return out.buffer
    }
}

/// One question on its way to a service.
public struct ServiceCall: Sendable {
    /// Its number in the exchange; no other call of the exchange has it.
    public var number: Int
    public var endpoint: Endpoint
    public var bytes: ByteBuffer

    /// How long it may take, from now until the whole answer is there.
    public var timeout: Duration

    /// The longest answer that is taken (bytes), and whether a longer one is cut there.
    public var mostBytes: Int
    public var cutsAnswer: Bool

    /// Whether it must not go to an address of a private network.
    public var isPublicOnly: Bool
}
