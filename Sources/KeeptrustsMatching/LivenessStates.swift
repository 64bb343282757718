/// The states of a liveness automaton that texts have led to; owned by one event loop.
///
/// Bounded: when there are too many, all are forgotten and worked out again as texts need them.
final class LivenessStates {
    private let automaton: LivenessAutomaton
    private let classCount: Int
    private let words: Int

    /// The next state of each state and class of bytes; -1 where it is not known yet.
    private let transitions: UnsafeMutablePointer<Int32>

    /// Of each state, the patterns that are alive in it, then those of which a match may just have ended.
    private let masks: UnsafeMutablePointer<UInt64>
    private let classOfByte: UnsafeMutablePointer<UInt8>
    private var keys: [Key] = []
    private var known: [Key: Int32] = [:]

    /// Grows when all states are forgotten; numbers of an older generation mean nothing.
    private(set) var generation = 0

    private struct Key: Hashable {
        var positions: [Int32]
        var followsWord: Bool
    }

    private static let mostStates = 2_048

    init(of automaton: LivenessAutomaton) {
        self.automaton = automaton
        classCount = automaton.byteOfClass.count
        words = automaton.words
        transitions = .allocate(capacity: Self.mostStates * classCount)
        masks = .allocate(capacity: Self.mostStates * words * 2)
        classOfByte = .allocate(capacity: 256)
        classOfByte.initialize(from: automaton.classOfByte, count: 256)
        _ = number(of: Key(positions: [], followsWord: false))
    }

    deinit {
        transitions.deallocate()
        masks.deallocate()
        classOfByte.deallocate()
    }

    /// Reads a piece of text.
    ///
    /// - Parameters:
    ///   - text: The piece.
    ///   - state: The state before it; 0 before any text.
    ///   - hits: Takes a bit for each pattern that is alive after the piece or of which a match may have ended in it.
    /// - Returns: The state after the piece.
    func run(_ text: UnsafeRawBufferPointer, from state: Int32, into hits: UnsafeMutablePointer<UInt64>) -> Int32 {
        var state = state
        for byte in text {
            let column = Int(classOfByte[Int(byte)])
            let next = transitions[Int(state) &* classCount &+ column]
            state = next >= 0 ? next : follow(state, column)
            let ended = masks + (Int(state) &* 2 &+ 1) &* words
            for word in 0..<words { hits[word] |= ended[word] }
        }
        let alive = masks + Int(state) &* 2 &* words
        for word in 0..<words { hits[word] |= alive[word] | automaton.unknown[word] }
        return state
    }

    private func follow(_ state: Int32, _ column: Int) -> Int32 {
        let byte = automaton.byteOfClass[column]
        let key = keys[Int(state)]
        var reached: Set<Int32> = []
        func reach(_ candidates: [Int32]) {
            for position in candidates where automaton.positions[Int(position)].bytes.contains(byte) {
                reached.insert(position)
            }
        }
        for position in key.positions { reach(automaton.positions[Int(position)].next) }
        reach(automaton.anywhere)
        if !key.followsWord { reach(automaton.atWords) }
        let before = generation
        let next = number(of: Key(positions: reached.sorted(), followsWord: ByteSet.word.contains(byte)))
        if generation == before { transitions[Int(state) * classCount + column] = next }
        return next
    }

    private func number(of key: Key) -> Int32 {
        if let number = known[key] { return number }
        if keys.count == Self.mostStates {
            keys.removeAll(keepingCapacity: true)
            known.removeAll(keepingCapacity: true)
            generation += 1
            if !key.positions.isEmpty || key.followsWord { _ = number(of: Key(positions: [], followsWord: false)) }
        }
        let number = keys.count
        keys.append(key)
        known[key] = Int32(number)
        (transitions + number * classCount).initialize(repeating: -1, count: classCount)
        let mask = masks + number * 2 * words
        mask.initialize(repeating: 0, count: 2 * words)
        for index in key.positions {
            let position = automaton.positions[Int(index)]
            let bit: UInt64 = 1 << UInt64(position.pattern % 64)
            mask[position.pattern / 64] |= bit
            if position.isLast { mask[words + position.pattern / 64] |= bit }
        }
        return Int32(number)
    }
}
