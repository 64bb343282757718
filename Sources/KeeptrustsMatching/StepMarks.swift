/// Which steps of chains the words of a text can take, wherever the words stand.
///
/// Cheaper than ``Sightings``, for it asks each word of the vocabulary once, and for nothing but whether it is there.
final class StepMarks {
    private let vocabulary: Vocabulary

    /// A bit for each step that has a word in the text, and for each step of a chain that is complete.
    private let steps: UnsafeMutablePointer<UInt64>
    private let wantedSteps: UnsafeMutablePointer<UInt64>
    private let stepWords: Int

    /// Of each of these, the sentences in which its words stand, or are wanted: see ``Sentences/bit(at:)``.
    private let sentences: UnsafeMutablePointer<UInt64>
    private let wantedSentences: UnsafeMutablePointer<UInt64>

    /// The slots of the vocabulary that were met; of each slot, the sentences in which its token stands; and of
    /// those that complete chains have words in, the sentences in which they are complete.
    private let met: UnsafeMutablePointer<Int32>
    private var metCount = 0
    private let sentencesOfSlot: UnsafeMutablePointer<UInt64>
    private let wanted: UnsafeMutablePointer<UInt64>
    private let wantedSlots: UnsafeMutablePointer<Int32>
    private var wantedCount = 0

    /// Room for the numbers of the tokens of a run that are to be looked up, and for one more.
    let aside: UnsafeMutablePointer<Int32>

    init(_ vocabulary: Vocabulary) {
        aside = .allocate(capacity: TokenReader.room + 1)
        self.vocabulary = vocabulary
        stepWords = vocabulary.steps / 64 + 2
        steps = .allocate(capacity: stepWords)
        wantedSteps = .allocate(capacity: stepWords)
        wantedSteps.initialize(repeating: 0, count: stepWords)
        sentences = .allocate(capacity: stepWords * 64)
        sentences.initialize(repeating: 0, count: stepWords * 64)
        wantedSentences = .allocate(capacity: stepWords * 64)
        wantedSentences.initialize(repeating: 0, count: stepWords * 64)
        met = .allocate(capacity: vocabulary.tokens.slotCount)
        sentencesOfSlot = .allocate(capacity: vocabulary.tokens.slotCount)
        sentencesOfSlot.initialize(repeating: 0, count: vocabulary.tokens.slotCount)
        wanted = .allocate(capacity: vocabulary.tokens.slotCount)
        wanted.initialize(repeating: 0, count: vocabulary.tokens.slotCount)
        wantedSlots = .allocate(capacity: vocabulary.tokens.slotCount)
        clear()
    }

    deinit {
        aside.deallocate()
        steps.deallocate()
        wantedSteps.deallocate()
        sentences.deallocate()
        wantedSentences.deallocate()
        met.deallocate()
        sentencesOfSlot.deallocate()
        wanted.deallocate()
        wantedSlots.deallocate()
    }

    func clear() {
        steps.initialize(repeating: 0, count: stepWords)
        for index in 0..<metCount { sentencesOfSlot[Int(met[index])] = 0 }
        metCount = 0
    }

    /// Notes that the token of a slot is in a sentence of the text.
    @inline(__always)
    func note(slot: Int, in sentence: UInt64) {
        // Slots and steps are numbers of the vocabulary, for which all of this was allocated.
        let known = sentencesOfSlot[slot]
        if known == 0 {
            (met + metCount).initialize(to: Int32(truncatingIfNeeded: slot))
            metCount &+= 1
        }
        sentencesOfSlot[slot] = known | sentence
    }

    /// Marks the steps of the words that the tokens tell which were noted.
    func markTold() {
        for index in 0..<metCount {
            let slot = Int(met[index])
            let head = vocabulary.head(at: slot)
            for mark in 0..<Int(head.markCount) {
                note(step: vocabulary.marks[Int(head.marks) &+ mark], in: sentencesOfSlot[slot])
            }
        }
    }

    /// Notes that a word of a step is in sentences of the text.
    @inline(__always)
    func note(step: Int32, in sentences: UInt64) {
        let bit: UInt64 = 1 &<< UInt64(step & 63)
        let isKnown = steps[Int(step) &>> 6] & bit != 0
        steps[Int(step) &>> 6] |= bit
        self.sentences[Int(step)] = isKnown ? self.sentences[Int(step)] | sentences : sentences
    }

    /// Looks for chains that the text may have matches of; their words are wanted from then on.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - facts: What a look at each of its bytes told.
    ///   - scope: The patterns whose chains count.
    /// - Returns: Whether there is any.
    func completeAny(in text: UnsafeRawBufferPointer, _ facts: TextFacts, for scope: PatternScope) -> Bool {
        var isAny = false
        for word in 0..<stepWords &- 1 {
            var bits = steps[word] & vocabulary.anchors[word]
            while bits != 0 {
                let step = word &* 64 &+ bits.trailingZeroBitCount
                bits &= bits &- 1
                let chain = vocabulary.chains[Int(vocabulary.chainOfStep[step])]
                guard isComplete(chain), scope.holds(chain.pattern),
                    chain.needed < 0 || vocabulary.needed[Int(chain.needed)].mayStand(in: text, facts)
                else { continue }
                let common = sentences(of: chain)
                guard common != 0 else { continue }
                if !isAny { wantNothing() }
                isAny = true
                want(chain, in: common)
            }
        }
        return isAny
    }

    /// The sentences in which all steps of a complete chain have words.
    private func sentences(of chain: Vocabulary.Chain) -> UInt64 {
        guard chain.isOfOneSentence else { return ~0 }
        return (chain.first..<chain.end).reduce(~0) { chain.needs($1) ? $0 & sentences[Int($1)] : $0 }
    }

    private func wantNothing() {
        wantedSteps.initialize(repeating: 0, count: stepWords)
        for index in 0..<wantedCount { wanted[Int(wantedSlots[index])] = 0 }
        wantedCount = 0
    }

    private func want(_ chain: Vocabulary.Chain, in sentences: UInt64) {
        for step in chain.first..<chain.end {
            wantedSteps[Int(step) &>> 6] |= 1 &<< UInt64(step & 63)
            wantedSentences[Int(step)] = sentences
            for slot in vocabulary.slotsOfStep[Int(step)] {
                if wanted[slot] == 0 {
                    (wantedSlots + wantedCount).initialize(to: Int32(truncatingIfNeeded: slot))
                    wantedCount &+= 1
                }
                wanted[slot] |= sentences
            }
        }
    }

    /// The sentences in which complete chains have words behind the token of a slot.
    @inline(__always)
    func sentences(ofWanted slot: Int) -> UInt64 { wanted[slot] }

    /// Whether a step is one of a chain that is complete in a sentence.
    @inline(__always)
    func isWanted(step: Int32, in sentence: UInt64) -> Bool {
        wantedSteps[Int(step) &>> 6] &>> UInt64(step & 63) & 1 != 0 && wantedSentences[Int(step)] & sentence != 0
    }

    @inline(__always)
    private func isComplete(_ chain: Vocabulary.Chain) -> Bool {
        // Chains without a word behind theirs in ``steps`` have none of its bits.
        let word = Int(chain.first) &>> 6
        guard steps[word] & chain.bits == chain.bits else { return false }
        return chain.moreBits == 0 || steps[word &+ 1] & chain.moreBits == chain.moreBits
    }
}
