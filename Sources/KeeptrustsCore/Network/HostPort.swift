/// A host and a port, as in `--listen 0.0.0.0:41002`.
public struct HostPort: Hashable, Sendable {
    /// A name or an address; an IPv6 address stands without its brackets.
    public var host: String

    /// 0...65535; 0 asks the system for a free port.
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port`, `[IPv6]:port` or `:port`.
    ///
    /// - Parameters:
    ///   - text: What was written.
    ///   - defaultHost: The host that `:port` means.
    ///   - defaultPort: The port that a host alone means; nil when a port is needed.
    /// - Throws: ``InvalidHostPort`` when `text` is none of these.
    public init(
        _ text: String, defaultHost: String = "0.0.0.0", defaultPort: Int? = nil
    ) throws(InvalidHostPort) {
        let (host, port) = try Self.split(text)
        if host.isEmpty {
            self.host = defaultHost
        } else {
            guard Self.isHost(host) else { throw InvalidHostPort(text: text, problem: "'\(host)' is not a host") }
            self.host = host
        }
        guard let port else {
            guard let defaultPort else { throw InvalidHostPort(text: text, problem: "the port is missing") }
            self.port = defaultPort
            return
        }
        guard (1...5).contains(port.utf8.count), port.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(port), number <= 65_535
        else { throw InvalidHostPort(text: text, problem: "'\(port)' is not a port (0 to 65535)") }
        self.port = number
    }

    private static func split(_ text: String) throws(InvalidHostPort) -> (host: String, port: String?) {
        guard !text.isEmpty else { throw InvalidHostPort(text: text, problem: "it is empty") }
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]"), IPAddress(text[text.index(after: text.startIndex)..<end]) != nil
            else { throw InvalidHostPort(text: text, problem: "the brackets hold no IPv6 address") }
            let host = String(text[text.index(after: text.startIndex)..<end])
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else {
                throw InvalidHostPort(text: text, problem: "after ']' comes ':' and a port")
            }
            return (host, rest.isEmpty ? nil : String(rest.dropFirst()))
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2 else {
            throw InvalidHostPort(text: text, problem: "an IPv6 address needs brackets, as in '[::1]:41002'")
        }
        return (String(parts[0]), parts.count == 2 ? String(parts[1]) : nil)
    }

    /// Whether `text` may be a host: an address, or letters, digits, `-`, `_` and `.`, at most 253 of them.
    public static func isHost(_ text: String) -> Bool {
        if text.contains(":") { return IPAddress(text) != nil }
        return (1...253).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
                case UInt8(ascii: "0")...UInt8(ascii: "9"): true
                case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
                default: false
                }
            }
    }
}

extension HostPort: CustomStringConvertible {
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// A text that should name a host and a port, and does not.
public struct InvalidHostPort: UserFacingError, Equatable {
    public var text: String
    public var problem: String

    public init(text: String, problem: String) {
        self.text = text
        self.problem = problem
    }

    public var category: ErrorCategory { .invalidInput }
    public var code: String { "address.invalid" }
    public var message: String { "'\(text)' is not a host and port: \(problem)." }
    public var hint: String? { "Write it as host:port, [IPv6]:port or :port." }
}
