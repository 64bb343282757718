/// Which steps of chains the words of a text can take, wherever the words stand.
///
/// Cheaper than ``Sightings``, for it asks each word of the vocabulary once, and for nothing but whether it is there.
final class StepMarks {
    private let vocabulary: Vocabulary

    /// A bit for each step that has a word in the text.
    private let steps: UnsafeMutablePointer<UInt64>
    private let stepWords: Int

    /// A bit for each slot of the vocabulary that was met, and for each that a complete chain has words in.
    private let met: UnsafeMutablePointer<UInt64>
    private let wanted: UnsafeMutablePointer<UInt64>
    private let slotWords: Int

    /// The tokens that were met, in the order of the text.
    private let places: UnsafeMutablePointer<Token>
    private var count = 0

    struct Token {
        var slot: Int32
        var start: Int32
    }

    private static let mostTokens = 4_096

    init(_ vocabulary: Vocabulary) {
        self.vocabulary = vocabulary
        stepWords = (vocabulary.steps + 63) / 64 + 1
        steps = .allocate(capacity: stepWords)
        slotWords = (vocabulary.slotCount + 63) / 64
        met = .allocate(capacity: slotWords)
        wanted = .allocate(capacity: slotWords)
        wanted.initialize(repeating: 0, count: slotWords)
        places = .allocate(capacity: Self.mostTokens)
        clear()
    }

    deinit {
        steps.deallocate()
        met.deallocate()
        wanted.deallocate()
        places.deallocate()
    }

    func clear() {
        steps.initialize(repeating: 0, count: stepWords)
        met.initialize(repeating: 0, count: slotWords)
        count = 0
    }

    /// Notes that the token of a slot stands at `start`, and marks the steps of the words that it tells.
    @inline(__always)
    func note(slot: Int, at start: Int) {
        // Slots and steps are numbers of the vocabulary, for which the bits were allocated.
        if count < Self.mostTokens {
            (places + count).initialize(
                to: Token(slot: Int32(truncatingIfNeeded: slot), start: Int32(truncatingIfNeeded: start)))
        }
        count &+= 1
        guard met[slot &>> 6] &>> UInt64(slot & 63) & 1 == 0 else { return }
        met[slot &>> 6] |= 1 &<< UInt64(slot & 63)
        let head = vocabulary.head(at: slot)
        for mark in 0..<Int(head.markCount) { note(step: vocabulary.marks[Int(head.marks) &+ mark]) }
    }

    /// Notes that a word of a step is in the text.
    @inline(__always)
    func note(step: Int32) { steps[Int(step) &>> 6] |= 1 &<< UInt64(step & 63) }

    /// Whether the text can have a match of any chain; the words of such chains are wanted from then on.
    func completeAny(in text: UnsafeRawBufferPointer, _ facts: TextFacts) -> Bool {
        var isAny = false
        for number in 0..<vocabulary.chainCount {
            let chain = vocabulary.chains[number]
            guard isComplete(chain) else { continue }
            guard chain.needed < 0 || vocabulary.needed[Int(chain.needed)].mayStand(in: text, facts) else { continue }
            if !isAny { wanted.initialize(repeating: 0, count: slotWords) }
            isAny = true
            for step in chain.first..<chain.end {
                for slot in vocabulary.slotsOfStep[Int(step)] { wanted[slot &>> 6] |= 1 &<< UInt64(slot & 63) }
            }
        }
        return isAny
    }

    /// The tokens that were met; nil when they were too many to note.
    var tokens: UnsafeBufferPointer<Token>? {
        count <= Self.mostTokens ? UnsafeBufferPointer(start: places, count: count) : nil
    }

    /// Whether a complete chain has words behind the token of a slot.
    @inline(__always)
    func isWanted(slot: Int) -> Bool { wanted[slot &>> 6] &>> UInt64(slot & 63) & 1 != 0 }

    @inline(__always)
    private func isComplete(_ chain: Vocabulary.Chain) -> Bool {
        // Chains without a word behind theirs in ``steps`` have none of its bits.
        let word = Int(chain.first) &>> 6
        guard steps[word] & chain.bits == chain.bits else { return false }
        return chain.moreBits == 0 || steps[word &+ 1] & chain.moreBits == chain.moreBits
    }
}
