import KeeptrustsCore
import NIOCore

/// An address of the web that stands in a text.
struct TextAddress: Hashable {
    var url: BaseURL

    /// Path and query, as a request has them; begins with `/`.
    var target: String

    /// As it stands in the text, for whoever reads the record.
    var text: String { "\(url)\(target)" }
}

/// Finds addresses in texts.
enum TextAddresses {
    /// The longest address (bytes).
    private static let mostBytes = 2_048

    /// The addresses in a text that begin with `http://` or `https://`, in their order.
    ///
    /// Ends at white space, quotes, brackets and control characters; a full stop and the like at the end are the sentence's. An
    /// address with a user, or that is too long, is none. The work is in proportion to the text.
    static func find(in text: ByteBuffer) -> [TextAddress] {
        let bytes = Array(text.readableBytesView)
        var found: [TextAddress] = []
        var offset = 0
        while let colon = bytes[offset...].firstIndex(of: UInt8(ascii: ":")) {
            offset = colon + 1
            guard let start = begin(bytes, colon) else { continue }
            var end = colon + 3
            while end < bytes.count, !ends.contains(bytes[end]), bytes[end] > 0x20, bytes[end] != 0x7F { end += 1 }
            offset = end
            while end > colon + 3, trailing.contains(bytes[end - 1]) { end -= 1 }
            guard end - start <= mostBytes, let address = read(bytes[start..<end]) else { continue }
            found.append(address)
        }
        return found
    }

    private static let ends = Set("\"'<>`{}|\\^()[]".utf8)
    private static let trailing = Set(".,;:!?*_~".utf8)

    /// Where the scheme before `://` begins; nil where it is another, or part of a longer word.
    private static func begin(_ bytes: [UInt8], _ colon: Int) -> Int? {
        guard colon + 2 < bytes.count, bytes[colon + 1] == 0x2F, bytes[colon + 2] == 0x2F else { return nil }
        for scheme in ["https", "http"] {
            let start = colon - scheme.utf8.count
            guard start >= 0, zip(bytes[start..<colon], scheme.utf8).allSatisfy({ $0 | 0x20 == $1 }) else { continue }
            guard start == 0 || !(0x61...0x7A).contains(bytes[start - 1] | 0x20) else { return nil }
            return start
        }
        return nil
    }

    private static func read(_ bytes: ArraySlice<UInt8>) -> TextAddress? {
        let whole = bytes.prefix { $0 != UInt8(ascii: "#") }
        guard let mark = whole.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let authority = whole[(mark + 3)...].prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        guard let origin = try? BaseURL(String(decoding: whole[..<authority.endIndex], as: UTF8.self)) else {
            return nil
        }
        var target = ""
        for byte in whole[authority.endIndex...] {
            // Only what may stand in a request's target stands there: everything else is escaped (RFC 3986 §2.1).
            if (0x21...0x7E).contains(byte) {
                target.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                target += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        if target.first != "/" { target = "/" + target }
        return TextAddress(url: origin, target: target)
    }
}
