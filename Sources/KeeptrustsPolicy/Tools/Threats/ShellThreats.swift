/// Judges the commands of a shell by what they would do.
struct ShellThreats {
    private let terms: ThreatTerms
    private var depth: Int

    /// The surest threat in a line; ``ToolThreat/Category/unreadable`` for one that is too much to read.
    static func threat(in line: String, _ terms: ThreatTerms = .shared, depth: Int = 0) -> ToolThreat? {
        if isBomb(line) { return ToolThreat(category: .destruction) }
        guard let commands = ShellReader.read(line, depth: depth) else { return ToolThreat(category: .unreadable) }
        return ShellThreats(terms: terms, depth: depth).threat(in: commands)
    }

    private func threat(in commands: [ShellCommand]) -> ToolThreat? {
        // The names of files that were fetched a moment ago.
        var fetched: Set<String> = []
        for (index, command) in commands.enumerated() {
            for inner in command.inner {
                if let threat = threat(in: inner) { return threat }
            }
            let plain = Self.unwrapped(command.words, terms)
            if let threat = threat(in: plain, command) { return threat }
            if let threat = pipes(commands, index, plain) { return threat }
            let name = Self.name(of: plain)
            let isProgram = terms.has(name, in: "shells") || name == "chmod" || name == "source" || name == "."
            let files = plain.dropFirst(isProgram ? 1 : 0).prefix(isProgram ? 4 : 1).map { Self.name(of: [$0]) }
            if files.contains(where: fetched.contains),
                name != "chmod" || plain.contains(where: { $0.hasSuffix("+x") || $0.hasPrefix("7") })
            {
                return ToolThreat(category: .remoteCode)
            }
            if isDownload(name, plain) {
                fetched.formUnion((plain.dropFirst() + command.outputs).map { Self.name(of: [$0]) })
            }
        }
        return nil
    }

    /// A command by itself: its rules, the files that it reads and writes, and the code that it is given.
    private func threat(in words: [String], _ command: ShellCommand) -> ToolThreat? {
        for output in command.outputs {
            if output.hasPrefix("/dev/tcp/") || output.hasPrefix("/dev/udp/") {
                return ToolThreat(category: .remoteCode)
            }
            if let threat = writing(to: output) { return threat }
        }
        if words.contains(where: { $0.contains("/dev/tcp/") || $0.contains("/dev/udp/") }) {
            return ToolThreat(category: .remoteCode)
        }
        let name = Self.name(of: words)
        guard !name.isEmpty else { return nil }
        let rest = words.dropFirst().prefix(Self.mostWords).map { CommandWord($0) }
        for rule in terms.rules(for: name) where meets(rule, rest) { return ToolThreat(category: rule.category) }
        if let code = code(name, words) { return code }
        if let threat = files(name, rest) { return threat }
        return requests(name, rest)
    }

    /// Words of one command that are compared with rules.
    private static let mostWords = 256

    private func meets(_ rule: ThreatTerms.CommandRule, _ words: [CommandWord]) -> Bool {
        guard rule.wanted.allSatisfy({ items in words.contains { word in items.contains { isItem($0, word) } } }) else {
            return false
        }
        return !words.contains { word in rule.unwanted.contains { isItem($0, word) } }
    }

    private func isItem(_ item: ThreatTerms.Item, _ word: CommandWord) -> Bool {
        switch item {
        case .flag(let letter): word.isFlag(letter)
        case .option(let name): word.small == name || word.small.hasPrefix(name + "=")
        case .word(let other): word.small == other
        case .pattern(let pattern): pattern.matches(word.small)
        case .kind(let kind): isKind(kind, word)
        }
    }

    private func isKind(_ kind: String, _ word: CommandWord) -> Bool {
        switch kind {
        case "any": !word.small.hasPrefix("-")
        case "substitution": word.small.contains("$()")
        case "url": word.small.contains("://")
        case "credential": word.paths.contains { PathThreats.isCredential($0, terms) }
        case "startup": word.paths.contains { terms.has($0.path, in: "startup") }
        case "data": !word.small.contains("://") && word.paths.contains { terms.has($0.path, in: "datafile") }
        case "upload": word.isUpload
        case "root", "system", "home", "device":
            terms.has(word.small, in: kind) || word.paths.contains { terms.has($0.path, in: kind) }
        default: false
        }
    }
}

/// A word of a command, read in the ways in which rules ask.
private struct CommandWord {
    let small: String

    /// The paths that it may hold: itself, and what stands behind `=`, `@`, `:` or `<` in it.
    let paths: [PathForm]

    private let flags: [UInt8]

    init(_ word: String) {
        small = word.lowercased()
        let bytes = Array(word.utf8)
        let isShort = bytes.count > 1 && bytes[0] == 0x2D && bytes[1] != 0x2D
        flags = isShort && bytes.count <= 8 ? Array(bytes.dropFirst()) : []
        guard bytes.count == 1 || bytes.contains(where: { "/~.*:\\$%".utf8.contains($0) }) else {
            paths = []
            return
        }
        var pieces = [word]
        for mark in ["=", "@", ":"] {
            if let range = word.firstRange(of: mark), range.upperBound < word.endIndex, !word.contains("://") {
                pieces.append(String(word[range.upperBound...]))
            }
        }
        paths = pieces.compactMap { PathForm($0) }
    }

    /// Whether a letter is among short flags; as it is written, but `-R` is `-r` and `-F` is `-f` for most programs.
    func isFlag(_ letter: UInt8) -> Bool { flags.contains(letter) || flags.contains(letter ^ 0x20) }

    /// It says that a file or what comes in is sent.
    var isUpload: Bool {
        [
            "-d", "--data", "--data-binary", "--data-raw", "--data-urlencode", "-f", "--form", "-t", "--upload-file",
            "--post-file",
            "--post-data", "--body-file", "-infile", "-body", "--json",
        ].contains { small == $0 || small.hasPrefix($0 + "=") } || small.contains("=@") || small.hasPrefix("@")
            || small.hasPrefix("-d@") || small.hasPrefix("-f@")
    }
}

extension ShellThreats {
    /// The words of a command without the programs that only run it: `sudo -u x`, `env A=b`, `timeout 5`.
    private static func unwrapped(_ words: [String], _ terms: ThreatTerms) -> [String] {
        var words = words[...]
        for _ in 0..<8 {
            while let first = words.first, isAssignment(first) { words = words.dropFirst() }
            guard let first = words.first, words.count > 1, terms.has(name(of: [first]), in: "wrappers") else { break }
            let name = name(of: [first])
            let rest = words.dropFirst()
            // `sudo -i`, `sudo su`: the rules are about these themselves.
            if name == "sudo", let next = rest.first,
                ["-i", "-s", "su", "-su"].contains(next) || terms.has(next, in: "shells") && rest.count == 1
            {
                break
            }
            var next = rest
            while let word = next.first,
                word.hasPrefix("-") || isAssignment(word)
                    || word.allSatisfy({ $0.isNumber || $0 == "." || $0 == "s" || $0 == "m" })
                    || name.hasPrefix("cmd") && word.hasPrefix("/")
            {
                next = next.dropFirst()
                if ["-u", "-g", "-n", "-I", "-P", "-L"].contains(word), name != "env" { next = next.dropFirst() }
            }
            guard !next.isEmpty else { break }
            words = next
        }
        return Array(words)
    }

    private static func isAssignment(_ word: String) -> Bool {
        guard let equals = word.firstIndex(of: "="), equals > word.startIndex else { return false }
        return word[..<equals].allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            && !word.hasPrefix("-")
    }

    /// The program's name: without its folder, in small letters.
    private static func name(of words: [String]) -> String {
        guard let first = words.first else { return "" }
        let name = first.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last.map(String.init) ?? first
        return name.lowercased()
    }

    private func isDownload(_ name: String, _ words: [String]) -> Bool {
        terms.has(name, in: "downloads")
            && words.contains { $0.contains("://") || $0.contains(".") && $0.contains("/") }
    }

    /// What a chain of pipes comes to.
    private func pipes(_ commands: [ShellCommand], _ index: Int, _ words: [String]) -> ToolThreat? {
        guard commands[index].isPiped, index > 0 else { return nil }
        let name = Self.name(of: words)
        var first = index
        while first > 0, commands[first].isPiped { first -= 1 }
        let before = commands[max(first, index - Self.mostPipes)..<index].map { Self.unwrapped($0.words, terms) }
        let runs = terms.has(name, in: "shells") || name == "source" || name == "."
        for earlier in before {
            let source = Self.name(of: earlier)
            if runs,
                terms.has(source, in: "downloads") || terms.has(source, in: "decoders")
                    || ["nc", "ncat", "netcat"].contains(source)
            {
                return ToolThreat(category: .remoteCode)
            }
            // What is printed into a shell is a command.
            if runs, source == "echo" || source == "printf", earlier.count > 1 {
                if let threat = Self.threat(in: earlier.dropFirst().joined(separator: " "), terms, depth: depth + 1) {
                    return threat
                }
            }
            if terms.has(name, in: "senders"), leaks(source, name, words) { return ToolThreat(category: .exfiltration) }
        }
        if name == "crontab" { return ToolThreat(category: .remoteCode, confidence: 0.7) }
        if name == "tee" || name == "dd" {
            for word in words.dropFirst() {
                if let threat = writing(to: word.hasPrefix("of=") ? String(word.dropFirst(3)) : word) { return threat }
            }
        }
        return nil
    }

    /// Commands before one whose output reaches it.
    private static let mostPipes = 16

    /// Whether a program that sends is given what another reads from files, databases or the environment.
    private func leaks(_ source: String, _ sender: String, _ words: [String]) -> Bool {
        let dumps = ["env", "printenv", "set", "history", "mysqldump", "pg_dump", "pg_dumpall", "mongodump", "sqlite3"]
        if dumps.contains(source) { return true }
        let reads = [
            "cat", "tar", "zip", "gzip", "base64", "xxd", "dd", "head", "tail", "cpio", "gpg", "openssl", "find",
        ]
        guard reads.contains(source) else { return false }
        guard sender == "curl" || sender == "wget" else { return true }
        return words.contains {
            $0.hasPrefix("-d") || $0.hasPrefix("--data") || $0 == "-T" || $0 == "-F" || $0.contains("@-")
        }
    }

    /// The code that a shell or an interpreter is given on its line, and the inputs of database clients.
    private func code(_ name: String, _ words: [String]) -> ToolThreat? {
        if terms.has(name, in: "shells"), words.contains("<()") { return ToolThreat(category: .remoteCode) }
        let isShell = [
            "sh", "bash", "zsh", "ksh", "dash", "ash", "fish", "cmd", "cmd.exe", "powershell", "pwsh", "powershell.exe",
        ].contains(name)
        if name == "eval" || name == "source" || name == "." {
            if words.contains(where: { $0.contains("$()") || $0 == "<()" }), name != "eval" || isFetching(words) {
                return ToolThreat(category: .remoteCode)
            }
            return Self.threat(in: words.dropFirst().joined(separator: " "), terms, depth: depth + 1)
        }
        for (index, word) in words.enumerated().dropFirst() where index + 1 < words.count {
            let flag = word.lowercased()
            let argument = words[index + 1]
            if isShell, flag.hasSuffix("c") && flag.hasPrefix("-") || flag == "/c" || flag == "-command" {
                if argument.contains("$()") { return ToolThreat(category: .remoteCode) }
                let rest = words[(index + 1)...].joined(separator: " ")
                return Self.threat(in: rest, terms, depth: depth + 1)
            }
            if terms.has(name, in: "shells"), ["-c", "-e", "-r", "--eval", "-pe", "-ne", "-p"].contains(flag) {
                return CodeThreats.threat(in: argument, terms, depth: depth + 1)
            }
            if ["mysql", "psql", "sqlcmd", "mariadb", "sqlplus", "isql", "clickhouse-client"].contains(name),
                ["-e", "-c", "-q", "--command", "--execute", "--query"].contains(flag)
            {
                return SQLThreats.threat(in: argument)
            }
        }
        if name == "sqlite3", words.count > 2 { return SQLThreats.threat(in: words[words.count - 1]) }
        return nil
    }

    private func isFetching(_ words: [String]) -> Bool { words.contains { $0.contains("$()") } }

    /// Files that a command reads or writes.
    private func files(_ name: String, _ words: [CommandWord]) -> ToolThreat? {
        // These use keys, or look at a file without its content.
        let uses = [
            "ssh", "ssh-keygen", "ssh-add", "ssh-copy-id", "ls", "stat", "test", "[", "chmod", "echo", "git", "docker",
            "kubectl", "touch", "mkdir", "which", "file", "wc", "cd", "helm", "ansible-playbook", "terraform",
            "openssl",
        ]
        if ["cp", "mv", "install", "ln", "rsync", "dd"].contains(name), let last = words.last {
            for path in last.paths where terms.has(path.path, in: "startup") { return ToolThreat(category: .privilege) }
        }
        if name == "sed" || name == "perl",
            words.contains(where: { $0.small.hasPrefix("-i") || $0.small.hasPrefix("-pi") })
        {
            for word in words where word.paths.contains(where: { terms.has($0.path, in: "startup") }) {
                return ToolThreat(category: .privilege)
            }
        }
        guard !uses.contains(name) else { return nil }
        for word in words
        where word.paths.contains(where: { PathThreats.isCredential($0, terms) }) && !word.small.hasPrefix("-i") {
            return ToolThreat(category: .credentialAccess)
        }
        return nil
    }

    /// Addresses that a command asks.
    private func requests(_ name: String, _ words: [CommandWord]) -> ToolThreat? {
        guard terms.has(name, in: "downloads") || terms.has(name, in: "senders") else { return nil }
        for word in words where word.small.contains("://") || terms.has(word.small, in: "metadatahosts") {
            if let threat = AddressThreats.threat(in: word.small, terms, allowsLocal: true) { return threat }
        }
        return nil
    }

    private func writing(to file: String) -> ToolThreat? {
        guard let path = PathForm(file) else { return nil }
        if terms.has(path.path, in: "device") { return ToolThreat(category: .destruction) }
        if terms.has(path.path, in: "startup") { return ToolThreat(category: .privilege) }
        if path.path.hasPrefix("/var/log/") || path.path.hasSuffix("_history") {
            return ToolThreat(category: .concealment, confidence: 0.7)
        }
        return nil
    }

    /// A program that starts itself twice, for ever: `f(){ f|f& };f`.
    private static func isBomb(_ line: String) -> Bool {
        guard line.utf8.count <= 4_096 else { return false }
        let plain = line.filter { !$0.isWhitespace }
        if plain.contains("%0|%0") { return true }
        for range in plain.ranges(of: "(){").prefix(16) {
            let name = plain[..<range.lowerBound].reversed().prefix {
                $0 == ":" || $0 == "_" || $0 == "." || $0.isLetter || $0.isNumber
            }
            let word = String(name.reversed())
            let body = plain[range.upperBound...]
            let last = word.split(separator: ";").last.map(String.init) ?? word
            if !last.isEmpty, body.hasPrefix("\(last)|\(last)") { return true }
        }
        return false
    }
}
