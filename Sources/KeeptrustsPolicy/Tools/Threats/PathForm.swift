import KeeptrustsMatching

/// A path as the system that opens it understands it.
struct PathForm: Equatable {
    /// In small letters, with `/` between names, without `.` and `..`; relative paths begin with `./`.
    var path: String

    /// How often it leaves the folder that it begins in.
    var climbs = 0

    /// It hid a `..`, a stroke or an end behind escapes.
    var isDisguised = false

    /// The longest that is looked at (bytes).
    static let longest = 4_096

    /// Reads a path; nil for what is too long for one or has several lines.
    init?(_ text: String) {
        let text = text.trimmed
        guard !text.isEmpty, text.utf8.count <= Self.longest, !text.utf8.contains(0x0A) else { return nil }
        let decoded = Decoding.undone(text)
        var plain = decoded.replacing("\\", with: "/").lowercased()
        isDisguised = decoded != text && (decoded.contains("..") || decoded.utf8.contains(0)) && !text.contains("../")
        if let end = plain.utf8.firstIndex(of: 0) {
            plain = String(plain[..<end])
            isDisguised = true
        }
        for home in ["${home}", "$home", "%userprofile%", "$env:userprofile", "%homepath%"] where plain.hasPrefix(home)
        {
            plain = "~" + plain.dropFirst(home.count)
        }
        if plain.hasPrefix("file://") { plain = String(plain.dropFirst(7)) }
        let isAbsolute = plain.hasPrefix("/")
        var names: [Substring] = []
        for name in plain.split(separator: "/") {
            // `....//` becomes `../` where somebody takes `../` out once.
            if name == ".." || name == "...." {
                if names.isEmpty { climbs += 1 } else { names.removeLast() }
            } else if name != "." {
                names.append(name)
            }
        }
        let joined = names.joined(separator: "/")
        let hasRoot = joined.hasPrefix("~") || joined.dropFirst().hasPrefix(":")
        path = isAbsolute ? "/" + joined : hasRoot ? joined : "./" + joined
        // Far enough up, every path begins at the root.
        if climbs >= 3 { path = "/" + joined }
    }
}

/// Undoes what hides characters from whoever reads an argument, but not from whoever uses it.
enum Decoding {
    /// The text with percent escapes undone, over and over, and with characters that look alike as the plain ones.
    static func undone(_ text: String) -> String {
        var plain = text
        for _ in 0..<3 {
            guard plain.utf8.contains(0x25), let decoded = percent(plain) else { break }
            plain = decoded
        }
        return folded(plain)
    }

    /// Full-width and other variants of letters and signs as the plain ones.
    static func folded(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 >= 0x80 }) else { return text }
        var text = text
        return text.withUTF8 { bytes in
            let raw = UnsafeRawBufferPointer(bytes)
            for (_, view) in Views.of(raw, [.folded]) { return String(decoding: view.bytes, as: UTF8.self) }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    /// A number of hexadecimal digits at a place.
    private static func hex(_ bytes: [UInt8], _ place: Int, _ count: Int) -> Int? {
        guard place + count <= bytes.count else { return nil }
        var value = 0
        for byte in bytes[place..<(place + count)] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
            value = value * 16 + digit
        }
        return value
    }

    /// Percent escapes undone, also `%u002e` and two bytes that stand for one (`%c0%af`); nil when there are none.
    private static func percent(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        var plain: [UInt8] = []
        var isChanged = false
        var index = 0
        while index < bytes.count {
            guard bytes[index] == 0x25 else {
                plain.append(bytes[index])
                index += 1
                continue
            }
            if let value = hex(bytes, index + 1, 2) {
                // An overlong form of an ASCII character.
                if value & 0xFE == 0xC0, index + 3 < bytes.count, bytes[index + 3] == 0x25,
                    let low = hex(bytes, index + 4, 2)
                {
                    plain.append(UInt8((value & 1) << 6 | low & 0x3F))
                    index += 6
                } else {
                    plain.append(UInt8(value))
                    index += 3
                }
                isChanged = true
            } else if index + 1 < bytes.count, bytes[index + 1] | 0x20 == 0x75, let value = hex(bytes, index + 2, 4),
                value < 0x80
            {
                plain.append(UInt8(value))
                index += 6
                isChanged = true
            } else {
                plain.append(bytes[index])
                index += 1
            }
        }
        return isChanged ? String(decoding: plain, as: UTF8.self) : nil
    }
}

extension String {
    /// Without white space at its ends.
    var trimmed: String {
        var rest = self[...]
        while let first = rest.first, first.isWhitespace { rest = rest.dropFirst() }
        while let last = rest.last, last.isWhitespace { rest = rest.dropLast() }
        return String(rest)
    }
}
