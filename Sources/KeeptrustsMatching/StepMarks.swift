/// Which steps of chains the words of a text can take, wherever the words stand.
///
/// Cheaper than ``Sightings``, for it asks each word of the vocabulary once, and for nothing but whether it is there.
final class StepMarks {
    private let vocabulary: Vocabulary

    /// A bit for each step that has a word in the text, and for each step of a chain that is complete.
    private let steps: UnsafeMutablePointer<UInt64>
    private let wantedSteps: UnsafeMutablePointer<UInt64>
    private let stepWords: Int

    /// A bit for each slot of the vocabulary that was met, and for each that a complete chain has words in.
    private let met: UnsafeMutablePointer<UInt64>
    private let wanted: UnsafeMutablePointer<UInt64>
    private let slotWords: Int

    /// Room for the numbers of the tokens of a run that are to be looked up, and for one more.
    let aside: UnsafeMutablePointer<Int32>

    init(_ vocabulary: Vocabulary) {
        aside = .allocate(capacity: TokenReader.room + 1)
        self.vocabulary = vocabulary
        stepWords = vocabulary.steps / 64 + 2
        steps = .allocate(capacity: stepWords)
        wantedSteps = .allocate(capacity: stepWords)
        wantedSteps.initialize(repeating: 0, count: stepWords)
        slotWords = (vocabulary.tokens.slotCount + 63) / 64
        met = .allocate(capacity: slotWords)
        wanted = .allocate(capacity: slotWords)
        wanted.initialize(repeating: 0, count: slotWords)
        clear()
    }

    deinit {
        aside.deallocate()
        steps.deallocate()
        wantedSteps.deallocate()
        met.deallocate()
        wanted.deallocate()
    }

    func clear() {
        steps.initialize(repeating: 0, count: stepWords)
        met.initialize(repeating: 0, count: slotWords)
    }

    /// Notes that the token of a slot is in the text, and marks the steps of the words that it tells.
    @inline(__always)
    func note(slot: Int) {
        // Slots and steps are numbers of the vocabulary, for which the bits were allocated.
        guard met[slot &>> 6] &>> UInt64(slot & 63) & 1 == 0 else { return }
        met[slot &>> 6] |= 1 &<< UInt64(slot & 63)
        let head = vocabulary.head(at: slot)
        for mark in 0..<Int(head.markCount) { note(step: vocabulary.marks[Int(head.marks) &+ mark]) }
    }

    /// Notes that a word of a step is in the text.
    @inline(__always)
    func note(step: Int32) { steps[Int(step) &>> 6] |= 1 &<< UInt64(step & 63) }

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
                if !isAny {
                    wanted.initialize(repeating: 0, count: slotWords)
                    wantedSteps.initialize(repeating: 0, count: stepWords)
                }
                isAny = true
                want(chain)
            }
        }
        return isAny
    }

    private func want(_ chain: Vocabulary.Chain) {
        for step in chain.first..<chain.end {
            wantedSteps[Int(step) &>> 6] |= 1 &<< UInt64(step & 63)
            for slot in vocabulary.slotsOfStep[Int(step)] { wanted[slot &>> 6] |= 1 &<< UInt64(slot & 63) }
        }
    }

    /// Whether a complete chain has words behind the token of a slot.
    @inline(__always)
    func isWanted(slot: Int) -> Bool { wanted[slot &>> 6] &>> UInt64(slot & 63) & 1 != 0 }

    /// Whether a step is one of a complete chain.
    @inline(__always)
    func isWanted(step: Int32) -> Bool { wantedSteps[Int(step) &>> 6] &>> UInt64(step & 63) & 1 != 0 }

    @inline(__always)
    private func isComplete(_ chain: Vocabulary.Chain) -> Bool {
        // Chains without a word behind theirs in ``steps`` have none of its bits.
        let word = Int(chain.first) &>> 6
        guard steps[word] & chain.bits == chain.bits else { return false }
        return chain.moreBits == 0 || steps[word &+ 1] & chain.moreBits == chain.moreBits
    }
}
