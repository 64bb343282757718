/// The states of a liveness automaton that texts have led to; owned by one event loop.
///
/// Bounded: when there are too many, all are forgotten and worked out again as texts need them.
final class LivenessStates {
    private let automaton: LivenessAutomaton
    private let classCount: Int

    /// What reading a text needs of the states: plain memory, for a reference costs more to take than some bytes to read.
    struct Table {
        /// The next state of each state and class of bytes; -1 where it is not known yet.
        let transitions: UnsafeMutablePointer<Int32>

        /// Of each state, the patterns that are alive in it, and those of which a match may just have ended.
        let alive: UnsafeMutablePointer<UInt64>
        let ended: UnsafeMutablePointer<UInt64>
        let classOfByte: UnsafeMutablePointer<UInt8>
        let classCount: Int
        let word: Int
        let unknown: UInt64

        /// Grows when all states are forgotten; numbers of an older generation mean nothing.
        let generation: UnsafeMutablePointer<Int>

        @inline(__always)
        func column(of byte: UInt8) -> Int { Int(classOfByte[Int(byte)]) }

        /// The next state; -1 when it is not known yet.
        @inline(__always)
        func next(_ state: Int32, _ column: Int) -> Int32 { transitions[Int(state) &* classCount &+ column] }
    }

    let table: Table
    private var keys: [Key] = []
    private var known: [Key: Int32] = [:]
    private var transitions: UnsafeMutablePointer<Int32> { table.transitions }
    private var alive: UnsafeMutablePointer<UInt64> { table.alive }
    private var ended: UnsafeMutablePointer<UInt64> { table.ended }
    private var generation: Int { table.generation.pointee }

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
        table = Table(
            transitions: .allocate(capacity: Self.mostStates * classCount), alive: .allocate(capacity: Self.mostStates),
            ended: .allocate(capacity: Self.mostStates), classOfByte: .allocate(capacity: 256), classCount: classCount,
            word: automaton.word, unknown: automaton.unknown, generation: .allocate(capacity: 1))
        table.classOfByte.initialize(from: automaton.classOfByte, count: 256)
        table.generation.initialize(to: 0)
        _ = number(of: Key(positions: [], followsWord: false))
    }

    deinit {
        transitions.deallocate()
        alive.deallocate()
        ended.deallocate()
        table.classOfByte.deallocate()
        table.generation.deallocate()
    }

    /// Reads a piece of text.
    ///
    /// - Parameters:
    ///   - text: The piece.
    ///   - state: The state before it; 0 before any text.
    ///   - scratch: Takes a hit for each pattern of which a match may have ended in the piece, and notes which are alive after it.
    /// - Returns: The state after the piece.
    func run(_ text: UnsafeRawBufferPointer, from state: Int32, into scratch: PatternScratch) -> Int32 {
        var state = state
        var met = table.unknown
        for byte in text {
            let column = table.column(of: byte)
            let next = table.next(state, column)
            state = next >= 0 ? next : follow(state, column)
            met |= ended[Int(state)]
        }
        scratch.hits[table.word] |= met
        scratch.alive[table.word] |= alive[Int(state)]
        return state
    }

    /// Reads a piece of text for four groups at once: while one waits for memory, the others go on.
    ///
    /// - Parameters:
    ///   - text: The piece.
    ///   - first: The number of the first of the four.
    ///   - scratch: The memory that has all groups; takes what ``run(_:from:into:)`` notes.
    ///   - states: The state of each before the piece, and then after it.
    static func run(
        _ text: UnsafeRawBufferPointer, ofGroupsFrom first: Int, _ scratch: PatternScratch,
        from states: inout (Int32, Int32, Int32, Int32)
    ) {
        let tables = scratch.tables
        let (a, b, c, d) = (tables[first], tables[first + 1], tables[first + 2], tables[first + 3])
        var (stateA, stateB, stateC, stateD) = states
        var (metA, metB, metC, metD) = (a.unknown, b.unknown, c.unknown, d.unknown)
        for byte in text {
            let (columnA, columnB, columnC, columnD) = (
                a.column(of: byte), b.column(of: byte), c.column(of: byte), d.column(of: byte)
            )
            let (nextA, nextB) = (a.next(stateA, columnA), b.next(stateB, columnB))
            let (nextC, nextD) = (c.next(stateC, columnC), d.next(stateD, columnD))
            stateA = nextA >= 0 ? nextA : scratch.liveness[first].follow(stateA, columnA)
            stateB = nextB >= 0 ? nextB : scratch.liveness[first + 1].follow(stateB, columnB)
            stateC = nextC >= 0 ? nextC : scratch.liveness[first + 2].follow(stateC, columnC)
            stateD = nextD >= 0 ? nextD : scratch.liveness[first + 3].follow(stateD, columnD)
            metA |= a.ended[Int(stateA)]
            metB |= b.ended[Int(stateB)]
            metC |= c.ended[Int(stateC)]
            metD |= d.ended[Int(stateD)]
        }
        states = (stateA, stateB, stateC, stateD)
        let (hits, alive) = (scratch.hits, scratch.alive)
        hits[a.word] |= metA
        hits[b.word] |= metB
        hits[c.word] |= metC
        hits[d.word] |= metD
        alive[a.word] |= a.alive[Int(stateA)]
        alive[b.word] |= b.alive[Int(stateB)]
        alive[c.word] |= c.alive[Int(stateC)]
        alive[d.word] |= d.alive[Int(stateD)]
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

    /// Works out the next state, which is not known yet.
    @inline(never)
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
            table.generation.pointee += 1
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
