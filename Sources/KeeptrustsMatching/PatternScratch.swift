import CHyperscan

/// What scans and searches by a pattern set work with, used again for each text; owned by one event loop.
public final class PatternScratch {
    /// What was found in the text last scanned.
    let sightings: UnsafeMutablePointer<Sightings>
    var hits: UnsafeMutablePointer<UInt64> { sightings.pointee.bits }

    /// Where patterns that are known by their words can match the text last scanned, in the order of the patterns.
    public var regions: [PatternRegion] { sightings.pointee.foundRegions.sorted { $0.pattern < $1.pattern } }

    /// What the searches did that have used it.
    var work: SearchWork { memory.work }

    /// How many words of 64 bits the patterns have.
    public let words: Int

    private let reader = TokenReader()
    let hyperscan: OpaquePointer
    let memory: MatchMemory
    let marks: StepMarks
    let liveness: [LivenessStates]

    /// The tables of these; the memory is theirs.
    let tables: UnsafeMutablePointer<LivenessStates.Table>

    /// Of a text that is read in pieces, the patterns of which a match may be in progress where it ends, as bits.
    let alive: UnsafeMutablePointer<UInt64>

    /// Allocates the memory; nil when there is none left.
    public init?(for set: PatternSet) {
        guard let memory = MatchMemory() else { return nil }
        var scratch: OpaquePointer?
        for group in set.groups {
            guard hs_alloc_scratch(group.database.pointer, &scratch) == HS_SUCCESS else {
                hs_free_scratch(scratch)
                return nil
            }
        }
        if scratch == nil {
            guard let empty = try? HyperscanDatabase([HyperscanDatabase.Entry(id: 0, expression: "a", flags: 0)]),
                hs_alloc_scratch(empty.pointer, &scratch) == HS_SUCCESS
            else { return nil }
        }
        guard let scratch else { return nil }
        words = max(1, (set.count + 63) / 64)
        sightings = .allocate(capacity: 1)
        sightings.initialize(to: Sightings(patterns: set.count, set.vocabulary))
        hyperscan = scratch
        self.memory = memory
        marks = StepMarks(set.vocabulary)
        liveness = set.liveness.map { LivenessStates(of: $0) }
        alive = .allocate(capacity: words)
        alive.initialize(repeating: 0, count: words)
        tables = .allocate(capacity: max(1, liveness.count))
        for (group, states) in liveness.enumerated() { (tables + group).initialize(to: states.table) }
    }

    deinit {
        hs_free_scratch(hyperscan)
        sightings.pointee.deallocate()
        sightings.deinitialize(count: 1)
        sightings.deallocate()
        tables.deallocate()
        alive.deallocate()
    }

    /// The hits of 64 patterns: bit b of word w stands for pattern 64w + b.
    @inline(__always)
    public func hits(word: Int) -> UInt64 { sightings.pointee.bits[word] }

    func clearHits() { sightings.pointee.clear() }

    func clearAlive() { alive.update(repeating: 0, count: words) }

    /// Looks at each byte of a text; what it returns is valid until the next text is read.
    public func read(_ text: UnsafeRawBufferPointer) -> ReadText { reader.read(text) }
}
