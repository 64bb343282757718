/// A place where an answer says where something comes from.
struct CitationMark: Equatable {
    enum Kind: Equatable {
        /// The numbers of sources, such as `[2]`, `(sources 1 and 3)` or `【4】`.
        case numbers([Int])

        /// Works by author and year, such as `(Smith et al., 2020; Lee 2019)`.
        case works([Work])

        /// An address or DOI; its bytes are those of the mark.
        case address

        /// Words in quotation marks, at this place.
        case quotation(Range<Int>)
    }

    /// A work as authors name it: hashes of a surname and the year.
    struct Work: Equatable {
        var author: UInt64
        var year: Int
    }

    var span: Range<Int>
    var kind: Kind
}

/// Finds the citations in an answer; one pass, with a bounded look ahead at each place.
struct CitationMarks {
    private let text: [UInt8]
    private(set) var marks: [CitationMark] = []

    /// Quotations were begun and not ended more often than is looked at.
    private(set) var isTangled = false
    private var vain = 0

    /// The forms that are looked for, apart from numbers.
    struct Forms: OptionSet, Sendable {
        let rawValue: UInt8
        static let academic = Self(rawValue: 1)
        static let url = Self(rawValue: 2)
        static let quote = Self(rawValue: 4)
        static let all: Self = [.academic, .url, .quote]
    }

    /// Finds the marks of a text in its order; quotations may hold others.
    static func find(in text: [UInt8], _ forms: Forms) -> CitationMarks {
        var finder = CitationMarks(text: text)
        finder.run(forms)
        return finder
    }

    private init(text: [UInt8]) { self.text = text }

    private mutating func run(_ forms: Forms) {
        var offset = 0
        while offset < text.count {
            let found = mark(at: offset, forms)
            if let found { marks.append(found) }
            if let found, !found.isQuotation { offset = found.span.upperBound } else { offset += 1 }
        }
    }

    private mutating func mark(at offset: Int, _ forms: Forms) -> CitationMark? {
        switch text[offset] {
        case UInt8(ascii: "["): bracket(offset, UInt8(ascii: "]"), needsWord: false)
        case UInt8(ascii: "{"): bracket(offset, UInt8(ascii: "}"), needsWord: true)
        case UInt8(ascii: "("):
            bracket(offset, UInt8(ascii: ")"), needsWord: true) ?? (forms.contains(.academic) ? works(offset) : nil)
        case 0xE3: lenticular(offset)
        case UInt8(ascii: "h"), UInt8(ascii: "H"), UInt8(ascii: "w"), UInt8(ascii: "W"), UInt8(ascii: "1"):
            forms.contains(.url) ? address(offset) : nil
        case UInt8(ascii: "\""), 0xE2, 0xC2: forms.contains(.quote) ? quotation(offset) : nil
        default: phrase(offset)
        }
    }

    /// Numbers in brackets: `[3]`, `[^3]`, `[1, 2]`, `[2-4]`, `[source 3]`, `[doc_3]`.
    private func bracket(_ start: Int, _ closing: UInt8, needsWord: Bool) -> CitationMark? {
        guard let end = text[start...].prefix(Self.longest).firstIndex(of: closing) else { return nil }
        var inner = text[(start + 1)..<end]
        while let first = inner.first, first == 0x20 || first == 0x5B { inner = inner.dropFirst() }
        let word = inner.prefix { ($0 | 0x20) &- 0x61 < 26 }
        if word.isEmpty, needsWord { return nil }
        guard word.isEmpty || Self.isSourceWord(word) else { return nil }
        inner = inner.dropFirst(word.count).drop { Self.joints.contains($0) }
        guard let numbers = Self.numbers(inner) else { return nil }
        // `[[3]]` has one more at its end.
        let isDouble = end + 1 < text.count && text[end + 1] == closing && text[start + 1] == text[start]
        return CitationMark(span: start..<(end + (isDouble ? 2 : 1)), kind: .numbers(numbers))
    }

    /// `【3】` and `【3†source】`.
    private func lenticular(_ start: Int) -> CitationMark? {
        let opening: [UInt8] = [0xE3, 0x80, 0x90]
        guard text[start...].starts(with: opening) else { return nil }
        let inner = text[(start + 3)...].prefix(Self.longest)
        let digits = inner.prefix { $0 &- 0x30 < 10 || $0 == 0x3A || $0 == 0x2C || $0 == 0x20 }
        var end = digits.endIndex
        while end < inner.endIndex, !text[end...].starts(with: [0xE3, 0x80, 0x91]) { end += 1 }
        // `【4:0†source】` counts parts of a source behind the colon.
        let numbers = Self.numbers(digits.prefix { $0 != 0x3A })
        guard end < inner.endIndex, let numbers else { return nil }
        return CitationMark(span: start..<(end + 3), kind: .numbers(numbers))
    }

    /// `source 3`, `Sources 1 and 2`, `passage #4` in running text.
    private func phrase(_ start: Int) -> CitationMark? {
        guard (text[start] | 0x20) &- 0x61 < 26, start == 0 || !((text[start - 1] | 0x20) &- 0x61 < 26) else {
            return nil
        }
        let word = text[start...].prefix(12).prefix { ($0 | 0x20) &- 0x61 < 26 }
        guard word.count >= 3, Self.isSourceWord(word) else { return nil }
        let rest = text[word.endIndex...].prefix(Self.longest)
        let gap = rest.prefix { Self.joints.contains($0) }
        guard !gap.isEmpty, gap.count <= 3, gap.first == 0x20 || gap.first == 0x23 else { return nil }
        var end = gap.endIndex
        var numbers: [Int] = []
        var next = gap.endIndex
        while let (number, after) = Self.number(text, at: next) {
            numbers.append(number)
            end = after
            next = after
            for joint in Self.listJoints where text[after...].starts(with: joint) {
                next = after + joint.count
                break
            }
            guard next > after, numbers.count < 16 else { break }
        }
        guard !numbers.isEmpty else { return nil }
        return CitationMark(span: start..<end, kind: .numbers(numbers))
    }

    private static let listJoints: [[UInt8]] = [", and ", ", ", " and ", " & ", " or ", " to "].map { Array($0.utf8) }

    /// `(Smith, 2020)`, `(see Smith & Lee 2020; Kim et al., 2019a)`.
    private func works(_ start: Int) -> CitationMark? {
        guard let end = text[start...].prefix(Self.longestWorks).firstIndex(of: UInt8(ascii: ")")) else { return nil }
        var works: [CitationMark.Work] = []
        for part in text[(start + 1)..<end].split(separator: UInt8(ascii: ";")) {
            guard let work = Self.work(part) else { return nil }
            works.append(work)
        }
        return works.isEmpty ? nil : CitationMark(span: start..<(end + 1), kind: .works(works))
    }

    private static func work(_ part: ArraySlice<UInt8>) -> CitationMark.Work? {
        var body = part.drop { $0 == 0x20 }
        while body.last == 0x20 { body = body.dropLast() }
        if let last = body.last, last &- 0x61 < 3 { body = body.dropLast() }
        let digits = body.suffix(4)
        guard digits.count == 4, digits.allSatisfy({ $0 &- 0x30 < 10 }) else { return nil }
        let year = digits.reduce(0) { $0 * 10 + Int($1 &- 0x30) }
        let names = body.dropLast(4)
        guard (1500...2100).contains(year), names.last == 0x20, !names.contains(where: { $0 &- 0x30 < 10 }) else {
            return nil
        }
        let words = names.split { !(($0 | 0x20) &- 0x61 < 26 || $0 >= 0x80 || $0 == 0x2D || $0 == 0x27) }
        let capitals = words.filter { $0.first.map { $0 &- 0x41 < 26 || $0 >= 0x80 } ?? false }
        guard let author = capitals.first, words.count <= 12,
            words.allSatisfy({ capitals.contains($0) || particles.contains(Array($0)) })
        else { return nil }
        return CitationMark.Work(
            author: WordHash.of(author.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }), year: year)
    }
}

extension CitationMarks {
    private static let longest = 48
    private static let longestWorks = 240
    private static let longestQuotation = 2_000
    private static let addressEnds: Set<UInt8> = Set("<>\"')]}|`*".utf8)
    private static let stops: Set<UInt8> = Set(".,;:!?".utf8)
    private static let joints: Set<UInt8> = Set(" #^.:_-".utf8)

    private static let sourceWords: Set<[UInt8]> = Set(
        [
            "source", "sources", "src", "doc", "docs", "document", "documents", "passage", "passages", "ref", "refs",
            "reference", "references", "excerpt", "excerpts", "snippet", "snippets", "citation", "cite", "result", "s",
            "d", "p",
        ].map { Array($0.utf8) })

    /// Words with small letters between the names of authors.
    private static let particles = Set(
        ["et", "al", "and", "see", "e", "g", "cf", "in", "de", "van", "von", "der"].map { Array($0.utf8) })

    private static func isSourceWord(_ word: ArraySlice<UInt8>) -> Bool { sourceWords.contains(word.map { $0 | 0x20 }) }

    /// A number of one to three digits that stands alone.
    private static func number(_ text: [UInt8], at place: Int) -> (Int, Int)? {
        guard place < text.count else { return nil }
        let digits = text[place...].prefix(4).prefix { $0 &- 0x30 < 10 }
        guard (1...3).contains(digits.count) else { return nil }
        let next = digits.endIndex < text.count ? text[digits.endIndex] : 0x20
        let isDecimal =
            [0x2E, 0x2C].contains(next) && digits.endIndex + 1 < text.count && text[digits.endIndex + 1] &- 0x30 < 10
        guard !((next | 0x20) &- 0x61 < 26), next != 0x25, !isDecimal else { return nil }
        return (digits.reduce(0) { $0 * 10 + Int($1 &- 0x30) }, digits.endIndex)
    }

    /// A list such as `1`, `1, 3`, `2-4`, `1 and 5`; nil for anything else.
    private static func numbers(_ inner: ArraySlice<UInt8>) -> [Int]? {
        var numbers: [Int] = []
        var isRange = false
        var rest = inner
        while let first = rest.first {
            if first &- 0x30 < 10 {
                let digits = rest.prefix { $0 &- 0x30 < 10 }
                guard digits.count <= 3, numbers.count < 16 else { return nil }
                let number = digits.reduce(0) { $0 * 10 + Int($1 &- 0x30) }
                if isRange, let low = numbers.last, number > low, number - low < 16 {
                    numbers.append(contentsOf: (low + 1)...number)
                } else {
                    numbers.append(number)
                }
                isRange = false
                rest = rest.dropFirst(digits.count)
            } else if first == 0x2D || rest.starts(with: [0xE2, 0x80, 0x93]) {
                guard !numbers.isEmpty else { return nil }
                isRange = true
                rest = rest.dropFirst(first == 0x2D ? 1 : 3)
            } else if [0x20, 0x2C, 0x3B, 0x26, 0x5D, 0x5B].contains(first) {
                rest = rest.dropFirst()
            } else {
                let word = rest.prefix { ($0 | 0x20) &- 0x61 < 26 }
                guard word.elementsEqual("and".utf8) || !numbers.isEmpty && isSourceWord(word) else { return nil }
                rest = rest.dropFirst(word.count)
            }
        }
        return numbers.isEmpty ? nil : numbers
    }

    /// An address of the web, or a DOI.
    private func address(_ start: Int) -> CitationMark? {
        guard start == 0 || !((text[start - 1] | 0x20) &- 0x61 < 26 || text[start - 1] &- 0x30 < 10) else { return nil }
        let head = text[start...].prefix(12).map { $0 | 0x20 }
        let isWeb = ["http://", "https://", "www."].contains { head.starts(with: $0.utf8.map { $0 | 0x20 }) }
        let isDOI = head.count > 8 && head.starts(with: [0x31, 0x30, 0x2E]) && head.contains(0x2F)
        guard isWeb || isDOI else { return nil }
        var end = start
        while end < text.count, text[end] > 0x20, !Self.addressEnds.contains(text[end]), end - start < 2_048 {
            end += 1
        }
        while end > start, Self.stops.contains(text[end - 1]) { end -= 1 }
        if isDOI {
            let prefix = text[(start + 3)..<end].prefix { $0 &- 0x30 < 10 }
            guard (4...9).contains(prefix.count), prefix.endIndex < end, text[prefix.endIndex] == 0x2F else {
                return nil
            }
        }
        guard end - start >= 8 else { return nil }
        return CitationMark(span: start..<end, kind: .address)
    }

    /// Words between quotation marks, within one paragraph.
    private mutating func quotation(_ start: Int) -> CitationMark? {
        guard let pair = Self.quotes.first(where: { text[start...].starts(with: $0.0) }), !isTangled else { return nil }
        if pair.0 == [0x22] {
            // A mark behind a letter ends a quotation, or means inches.
            guard start == 0 || [0x20, 0x0A, 0x09, 0x28, 0x5B, 0x2A, 0x5F, 0x3A].contains(text[start - 1]) else {
                return nil
            }
        }
        let from = start + pair.0.count
        var end = from
        while end < text.count, end - from < Self.longestQuotation {
            if text[end] == 0x0A { break }
            if let closing = pair.1.first(where: { text[end...].starts(with: $0) }) {
                guard end > from else { return nil }
                return CitationMark(span: start..<(end + closing.count), kind: .quotation(from..<end))
            }
            end += 1
        }
        vain += end - from
        isTangled = vain > Self.mostVain
        return nil
    }

    /// Bytes that are searched for the ends of quotations that have none.
    private static let mostVain = 1 << 20
    private static let quotes: [([UInt8], [[UInt8]])] = [
        ([0x22], [[0x22]]), ([0xE2, 0x80, 0x9C], [[0xE2, 0x80, 0x9D]]),
        ([0xE2, 0x80, 0x9E], [[0xE2, 0x80, 0x9C], [0xE2, 0x80, 0x9D]]), ([0xC2, 0xAB], [[0xC2, 0xBB]]),
    ]
}

extension CitationMark {
    var isQuotation: Bool {
        switch kind {
        case .quotation: true
        case .numbers, .works, .address: false
        }
    }
}
