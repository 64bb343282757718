import KeeptrustsWire
import NIOCore

/// Judges the call of a tool: its arguments, by what the tool will take them for.
///
/// What a tool does is told by the words of its name, and what an argument is by its key; a shell's commands, SQL, paths,
/// addresses, markup and prose are each read as whoever uses them reads them, also after percent and Unicode escapes.
struct CallThreats {
    private let terms: ThreatTerms
    private let tool: ThreatTerms.ToolTraits
    private var found: ToolThreat?

    /// The texts of a tool that sends something, with their keys.
    private var sent: [(key: String, text: String)] = []

    /// The bytes that were read as programs.
    private var programBytes = 0

    /// The most bytes of arguments that are looked at, and of those the most that are read as programs.
    static let mostBytes = 1 << 20
    static let mostProgramBytes = 1 << 17

    /// The surest threat of a call; ``ToolThreat/Category/unreadable`` where its arguments cannot be read.
    static func threat(of call: Examination.Call, _ terms: ThreatTerms = .shared) -> ToolThreat? {
        guard call.arguments.readableBytes <= mostBytes else { return ToolThreat(category: .unreadable) }
        var threats = CallThreats(call.name, terms)
        let first = call.arguments.readableBytesView.first { $0 > 0x20 }
        guard let first else { return nil }
        if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
            guard let tree = try? JSONTree(call.arguments) else { return ToolThreat(category: .unreadable) }
            threats.judge(tree)
        } else {
            // Some tools take a text as it is.
            let key = threats.tool.contains(.shell) ? "command" : "input"
            threats.judge(String(buffer: call.arguments), key, terms.traits(ofKey: key))
        }
        threats.judgeSent()
        return threats.found
    }

    private init(_ name: String, _ terms: ThreatTerms) {
        self.terms = terms
        tool = terms.traits(ofTool: Self.words(of: name))
    }

    /// The words of a name such as `http_get`, `sendEmail` or `k8s-apply`, in small letters.
    static func words(of name: String) -> [String] {
        var words: [String] = []
        var word = ""
        var wasSmall = false
        for character in name.prefix(256) {
            guard character.isLetter || character.isNumber else {
                words.append(word)
                word = ""
                continue
            }
            if character.isUppercase, wasSmall {
                words.append(word)
                word = ""
            }
            wasSmall = character.isLowercase
            word += character.lowercased()
        }
        words.append(word)
        return words.filter { !$0.isEmpty }
    }

    private mutating func note(_ threat: ToolThreat?) {
        guard let threat, threat.confidence > found?.confidence ?? 0 else { return }
        found = threat
    }

    private mutating func judge(_ tree: JSONTree) {
        let grants = GrantThreats(terms)
        let isGranting = tool.contains(.grants)
        var keys: [(key: String, end: Int)] = []
        for node in tree.nodes.indices {
            while let last = keys.last, node >= last.end { keys.removeLast() }
            if let key = tree.key(node) { keys.append((key.lowercased(), tree.nodes[node].end)) }
            let key = keys.last?.key ?? ""
            switch tree.nodes[node].kind {
            case .string:
                let text = tree.string(node)
                let traits = terms.traits(ofKey: key)
                judge(text, key, traits)
                guard isGranting || traits.contains(.grant) else { continue }
                note(grants.threat(in: text, isKey: traits.contains(.grant), isGranting: isGranting))
            case .true, .false:
                let isOn = tree.nodes[node].kind == .true
                note(grants.threat(inFlag: isOn, key: key))
                if isOn, tool.contains(.deletes), ["all", "delete_all", "everything", "purge", "wipe"].contains(key) {
                    note(ToolThreat(category: .destruction))
                }
            case .number, .null, .object, .array: continue
            }
        }
        if tool.contains(.shell) { note(joined(tree)) }
    }

    /// A command whose words stand in a list: `{"command": "rm", "args": ["-rf", "/"]}`.
    private func joined(_ tree: JSONTree) -> ToolThreat? {
        var words: [String] = []
        for node in tree.nodes.indices where tree.nodes[node].kind == .string {
            let text = tree.string(node)
            words.append(text.contains(" ") && words.count > 0 ? "'" + text + "'" : text)
        }
        guard words.count > 1, words.count < 512 else { return nil }
        return ShellThreats.threat(in: words.joined(separator: " "), terms)
    }

    private mutating func judge(_ text: String, _ key: String, _ traits: ThreatTerms.KeyTraits) {
        guard !text.isEmpty else { return }
        let isProse = traits.contains(.prose)
        if tool.contains(.sends) { sent.append((key, text)) }
        let isShell = tool.contains(.shell) && !isProse || traits.contains(.shell)
        let isCode = tool.contains(.code) && !tool.contains(.shell) || traits.contains(.code)
        let isQuery = tool.contains(.sql) && (traits.contains(.sql) || !isProse) || key == "sql" || key == "sql_query"
        if isShell || isCode || isQuery {
            programBytes += text.utf8.count
            guard programBytes <= Self.mostProgramBytes else { return note(ToolThreat(category: .unreadable)) }
            let plain = Decoding.folded(text)
            if isShell {
                note(ShellThreats.threat(in: text, terms))
                if plain != text { note(ShellThreats.threat(in: plain, terms)) }
            }
            if isCode { note(CodeThreats.threat(in: plain, terms)) }
            if isQuery { note(SQLThreats.threat(in: plain)) }
        }
        if traits.contains(.markup), tool.contains(.shows) || key == "html" || key == "markdown" {
            note(MarkupThreats.threat(in: text, terms))
        }
        guard !isCode, !isShell, !isQuery, !isProse else { return }
        judgeValue(text, traits)
    }

    /// A value that is no program and no prose: a name, a path, an address.
    private mutating func judgeValue(_ text: String, _ traits: ThreatTerms.KeyTraits) {
        guard text.utf8.count <= PathForm.longest else { return }
        let hasScheme = text.contains("://")
        if hasScheme || traits.contains(.url) || text.hasPrefix("//") {
            note(AddressThreats.threat(in: text, terms))
            if hasScheme, !tool.contains(.sends), MarkupThreats.carries(text.lowercased(), isImage: false, terms) {
                note(ToolThreat(category: .exfiltration, confidence: 0.8))
            }
        }
        let looksLikePath =
            traits.contains(.path) || ["/", "~", "."].contains { text.hasPrefix($0) }
            || text.dropFirst().hasPrefix(":\\")
            || ["..", "%2e", "%2E"].contains { text.contains($0) }
        if looksLikePath, !hasScheme {
            let deletes = tool.contains(.deletes)
            note(PathThreats.threat(in: text, terms, writes: deletes || tool.contains(.writes)))
            if deletes, let path = PathForm(text),
                terms.has(path.path, in: "root") || terms.has(path.path, in: "system")
                    || terms.has(text.trimmed.lowercased(), in: "everything")
            {
                note(ToolThreat(category: .destruction))
            }
        }
        let plain = Decoding.undone(text)
        note(InjectionThreats.command(in: plain, terms))
        note(SQLThreats.injection(in: plain))
    }

    /// What is sent, taken together with where it goes.
    private mutating func judgeSent() {
        guard !sent.isEmpty else { return }
        let isSuspicious = sent.contains { entry in
            !terms.traits(ofKey: entry.key).contains(.prose) && entry.text.utf8.count <= 512
                && (AddressThreats.isCollector(entry.text, terms) || AddressThreats.isNumbered(entry.text))
        }
        for entry in sent {
            if let confidence = DisclosureThreats.shared.disclosure(in: entry.text, isSuspicious: isSuspicious) {
                note(ToolThreat(category: .exfiltration, confidence: confidence))
            }
        }
    }
}

/// Finds commands in values that are no commands.
enum InjectionThreats {
    /// What a value would do to a shell that it is put into: `report.pdf; rm -rf /`, `$(id)`, `8.8.8.8 && cat /etc/passwd`.
    static func command(in value: String, _ terms: ThreatTerms) -> ToolThreat? {
        let bytes = Array(value.utf8)
        guard bytes.count <= 2_048 else { return nil }
        for (index, byte) in bytes.enumerated() {
            let next = index + 1 < bytes.count ? bytes[index + 1] : 0
            switch byte {
            case UInt8(ascii: ";"), UInt8(ascii: "|"), UInt8(ascii: "&"), 0x0A, UInt8(ascii: "`"):
                if beginsCommand(bytes[(index + 1)...], terms) { return ToolThreat(category: .commandInjection) }
            case UInt8(ascii: "$") where next == 0x28 || next == 0x7B:
                let isVariable = next == 0x7B
                if isVariable
                    ? bytes[(index + 2)...].starts(with: "IFS".utf8) : beginsCommand(bytes[(index + 2)...], terms)
                {
                    return ToolThreat(category: .commandInjection)
                }
            default: continue
            }
        }
        return nil
    }

    private static func beginsCommand(_ rest: ArraySlice<UInt8>, _ terms: ThreatTerms) -> Bool {
        let rest = rest.prefix(64).drop { [0x20, 0x09, 0x26, 0x7C, 0x3B].contains($0) }
        let path = rest.prefix { ($0 | 0x20) &- 0x61 < 26 || $0 &- 0x30 < 10 || [0x2F, 0x2E, 0x5F, 0x2D].contains($0) }
        guard let name = path.split(separator: 0x2F).last else { return false }
        let word = String(decoding: name, as: UTF8.self).lowercased()
        guard terms.words(of: "commands").contains(word) else { return false }
        // A word of prose is followed by more than blanks and options; a command by a file, an option or nothing.
        let after = rest.dropFirst(path.count).first
        return after == nil
            || [0x20, 0x09, 0x0A, 0x29, 0x60, 0x3B, 0x7C, 0x26, 0x24, 0x3E, 0x3C].contains(after ?? 0x20)
    }
}
