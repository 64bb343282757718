public import KeeptrustsCore
import KeeptrustsPolicy
import KeeptrustsWire
import NIOCore

/// What an exchange finds around it on its event loop.
///
/// Owned by one loop; whoever changes it (a reload, new keys) does so on that loop. An exchange keeps the snapshot that
/// it began with.
public final class Surroundings {
    public var current: LoopSnapshot { didSet { current.scratch.memory = memory } }
    public var keys: KeyRing
    public var ids: IdentifierSource

    /// The gateway's own id, once the control plane has given it one.
    public var gatewayID: String

    /// Whether a caller on a loopback address may come without a key.
    public let allowsAnonymous: Bool

    /// How many exchanges all loops may have at a time.
    public let concurrency: ConcurrencyLimit

    /// Texts of this many bytes together are judged on another thread; nil for none.
    let longTexts: Int?

    /// Exchanges on this loop at the moment.
    public var inFlight = 0

    public var isDraining = false

    /// Whether policies may ask services outside; a rehearsal asks none.
    var asksServices = true

    /// Whether every record is full, whatever the chain demands; a rehearsal shows what each policy said.
    var recordsAll = false

    /// For models that no config knows.
    let mask: NameMask

    /// When this gateway began to serve.
    let beganServing: ContinuousClock.Instant

    /// Counts of exchanges since the start.
    public var served = 0

    /// Memory in which outputs are put together, one at a time.
    var writer = ByteWriter(capacity: 8_192)

    /// What the policies of this loop remember.
    let memory = PolicyMemory()

    /// The state of each target's breaker, by the target's id.
    var breakers = BreakerTable()

    /// Whether one more exchange can be recorded for sure, given those in flight.
    let hasRoom: (_ exchanges: Int) -> Bool

    /// Whether the operator is to be told of targets that answer.
    let wantsAnswers: () -> Bool

    /// A monotonic clock; a test's own in tests.
    let clock: () -> ContinuousClock.Instant
    let wallClock: () -> Timestamp

    public init(
        snapshot: LoopSnapshot, keys: KeyRing, gatewayID: String, allowsAnonymous: Bool,
        concurrency: ConcurrencyLimit, longTexts: Int? = nil, seed: UInt64, mask: NameMask,
        hasRoom: @escaping (Int) -> Bool,
        wantsAnswers: @escaping () -> Bool = { false }, clock: @escaping () -> ContinuousClock.Instant,
        wallClock: @escaping () -> Timestamp
    ) {
        current = snapshot
        snapshot.scratch.memory = memory
        self.keys = keys
        self.gatewayID = gatewayID
        self.allowsAnonymous = allowsAnonymous
        self.concurrency = concurrency
        self.longTexts = longTexts
        ids = IdentifierSource(seed: seed)
        self.mask = mask
        beganServing = clock()
        self.hasRoom = hasRoom
        self.wantsAnswers = wantsAnswers
        self.clock = clock
        self.wallClock = wallClock
    }
}

/// Makes identifiers without a system call: unique, not secret.
///
/// The generator is SplitMix64 (Steele, Lea, Flood 2014), seeded by the system's randomness for each loop.
public struct IdentifierSource: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func identifier(_ prefix: StaticString, at time: Timestamp) -> ExchangeID {
        ExchangeID(prefix: prefix, ulid: ULID(at: time, using: &self))
    }
}

/// An identifier that is written more often than it is read: `<prefix>_<ULID>`, or what a caller chose.
struct ExchangeID {
    var prefix: StaticString
    var ulid: ULID

    /// Visible ASCII without quotes and backslashes.
    var given: ByteBuffer?

    /// For the log; the hot path writes its bytes.
    var text: String {
        if let given { return String(buffer: given) }
        return "\(prefix)_\(ulid)"
    }
}

extension ByteWriter {
    mutating func write(_ id: ExchangeID) {
        if let given = id.given { return write(given) }
        write(id.prefix)
        write("_")
        id.ulid.withDigits { write(UnsafeRawBufferPointer($0)) }
    }

    mutating func writeJSONString(_ id: ExchangeID) {
        write("\"")
        write(id)
        write("\"")
    }
}
