/// What one piece of an answer claims, and on which sources it rests.
struct Claim {
    /// Where it stands (byte offsets).
    var span: Range<Int>

    /// Its words, without citations and quotations.
    var words: [Word]

    /// The numbers that it cites; empty for a claim without a citation.
    var cited: [Int] = []

    /// It names works or addresses in the place of numbers.
    var citesOthers = false

    /// It is about the sources or the conversation, and no fact.
    var isRemark = false

    /// It begins its sentence, so that its first names are what it is about.
    var isSubjectFirst = true

    /// Whether it says anything that could be true or false.
    var isAssertion: Bool {
        guard !isRemark else { return false }
        let contents = words.filter(\.hasContent)
        return contents.count >= (cited.isEmpty ? 3 : 1) || contents.contains { $0.kind != .plain }
    }
}

/// An answer taken apart: its claims and its citations.
struct GroundedAnswer {
    private(set) var claims: [Claim] = []
    let marks: [CitationMark]
    let text: WordedText
    let quotations: [Quotation]

    /// Words in quotation marks.
    struct Quotation {
        var span: Range<Int>

        /// The words between the marks, of those of the text.
        var words: Range<Int>

        /// The same, in parts that dots or brackets separate.
        var parts: [[Word]]
    }

    static let mostBytes = 1 << 18
    static let mostWords = 40_000

    /// Takes an answer apart.
    ///
    /// - Throws: ``GroundingFailure`` when there is too much of it.
    init(_ bytes: [UInt8], _ forms: CitationMarks.Forms) throws(GroundingFailure) {
        guard bytes.count <= Self.mostBytes else { throw .tooLarge }
        let found = CitationMarks.find(in: bytes, forms)
        guard !found.isTangled else { throw .tooLarge }
        let all = found.marks
        marks = all.filter { !$0.isQuotation }
        text = WordReader.read(bytes, without: marks.map(\.span))
        guard text.words.count <= Self.mostWords else { throw .tooLarge }
        quotations = Self.quotations(all, text, bytes)
        divide(bytes)
    }

    private static func quotations(_ marks: [CitationMark], _ text: WordedText, _ bytes: [UInt8]) -> [Quotation] {
        var quotations: [Quotation] = []
        var next = 0
        for mark in marks {
            guard case .quotation(let inner) = mark.kind else { continue }
            while next < text.words.count, text.words[next].span.lowerBound < inner.lowerBound { next += 1 }
            var parts: [[Word]] = [[]]
            var last = inner.lowerBound
            var index = next
            while index < text.words.count, text.words[index].span.upperBound <= inner.upperBound {
                let word = text.words[index]
                let gap = bytes[last..<max(last, word.span.lowerBound)]
                if gap.contains(0x5B) || gap.contains(0x5D) || gap.hasEllipsis {
                    parts.append([])
                }
                parts[parts.count - 1].append(word)
                last = word.span.upperBound
                index += 1
            }
            quotations.append(
                Quotation(span: mark.span, words: next..<max(next, index), parts: parts.filter { !$0.isEmpty }))
        }
        return quotations
    }
}

extension GroundedAnswer {
    /// Makes the claims: a sentence, or the parts of it that citations end.
    private mutating func divide(_ bytes: [UInt8]) {
        var next = 0
        var isQuoted = [Bool](repeating: false, count: text.words.count)
        for quotation in quotations where quotation.words.count > 2 {
            for word in quotation.words { isQuoted[word] = true }
        }
        for (index, sentence) in text.sentences.enumerated() {
            let following = index + 1 < text.sentences.count ? text.sentences[index + 1] : nil
            let border = following.map { text.words[$0.words.lowerBound].span.lowerBound } ?? bytes.count
            var own: [CitationMark] = []
            while next < marks.count, marks[next].span.lowerBound < border {
                let mark = marks[next]
                // What begins a line belongs to the sentence in that line.
                let gap = bytes[min(sentence.span.upperBound, mark.span.lowerBound)..<mark.span.lowerBound]
                if following != nil, mark.span.lowerBound >= sentence.span.upperBound, gap.contains(0x0A) { break }
                own.append(mark)
                next += 1
            }
            add(sentence, sentence.words.filter { !isQuoted[$0] }.map { text.words[$0] }, own)
        }
    }

    private mutating func add(_ sentence: Sentence, _ words: [Word], _ marks: [CitationMark]) {
        let groups = Self.groups(marks)
        guard !sentence.isHeading || !groups.isEmpty, !sentence.isQuestion else { return }
        var whole = Claim(span: sentence.span, words: words)
        whole.isRemark = Self.isRemark(words) && groups.isEmpty
        guard !groups.isEmpty else { return claims.append(whole) }
        var parts: [[Word]] = groups.map { _ in [] } + [[]]
        var part = 0
        for word in words {
            while part < groups.count, groups[part].span.lowerBound <= word.span.lowerBound { part += 1 }
            parts[part].append(word)
        }
        // `According to source 2, …`: the citation comes first.
        let leads = !parts[0].says && parts[groups.count].says
        if leads {
            for index in groups.indices {
                add(parts[index + 1] + (index == 0 ? parts[0] : []), groups[index], index == 0)
            }
            return
        }
        if parts[groups.count].filter(\.hasContent).count < 2,
            !parts[groups.count].contains(where: { $0.kind != .plain })
        {
            parts[groups.count - 1] += parts[groups.count]
            parts[groups.count] = []
        }
        for index in groups.indices { add(parts[index], groups[index], index == 0) }
        guard !parts[groups.count].isEmpty else { return }
        add(parts[groups.count], Group(span: sentence.span, numbers: [], hasOthers: false), false)
    }

    private mutating func add(_ words: [Word], _ group: Group, _ isFirst: Bool) {
        guard let first = words.first, let last = words.last else { return }
        var claim = Claim(span: first.span.lowerBound..<max(last.span.upperBound, first.span.upperBound), words: words)
        claim.cited = group.numbers
        claim.citesOthers = group.hasOthers
        claim.isSubjectFirst = isFirst
        claims.append(claim)
    }

    /// Citations that stand side by side.
    private struct Group {
        var span: Range<Int>
        var numbers: [Int]
        var hasOthers: Bool
    }

    private static func groups(_ marks: [CitationMark]) -> [Group] {
        var groups: [Group] = []
        for mark in marks {
            var numbers: [Int] = []
            if case .numbers(let own) = mark.kind { numbers = own }
            if let last = groups.last, mark.span.lowerBound - last.span.upperBound <= 2 {
                groups[groups.count - 1].span = last.span.lowerBound..<mark.span.upperBound
                groups[groups.count - 1].numbers += numbers
                groups[groups.count - 1].hasOthers = last.hasOthers || numbers.isEmpty
            } else {
                groups.append(Group(span: mark.span, numbers: numbers, hasOthers: numbers.isEmpty))
            }
        }
        return groups
    }

    /// Whether a sentence is about the conversation or its sources.
    private static func isRemark(_ words: [Word]) -> Bool {
        guard words.contains(where: { $0.roles.contains(.speaker) || $0.roles.contains(.meta) }) else { return false }
        return !words.contains { word in
            if case .number(let number) = word.kind { return number.value > 10 }
            return false
        }
    }
}

extension [Word] {
    /// Whether they say something that has to be found in a source.
    fileprivate var says: Bool {
        contains { $0.kind != .plain && !$0.roles.contains(.meta) }
            || filter { $0.hasContent && !$0.roles.contains(.meta) }.count >= 3
    }
}

extension ArraySlice<UInt8> {
    /// Whether there are three dots, as one character or as three.
    fileprivate var hasEllipsis: Bool {
        count { $0 == 0x2E } >= 3 || indices.contains { self[$0...].starts(with: [0xE2, 0x80, 0xA6]) }
    }
}
