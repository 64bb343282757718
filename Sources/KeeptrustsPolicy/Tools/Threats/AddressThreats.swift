import KeeptrustsCore

/// Judges addresses of the web by where they lead.
enum AddressThreats {
    /// What is wrong with an address that a tool is to ask.
    ///
    /// - Parameters:
    ///   - text: An address, or a host.
    ///   - terms: Hosts and schemes.
    ///   - allowsLocal: Whether the machine itself and private networks may be asked, as programs of a shell do.
    /// - Returns: The threat; nil for an address that anybody may ask, and for what is no address.
    static func threat(in text: String, _ terms: ThreatTerms = .shared, allowsLocal: Bool = false) -> ToolThreat? {
        guard let address = Destination(text) else { return nil }
        if let scheme = address.scheme, terms.has(scheme, in: "schemes") {
            return scheme == "javascript" || scheme == "vbscript"
                ? ToolThreat(category: .activeMarkup) : ToolThreat(category: .serverRequest)
        }
        if terms.has(address.host, in: "metadatahosts") { return ToolThreat(category: .serverRequest) }
        if let ip = Destination.address(address.host) {
            if metadata.contains(where: { $0.contains(ip) }) { return ToolThreat(category: .serverRequest) }
            let isWritten = IPAddress(address.host) == ip
            // Nobody writes an address as one number who does not hide it.
            guard isInner(ip), !allowsLocal || !isWritten else { return nil }
            return ToolThreat(category: .serverRequest)
        }
        guard !allowsLocal else { return nil }
        if terms.has(address.host, in: "localhosts") { return ToolThreat(category: .serverRequest) }
        let suffixes = terms.words(of: "localsuffixes")
        if suffixes.contains(where: { address.host.hasSuffix($0) }) {
            return ToolThreat(category: .serverRequest, confidence: 0.7)
        }
        let rebinders = terms.words(of: "rebinders")
        if rebinders.contains(where: { ("." + address.host).hasSuffix($0) }) {
            return ToolThreat(category: .serverRequest)
        }
        return nil
    }

    /// Whether data that is sent there is sent to nobody who may have it.
    static func isCollector(_ text: String, _ terms: ThreatTerms = .shared) -> Bool {
        let small = text.lowercased()
        if terms.words(of: "collectors").contains(where: { small.contains($0) }) { return true }
        let host = Destination(small)?.host ?? small
        let words = host.split { !$0.isLetter }
        return words.contains { terms.words(of: "hostilewords").contains(String($0)) }
    }

    /// Whether an address names a machine by its number.
    static func isNumbered(_ text: String) -> Bool {
        Destination(text).map { Destination.address($0.host) != nil && text.contains("://") } ?? false
    }

    /// Whether an address is of the machine itself, its networks, or of nobody.
    private static func isInner(_ address: IPAddress) -> Bool { inner.contains { $0.contains(address) } }

    private static let metadata = ["169.254.0.0/16", "fd00:ec2::/32", "100.100.100.200"].compactMap { AddressRange($0) }

    private static let inner = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
        "192.0.0.0/24", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4", "::/128", "::1/128", "fc00::/7", "fe80::/10",
        "ff00::/8",
    ].compactMap { AddressRange($0) }
}

extension AddressThreats {
    /// The parts of an address that say where it leads.
    struct Destination: Equatable {
        var scheme: String?

        /// In small letters, without brackets and port.
        var host: String

        /// Reads an address as programs do that are lenient; nil for what is none.
        init?(_ text: String) {
            var text = Decoding.undone(text.trimmed).lowercased()
            guard !text.isEmpty, text.utf8.count <= 4_096, !text.contains(where: { $0.isWhitespace }) else {
                return nil
            }
            text = text.replacing("\\", with: "/")
            if let colon = text.firstIndex(of: ":"), colon > text.startIndex,
                text[..<colon].allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }),
                text[..<colon].first?.isLetter == true
            {
                let after = text[text.index(after: colon)...]
                let isScheme =
                    after.hasPrefix("/")
                    || ["javascript", "data", "vbscript", "file", "jar", "view-source"].contains(text[..<colon])
                if isScheme {
                    scheme = String(text[..<colon])
                    text = String(after)
                }
            }
            text = String(text.drop { $0 == "/" })
            var authority = text.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
            // What stands before the last `@` is a name and a password.
            if let at = authority.lastIndex(of: "@") { authority = authority[authority.index(after: at)...] }
            if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
                host = String(authority[authority.index(after: authority.startIndex)..<end])
            } else {
                let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
                host = parts.count > 2 ? String(authority) : String(parts.first ?? "")
            }
            while host.hasSuffix(".") { host = String(host.dropLast()) }
            if let zone = host.firstIndex(of: "%") { host = String(host[..<zone]) }
            guard scheme != nil || !host.isEmpty else { return nil }
        }

        /// The address that a host is, in any notation that programs read.
        ///
        /// Also one number, hexadecimal, octal and shortened forms (`0x7f000001`, `0177.1`), IPv4 in IPv6, and NAT64.
        static func address(_ host: String) -> IPAddress? {
            if let plain = IPAddress(host) {
                // `64:ff9b::/96` and `::a.b.c.d` lead to the IPv4 address in them.
                let isMapped = plain.bits >> 32 == (0x0064_FF9B << 64) || plain.bits >> 32 == 0 && plain.bits > 0xFFFF
                return isMapped ? IPAddress(fourBytes: UInt32(truncatingIfNeeded: plain.bits)) : plain
            }
            let parts = host.split(separator: ".", omittingEmptySubsequences: false)
            guard (1...4).contains(parts.count) else { return nil }
            var numbers: [UInt64] = []
            for part in parts {
                guard let number = number(part) else { return nil }
                numbers.append(number)
            }
            guard let last = numbers.popLast(), numbers.allSatisfy({ $0 <= 255 }) else { return nil }
            let width = UInt64(4 - numbers.count) * 8
            guard last < 1 << width else { return nil }
            let high = numbers.enumerated().reduce(UInt64(0)) { $0 | $1.element << UInt64(24 - 8 * $1.offset) }
            return IPAddress(fourBytes: UInt32(high | last))
        }

        /// A decimal, octal or hexadecimal number of at most 32 bits.
        private static func number(_ text: Substring) -> UInt64? {
            guard !text.isEmpty, text.utf8.count <= 16 else { return nil }
            let number: UInt64?
            if text.hasPrefix("0x") {
                number = text.count == 2 ? 0 : UInt64(text.dropFirst(2), radix: 16)
            } else if text.hasPrefix("0"), text.count > 1 {
                number = UInt64(text, radix: 8)
            } else {
                number = UInt64(text)
            }
            return number.flatMap { $0 <= 0xFFFF_FFFF ? $0 : nil }
        }
    }
}

extension IPAddress {
    /// An IPv4 address by its number.
    fileprivate init?(fourBytes number: UInt32) {
        self.init("\(number >> 24).\(number >> 16 & 255).\(number >> 8 & 255).\(number & 255)")
    }
}
