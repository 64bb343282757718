import NIOHTTP1

/// Why there is no answer, in words for an operator.
enum SilenceCause {
    /// What stands in the texts of errors, and what it means; the first that fits counts.
    ///
    /// Errors are told apart by their texts because their types are those of NIO's sockets, which only servers import.
    private static let meanings = [
        ("CERTIFICATE_VERIFY_FAILED", "its certificate is by no authority that is trusted here (see SSL_CERT_FILE)"),
        ("failedToValidateHostname", "its certificate is for another name"),
        ("WRONG_VERSION_NUMBER", "it does not speak TLS there (say http:// instead of https://?)"),
        ("DNS error", "its name cannot be resolved"),
        ("Connection refused", "the connection is refused"),
        ("No route to host", "there is no route to it"),
        ("Network is unreachable", "its network cannot be reached"),
        ("connectTimeout", "no connection comes about in time"),
        ("getConnectionFromPoolTimeout", "no connection comes about in time"),
        ("deadlineExceeded", "it does not answer in time"),
        ("readTimeout", "it does not answer in time"),
        ("tlsHandshakeTimeout", "it does not answer in TLS (say http:// instead of https://?)"),
        ("remoteConnectionClosed", closed), ("Connection reset", closed), ("uncleanShutdown", closed),
        ("proxyAuthenticationRequired", "the proxy wants a credential"),
        ("invalidProxyResponse", "the proxy refuses to connect to it"),
    ]

    private static let closed = "it closes the connection without an answer (say https:// instead of http://?)"

    static func words(_ error: any Error) -> String {
        if error is HTTPParserError { return "what it answers is not HTTP (say https:// instead of http://?)" }
        let text = "\(error)"
        return meanings.first { text.contains($0.0) }?.1 ?? text
    }
}
