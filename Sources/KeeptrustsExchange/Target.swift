import Foundation
public import KeeptrustsConfig
public import KeeptrustsCore
public import KeeptrustsDialects
import KeeptrustsWire
import NIOCore

/// A model at a provider's endpoint with the credential for it, made ready to be called.
public final class Target: Sendable {
    public let settings: TargetSettings
    public let provider: Provider

    /// Where to connect; nil when the provider is built in.
    public let endpoint: Endpoint?

    /// The path below which the provider's own paths lie, such as `/v1`; without a trailing slash.
    let basePath: String

    /// The lines of a request's head that are the same for each call: host, credential, what the provider wants.
    private let fixedLines: ByteBuffer

    /// Whether its credential is there.
    public let isAvailable: Bool

    /// What policies that decide on targets know of it.
    let facts: TargetFacts

    public var id: String { settings.id }
    public var model: String { settings.model }

    /// Makes a target ready.
    ///
    /// - Parameters:
    ///   - settings: What the config says of it.
    ///   - resolve: The value of a variable that the config names.
    /// - Throws: ``TargetUnusable`` when it cannot be called at all.
    init(_ settings: TargetSettings, resolve: (EnvironmentReference) -> String?) throws(TargetUnusable) {
        guard let provider = Provider.named(settings.provider) else {
            throw TargetUnusable(id: settings.id, cause: "there is no provider '\(settings.provider)'")
        }
        self.settings = settings
        facts = settings.facts
        self.provider = provider
        guard !provider.isBuiltIn else {
            (endpoint, basePath, fixedLines, isAvailable) = (nil, "", ByteBuffer(), true)
            return
        }
        guard let text = settings.baseURL ?? provider.defaultBaseURL, let url = URLComponents(string: text),
            let host = url.host, url.scheme == "http" || url.scheme == "https"
        else {
            throw TargetUnusable(id: settings.id, cause: "it has no usable base_url")
        }
        let isTLS = url.scheme == "https"
        let endpoint = Endpoint(isTLS: isTLS, host: host, port: url.port ?? (isTLS ? 443 : 80))
        self.endpoint = endpoint
        basePath = provider.basePath(url.path)
        let secret = settings.secretVariable.flatMap { resolve($0) }
        isAvailable = settings.secretVariable == nil || secret?.isEmpty == false
        fixedLines = Self.fixedLines(endpoint, provider, settings, secret.map { Secret($0) })
    }

    private static func fixedLines(
        _ endpoint: Endpoint, _ provider: Provider, _ settings: TargetSettings, _ secret: Secret?
    ) -> ByteBuffer {
        var lines = ByteBuffer()
        lines.writeString(" HTTP/1.1\r\nhost: \(endpoint.authority)\r\ncontent-type: application/json\r\n")
        lines.writeString("accept-encoding: identity\r\nuser-agent: keeptrusts/\(Product.version)\r\n")
        if let secret {
            lines.writeString("\(settings.credentialHeader): \(settings.credentialPrefix)\(secret.reveal())\r\n")
        }
        for (name, value) in provider.extraHeaders { lines.writeString("\(name): \(value)\r\n") }
        return lines
    }

    /// A translation for one attempt; nil when the provider cannot serve the surface.
    func translation(for surface: Surface, at time: Timestamp) -> (any Translation)? {
        provider.isBuiltIn ? OpenAIForChat() : provider.makeTranslation(for: surface, at: time)
    }

    /// The bytes of one call.
    func request(_ call: UpstreamRequest, requestID: ExchangeID, using out: inout ByteWriter) -> ByteBuffer {
        out.clear()
        out.write("POST ")
        out.write(text: basePath)
        out.write(text: call.path)
        out.write(fixedLines)
        for (name, value) in call.headers { out.write(text: "\(name): \(value)\r\n") }
        out.write("x-request-id: ")
        out.write(requestID)
        out.write("\r\ncontent-length: ")
        out.writeDecimal(call.body.readableBytes)
        out.write("\r\n\r\n")
        out.write(call.body)
        return out.buffer
    }
}

/// How an attempt at a target ended, as the gateway's operator is told.
public enum TargetNews: Sendable {
    /// The target is not well; with the name of the error in records, such as `timeout`.
    case failed(StaticString)

    /// It answered; told only while somebody wants to know.
    case answered
}

/// A target of a configuration that cannot be called at all.
public struct TargetUnusable: UserFacingError, Equatable {
    public var id: String
    public var cause: String

    public var category: ErrorCategory { .invalidInput }
    public var code: String { "config.target_unusable" }
    public var message: String { "The target '\(id)' cannot be used: \(cause)." }
}
