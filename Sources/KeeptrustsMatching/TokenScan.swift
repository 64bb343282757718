/// A pass over the tokens of a text that follows the chains of all patterns.
///
/// Literals that Hyperscan has found are taken in at their places.
struct TokenScan {
    private let vocabulary: Vocabulary
    private let sightings: UnsafeMutablePointer<Sightings>
    private let text: UnsafeRawBufferPointer

    init(_ text: UnsafeRawBufferPointer, _ vocabulary: Vocabulary, _ sightings: UnsafeMutablePointer<Sightings>) {
        self.text = text
        self.vocabulary = vocabulary
        self.sightings = sightings
    }

    /// Reads the text, and marks each step of a chain that has a word in it.
    func mark(in marks: StepMarks) {
        marks.clear()
        for place in sightings.pointee.found {
            for entry in vocabulary.literals[Int(place.literal)].entries { marks.note(step: entry.step) }
        }
        eachKnownToken { slot, start in mark(slot, start, in: marks) }
    }

    /// Notes each part of the text that can hold a match of a chain that is complete in `marks`.
    func run(only marks: StepMarks) {
        let literals = sightings.pointee.ordered()
        var taken = 0
        func check(_ slot: Int, _ start: Int) {
            guard marks.isWanted(slot: slot) else { return }
            if taken < literals.count { take(literals, &taken, upTo: start) }
            note(slot, start)
        }
        if let tokens = marks.tokens {
            for token in tokens { check(Int(token.slot), Int(token.start)) }
        } else {
            eachKnownToken(check)
        }
        take(literals, &taken, upTo: text.count)
    }

    /// Hands the slot and the place of each token of the vocabulary to `body`.
    @inline(__always)
    private func eachKnownToken(_ body: (Int, Int) -> Void) {
        eachToken { start, length in
            let key = key(at: start, length: length)
            guard vocabulary.mayKnow(key) else { return }
            let slot = vocabulary.slot(of: key)
            if slot >= 0 { body(slot, start) }
            guard vocabulary.hasPrefixes, length >= Vocabulary.shortestPrefix else { return }
            let prefix = vocabulary.prefixSlot(of: key)
            if prefix >= 0 { body(prefix, start) }
        }
    }

    /// Marks the steps of the words that stand where their token does.
    ///
    /// - Parameters:
    ///   - slot: The token's slot.
    ///   - token: Where the token stands.
    ///   - marks: Takes the steps.
    @inline(__always)
    private func mark(_ slot: Int, _ token: Int, in marks: StepMarks) {
        marks.note(slot: slot, at: token)
        let head = vocabulary.head(at: slot)
        var index = head.untold
        while index >= 0 {
            // `index` and what it leads to were written together, within their tables.
            let form = vocabulary.forms + Int(index)
            if hasProbe(form, token), stands(form, token) {
                for entry in 0..<Int(form.pointee.entryCount) {
                    marks.note(step: vocabulary.entries[Int(form.pointee.entries) &+ entry].step)
                }
            }
            index = form.pointee.nextUntold
        }
    }

    /// Hands the place and the length of each token to `body`.
    @inline(__always)
    private func eachToken(_ body: (Int, Int) -> Void) {
        var next = mask(at: 0)
        var carry: UInt64 = 0
        var offset = 0
        while offset < text.count {
            let current = next
            next = mask(at: offset &+ 64)
            var starts = current & ~(current &<< 1 | carry)
            carry = current &>> 63
            while starts != 0 {
                let first = starts.trailingZeroBitCount
                starts &= starts &- 1
                // 64 bits from the token's first on.
                let row = first == 0 ? current : current &>> UInt64(first) | next &<< UInt64(64 &- first)
                body(offset &+ first, (~row).trailingZeroBitCount)
            }
            offset &+= 64
        }
    }

    /// Notes the literals that end no later than `limit`.
    private func take(_ literals: UnsafeMutableBufferPointer<Sightings.Place>, _ taken: inout Int, upTo limit: Int) {
        while taken < literals.count, Int(literals[taken].end) <= limit {
            let place = literals[taken]
            let literal = vocabulary.literals[Int(place.literal)]
            taken += 1
            // In another case, a character can have more bytes.
            let start = max(0, Int(place.end) &- literal.length &* 3)
            for entry in literal.entries {
                withUnsafePointer(to: entry) { sightings.pointee.note($0, start, Int(place.end), text) }
            }
        }
    }

    /// What a token is known by.
    @inline(__always)
    private func key(at start: Int, length: Int) -> UInt64 {
        let key = word(at: start) | 0x2020_2020_2020_2020
        return length < 8 ? key & ((1 &<< UInt64(length &* 8)) &- 1) : key
    }

    /// Notes the words that stand where their token does.
    private func note(_ slot: Int, _ token: Int) {
        var index = vocabulary.head(at: slot).form
        while index >= 0 {
            let form = vocabulary.forms + Int(index)
            if hasProbe(form, token), stands(form, token) { note(form, token &- Int(form.pointee.offset)) }
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
        return !(form.pointee.endsToken && end < text.count && Self.isAlphanumeric(text[end]))
    }

    @inline(__always)
    private func note(_ form: UnsafePointer<Vocabulary.Form>, _ start: Int) {
        let end = start &+ Int(form.pointee.length)
        for entry in 0..<Int(form.pointee.entryCount) {
            sightings.pointee.note(vocabulary.entries + (Int(form.pointee.entries) &+ entry), start, end, text)
        }
    }

    @inline(__always)
    private static func isAlphanumeric(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 }

    /// Eight bytes from `offset` on, which is within the text, with zeros behind the text's end.
    @inline(__always)
    private func word(at offset: Int) -> UInt64 {
        if offset &+ 8 <= text.count { return text.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
        var word: UInt64 = 0
        for place in stride(from: text.count &- 1, through: offset, by: -1) { word = word << 8 | UInt64(text[place]) }
        return word
    }

    /// A bit for each of the 64 bytes from `offset` on that is a letter or a digit; none behind the text's end.
    @inline(__always)
    private func mask(at offset: Int) -> UInt64 {
        var mask: UInt64 = 0
        if offset &+ 64 <= text.count {
            for step in 0..<8 {
                let word = text.loadUnaligned(fromByteOffset: offset &+ step &* 8, as: UInt64.self)
                mask |= Self.alphanumeric(word) &<< UInt64(step &* 8)
            }
            return mask
        }
        var place = offset
        while place < text.count {
            mask |= Self.alphanumeric(word(at: place)) &<< UInt64(place &- offset)
            place &+= 8
        }
        return mask
    }

    /// A bit for each of eight bytes that is a letter or a digit, the first byte's lowest.
    @inline(__always)
    static func alphanumeric(_ word: UInt64) -> UInt64 {
        let tops: UInt64 = 0x8080_8080_8080_8080
        let seven = word & ~tops
        let lower = seven | 0x2020_2020_2020_2020
        let letter = (lower &+ 0x1F1F_1F1F_1F1F_1F1F) & ~(lower &+ 0x0505_0505_0505_0505)
        let digit = (seven &+ 0x5050_5050_5050_5050) & ~(seven &+ 0x4646_4646_4646_4646)
        let either = (letter | digit) & ~word & tops
        return ((either &>> 7) &* 0x0102_0408_1020_4080) &>> 56
    }
}
