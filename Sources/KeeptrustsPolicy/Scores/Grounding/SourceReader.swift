import KeeptrustsCore
import KeeptrustsWire
import NIOCore

/// What a request gave the model to answer from.
struct Sources {
    /// What can be cited, in the order of the request.
    private(set) var passages: [Passage] = []

    /// What else was said: questions and instructions.
    private(set) var context: [Passage] = []

    /// The addresses that the request has, as ``AddressForm`` writes them.
    private(set) var addresses: Set<UInt64> = []

    /// The hashes of words, with the years that stand in the same text, for works by author and year.
    private var years: [Set<Int>] = []

    private var placesOfNumber: [Int: [Int]] = [:]

    /// A noun has a capital, too: a capital tells no name.
    private(set) var nounsAreCapital = false

    /// More than this is not verified (bytes of the request's texts, and words).
    static let mostBytes = 1 << 19
    static let mostWords = 100_000

    /// Reads the texts of a request.
    ///
    /// Results of tools are sources; so is what a user's or the system's text has behind a source's number, in an element
    /// such as `<document>`, or under a heading such as `Context:`.
    ///
    /// - Throws: ``GroundingFailure`` when there is too much of it.
    init(_ conversation: [Segment]) throws(GroundingFailure) {
        guard conversation.reduce(0, { $0 + $1.text.readableBytes }) <= Self.mostBytes else { throw .tooLarge }
        var words = 0
        var capitals = 0
        for segment in conversation {
            let bytes = Array(segment.text.readableBytesView)
            guard segment.phase != .toolCall else { continue }
            addAddresses(of: bytes)
            for part in Self.parts(of: segment, bytes) {
                let text = WordReader.read(part.text)
                words += text.words.count
                guard words <= Self.mostWords, passages.count < 10_000 else { throw .tooLarge }
                capitals += text.words.reduce(0) { $0 + ($1.roles.contains(.nounsAreCapital) ? 1 : 0) }
                switch part.role {
                case .context: context.append(Passage(text, number: nil))
                case .source(let number):
                    passages.append(Passage(text, number: number))
                    years.append(Set(text.words.compactMap(\.year)))
                }
            }
        }
        nounsAreCapital = capitals * 33 > words
        // Where none bears a number, the first is 1.
        let isCounted = passages.allSatisfy { $0.number == nil }
        for index in passages.indices {
            if isCounted { passages[index].number = index + 1 }
            if let number = passages[index].number { placesOfNumber[number, default: []].append(index) }
        }
    }

    /// The places in `passages` of the sources that bear a number.
    func places(of number: Int) -> [Int] { placesOfNumber[number] ?? [] }

    /// Whether any source names a work's author and its year.
    func has(_ work: CitationMark.Work) -> Bool {
        zip(passages, years).contains { !$0.places(of: work.author).isEmpty && $1.contains(work.year) }
    }

    private mutating func addAddresses(of text: [UInt8]) {
        for mark in CitationMarks.find(in: text, .url).marks where mark.kind == .address {
            addresses.formUnion(AddressForm.known(text[mark.span]))
        }
    }
}

/// A claim cannot be verified.
enum GroundingFailure: Error, Equatable {
    /// There is more text than is looked at.
    case tooLarge
}

extension Sources {
    private enum PartRole {
        case context
        case source(number: Int?)
    }

    private struct Part {
        var role: PartRole
        var text: [UInt8]
    }

    private static func parts(of segment: Segment, _ bytes: [UInt8]) -> [Part] {
        guard segment.phase != .toolResult, segment.role != .tool else {
            let entries = entries(of: segment.text)
            if !entries.isEmpty { return entries }
            let numbered = numbered(bytes)
            return numbered.count > 1 ? numbered : [Part(role: .source(number: nil), text: bytes)]
        }
        return numbered(bytes)
    }

    /// The entries of a list in JSON, which is how tools answer a search.
    private static func entries(of text: ByteBuffer) -> [Part] {
        guard let first = text.readableBytesView.first, first == 0x5B || first == 0x7B,
            let tree = try? JSONTree(text)
        else { return [] }
        var list = 0
        if tree.nodes[0].kind == .object {
            let lists = tree.children(of: 0).filter { tree.nodes[$0].kind == .array && $0 + 1 < tree.nodes[$0].end }
            guard lists.count == 1, let only = lists.first else { return [] }
            list = only
        }
        return tree.children(of: list).map { entry in
            var text: [UInt8] = []
            var number: Int?
            for node in entry..<tree.nodes[entry].end {
                let kind = tree.nodes[node].kind
                guard kind == .string || kind == .number else { continue }
                let isNumber = kind == .number && ["id", "index", "number", "ref"].contains(tree.key(node) ?? "")
                if isNumber, let value = tree.double(node), value == value.rounded(), abs(value) < 1000 {
                    number = Int(value)
                }
                text += Array((kind == .string ? tree.string(node) : tree.literal(node)).utf8) + [0x0A]
            }
            return Part(role: .source(number: number), text: text)
        }
    }

    /// The sources in a text by the lines that begin them; what stands before is context.
    private static func numbered(_ text: [UInt8]) -> [Part] {
        var parts: [Part] = []
        var role = PartRole.context
        var start = 0
        func close(at end: Int) {
            var body = text[start..<end]
            // A heading alone is no source.
            if case .source(nil) = role { body = body.drop { $0 != 0x3A && $0 != 0x3E && $0 != 0x0A }.dropFirst() }
            guard body.contains(where: { $0 > 0x20 }) else { return }
            parts.append(Part(role: role, text: Array(text[start..<end])))
        }
        for line in SourceLines(text) {
            let begins: PartRole
            switch SourceLines.meaning(of: text[line]) {
            case .none: continue
            case .source(let number): begins = .source(number: number)
            case .end: begins = .context
            }
            close(at: line.lowerBound)
            (role, start) = (begins, line.lowerBound)
        }
        close(at: text.count)
        return parts
    }
}

extension JSONTree {
    /// A token as it is written.
    fileprivate func literal(_ node: Int) -> String {
        let span = nodes[node].span
        return text.getSlice(at: text.readerIndex + span.lowerBound, length: span.count).map { String(buffer: $0) }
            ?? ""
    }
}

/// The lines of a text, without their ends.
struct SourceLines: Sequence, IteratorProtocol {
    private let text: [UInt8]
    private var offset = 0

    init(_ text: [UInt8]) { self.text = text }

    mutating func next() -> Range<Int>? {
        guard offset < text.count else { return nil }
        let end = text[offset...].firstIndex(of: 0x0A) ?? text.count
        defer { offset = end + 1 }
        return offset..<end
    }

    /// What a line begins or ends.
    enum Meaning: Equatable {
        case none
        case source(number: Int?)
        case end
    }

    /// Reads the beginning of a line.
    static func meaning(of line: ArraySlice<UInt8>) -> Meaning {
        var head = line.prefix(80).drop { [0x20, 0x09, 0x23, 0x2A, 0x2D, 0x3E, 0x0D].contains($0) }
        guard let first = head.first else { return .none }
        let isElement = first == UInt8(ascii: "<")
        let bracket = first == UInt8(ascii: "[") || first == UInt8(ascii: "(")
        if isElement || bracket { head = head.dropFirst() }
        let closes = isElement && head.first == UInt8(ascii: "/")
        if closes { head = head.dropFirst() }
        let word = head.prefix { ($0 | 0x20) &- 0x61 < 26 }.map { $0 | 0x20 }
        let rest = head.dropFirst(word.count)
        if questions.contains(word), rest.first == UInt8(ascii: ":") || isElement { return .end }
        guard word.isEmpty ? bracket : sources.contains(word) else { return .none }
        guard !closes else { return .end }
        let gap = rest.prefix {
            [0x20, 0x5F, 0x23, 0x2E].contains($0) || isElement && !($0 &- 0x30 < 10) && $0 != 0x3E
        }
        let digits = rest.dropFirst(gap.count).prefix { $0 &- 0x30 < 10 }
        let after = digits.endIndex < head.endIndex ? head[digits.endIndex] : 0x20
        if (1...3).contains(digits.count) {
            let number = digits.reduce(0) { $0 * 10 + Int($1 &- 0x30) }
            let isMark =
                bracket
                ? after == 0x5D || after == 0x29 : isElement || [0x3A, 0x2E, 0x29, 0x20, 0x2A, 0x2D].contains(after)
            return isMark ? .source(number: number) : .none
        }
        guard digits.isEmpty, !word.isEmpty else { return .none }
        return isElement || rest.first == UInt8(ascii: ":") ? .source(number: nil) : .none
    }

    private static let sources = Set(
        [
            "source", "sources", "document", "documents", "doc", "passage", "passages", "context", "excerpt",
            "excerpts",
            "snippet", "snippets", "reference", "references", "background", "article", "articles", "result", "results",
        ].map { Array($0.utf8) })
    private static let questions = Set(
        ["question", "query", "task", "instruction", "instructions", "answer", "q", "user", "request"].map {
            Array($0.utf8)
        })
}

/// How addresses are compared: without scheme, `www.`, fragment and the stroke at the end, and in small letters.
enum AddressForm {
    /// The hash of an address.
    static func of(_ address: ArraySlice<UInt8>) -> UInt64 { WordHash.of(plain(address)) }

    /// The hashes of an address and of what is part of it: its host, and it without its query.
    static func known(_ address: ArraySlice<UInt8>) -> [UInt64] {
        let plain = plain(address)
        return [plain, plain.prefix { $0 != 0x3F }, plain.prefix { $0 != 0x2F }].map { WordHash.of($0) }
    }

    private static func plain(_ address: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var plain = address.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }[...]
        for prefix in ["https://", "http://", "www.", "dx.doi.org/", "doi.org/"] where plain.starts(with: prefix.utf8) {
            plain = plain.dropFirst(prefix.utf8.count)
        }
        plain = plain.prefix { $0 != 0x23 }
        while plain.last == 0x2F { plain = plain.dropLast() }
        return plain
    }
}

extension Word {
    /// The year that it is, when it is one.
    fileprivate var year: Int? {
        guard case .number(let number) = kind, number.value >= 1500, number.value <= 2100 else { return nil }
        return Int(number.value)
    }
}
