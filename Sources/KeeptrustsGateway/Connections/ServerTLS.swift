public import KeeptrustsCore
import NIOSSL
import Synchronization

/// What the listener proves itself with; read anew from its files without a restart.
final class ServerTLS: Sendable {
    private let files: GatewaySettings.Certificate
    private let current: Mutex<NIOSSLContext>

    /// - Throws: ``CertificateUnusable``.
    init(_ files: GatewaySettings.Certificate) throws(CertificateUnusable) {
        self.files = files
        current = Mutex(try Self.context(files))
    }

    /// For a connection that begins; those that there are keep theirs.
    var context: NIOSSLContext { current.withLock { $0 } }

    /// Takes the files as they are now.
    ///
    /// - Throws: ``CertificateUnusable``; what was in force stays so.
    func reload() throws(CertificateUnusable) {
        let next = try Self.context(files)
        current.withLock { $0 = next }
    }

    private static func context(_ files: GatewaySettings.Certificate) throws(CertificateUnusable) -> NIOSSLContext {
        func reading<Value>(_ lack: String, _ body: () throws -> Value) throws(CertificateUnusable) -> Value {
            do { return try body() } catch {
                throw CertificateUnusable(chain: files.chain, key: files.key, cause: lack)
            }
        }
        let chain = try reading("the first is no PEM file with certificates") {
            try NIOSSLCertificate.fromPEMFile(files.chain)
        }
        let key = try reading("the second is no PEM file with a private key") {
            try NIOSSLPrivateKey(file: files.key, format: .pem)
        }
        guard !chain.isEmpty else {
            throw CertificateUnusable(chain: files.chain, key: files.key, cause: "the first holds no certificate")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        return try reading("the key is not that of the certificate") {
            try NIOSSLContext(configuration: configuration)
        }
    }
}

/// A certificate or key that cannot be used.
public struct CertificateUnusable: UserFacingError, Equatable {
    public var chain: String
    public var key: String
    public var cause: String

    public var category: ErrorCategory { .invalidInput }
    public var code: String { "tls.unusable" }
    public var message: String { "The certificate '\(chain)' with the key '\(key)' cannot be used: \(cause)." }
    public var hint: String? { "Both are PEM files: the chain with the server's own certificate first, and its key." }
}
