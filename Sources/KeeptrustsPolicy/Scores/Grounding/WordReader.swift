/// Reads a text into sentences of words.
///
/// One pass over the bytes, and one over the words. Invalid UTF-8 reads as letters that match nothing.
struct WordReader {
    private let text: [UInt8]
    private let lexicon: Lexicon

    /// Pieces of the text that are no words, in order.
    private var gaps: ArraySlice<Range<Int>>
    private var result = WordedText()
    private var offset = 0

    /// A capital at this place says nothing: a sentence, a quotation or the text behind a colon begins.
    private var isAtStart = true
    private var isInFence = false

    /// The first word of the line, and of the sentence.
    private var lineWords = 0
    private var sentenceWords = 0
    private var sentenceStart = 0
    private var lineStart = 0

    /// The letters of the word that is being read, in lower case.
    private var spelt: [UInt8] = []

    /// A currency sign stands before.
    private var currency: Lexicon.Unit?

    /// Reads a text.
    ///
    /// - Parameters:
    ///   - text: UTF-8.
    ///   - gaps: Pieces that are no words, such as addresses; in order, and apart from each other.
    ///   - lexicon: What words mean.
    /// - Returns: The sentences; those that have no word are left out.
    static func read(_ text: [UInt8], without gaps: [Range<Int>] = [], _ lexicon: Lexicon = .shared) -> WordedText {
        var reader = WordReader(text: text, lexicon: lexicon, gaps: gaps[...])
        while reader.offset < text.count { reader.step() }
        reader.endSentence(at: text.count, isQuestion: false)
        NumberPhrases.join(&reader.result, lexicon)
        return reader.result
    }

    private init(text: [UInt8], lexicon: Lexicon, gaps: ArraySlice<Range<Int>>) {
        (self.text, self.lexicon, self.gaps) = (text, lexicon, gaps)
        startLine(at: 0)
    }

    private mutating func step() {
        if let gap = gaps.first, offset >= gap.lowerBound {
            gaps = gaps.dropFirst()
            offset = max(offset, gap.upperBound)
            return
        }
        let byte = text[offset]
        switch byte {
        case 0x0A: endLine()
        case _ where isInFence: offset += 1
        case 0x30...0x39: number()
        case 0x41...0x5A, 0x61...0x7A: word()
        case 0x80...0xFF: beyondASCII()
        default: mark(byte)
        }
    }

    private mutating func mark(_ byte: UInt8) {
        offset += 1
        switch byte {
        case UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: "?"):
            if endsSentence(byte) { endSentence(at: offset, isQuestion: byte == UInt8(ascii: "?")) }
        case UInt8(ascii: ";"): endSentence(at: offset, isQuestion: false)
        case UInt8(ascii: ":"): label()
        case UInt8(ascii: "\""), UInt8(ascii: "("), UInt8(ascii: "["): isAtStart = true
        case UInt8(ascii: ","): result.commas.append(result.words.count)
        case UInt8(ascii: "$"): currency = lexicon[WordHash.of([byte])]?.unit
        default: break
        }
    }

    /// Whether the mark before `offset` is the end of a sentence, and no part of a name, a number or an abbreviation.
    private func endsSentence(_ byte: UInt8) -> Bool {
        var next = offset
        while next < text.count, [0x22, 0x27, 0x29, 0x5D, 0x2A, 0x5F, 0xE2].contains(text[next]) {
            next += text[next] == 0xE2 ? 3 : 1
        }
        guard next < text.count else { return true }
        let isGap = gaps.first?.contains(next) == true
        guard isGap || [0x20, 0x09, 0x0A, 0x0D].contains(text[next]) else { return false }
        guard byte == UInt8(ascii: ".") else { return true }
        if let last = result.words.last, last.span.upperBound == offset - 1, result.words.count > sentenceWords {
            // `J. Smith`, `Dr. Smith`.
            let isInitial = last.span.count == 1 && text[last.span.lowerBound] &- 0x41 < 26
            if isInitial || last.roles.contains(.abbreviation) {
                guard next + 1 < text.count, text[next] == 0x20 else { return true }
                return false
            }
        }
        while next < text.count, [0x20, 0x09].contains(text[next]) { next += 1 }
        return next >= text.count || !(text[next] &- 0x61 < 26)
    }

    private mutating func endSentence(at end: Int, isQuestion: Bool) {
        isAtStart = true
        currency = nil
        defer {
            sentenceStart = end
            sentenceWords = result.words.count
        }
        guard result.words.count > sentenceWords else { return }
        result.sentences.append(
            Sentence(
                words: sentenceWords..<result.words.count, span: sentenceStart..<end, isQuestion: isQuestion,
                isHeading: isHeading(end)))
    }

    /// Whether what is between the last end and `end` is a title, and no sentence.
    private func isHeading(_ end: Int) -> Bool {
        let line = text[min(lineStart, end)..<end]
        let body = line.drop { $0 == 0x20 || $0 == 0x09 }
        if body.first == UInt8(ascii: "#") { return true }
        guard let last = body.last(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else { return false }
        if last == UInt8(ascii: ":") { return true }
        return last == UInt8(ascii: "*") && body.starts(with: [0x2A, 0x2A])
    }

    private mutating func endLine() {
        let next = text[(offset + 1)...].prefix(8).first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }
        // A line that goes on with a small letter belongs to the sentence; one in a fence is code.
        let goesOn = next.map { $0 &- 0x61 < 26 } ?? false
        if !goesOn || isHeading(offset) { endSentence(at: offset, isQuestion: false) }
        startLine(at: offset + 1)
    }

    private mutating func startLine(at place: Int) {
        offset = place
        lineStart = place
        lineWords = result.words.count
        let line = text[min(place, text.count)...].prefix(16).drop { $0 == 0x20 || $0 == 0x3E }
        if line.starts(with: [0x60, 0x60, 0x60]) || line.starts(with: [0x7E, 0x7E, 0x7E]) { isInFence.toggle() }
        guard !isInFence, let first = line.first else { return }
        // The number of a list's entry is none that is claimed.
        let digits = line.prefix { $0 &- 0x30 < 10 }
        if (1...2).contains(digits.count), line.count > digits.count + 1,
            [0x2E, 0x29].contains(line[digits.endIndex]), line[digits.endIndex + 1] == 0x20
        {
            offset = digits.endIndex + 1
        }
        if first == UInt8(ascii: "-") || first == UInt8(ascii: "*") || digits.count > 0 { isAtStart = true }
    }

    /// The words at the beginning of a line that a colon ends are what the line is about, and no names.
    private mutating func label() {
        isAtStart = true
        guard lineWords >= sentenceWords, result.words.count - lineWords <= 5 else { return }
        for index in lineWords..<result.words.count where result.words[index].kind == .name {
            result.words[index].kind = .plain
        }
    }
}

extension WordReader {
    private mutating func number() {
        let start = offset
        while offset < text.count {
            let isJoint = [0x2C, 0x2E, 0x27].contains(text[offset]) && offset + 1 < text.count
            guard text[offset] &- 0x30 < 10 || isJoint && text[offset + 1] &- 0x30 < 10 else { break }
            offset += 1
        }
        let digits = start..<offset
        while offset < text.count, (text[offset] | 0x20) &- 0x61 < 26 || text[offset] &- 0x30 < 10 { offset += 1 }
        let tail = text[digits.upperBound..<offset].map { $0 | 0x20 }
        var number = Number(digits: text[digits])
        if tail.isEmpty || ["st", "nd", "rd", "th"].contains(where: { tail.elementsEqual($0.utf8) }) {
            // As it stands.
        } else if tail == [UInt8(ascii: "s")], digits.count == 4, number?.value.truncatingRemainder(dividingBy: 10) == 0
        {
            number?.isDecade = true
        } else if let entry = lexicon[WordHash.of(tail)], entry.unit != nil || entry.scale != nil {
            number?.unit = entry.unit
            number?.scale(by: entry.scale)
        } else {
            number = nil
        }
        if offset < text.count, text[offset] == UInt8(ascii: "%") { number?.unit = lexicon[WordHash.of([0x25])]?.unit }
        if let unit = currency, number?.unit == nil { number?.unit = unit }
        if start > 0, text[start - 1] == UInt8(ascii: "~") { number?.isApproximate = true }
        let end = offset
        var word = Word(
            kind: number.map(Word.Kind.number) ?? .name, span: start..<end,
            hash: WordHash.of(text[start..<end].map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }), stem: 0)
        word.stem = word.hash
        add(word)
    }

    private mutating func beyondASCII() {
        let (scalar, length) = UTF8Reader.scalar(text, at: offset)
        if UTF8Reader.isLetter(scalar) {
            if UTF8Reader.standsAlone(scalar) { return character(length) }
            return word()
        }
        switch scalar {
        case 0x3002, 0xFF01, 0xFF1F:
            offset += length
            return endSentence(at: offset, isQuestion: scalar == 0xFF1F)
        case 0x201C, 0x201E, 0xAB, 0x2022: isAtStart = true
        case 0xA3, 0xA5, 0x20AC: currency = lexicon[WordHash.of(text[offset..<(offset + length)])]?.unit
        default: break
        }
        offset += length
    }

    /// A character of a script that puts no spaces between words.
    private mutating func character(_ length: Int) {
        let hash = WordHash.of(text[offset..<(offset + length)])
        var word = Word(kind: .plain, span: offset..<(offset + length), hash: hash, stem: hash)
        word.roles = .stop
        offset += length
        add(word)
    }

    private mutating func word() {
        let start = offset
        let end = gaps.first.map { min($0.lowerBound, text.count) } ?? text.count
        spelt.removeAll(keepingCapacity: true)
        var letters = Letters()
        while offset < end {
            let byte = text[offset]
            if byte &- 0x41 < 26 || byte &- 0x61 < 26 || byte &- 0x30 < 10 {
                if byte &- 0x41 < 26 { letters.capitals += 1 }
                if byte &- 0x30 < 10 { letters.hasDigit = true }
                spelt.append(byte | 0x20)
                offset += 1
            } else if byte == 0x27, isApostrophe(offset, 1) {
                spelt.append(0x27)
                offset += 1
                continue
            } else if byte >= 0x80 {
                let (scalar, length) = UTF8Reader.scalar(text, at: offset)
                if scalar == 0x2019, isApostrophe(offset, length) {
                    spelt.append(0x27)
                    offset += length
                    continue
                }
                guard UTF8Reader.isLetter(scalar), !UTF8Reader.standsAlone(scalar) else { break }
                if UTF8Reader.appendLower(scalar, to: &spelt) { letters.capitals += 1 }
                offset += length
            } else {
                break
            }
            letters.count += 1
            if letters.count == 4 { letters.beginning = WordHash.of(spelt) }
        }
        // A letter may be unreadable; the text is still walked through.
        guard offset > start else { return offset += 1 }
        finish(start, letters)
    }

    /// What is known of a word's letters.
    private struct Letters {
        var count = 0
        var capitals = 0
        var hasDigit = false

        /// The hash of the first four.
        var beginning: UInt64 = 0
    }

    private func isApostrophe(_ place: Int, _ length: Int) -> Bool {
        place + length < text.count && (text[place + length] | 0x20) &- 0x61 < 26
    }

    private mutating func finish(_ start: Int, _ letters: Letters) {
        let isNegated = spelt.count > 3 && ends(with: Self.negation)
        let count = spelt.count - (isNegated ? 3 : ends(with: Self.possession) ? 2 : 0)
        var hash = WordHash.start
        for index in 0..<count { hash = WordHash.add(spelt[index], to: hash) }
        var word = Word(
            kind: .plain, span: start..<offset, hash: hash, stem: Stem.hash(spelt, count: count),
            beginning: letters.beginning)
        let entry = lexicon[hash]
        word.roles = entry?.roles ?? []
        word.senses = entry?.senses ?? []
        word.month = entry?.month
        if isNegated { word.roles.formUnion([.negation, .stop]) }
        let first = text[start]
        let isCapital = first &- 0x41 < 26 || first >= 0x80 && letters.capitals > 0
        if isCapital { word.initial = spelt.first }
        word.isAcronym = letters.capitals >= 2 && letters.capitals == letters.count && letters.count <= 6
        word.isDerived = count > 4 && Self.derivations.contains { ends(with: $0) }
        let hasInnerCapital = letters.capitals > (isCapital ? 1 : 0)
        let looksLikeName = letters.hasDigit || hasInnerCapital || isCapital && !isAtStart
        if looksLikeName, !word.roles.contains(.stop) || word.isAcronym { word.kind = .name }
        if let number = entry?.number, word.kind == .plain { word.kind = .number(Number(value: number)) }
        add(word)
    }

    private func ends(with ending: [UInt8]) -> Bool {
        guard spelt.count > ending.count else { return false }
        for index in 1...ending.count where spelt[spelt.count - index] != ending[ending.count - index] { return false }
        return true
    }

    private mutating func add(_ word: Word) {
        isAtStart = false
        currency = nil
        result.words.append(word)
    }

    private static let negation = Array("n't".utf8)
    private static let possession = Array("'s".utf8)
    private static let derivations = ["an", "ish", "ese", "ic", "i"].map { Array($0.utf8) }
}
