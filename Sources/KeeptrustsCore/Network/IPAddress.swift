/// An IPv4 or IPv6 address; an IPv4-mapped IPv6 address is the IPv4 address it stands for.
public struct IPAddress: Hashable, Sendable {
    /// The 128 bits of the IPv6 form; an IPv4 address is `::ffff:a.b.c.d` (RFC 4291 §2.5.5.2).
    public let bits: UInt128

    public var isIPv4: Bool { bits >> 32 == 0xFFFF }

    /// Reads `192.0.2.1` or `2001:db8::1`, without brackets, port or zone; nil for anything else.
    public init?(_ text: some StringProtocol) {
        if let four = Self.ipv4(Array(text.utf8)[...]) {
            bits = 0xFFFF << 32 | UInt128(four)
        } else if let six = Self.ipv6(Array(text.utf8)) {
            bits = six
        } else {
            return nil
        }
    }

    /// Four decimal numbers without leading zeros, which some readers take for octal.
    private static func ipv4(_ text: ArraySlice<UInt8>) -> UInt32? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address = UInt32(0)
        for part in parts {
            guard (1...3).contains(part.count), part.allSatisfy({ (0x30...0x39).contains($0) }),
                part.count == 1 || part.first != 0x30
            else { return nil }
            let number = part.reduce(0) { $0 * 10 + UInt32($1 - 0x30) }
            guard number <= 255 else { return nil }
            address = address << 8 | number
        }
        return address
    }

    /// RFC 4291 §2.2: eight groups, of which `::` may leave out one run; the last two may be written as IPv4.
    private static func ipv6(_ text: [UInt8]) -> UInt128? {
        guard text.count <= 45 else { return nil }
        let colon = UInt8(ascii: ":")
        guard let gap = text.indices.dropLast().first(where: { text[$0] == colon && text[$0 + 1] == colon }) else {
            return groups(text[...], mayEndInIPv4: true).flatMap { $0.count == 8 ? join($0) : nil }
        }
        guard let head = groups(text[..<gap], mayEndInIPv4: false),
            let tail = groups(text[(gap + 2)...], mayEndInIPv4: true)
        else { return nil }
        guard head.count + tail.count < 8 else { return nil }
        return join(head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail)
    }

    /// The 16-bit groups of a part without `::`; none for an empty part, nil for a malformed one.
    private static func groups(_ text: ArraySlice<UInt8>, mayEndInIPv4: Bool) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        var groups: [UInt16] = []
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if mayEndInIPv4, index == parts.count - 1, let four = ipv4(part) {
                groups += [UInt16(four >> 16), UInt16(four & 0xFFFF)]
            } else if (1...4).contains(part.count), part.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                let group = UInt16(String(decoding: part, as: UTF8.self), radix: 16)
            {
                groups.append(group)
            } else {
                return nil
            }
        }
        return groups
    }

    private static func join(_ groups: [UInt16]) -> UInt128 {
        groups.reduce(0) { $0 << 16 | UInt128($1) }
    }
}

/// A block of addresses, such as `10.0.0.0/8` or `2001:db8::/32`.
public struct AddressRange: Hashable, Sendable {
    public let first: IPAddress

    /// How many of the 128 bits all addresses of the range share.
    private let prefix: Int

    /// Reads an address, `/` and a prefix length (RFC 4632 §3.1); an address alone is a range of one.
    ///
    /// Bits beyond the prefix are ignored, so `10.1.2.3/8` is `10.0.0.0/8`.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let base = parts.first, let address = IPAddress(base) else { return nil }
        first = address
        guard parts.count == 2 else {
            prefix = 128
            return
        }
        let digits = parts[1]
        guard (1...3).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let length = Int(digits), length <= (address.isIPv4 ? 32 : 128)
        else { return nil }
        prefix = address.isIPv4 ? length + 96 : length
    }

    public func contains(_ address: IPAddress) -> Bool {
        guard address.isIPv4 == first.isIPv4 else { return false }
        return prefix == 0 || (address.bits ^ first.bits) >> (128 - prefix) == 0
    }
}

extension IPAddress {
    /// Whether anybody may be behind it: no address of a private or local network, a test, a tunnel or a group.
    ///
    /// By the registries of special-purpose addresses (RFC 6890 and its updates); of IPv6 only `2000::/3` is given out.
    public var isPublic: Bool {
        if !isIPv4, AddressRange("2000::/3")?.contains(self) != true { return false }
        return !Self.special.contains { $0.contains(self) }
    }

    private static let special = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    ].compactMap { AddressRange($0) }
}
