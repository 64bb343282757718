public import KeeptrustsCore
import KeeptrustsMatching
public import NIOCore

/// What became of a piece of streamed text.
public enum StreamStep: Sendable, Equatable {
    /// What may be sent was written; it may be nothing yet.
    case pass

    /// The text ends here: a policy forbids what comes next. `policy` is the id of the instance.
    case blocked(Reason, policy: String)
}

/// Judges one text that arrives in pieces: what may be sent comes out at once, with matches replaced.
///
/// Holds back no more than the longest match that may be in progress, and never more than ``mostHeld`` bytes that were
/// judged: the text is blocked then. How often those are judged again, ``RereadingAllowance`` says. Policies that change
/// nothing hold nothing back.
public struct StreamJudge: Sendable {
    /// Bytes that may be held back.
    public static let mostHeld = 8_192

    /// What the chain says so far; complete after the last piece.
    ///
    /// Spans count from the beginning of the whole text.
    public var outcome: ChainOutcome { state.judgement.outcome }

    private var state: StreamState

    /// What is not sent yet, and some of what stands before it.
    private var window = ByteBuffer()
    private var allowance = RereadingAllowance()

    init(chain: PolicyChain, phase: Phase, _ share: ChainShare) {
        state = StreamState(chain: chain, phase: phase, share)
    }

    /// Takes the next piece of the text, and writes what may be sent to `out`.
    ///
    /// - Parameters:
    ///   - text: The piece; it may end in the middle of a character.
    ///   - isLast: Nothing follows, so nothing is held back any more.
    ///   - scratch: The memory of the event loop.
    ///   - placeholders: The numbers that the values of the exchange have; takes up those that are new.
    ///   - out: Where the text goes that may be sent, with redactions made.
    /// - Returns: Whether the text goes on. After `.blocked`, nothing more is written.
    public mutating func push(
        _ text: ByteBuffer, isLast: Bool, using scratch: MatchScratch, placeholders: inout Placeholders,
        into out: inout ByteBuffer
    ) -> StreamStep {
        if let blocked = state.blocked { return blocked }
        window.writeImmutableBuffer(text)
        allowance.earn(text.readableBytes)
        guard isLast || allowance.afford(state.end - state.undecided) else { return .pass }
        window.withUnsafeReadableBytes { state.look(at: $0, isLast: isLast, scratch, &placeholders) }
        if let blocked = state.blocked { return blocked }
        state.send(from: window, into: &out)
        if state.end - state.sent > Self.mostHeld, let blocked = state.overflow() { return blocked }
        forget()
        return .pass
    }

    /// Takes the next piece of a text that is all of an exchange.
    public mutating func push(
        _ text: ByteBuffer, isLast: Bool, using scratch: MatchScratch, into out: inout ByteBuffer
    ) -> StreamStep {
        var placeholders = Placeholders()
        return push(text, isLast: isLast, using: scratch, placeholders: &placeholders, into: &out)
    }

    /// Bytes before what is undecided that are kept, for patterns, validators and words that look back.
    private static let lookBehind = 2 * ContextWords.reach

    private mutating func forget() {
        let surplus = state.undecided - Self.lookBehind - state.base
        guard surplus > 0 else { return }
        window.moveReaderIndex(forwardBy: surplus)
        state.base += surplus
        if window.readerIndex > 1_024 { window.discardReadBytes() }
    }
}
