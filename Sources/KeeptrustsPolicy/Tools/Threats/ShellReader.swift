/// A command of a shell, with what is joined to it.
struct ShellCommand: Equatable {
    /// Its words with quotes undone: a name and what is given to it.
    var words: [String] = []

    /// The files that it is redirected to.
    var outputs: [String] = []

    /// What is between it and the next: the next reads what it writes.
    var pipesOn = false

    /// It reads what the one before writes.
    var isPiped = false

    /// Commands whose output stands in its words.
    var inner: [[ShellCommand]] = []
}

/// Reads the commands of a shell's line, as far as it takes to know which programs run with which words.
///
/// One pass. Variables are not known; a `$NAME` stays as it is written.
struct ShellReader {
    private let text: [UInt8]
    private var offset = 0
    private var depth: Int

    /// There is more than is looked at.
    private(set) var isTangled = false
    private var wordCount = 0

    static let mostWords = 1_024
    static let mostDepth = 6
    static let mostBytes = 65_536

    /// Reads a line; nil when there is more than is looked at.
    static func read(_ line: String, depth: Int = 0) -> [ShellCommand]? {
        guard line.utf8.count <= mostBytes, depth < mostDepth else { return nil }
        var reader = ShellReader(text: Array(line.utf8), depth: depth)
        let commands = reader.commands(until: nil)
        return reader.isTangled ? nil : commands
    }

    private init(text: [UInt8], depth: Int) { (self.text, self.depth) = (text, depth) }

    private mutating func commands(until end: UInt8?) -> [ShellCommand] {
        var commands: [ShellCommand] = []
        var current = ShellCommand()
        func close(pipes: Bool) {
            let isPiped = current.isPiped
            current.pipesOn = pipes
            if !current.words.isEmpty || !current.outputs.isEmpty || !current.inner.isEmpty {
                commands.append(current)
                current = ShellCommand(isPiped: pipes)
            } else {
                current.isPiped = isPiped || pipes
            }
        }
        while offset < text.count, !isTangled {
            let byte = text[offset]
            if byte == end {
                offset += 1
                break
            }
            switch byte {
            case 0x20, 0x09, 0x0D: offset += 1
            case 0x0A, UInt8(ascii: ";"):
                offset += 1
                close(pipes: false)
            case UInt8(ascii: "&"):
                offset += 1
                if offset < text.count, text[offset] == 0x3E { redirect(&current) } else { close(pipes: false) }
            case UInt8(ascii: "|"): close(pipes: !skipsOr())
            case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "{"), UInt8(ascii: "}"):
                // Groups change nothing in what runs; `{` within a word is read there.
                offset += 1
            case UInt8(ascii: ">"): redirect(&current)
            case UInt8(ascii: "<"): input(&current)
            case UInt8(ascii: "#"): while offset < text.count, text[offset] != 0x0A { offset += 1 }
            default: word(&current, until: end)
            }
        }
        close(pipes: false)
        return commands
    }

    /// Passes over `|`, `|&` or `||`, and says whether it was the last.
    private mutating func skipsOr() -> Bool {
        offset += 1
        guard offset < text.count, text[offset] == 0x7C || text[offset] == 0x26 else { return false }
        offset += 1
        return text[offset - 1] == 0x7C
    }

    private mutating func redirect(_ command: inout ShellCommand) {
        while offset < text.count, [0x3E, 0x7C].contains(text[offset]) { offset += 1 }
        if offset < text.count, text[offset] == 0x26 { offset += 1 }
        skipBlanks()
        var target = ShellCommand()
        word(&target, until: nil)
        command.outputs += target.words
        command.inner += target.inner
    }

    /// `< file`, `<< END`, `<<< text` and `<(commands)`.
    private mutating func input(_ command: inout ShellCommand) {
        offset += 1
        while offset < text.count, text[offset] == 0x3C { offset += 1 }
        if offset < text.count, text[offset] == 0x28 {
            offset += 1
            nest(&command, UInt8(ascii: ")"))
            command.words.append("<()")
            return
        }
        skipBlanks()
        guard offset < text.count, ![0x0A, 0x3B, 0x7C, 0x26].contains(text[offset]) else { return }
        word(&command, until: nil)
    }

    private mutating func skipBlanks() {
        while offset < text.count, text[offset] == 0x20 || text[offset] == 0x09 { offset += 1 }
    }

    private mutating func nest(_ command: inout ShellCommand, _ end: UInt8) {
        guard depth < Self.mostDepth else { return isTangled = true }
        depth += 1
        command.inner.append(commands(until: end))
        depth -= 1
    }
}

extension ShellReader {
    /// Reads one word, its quotes undone; commands within it become the command's inner ones.
    private mutating func word(_ command: inout ShellCommand, until end: UInt8?) {
        var word: [UInt8] = []
        let start = offset
        reading: while offset < text.count {
            let byte = text[offset]
            if byte == end { break }
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: ";"), UInt8(ascii: "|"), UInt8(ascii: "&"), UInt8(ascii: ">"),
                UInt8(ascii: "<"), UInt8(ascii: ")"):
                break reading
            case UInt8(ascii: "("):
                // `name(){ … }`
                break reading
            case UInt8(ascii: "'"): quoted(&word)
            case UInt8(ascii: "\""): doubleQuoted(&word, &command)
            case UInt8(ascii: "\\"): escaped(&word)
            case UInt8(ascii: "`"): substitution(&word, &command, 1, byte)
            case UInt8(ascii: "$") where offset + 1 < text.count && text[offset + 1] == 0x28:
                substitution(&word, &command, 2, UInt8(ascii: ")"))
            default:
                word.append(byte)
                offset += 1
            }
        }
        if offset == start { offset += 1 }
        offset = min(offset, text.count)
        guard !word.isEmpty else { return }
        wordCount += 1
        isTangled = isTangled || wordCount > Self.mostWords
        command.words.append(String(decoding: word, as: UTF8.self))
    }

    private mutating func quoted(_ word: inout [UInt8]) {
        offset += 1
        while offset < text.count, text[offset] != 0x27 {
            word.append(text[offset])
            offset += 1
        }
        offset += 1
    }

    /// What stands behind a backslash; before a letter or a digit it is part of a Windows path.
    private mutating func escaped(_ word: inout [UInt8]) {
        let next = offset + 1 < text.count ? text[offset + 1] : 0x20
        if (next | 0x20) &- 0x61 < 26 || next &- 0x30 < 10 || [0x2A, 0x5C, 0x2E].contains(next) {
            word.append(text[offset])
            offset += 1
        } else {
            if next != 0x0A, offset + 1 < text.count { word.append(next) }
            offset += 2
        }
    }

    private mutating func doubleQuoted(_ word: inout [UInt8], _ command: inout ShellCommand) {
        offset += 1
        while offset < text.count, text[offset] != 0x22 {
            switch text[offset] {
            case UInt8(ascii: "\\")
            where offset + 1 < text.count && [0x22, 0x24, 0x60, 0x5C].contains(text[offset + 1]):
                word.append(text[offset + 1])
                offset += 2
            case UInt8(ascii: "`"): substitution(&word, &command, 1, 0x60)
            case UInt8(ascii: "$") where offset + 1 < text.count && text[offset + 1] == 0x28:
                substitution(&word, &command, 2, UInt8(ascii: ")"))
            default:
                word.append(text[offset])
                offset += 1
            }
            if isTangled { break }
        }
        offset += 1
    }

    private mutating func substitution(
        _ word: inout [UInt8], _ command: inout ShellCommand, _ length: Int, _ end: UInt8
    ) {
        offset += length
        nest(&command, end)
        word += Array("$()".utf8)
    }
}
