import KeeptrustsCore
import KeeptrustsWire
import NIOCore

extension ConfigNode {
    /// Reads a document: JSON when the file's name ends in `.json`, else YAML.
    ///
    /// - Throws: ``ConfigError`` for the first mistake.
    static func read(_ layer: ConfigLayer) throws(ConfigError) -> ConfigNode {
        if layer.name.hasSuffix(".json") { return try ConfigNode(json: layer) }
        do throws(ConfigProblems) {
            return try ConfigNode(yaml: layer)
        } catch {
            let start = SourceLocation(file: layer.name, line: 1, column: 1)
            throw error.all.first ?? ConfigError(.notYAML, at: start, "this is not YAML.")
        }
    }

    /// Reads a JSON document (RFC 8259) with no key twice, as deep as ``JSONScanner`` allows.
    init(json layer: ConfigLayer) throws(ConfigError) {
        let text = ByteBuffer(bytes: layer.bytes)
        let start = SourceLocation(file: layer.name, line: 1, column: 1)
        guard layer.bytes.count <= ConfigLayer.maxBytes else {
            throw ConfigError(.limit, at: start, "the file has more than \(ConfigLayer.maxBytes) bytes.")
        }
        var values: [JSONValue] = []
        do throws(JSONFault) {
            try JSONScanner.scan(text, Self.anything, into: &values)
        } catch {
            let place = Self.place(of: error.offset, in: layer)
            let reason = error.reason.rawValue.replacing("_", with: " ")
            throw ConfigError(.notYAML, at: place, "this is not JSON as it is accepted: \(reason).")
        }
        var reader = JSONNodeReader(layer, text)
        self = reader.read(path: "")
    }

    private static let anything = JSONShape([], reportsOthers: false)

    private static func place(of offset: Int, in layer: ConfigLayer) -> SourceLocation {
        let before = layer.bytes.prefix(offset)
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        let line = before.count { $0 == 0x0A } + 1
        let column = before[lineStart...].count { $0 & 0xC0 != 0x80 } + 1
        return SourceLocation(file: layer.name, line: line, column: column)
    }
}

/// Makes nodes of a JSON text that has been checked, so that nothing in it can be wrong.
private struct JSONNodeReader {
    private let file: String
    private let bytes: [UInt8]
    private let text: ByteBuffer
    private var offset = 0

    /// How far lines and columns have been counted, and how many there were.
    private var counted = 0
    private var line = 1
    private var column = 1

    init(_ layer: ConfigLayer, _ text: ByteBuffer) {
        file = layer.name
        bytes = layer.bytes
        self.text = text
    }

    mutating func read(path: String) -> ConfigNode {
        skipSpace()
        let place = place()
        switch bytes[offset] {
        case UInt8(ascii: "{"): return ConfigNode(.mapping(members(path)), at: place, path: path)
        case UInt8(ascii: "["): return ConfigNode(.list(elements(path)), at: place, path: path)
        case UInt8(ascii: "\""): return ConfigNode(.string(string()), at: place, path: path)
        default: return word(at: place, path: path)
        }
    }

    private mutating func place() -> SourceLocation {
        while counted < offset {
            if bytes[counted] == 0x0A {
                (line, column) = (line + 1, 1)
            } else if bytes[counted] & 0xC0 != 0x80 {
                column += 1
            }
            counted += 1
        }
        return SourceLocation(file: file, line: line, column: column)
    }

    private mutating func skipSpace() {
        while offset < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[offset]) {
            offset += 1
        }
    }

    /// Whether the container at hand ends; goes over the comma, or the bracket, before what follows.
    private mutating func atEnd() -> Bool {
        offset += 1
        skipSpace()
        guard bytes[offset] == UInt8(ascii: "]") || bytes[offset] == UInt8(ascii: "}") else { return false }
        offset += 1
        return true
    }

    private mutating func elements(_ path: String) -> [ConfigNode] {
        var elements: [ConfigNode] = []
        guard !atEnd() else { return [] }
        repeat {
            elements.append(read(path: path.isEmpty ? "\(elements.count)" : "\(path).\(elements.count)"))
            skipSpace()
        } while !atSeparatorEnd()
        return elements
    }

    private mutating func members(_ path: String) -> [(key: String, keyLocation: SourceLocation, value: ConfigNode)] {
        var members: [(key: String, keyLocation: SourceLocation, value: ConfigNode)] = []
        guard !atEnd() else { return [] }
        repeat {
            skipSpace()
            let keyPlace = place()
            let key = string()
            skipSpace()
            offset += 1
            members.append((key, keyPlace, read(path: path.isEmpty ? key : "\(path).\(key)")))
            skipSpace()
        } while !atSeparatorEnd()
        return members
    }

    /// Goes over a comma, or the bracket that ends a container.
    private mutating func atSeparatorEnd() -> Bool {
        let isEnd = bytes[offset] != UInt8(ascii: ",")
        offset += 1
        return isEnd
    }

    private mutating func string() -> String {
        let start = offset
        offset += 1
        while bytes[offset] != UInt8(ascii: "\"") { offset += bytes[offset] == UInt8(ascii: "\\") ? 2 : 1 }
        offset += 1
        return String(buffer: Unescaped(text, token: start..<offset, hasEscapes: true).text)
    }

    private mutating func word(at place: SourceLocation, path: String) -> ConfigNode {
        let start = offset
        while offset < bytes.count, ![0x2C, 0x5D, 0x7D, 0x20, 0x09, 0x0A, 0x0D].contains(bytes[offset]) { offset += 1 }
        let word = String(decoding: bytes[start..<offset], as: UTF8.self)
        switch word {
        case "true": return ConfigNode(.boolean(true), at: place, path: path)
        case "false": return ConfigNode(.boolean(false), at: place, path: path)
        case "null": return ConfigNode(.null, at: place, path: path)
        default:
            let value = Int(word).map(Value.integer) ?? .number(Double(word) ?? 0)
            return ConfigNode(value, at: place, path: path, text: word)
        }
    }

    private typealias Value = ConfigNode.Value
}
