import NIOCore

/// The words of a page: HTML without its marks, scripts and styles.
enum PageText {
    /// Reads a page in one go; what is not closed ends with it.
    ///
    /// - Returns: Lines of text, without blanks at their ends and without more than one empty line together.
    static func of(html: ByteBuffer) -> String {
        let bytes = Array(html.readableBytesView)
        var out: [UInt8] = []
        var offset = 0
        while offset < bytes.count {
            guard bytes[offset] == UInt8(ascii: "<") else {
                out.append(bytes[offset])
                offset += 1
                continue
            }
            offset = skipTag(bytes, from: offset, into: &out)
        }
        return tidy(decodingEntities(String(decoding: out, as: UTF8.self)))
    }

    /// Passes over a tag, a comment, or an element whose content is no text; returns where it ends.
    private static func skipTag(_ bytes: [UInt8], from start: Int, into out: inout [UInt8]) -> Int {
        if bytes[start...].starts(with: "<!--".utf8) { return end(of: "-->", bytes, from: start + 4) }
        let isClosing = start + 1 < bytes.count && bytes[start + 1] == UInt8(ascii: "/")
        let name = String(
            decoding: bytes[(start + (isClosing ? 2 : 1))...].prefix(10).prefix {
                ($0 | 0x20) &- 0x61 < 26 || $0 &- 0x30 < 10
            },
            as: UTF8.self
        ).lowercased()
        // A bracket that begins no tag is text.
        guard !name.isEmpty || start + 1 < bytes.count && [0x21, 0x3F].contains(bytes[start + 1]) else {
            out.append(bytes[start])
            return start + 1
        }
        if lines.contains(name) { out.append(0x0A) }
        let next = end(of: ">", bytes, from: start + 1)
        guard !isClosing, hidden.contains(name) else { return next }
        return end(of: ">", bytes, from: end(of: "</\(name)", bytes, from: next))
    }

    /// Elements that begin a line, and those whose content nobody reads.
    private static let lines: Set = [
        "p", "br", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "section", "article",
        "header", "footer", "pre", "blockquote", "title",
    ]
    private static let hidden: Set = ["script", "style", "noscript", "template", "svg", "iframe", "object"]

    /// The place behind the next occurrence of a mark, in small letters or capitals; the end where there is none.
    private static func end(of mark: String, _ bytes: [UInt8], from start: Int) -> Int {
        let wanted = Array(mark.utf8)
        var offset = start
        while offset + wanted.count <= bytes.count {
            if zip(bytes[offset...], wanted).allSatisfy({ $0 == $1 || (0x61...0x7A).contains($1) && $0 | 0x20 == $1 }) {
                return offset + wanted.count
            }
            offset += 1
        }
        return bytes.count
    }

    private static func decodingEntities(_ text: String) -> String {
        guard text.contains("&") else { return text }
        var result = text
        for (entity, character) in [
            ("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&apos;", "'"),
            ("&amp;", "&"),
        ] { result = result.replacing(entity, with: character) }
        return result
    }

    private static func tidy(_ text: String) -> String {
        var lines: [Substring] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let trimmed = line.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            if trimmed.isEmpty, lines.last?.isEmpty != false { continue }
            lines.append(Substring(trimmed))
        }
        while lines.last?.isEmpty == true { lines.removeLast() }
        return lines.joined(separator: "\n")
    }
}
