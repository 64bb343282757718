import Crypto
import Foundation
public import KeeptrustsCore

extension ConfigNode {
    /// The document as YAML.
    ///
    /// - Parameter withOrigins: Whether a comment after each value says where it was written.
    /// - Returns: Whole lines.
    func yaml(withOrigins: Bool) -> String {
        var writer = YAMLWriter(withOrigins: withOrigins)
        writer.write(self)
        return writer.text
    }

    /// SHA-256 of the values, in 64 hexadecimal digits; the order of keys, the layout and the places do not count.
    var digest: String {
        SHA256.hash(data: Data(canonicalJSON.utf8)).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    /// The values as JSON, the keys of each mapping in order.
    public var canonicalJSON: String {
        switch value {
        case .null: "null"
        case .boolean(let flag): flag ? "true" : "false"
        case .integer(let number): "\(number)"
        case .number(let number): "\(number)"
        case .string(let text): YAMLWriter.quoted(text)
        case .list(let items): "[\(items.map(\.canonicalJSON).joined(separator: ","))]"
        case .mapping(let entries):
            "{"
                + entries.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
                .map { "\(YAMLWriter.quoted($0.key)):\($0.value.canonicalJSON)" }.joined(separator: ",") + "}"
        }
    }

    /// The keys that lead to a value or a key at this place.
    func path(at place: SourceLocation) -> String? {
        var found = location == place ? path : nil
        switch value {
        case .mapping(let entries):
            for entry in entries {
                if entry.keyLocation == place { return entry.value.path }
                found = entry.value.path(at: place) ?? found
            }
        case .list(let items):
            for item in items { found = item.path(at: place) ?? found }
        case .null, .boolean, .integer, .number, .string:
            break
        }
        return found
    }
}

/// Writes a document in block style.
struct YAMLWriter {
    let withOrigins: Bool
    private(set) var text = ""

    init(withOrigins: Bool) { self.withOrigins = withOrigins }

    mutating func write(_ node: ConfigNode) {
        if case .mapping(let entries) = node.value, !entries.isEmpty {
            write(entries, indent: 0)
        } else {
            line("", node)
        }
    }

    private mutating func write(
        _ entries: [(key: String, keyLocation: SourceLocation, value: ConfigNode)], indent: Int, first: String? = nil
    ) {
        for (index, entry) in entries.enumerated() {
            let lead = index == 0 ? first ?? spaces(indent) : spaces(indent)
            write(entry.value, after: "\(lead)\(Self.key(entry.key)):", indent: indent)
        }
    }

    private mutating func write(_ node: ConfigNode, after lead: String, indent: Int) {
        switch node.value {
        case .mapping(let entries) where !entries.isEmpty:
            text += "\(lead)\n"
            write(entries, indent: indent + 2)
        case .list(let items) where !items.isEmpty:
            text += "\(lead)\n"
            for item in items { write(item: item, indent: indent + 2) }
        case .null, .boolean, .integer, .number, .string, .list, .mapping:
            line("\(lead) ", node)
        }
    }

    private mutating func write(item: ConfigNode, indent: Int) {
        let lead = "\(spaces(indent))- "
        switch item.value {
        case .mapping(let entries) where !entries.isEmpty:
            write(entries, indent: indent + 2, first: lead)
        case .list(let items) where !items.isEmpty:
            text += "\(spaces(indent))-\n"
            for inner in items { write(item: inner, indent: indent + 2) }
        case .null, .boolean, .integer, .number, .string, .list, .mapping:
            line(lead, item)
        }
    }

    private mutating func line(_ lead: String, _ node: ConfigNode) {
        text += lead + Self.scalar(node)
        if withOrigins {
            let file = node.location.file.split(whereSeparator: \.isNewline).joined(separator: " ")
            text += "  # \(file):\(node.location.line)"
        }
        text += "\n"
    }

    private func spaces(_ count: Int) -> String { String(repeating: " ", count: count) }

    private static func scalar(_ node: ConfigNode) -> String {
        switch node.value {
        case .null: "null"
        case .boolean(let flag): flag ? "true" : "false"
        case .integer(let number): node.text ?? "\(number)"
        case .number(let number): node.text ?? "\(number)"
        case .string(let text): isPlain(text) ? text : quoted(text)
        case .list: "[]"
        case .mapping: "{}"
        }
    }

    private static func key(_ key: String) -> String { isPlain(key) ? key : quoted(key) }

    /// Whether a text needs no quotes, under any version of YAML.
    private static func isPlain(_ text: String) -> Bool {
        let words: Set<String> = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
        guard let first = text.utf8.first, text.utf8.count <= 80, !words.contains(text.lowercased()) else {
            return false
        }
        return isLetter(first) && text.utf8.allSatisfy { isLetter($0) || "0123456789-_./".utf8.contains($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

    /// In double quotes, as JSON and YAML both read it.
    static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\t": out += "\\t"
            case "\r": out += "\\r"
            default:
                if needsEscape(scalar) {
                    let code = String(scalar.value, radix: 16)
                    out += "\\u" + String(repeating: "0", count: 4 - code.count) + code
                } else {
                    out.unicodeScalars.append(scalar)
                }
            }
        }
        return out + "\""
    }

    private static func needsEscape(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF: true
        default: false
        }
    }
}
