import KeeptrustsCore
import Yams

/// A file's text, checked before the parser sees it, and with its aliases hidden from the parser.
///
/// The parser would put an alias's value in its place at once, also as a key, which it then hashes: a few lines can keep
/// it busy for ever. So every `*` goes in as a character that the file does not hold, and ``YAMLReader`` finds the
/// aliases itself, counts them, and puts the `*` back everywhere else. No position changes.
struct YAMLText {
    let file: String
    let masked: String

    /// What stands for `*` in ``masked``; nil when the file holds none.
    let mask: Unicode.Scalar?

    /// Characters that the file does not hold.
    let unused: [Unicode.Scalar]

    init(_ layer: ConfigLayer, limits: YAMLLimits) throws(ConfigError) {
        file = layer.name
        let start = SourceLocation(file: layer.name, line: 1, column: 1)
        guard layer.bytes.count <= limits.bytes else {
            let message = "the file has \(layer.bytes.count) bytes; \(limits.bytes) are allowed."
            throw ConfigError(.limit, at: start, message)
        }
        let text = try Self.decoded(layer)
        let marks = text.utf8.lazy.filter { Self.structural.contains($0) }.count
        guard marks <= limits.marks else {
            throw ConfigError(.limit, at: start, "the file has more than \(limits.marks) lines and list items.")
        }
        let present = Set(text.unicodeScalars.lazy.filter { (0xE000...0xF8FF).contains($0.value) })
        let free = (0xE000...0xF8FF).lazy.compactMap(Unicode.Scalar.init).filter { !present.contains($0) }
        var unused = Array(free.prefix(DuplicateKeys.maxProblems + 1))
        if text.utf8.contains(UInt8(ascii: "*")) {
            guard let mask = unused.popLast() else {
                throw ConfigError(.limit, at: start, "the file holds too many private-use characters.")
            }
            self.mask = mask
            masked = String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "*" ? mask : $0 }))
        } else {
            mask = nil
            masked = text
        }
        self.unused = unused
    }

    var start: SourceLocation { SourceLocation(file: file, line: 1, column: 1) }

    func location(_ mark: Mark?) -> SourceLocation {
        SourceLocation(file: file, line: mark?.line ?? 1, column: mark?.column ?? 1)
    }

    /// The place of a mark; the parser puts the end of the text one line too far.
    func locationInside(_ mark: Mark) -> SourceLocation {
        let end = Self.end(of: masked[...], in: file)
        return mark.line > end.line ? end : location(mark)
    }

    /// A text from the parser, as the file writes it.
    func unmasked(_ text: String) -> String {
        guard let mask, text.unicodeScalars.contains(mask) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == mask ? "*" : $0 }))
    }

    /// A line, counted from 1; empty when there is none.
    func line(_ number: Int) -> Substring {
        let lines = masked.split(maxSplits: number, omittingEmptySubsequences: false) { $0.isNewline }
        return number >= 1 && number <= lines.count ? lines[number - 1] : ""
    }

    private static let structural = Set("\n\r,[{".utf8)

    private static func decoded(_ layer: ConfigLayer) throws(ConfigError) -> String {
        var bytes = layer.bytes[...]
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            let start = SourceLocation(file: layer.name, line: 1, column: 1)
            throw ConfigError(.notYAML, at: start, "the file is UTF-16.", hint: "save it as UTF-8")
        }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let place = Self.end(of: Self.validPrefix(of: bytes), in: layer.name)
            throw ConfigError(.notYAML, at: place, "this byte is not UTF-8.", hint: "save the file as UTF-8")
        }
        if let bad = text.unicodeScalars.firstIndex(where: isForbidden) {
            let place = Self.end(of: text[..<bad], in: layer.name)
            let code = String(text.unicodeScalars[bad].value, radix: 16, uppercase: true)
            let name = "U+" + String(repeating: "0", count: max(0, 4 - code.count)) + code
            throw ConfigError(.notYAML, at: place, "the control character \(name) is not allowed.")
        }
        return text
    }

    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D: false
        case 0..<0x20, 0x7F..<0xA0, 0xFEFF, 0xFFFE, 0xFFFF: true
        default: false
        }
    }

    private static func validPrefix(of bytes: ArraySlice<UInt8>) -> Substring {
        var text = String.UnicodeScalarView()
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        while case .scalarValue(let scalar) = decoder.decode(&iterator) { text.append(scalar) }
        return Substring(String(text))
    }

    /// Where a text ends that begins at the file's first character.
    private static func end(of text: Substring, in file: String) -> SourceLocation {
        var place = SourceLocation(file: file, line: 1, column: 1)
        for scalar in text.unicodeScalars {
            if scalar == "\n" {
                place.line += 1
                place.column = 1
            } else {
                place.column += 1
            }
        }
        return place
    }
}
