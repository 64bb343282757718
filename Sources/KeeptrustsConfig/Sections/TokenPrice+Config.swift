import KeeptrustsCore

/// The section `pricing` of a target: decimals for a million tokens, read without rounding.
extension TokenPrice {
    private enum Key: String, ConfigKey {
        case input, output, currency
        case cachedInput = "cached_input"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        let perThousand = "prices are for a million tokens: say 'input' and 'output'"
        let mapping = try config.mapping(
            Key.self,
            hints: [
                "input_cost_per_1k_tokens": perThousand, "output_cost_per_1k_tokens": perThousand,
                "input_per_million": "say 'input'", "output_per_million": "say 'output'",
                "cached": "say 'cached_input'",
            ])
        self.init(
            input: try mapping.required(.input).micros(), output: try mapping.required(.output).micros(),
            cachedInput: try mapping[.cachedInput].map { node throws(ConfigError) in try node.micros() },
            currency: try mapping[.currency].map { node throws(ConfigError) in try node.currency() } ?? "USD")
    }
}

extension ConfigNode {
    /// A decimal with up to six places, in millionths; 0...1000000.
    fileprivate func micros() throws(ConfigError) -> Int64 {
        expect(.decimal)
        let written: String
        switch (value, text) {
        case (.string(let string), _): written = string
        case (.integer, let text?), (.number, let text?): written = text
        case (_, _): throw wrongType("must be a decimal number, such as 2.50")
        }
        let parts = written.split(separator: ".", omittingEmptySubsequences: false)
        let isDecimal =
            parts.count <= 2
            && parts.allSatisfy { part in
                !part.isEmpty && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
            }
        guard isDecimal else {
            throw ConfigError(
                .wrongType, at: location, "\(name) is \(quoted(written)), not a decimal number.",
                hint: "write it as in 2.50")
        }
        let places = parts.count == 2 ? parts[1] : ""
        guard places.utf8.count <= 6 else {
            throw ConfigError(
                .outOfRange, at: location, "\(name) has \(places.utf8.count) decimal places; up to 6 are exact.")
        }
        guard let whole = Int64(parts[0]), whole < 1_000_000 || whole == 1_000_000 && places.allSatisfy({ $0 == "0" })
        else {
            throw ConfigError(.outOfRange, at: location, "\(name) is \(quoted(written)), not in 0...1000000.")
        }
        let fraction = places + String(repeating: "0", count: 6 - places.utf8.count)
        return whole * 1_000_000 + (Int64(fraction) ?? 0)
    }

    /// Three capital letters (ISO 4217).
    fileprivate func currency() throws(ConfigError) -> String {
        let code = try string()
        guard code.utf8.count == 3, code.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else {
            throw ConfigError(
                .outOfRange, at: location, "\(name) is \(quoted(code)), not a currency.",
                hint: "write its ISO 4217 code, such as USD")
        }
        return code
    }
}
