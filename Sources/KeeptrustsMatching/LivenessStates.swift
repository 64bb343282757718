/// The states of a liveness automaton that texts have led to; owned by one event loop.
///
/// Bounded: when there are too many, all are forgotten and worked out again as texts need them.
final class LivenessStates {
    private let automaton: LivenessAutomaton
    private let classCount: Int

    /// The next state of each state and class of bytes; -1 where it is not known yet.
    private let transitions: UnsafeMutablePointer<Int32>

    /// Of each state, the patterns that are alive in it, and those of which a match may just have ended.
    private let alive: UnsafeMutablePointer<UInt64>
    private let ended: UnsafeMutablePointer<UInt64>
    private let classOfByte: UnsafeMutablePointer<UInt8>
    private var keys: [Key] = []
    private var known: [Key: Int32] = [:]

    /// Grows when all states are forgotten; numbers of an older generation mean nothing.
    private(set) var generation = 0

    /// What is left of states when a pattern is out of question, as far as that was asked.
    private var left: [Change: Int32] = [:]

    private struct Change: Hashable {
        var state: Int32
        var pattern: Int
    }

    private struct Key: Hashable {
        var positions: [Int32]
        var followsWord: Bool
    }

    private static let mostStates = 2_048

    init(of automaton: LivenessAutomaton) {
        self.automaton = automaton
        classCount = automaton.byteOfClass.count
        transitions = .allocate(capacity: Self.mostStates * classCount)
        alive = .allocate(capacity: Self.mostStates)
        ended = .allocate(capacity: Self.mostStates)
        classOfByte = .allocate(capacity: 256)
        classOfByte.initialize(from: automaton.classOfByte, count: 256)
        _ = number(of: Key(positions: [], followsWord: false))
    }

    deinit {
        transitions.deallocate()
        alive.deallocate()
        ended.deallocate()
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
        var met = automaton.unknown
        for byte in text {
            state = next(state, byte)
            met |= ended[Int(state)]
        }
        hits[automaton.word] |= met | alive[Int(state)]
        return state
    }

    /// Reads a piece of text for four groups at once: while one waits for memory, the others go on.
    ///
    /// - Parameters:
    ///   - text: The piece.
    ///   - groups: The four.
    ///   - states: The state of each before the piece, and then after it.
    ///   - hits: Takes what ``run(_:from:into:)`` notes there.
    static func run(
        _ text: UnsafeRawBufferPointer,
        _ groups: (LivenessStates, LivenessStates, LivenessStates, LivenessStates),
        from states: inout (Int32, Int32, Int32, Int32), into hits: UnsafeMutablePointer<UInt64>
    ) {
        let (a, b, c, d) = groups
        var (stateA, stateB, stateC, stateD) = states
        var (metA, metB) = (a.automaton.unknown, b.automaton.unknown)
        var (metC, metD) = (c.automaton.unknown, d.automaton.unknown)
        for byte in text {
            stateA = a.next(stateA, byte)
            stateB = b.next(stateB, byte)
            stateC = c.next(stateC, byte)
            stateD = d.next(stateD, byte)
            metA |= a.ended[Int(stateA)]
            metB |= b.ended[Int(stateB)]
            metC |= c.ended[Int(stateC)]
            metD |= d.ended[Int(stateD)]
        }
        states = (stateA, stateB, stateC, stateD)
        hits[a.automaton.word] |= metA | a.alive[Int(stateA)]
        hits[b.automaton.word] |= metB | b.alive[Int(stateB)]
        hits[c.automaton.word] |= metC | c.alive[Int(stateC)]
        hits[d.automaton.word] |= metD | d.alive[Int(stateD)]
    }

    @inline(__always)
    private func next(_ state: Int32, _ byte: UInt8) -> Int32 {
        let column = Int(classOfByte[Int(byte)])
        let next = transitions[Int(state) &* classCount &+ column]
        return next >= 0 ? next : follow(state, column)
    }

    /// The state that is left of one when no match of a pattern is in progress.
    ///
    /// - Parameters:
    ///   - state: The state, of this generation.
    ///   - pattern: The pattern.
    /// - Returns: The other state; of a new generation when there were too many.
    func state(_ state: Int32, without pattern: Int) -> Int32 {
        let bit: UInt64 = 1 << UInt64(pattern % 64)
        guard alive[Int(state)] & bit != 0 else { return state }
        let change = Change(state: state, pattern: pattern)
        if let known = left[change] { return known }
        var key = keys[Int(state)]
        key.positions.removeAll { automaton.positions[Int($0)].pattern == pattern }
        let before = generation
        let other = number(of: key)
        if generation == before { left[change] = other }
        return other
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
            left.removeAll(keepingCapacity: true)
            generation += 1
            if !key.positions.isEmpty || key.followsWord { _ = number(of: Key(positions: [], followsWord: false)) }
        }
        let number = keys.count
        keys.append(key)
        known[key] = Int32(number)
        (transitions + number * classCount).initialize(repeating: -1, count: classCount)
        (alive[number], ended[number]) = (0, 0)
        for index in key.positions {
            let position = automaton.positions[Int(index)]
            let bit: UInt64 = 1 << UInt64(position.pattern % 64)
            alive[number] |= bit
            if position.isLast { ended[number] |= bit }
        }
        return Int32(number)
    }
}
