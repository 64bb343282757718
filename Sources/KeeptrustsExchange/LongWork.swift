import KeeptrustsDialects
import NIOCore

/// Work on a long body that would keep the other exchanges of the loop waiting: another thread does it.
///
/// Made on the event loop and taken back there. In between, ``run()`` alone touches it, once, on any thread: so nothing in it
/// is ever used by two threads at a time, which the compiler cannot see (the classes are `@unchecked Sendable`).
public protocol LongWork: AnyObject, Sendable {
    /// Whose it is: the same number for the same caller.
    var caller: Int { get }

    /// How much there is to read (bytes).
    var length: Int { get }

    /// Whether the exchange still waits for it; belongs to the event loop.
    var isWanted: Bool { get }

    /// To be called on the event loop, before ``run()``.
    func begin()

    /// Does it.
    func run()

    /// To be called on the event loop, after ``run()``.
    func end()

    /// Nobody waits for it any more; to be called on the event loop. What has not begun lets go of all that it holds.
    func giveUp()
}

/// A long body of a request, which is read on another thread.
///
/// `@unchecked`, since only one thread at a time has it, as ``LongWork`` says.
public final class LongReading: LongWork, @unchecked Sendable {
    public let caller: Int
    public let length: Int
    public private(set) var isWanted = true
    private let surface: Surface
    private var body: ByteBuffer
    private var hasBegun = false

    /// What the body says; nil when nobody has read it.
    private(set) var result: Result<SurfaceRequest, SurfaceFault>?

    init(_ body: ByteBuffer, on surface: Surface, of caller: Int) {
        (self.body, self.surface, self.caller) = (body, surface, caller)
        length = body.readableBytes
    }

    public func begin() { hasBegun = true }

    public func run() {
        do throws(SurfaceFault) { result = .success(try surface.read(body)) } catch { result = .failure(error) }
    }

    public func end() { body.clear(minimumCapacity: 0) }

    public func giveUp() {
        isWanted = false
        if !hasBegun { body = ByteBuffer() }
    }
}
