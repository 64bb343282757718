/// What the reference page says of each key, read from its tables.
struct ReferencePage {
    private var rows: [(section: String, key: String, text: String)] = []

    /// Reads Markdown: each table row of a key, a type, a default and an effect, under the heading that it stands below.
    init(_ markdown: String) {
        var section = ""
        for line in markdown.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("#") { section = Self.names(in: line).first ?? "" }
            guard line.hasPrefix("| `") else { continue }
            let cells = line.replacing("\\|", with: "\u{1}").split(separator: "|", omittingEmptySubsequences: false)
                .map { $0.trimmed.replacing("\u{1}", with: "|") }
            guard cells.count >= 6 else { continue }
            var text = Self.plain(cells[4])
            let usual = Self.plain(cells[3])
            if !usual.isEmpty { text += " (\(usual == "required" ? usual : "default: \(usual)"))" }
            for key in Self.names(in: cells[1][...]) { rows.append((section, key, text)) }
        }
    }

    /// What is said of a key; items of a list are `*`.
    func description(of path: [String]) -> String? {
        let name = path.joined(separator: ".")
        // What all targets have in common is described once.
        let names = [name, name.replacing("targets.*.", with: "")]
        return names.lazy.compactMap { name in
            self.rows.first { row in Self.places(of: row.key, under: row.section).contains(name) }?.text
        }.first
    }

    /// What a key of a table may mean: all of its path, or what is below the section, an item of it, or a policy.
    private static func places(of key: String, under section: String) -> [String] {
        let lists = ["policies": "policies.chain", "testing": "testing.suites"]
        return [key, "\(section).\(key)", "\(lists[section] ?? section).*.\(key)", "policy.\(section).\(key)"]
    }

    /// The words in backquotes.
    private static func names(in text: Substring) -> [String] {
        let parts = text.split(separator: "`", omittingEmptySubsequences: false)
        return parts.indices.filter { $0 % 2 == 1 }.map { String(parts[$0]) }
    }

    private static func plain(_ text: String) -> String { text.replacing("`", with: "") }
}

extension Substring {
    fileprivate var trimmed: String {
        var text = self
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
