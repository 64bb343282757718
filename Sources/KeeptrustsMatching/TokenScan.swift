/// A pass over the tokens of a text that follows the chains of all patterns.
///
/// Literals that Hyperscan has found are taken in at their places.
struct TokenScan {
    private let vocabulary: Vocabulary
    private let sightings: UnsafeMutablePointer<Sightings>
    private let marks: StepMarks
    private let read: ReadText
    private let text: UnsafeRawBufferPointer

    init(
        _ text: ReadText, _ vocabulary: Vocabulary, _ sightings: UnsafeMutablePointer<Sightings>, _ marks: StepMarks
    ) {
        read = text
        self.text = text.bytes
        self.vocabulary = vocabulary
        self.sightings = sightings
        self.marks = marks
    }

    /// Reads the text, and marks each step that a chain must take and that has a word in it.
    ///
    /// - Parameter scope: The patterns whose chains count.
    func mark(for scope: PatternScope) {
        marks.clear()
        for place in sightings.pointee.found {
            let sentence = read.sentences.bit(at: Int(place.end) &- 1)
            for entry in vocabulary.literals[Int(place.literal)].entries { marks.note(step: entry.step, in: sentence) }
        }
        eachToken(of: scope.tokens) { slot, tokens, index in mark(slot, tokens[index].start) }
        marks.markTold()
    }

    /// Notes each part of the text that can hold a match of a chain that is complete by its marks.
    func run() {
        let literals = sightings.pointee.ordered()
        var taken = 0
        var rank = 0
        var counted = 0
        eachToken(of: vocabulary.tokens) { slot, tokens, index in
            let wanted = marks.sentences(ofWanted: slot)
            guard wanted != 0, wanted & read.sentences.bit(at: tokens[index].start) != 0 else { return }
            // Behind the first token of a new run; what was left of the last one only makes words seem nearer to each other.
            if index < counted &- 1 { counted = 0 }
            while counted <= index {
                rank &+= isBehindSpace(tokens[counted].start)
                counted &+= 1
            }
            let start = tokens[index].start
            if taken < literals.count { take(literals, &taken, upTo: start, rank: rank) }
            note(slot, start, rank: rank)
        }
        take(literals, &taken, upTo: text.count, rank: rank &+ text.count)
    }

    /// 1 where a space stands right before a place, else 0.
    @inline(__always)
    private func isBehindSpace(_ place: Int) -> Int {
        guard place > 0 else { return 0 }
        let byte = text[place &- 1]
        return byte == 0x20 || byte &- 0x09 < 5 ? 1 : 0
    }

    /// Hands the slot of each token of a table to `body`, with the run of tokens that it is of, and its index there.
    ///
    /// Tokens that may be known are put aside first: a processor guesses wrong which of them pass, so nothing waits for that.
    @inline(__always)
    private func eachToken(of table: TokenTable, _ body: (Int, UnsafeBufferPointer<TextToken>, Int) -> Void) {
        let aside = marks.aside
        let hasPrefixes = vocabulary.hasPrefixes
        read.eachRunOfTokens { tokens in
            var count = 0
            for index in tokens.indices {
                // There is room for all of a run.
                (aside + count).initialize(to: Int32(truncatingIfNeeded: index))
                count &+= table.mayKnow(tokens[index].key)
            }
            for place in 0..<count {
                let index = Int(aside[place])
                let token = tokens[index]
                let slot = table.slot(of: token.key)
                if slot >= 0 { body(slot, tokens, index) }
                guard hasPrefixes, token.length >= TokenTable.shortestPrefix else { continue }
                let prefix = table.prefixSlot(of: token.key)
                if prefix >= 0 { body(prefix, tokens, index) }
            }
        }
    }

    /// Marks the steps of the words that stand where their token does.
    ///
    /// - Parameters:
    ///   - slot: The token's slot.
    ///   - token: Where the token stands.
    @inline(__always)
    private func mark(_ slot: Int, _ token: Int) {
        let sentence = read.sentences.bit(at: token)
        marks.note(slot: slot, in: sentence)
        let head = vocabulary.head(at: slot)
        var index = head.untold
        while index >= 0 {
            // `index` and what it leads to were written together, within their tables.
            let form = vocabulary.forms + Int(index)
            if hasProbe(form, token), stands(form, token) {
                for entry in 0..<Int(form.pointee.entryCount) {
                    marks.note(step: vocabulary.entries[Int(form.pointee.entries) &+ entry].step, in: sentence)
                }
            }
            index = form.pointee.nextUntold
        }
    }

    /// Notes the literals that end no later than `limit`, where no more than `rank` words stand before that.
    private func take(
        _ literals: UnsafeMutableBufferPointer<Sightings.Place>, _ taken: inout Int, upTo limit: Int, rank: Int
    ) {
        while taken < literals.count, Int(literals[taken].end) <= limit {
            let place = literals[taken]
            let literal = vocabulary.literals[Int(place.literal)]
            taken += 1
            // In another case, a character can have more bytes.
            let start = max(0, Int(place.end) &- literal.length &* 3)
            let last = Int(place.end) &- 1
            let word = Sightings.FoundWord(
                start: start, latestStart: Int(place.end), end: Int(place.end), rank: 0, mostRank: rank,
                sentence: read.sentences.number(at: last))
            let sentence = read.sentences.bit(at: last)
            for entry in literal.entries where marks.isWanted(step: entry.step, in: sentence) {
                withUnsafePointer(to: entry) { sightings.pointee.note($0, word, read) }
            }
        }
    }

    /// Notes the words that stand where their token does.
    private func note(_ slot: Int, _ token: Int, rank: Int) {
        let sentence = read.sentences.number(at: token)
        let bit = read.sentences.bit(at: token)
        var index = vocabulary.head(at: slot).form
        while index >= 0 {
            let form = vocabulary.forms + Int(index)
            if hasProbe(form, token), stands(form, token) {
                let start = token &- Int(form.pointee.offset)
                note(
                    form,
                    Sightings.FoundWord(
                        start: start, latestStart: start, end: start &+ Int(form.pointee.length), rank: rank,
                        mostRank: rank, sentence: sentence), bit)
            }
            index = form.pointee.next
        }
    }

    @inline(__always)
    private func hasProbe(_ form: UnsafePointer<Vocabulary.Form>, _ token: Int) -> Bool {
        let probe = token &+ Int(form.pointee.probe)
        return probe >= 0 && probe < text.count && text[probe] | 0x20 == form.pointee.probed
    }

    /// Whether a word stands where its token does.
    @inline(__always)
    private func stands(_ form: UnsafePointer<Vocabulary.Form>, _ token: Int) -> Bool {
        if form.pointee.isTold { return true }
        let start = token &- Int(form.pointee.offset)
        let end = start &+ Int(form.pointee.length)
        guard start >= 0, end <= text.count else { return false }
        let letters = vocabulary.letters + Int(form.pointee.letters)
        for place in 0..<Int(form.pointee.length) where text[start &+ place] | 0x20 != letters[place] { return false }
        return !(form.pointee.endsToken && end < text.count && text[end].isAlphanumeric)
    }

    @inline(__always)
    private func note(_ form: UnsafePointer<Vocabulary.Form>, _ word: Sightings.FoundWord, _ sentence: UInt64) {
        for number in 0..<Int(form.pointee.entryCount) {
            let entry = vocabulary.entries + (Int(form.pointee.entries) &+ number)
            if marks.isWanted(step: entry.pointee.step, in: sentence) { sightings.pointee.note(entry, word, read) }
        }
    }
}
