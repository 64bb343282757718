// What the tables of a vocabulary consist of.
extension Vocabulary {
    /// What it means for a chain that a word of it was found.
    struct Entry {
        var pattern: Int32

        /// The number of the step among those of all chains, and that of the step before it; -1 for the first.
        var step: Int32
        var previous: Int32

        /// The longest match; the most bytes before the word since the step before it or the match's beginning; and the most
        /// behind it that belong to its step, for the last one to the match.
        var longest: Int32
        var before: Int32
        var after: Int32

        /// The most words, as ``Extent`` counts them, from the step before it up to the word's token, that included; and from
        /// there to the end of what belongs to its step.
        var wordsBefore: Int32
        var wordsAfter: Int32
        var isLast: Bool

        /// Words of the step that begin within so many bytes of one another are remembered as one: see ``WordTrails``.
        var width: Int32

        /// The step before it stands in the same sentence.
        var isOfOneSentence: Bool

        /// The number in ``needed`` of the bytes of which every match holds one; -1 when none are known.
        var needed: Int32
    }

    /// The steps of a chain.
    struct Chain {
        let pattern: Int32
        let first: Int32
        let end: Int32

        /// The step that the fewest texts take: without it, the others need not be asked for.
        let anchor: Int32

        /// The number in ``needed`` of the bytes of which every match holds one; -1 when none are known.
        let needed: Int32

        /// All steps stand in one sentence.
        let isOfOneSentence: Bool

        /// The steps that a text must have words for, as bits of the word that the first stands in, and of the next one.
        ///
        /// Steps that nearly every text can take are none of them, nor are those of a longer chain: what the bits tell is
        /// that a chain is not complete.
        let bits: UInt64
        let moreBits: UInt64

        /// - Parameters:
        ///   - pattern: The pattern whose matches follow the chain.
        ///   - first: The number of the first step.
        ///   - chain: The chain.
        ///   - needed: The number of a set of bytes, or -1.
        init(of pattern: Int, from first: Int, _ chain: WordChain, needed: Int32) {
            let steps = chain.steps
            isOfOneSentence = chain.isOfOneSentence
            self.pattern = Int32(pattern)
            (self.first, end) = (Int32(first), Int32(first + steps.count))
            self.needed = needed
            let rarest = steps.indices.min { steps[$0].frequency < steps[$1].frequency } ?? 0
            anchor = Int32(first + rarest)
            var bits: (UInt64, UInt64) = (0, 0)
            for (index, step) in steps.enumerated() where index == rarest || !step.isIdle {
                let number = first + index
                let bit: UInt64 = 1 << UInt64(number & 63)
                if number >> 6 == first >> 6 { bits.0 |= bit } else if number >> 6 == first >> 6 + 1 { bits.1 |= bit }
            }
            (self.bits, moreBits) = bits
        }

        /// Whether a text must have a word for a step of the chain.
        func needs(_ step: Int32) -> Bool {
            let bit: UInt64 = 1 << UInt64(step & 63)
            if step >> 6 == first >> 6 { return bits & bit != 0 }
            return step >> 6 == first >> 6 + 1 && moreBits & bit != 0
        }
    }

    /// Bytes of which every match of some chain holds one.
    struct Needed {
        let set: ByteSet
        private let ascii: [UInt8]
        private let hasHigh: Bool

        init(_ set: ByteSet) {
            self.set = set
            ascii = (UInt8.min...0x7F).filter(set.contains)
            hasHigh = !set.isDisjoint(with: .high)
        }

        /// Whether one of the bytes stands in a piece of text.
        func stands(in text: UnsafeRawBufferPointer) -> Bool {
            ascii.contains { text.firstIndex(of: $0, from: 0) != nil } || hasHigh && text.contains { $0 >= 0x80 }
        }

        /// Whether a text may have one of the bytes.
        func mayStand(in text: UnsafeRawBufferPointer, _ facts: TextFacts) -> Bool {
            hasHigh && facts.hasHighByte || ascii.contains { text.firstIndex(of: $0, from: 0) != nil }
        }
    }

    /// A word behind a token.
    struct Form {
        /// Bytes of the word before the token, and of the whole word.
        var offset: Int32
        var length: Int32

        /// Where in ``letters`` the word's bytes are.
        var letters: Int32

        /// A byte of the word that its token does not tell, and where it stands, counted from the token.
        var probe: Int32
        var probed: UInt8

        /// The token, which is all of the word, tells all of it: there is nothing to compare.
        var isTold: Bool

        /// What follows must be no letter and no digit.
        var endsToken: Bool
        var entries: Int32
        var entryCount: Int32

        /// Another word behind the same token, and another that its token does not tell and that a chain must have; -1 for
        /// the last.
        var next: Int32
        var nextUntold: Int32
    }

    /// What stands behind a token.
    struct Head {
        /// The first word, and the first that the token does not tell and that a chain must have; -1 when there is none.
        var form: Int32 = -1
        var untold: Int32 = -1

        /// Where in ``marks`` the steps of the words are that the token tells, of those that chains must have.
        var marks: Int32 = 0
        var markCount: Int32 = 0

        static let none = Head()
    }
}
