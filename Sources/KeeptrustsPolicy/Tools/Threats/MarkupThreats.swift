/// Judges markup by what happens when it is shown.
enum MarkupThreats {
    /// What is wrong with Markdown or HTML: scripts, and images and links that send data.
    static func threat(in text: String, _ terms: ThreatTerms = .shared) -> ToolThreat? {
        let bytes = Array(text.utf8)
        guard bytes.count <= mostBytes else { return ToolThreat(category: .unreadable) }
        let small = bytes.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }
        for (index, byte) in small.enumerated() {
            switch byte {
            case UInt8(ascii: "<"): if isActive(small[(index + 1)...].prefix(longest), terms) { return active }
            case UInt8(ascii: "]"): if sends(small, index, isImage(small, index), terms) { return active }
            case UInt8(ascii: "j"), UInt8(ascii: "v"):
                if isScript(small, index) { return active }
            default: continue
            }
        }
        return nil
    }

    /// The most of a text that is looked at (bytes).
    static let mostBytes = 1 << 17

    private static let active = ToolThreat(category: .activeMarkup)

    /// The most of an element that is looked at (bytes).
    private static let longest = 1_024

    /// Whether a link or image that a bracket ends leads to where data are sent.
    private static func sends(_ text: [UInt8], _ bracket: Int, _ isImage: Bool, _ terms: ThreatTerms) -> Bool {
        guard bracket + 1 < text.count else { return false }
        var rest = text[(bracket + 1)...].prefix(longest)
        // `](address)` and, where references are defined, `]: address`.
        let isReference = rest.first == UInt8(ascii: ":")
        guard rest.first == UInt8(ascii: "(") || isReference else { return false }
        rest = rest.dropFirst().drop { $0 == 0x20 || $0 == 0x3C }
        let address = String(decoding: rest.prefix { $0 > 0x20 && $0 != 0x29 && $0 != 0x3E }, as: UTF8.self)
        guard address.hasPrefix("http") || address.hasPrefix("//") else { return false }
        return carries(address, isImage: isImage || isReference, terms)
    }

    /// Whether the bracket at a place ends the text of an image.
    private static func isImage(_ text: [UInt8], _ place: Int) -> Bool {
        var start = place
        while start > 0, place - start < 256, text[start] != UInt8(ascii: "[") { start -= 1 }
        return start > 0 && text[start] == UInt8(ascii: "[") && text[start - 1] == UInt8(ascii: "!")
    }

    /// Whether an address of another host takes data along.
    static func carries(_ address: String, isImage: Bool, _ terms: ThreatTerms) -> Bool {
        guard let mark = address.firstIndex(of: "?") else {
            return isImage && (address.contains("{") || AddressThreats.isCollector(address, terms))
        }
        let query = address[address.index(after: mark)...]
        if AddressThreats.isCollector(String(address[..<mark]), terms) { return true }
        for pair in query.split(separator: "&").prefix(64) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            let value = parts.count > 1 ? String(parts[1]) : ""
            if value.contains("{") || value.contains("$") || value.contains("<") || value.contains("document.")
                || value.contains("'+") || value.contains("%7b")
            {
                return true
            }
            if terms.words(of: "sensitive").contains(value)
                || terms.words(of: "sensitive").contains(name) && !value.isEmpty
            {
                return true
            }
            let isCarrier = [
                "d", "data", "q", "c", "cookie", "x", "p", "payload", "exfil", "msg", "m", "text", "content", "info",
                "leak", "s", "out", "log", "b", "t", "conversation", "history", "prompt", "context", "user", "email",
            ].contains(name)
            if isImage, isCarrier, value.count >= 3, !value.allSatisfy(\.isNumber) { return true }
            if isImage, value.count >= 24 { return true }
        }
        return false
    }

    /// Whether an element runs or sends something: its text behind `<`, in small letters.
    private static func isActive(_ element: ArraySlice<UInt8>, _ terms: ThreatTerms) -> Bool {
        let name = element.prefix { $0 &- 0x61 < 26 || $0 &- 0x30 < 10 }
        guard !name.isEmpty else { return false }
        let word = String(decoding: name, as: UTF8.self)
        let end = element.firstIndex { $0 == UInt8(ascii: ">") || $0 == UInt8(ascii: "<") } ?? element.endIndex
        let inside = String(decoding: element[name.endIndex..<end], as: UTF8.self)
        if runners.contains(word) { return true }
        if word == "meta", inside.contains("refresh") { return true }
        if word == "link", inside.contains("http") || inside.contains("//") { return true }
        if word == "form", inside.contains("http") { return true }
        guard inside.utf8.count >= 6, carriers.contains(word) else { return false }
        let handlers = inside.ranges(of: "on").contains { range in
            let before = range.lowerBound == inside.startIndex ? " " : inside[inside.index(before: range.lowerBound)]
            guard before.isWhitespace || before == "/" || before == "\"" || before == "'" else { return false }
            let name = inside[range.upperBound...].prefix { $0.isLetter }
            return name.count >= 3 && inside[name.endIndex...].drop { $0.isWhitespace }.first == "="
        }
        if handlers || ["javascript:", "srcdoc", "data:text/html"].contains(where: { inside.contains($0) }) {
            return true
        }
        guard let address = attribute(inside) else {
            return inside.contains("url(") && inside.contains("http") && inside.contains("?")
        }
        return carries(address, isImage: word != "a", terms)
    }

    /// Elements that run or load something whatever they hold, and those that may.
    private static let runners: Set = ["script", "iframe", "object", "embed", "applet", "base"]
    private static let carriers: Set = [
        "img", "svg", "a", "body", "video", "audio", "input", "button", "div", "span", "details", "source", "math",
        "style",
        "p", "table", "marquee", "select", "image", "td",
    ]

    /// The address that an element loads or leads to.
    private static func attribute(_ inside: String) -> String? {
        for name in ["src=", "href=", "srcset=", "poster=", "action=", "background=", "data="] {
            guard let range = inside.firstRange(of: name) else { continue }
            let rest = inside[range.upperBound...].drop { $0 == "\"" || $0 == "'" || $0 == " " }
            return rest.hasPrefix("http") || rest.hasPrefix("//") ? String(rest.prefix(longest)) : nil
        }
        return nil
    }

    /// Whether an address begins that is a script.
    private static func isScript(_ text: [UInt8], _ place: Int) -> Bool {
        let rest = text[place...]
        guard rest.starts(with: "javascript:".utf8) || rest.starts(with: "vbscript:".utf8) else { return false }
        // In an address, and not in a sentence: `(javascript:…` and `="javascript:…`.
        let before = place > 0 ? text[place - 1] : 0x28
        return [0x28, 0x22, 0x27, 0x3D, 0x3C].contains(before)
    }
}
