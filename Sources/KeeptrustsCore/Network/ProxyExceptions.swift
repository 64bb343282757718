/// The hosts that are reached directly: a list as in `NO_PROXY`, its entries parted by commas or spaces.
///
/// An entry is `*` (every host), a name (it and the names below it, with or without a leading dot), an address, or a
/// range of addresses; but for `*` and ranges, `:port` may follow and limits the entry to that port.
struct ProxyExceptions: Sendable {
    private enum Rule {
        case domain(String, port: Int?)
        case address(IPAddress, port: Int?)
        case range(AddressRange)
    }

    private var rules: [Rule] = []
    private var coversAll = false

    /// The entries that are none of these.
    private(set) var ignored: [String] = []

    init(_ list: String) {
        for entry in list.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
            if entry == "*" {
                coversAll = true
            } else if let rule = Self.rule(entry) {
                rules.append(rule)
            } else {
                ignored.append(String(entry))
            }
        }
    }

    func contains(host: String, port: Int) -> Bool {
        guard !coversAll else { return true }
        let address = IPAddress(host)
        let name = Self.normalised(host)
        return rules.contains { rule in
            switch rule {
            case .address(let known, let only): known == address && port == only ?? port
            case .range(let range): address.map(range.contains) ?? false
            case .domain(let domain, let only):
                address == nil && port == only ?? port && (name == domain || name.hasSuffix(".\(domain)"))
            }
        }
    }

    private static func rule(_ entry: Substring) -> Rule? {
        if entry.contains("/") { return AddressRange(entry).map(Rule.range) }
        if let address = IPAddress(entry) { return .address(address, port: nil) }
        var entry = entry
        if entry.hasPrefix("*.") { entry.removeFirst() }
        if entry.hasPrefix(".") { entry.removeFirst() }
        guard let place = try? HostPort(String(entry), defaultHost: "", defaultPort: 0), !place.host.isEmpty else {
            return nil
        }
        let port = place.port == 0 ? nil : place.port
        if let address = IPAddress(place.host) { return .address(address, port: port) }
        return .domain(normalised(place.host), port: port)
    }

    /// In lower case and without the dot of the root.
    private static func normalised(_ host: String) -> String {
        let lower = host.lowercased()
        return lower.hasSuffix(".") ? String(lower.dropLast()) : lower
    }
}
