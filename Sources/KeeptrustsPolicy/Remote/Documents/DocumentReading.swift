import KeeptrustsCore
import NIOCore

/// What the writing of a document in a request tells of it: how long it is, and by its first bytes what it is.
///
/// Bounded: only the first 4 KiB are decoded, and text in percent escapes is counted no further than 4 MiB.
struct DocumentReading: Equatable {
    /// The length (bytes, decoded; line breaks of base64 count); nil for a document that lies elsewhere.
    private(set) var length: Int?

    /// The type by the document's own bytes, or as it is declared where they do not tell; nil when neither does.
    private(set) var type: MediaType?

    /// The most bytes of the writing that are decoded.
    private static let head = 4_096

    /// The most bytes of percent escapes that are looked through; longer ones count as if there were none.
    private static let mostEscaped = 4_194_304

    init(_ document: AttachedDocument) {
        guard !document.isReference else { return }
        document.content.withUnsafeReadableBytes { bytes in
            if bytes.starts(with: "data:", ignoringCase: true) {
                readURL(bytes)
            } else if Self.scheme(of: bytes) {
                return
            } else if bytes.prefix(Self.head).allSatisfy({ Base64Digits.isWritten($0) }), bytes.count >= 4 {
                read(bytes[...], isBase64: true, declared: nil)
            } else {
                length = bytes.count
                type = MediaType(of: Array(bytes.prefix(Self.head)), declared: nil)
            }
        }
    }

    /// Reads `data:[type][;parameter]…[;base64],data` (RFC 2397).
    private mutating func readURL(_ bytes: UnsafeRawBufferPointer) {
        let header = bytes.dropFirst(5)
        guard let comma = header.prefix(512).firstIndex(of: 0x2C) else {
            length = bytes.count
            return
        }
        let parts = String(decoding: header[..<comma], as: UTF8.self).split(
            separator: ";", omittingEmptySubsequences: false
        ).map { $0.trimmingSpaces.lowercased() }
        let declared = parts.first.flatMap { $0.isEmpty ? MediaType("text/plain") : MediaType($0) }
        read(bytes[(comma + 1)...], isBase64: parts.dropFirst().contains("base64"), declared: declared)
    }

    private mutating func read(_ data: Slice<UnsafeRawBufferPointer>, isBase64: Bool, declared: MediaType?) {
        if isBase64 {
            let padding = data.suffix(2).count { $0 == 0x3D }
            length = (data.count - padding) * 3 / 4
            type = MediaType(of: Base64Digits.decoded(data.prefix(Self.head)), declared: declared)
        } else {
            let escapes = data.count <= Self.mostEscaped ? data.count { $0 == 0x25 } : 0
            length = max(0, data.count - 2 * escapes)
            type = MediaType(of: Self.unescaped(data.prefix(Self.head)), declared: declared)
        }
    }

    /// Whether it begins like an address: a scheme and `://`.
    private static func scheme(of bytes: UnsafeRawBufferPointer) -> Bool {
        guard let colon = bytes.prefix(16).firstIndex(of: 0x3A), colon > 0 else { return false }
        let isName = bytes[..<colon].allSatisfy { ($0 | 0x20) &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == 0x2B }
        return isName && bytes[colon...].prefix(3).elementsEqual("://".utf8)
    }

    private static func unescaped(_ data: Slice<UnsafeRawBufferPointer>) -> [UInt8] {
        var plain: [UInt8] = []
        var place = data.startIndex
        while place < data.endIndex {
            if data[place] == 0x25, place + 2 < data.endIndex,
                let byte = UInt8(String(decoding: data[(place + 1)...(place + 2)], as: UTF8.self), radix: 16)
            {
                plain.append(byte)
                place += 3
            } else {
                plain.append(data[place])
                place += 1
            }
        }
        return plain
    }
}

/// Base64 as requests write it: both alphabets of RFC 4648, with line breaks, with or without padding.
private enum Base64Digits {
    /// Whether a byte can be part of it.
    static func isWritten(_ byte: UInt8) -> Bool { value(of: byte) != nil || isSpace(byte) || byte == 0x3D }

    /// The bytes of the beginning of a row, up to the first byte that cannot be part of it.
    static func decoded(_ row: Slice<UnsafeRawBufferPointer>) -> [UInt8] {
        var bytes: [UInt8] = []
        var (bits, count) = (UInt32(0), 0)
        for byte in row where !isSpace(byte) {
            guard let digit = value(of: byte) else { break }
            bits = bits << 6 | UInt32(digit)
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
        }
        return bytes
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

    private static func value(of byte: UInt8) -> UInt8? {
        switch byte {
        case 0x41...0x5A: byte - 0x41
        case 0x61...0x7A: byte - 0x61 + 26
        case 0x30...0x39: byte - 0x30 + 52
        case 0x2B, 0x2D: 62
        case 0x2F, 0x5F: 63
        default: nil
        }
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func starts(with word: StaticString, ignoringCase: Bool) -> Bool {
        guard count >= word.utf8CodeUnitCount else { return false }
        return (0..<word.utf8CodeUnitCount).allSatisfy { self[$0] | 0x20 == word.utf8Start[$0] | 0x20 }
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        var text = drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
