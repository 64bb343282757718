import KeeptrustsCore

/// What an unquoted text means, by the core schema of YAML 1.2 (§10.3.2), without its surprises.
///
/// So `yes`, `on` and `12:30` are texts. Numbers with leading zeros, `_`, `.inf` and `.nan` are texts too: where a
/// number is wanted they are refused, and nobody has to guess what they mean.
struct PlainScalar {
    let value: ConfigNode.Value

    var isNumber: Bool {
        switch value {
        case .integer, .number: true
        case .null, .boolean, .string, .list, .mapping: false
        }
    }

    init(_ text: String) {
        switch text {
        case "", "~", "null", "Null", "NULL": value = .null
        case "true", "True", "TRUE": value = .boolean(true)
        case "false", "False", "FALSE": value = .boolean(false)
        default: value = Self.number(text) ?? .string(text)
        }
    }

    private static func number(_ text: String) -> ConfigNode.Value? {
        guard text.utf8.count <= 64 else { return nil }
        for (prefix, radix) in [("0x", 16), ("0o", 8)] where text.hasPrefix(prefix) {
            guard text.dropFirst(2).allSatisfy(\.isHexDigit) else { return nil }
            return Int(text.dropFirst(2), radix: radix).map(ConfigNode.Value.integer)
        }
        var rest = text.utf8[...]
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest = rest.dropFirst() }
        let whole = rest.prefix(while: isDigit)
        guard !whole.isEmpty, whole.count == 1 || whole.first != UInt8(ascii: "0") else { return nil }
        rest = rest[whole.endIndex...]
        if rest.isEmpty, let integer = Int(text) { return .integer(integer) }
        if rest.first == UInt8(ascii: ".") { rest = rest.dropFirst().drop(while: isDigit) }
        if let e = rest.first, e | 0x20 == UInt8(ascii: "e") {
            rest = rest.dropFirst()
            if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest = rest.dropFirst() }
            guard !rest.isEmpty, rest.allSatisfy(isDigit) else { return nil }
            rest = rest[rest.endIndex...]
        }
        guard rest.isEmpty, let number = Double(text), number.isFinite else { return nil }
        return .number(number)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
