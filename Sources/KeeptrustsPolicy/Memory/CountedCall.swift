/// What a policy has counted of a call in an answer that is not out yet.
///
/// It is counted when it is judged, so that two answers that are judged at the same time do not both use up the same rest of a
/// limit; and taken back when the answer does not go out.
public struct CountedCall: Sendable, Equatable {
    /// The id of the policy's instance, and which of its states it is in.
    var policy: String
    var key: String

    /// The name of the tool.
    var tool: String
    var amount: Int

    /// The time since the gateway began to serve.
    var time: Duration

    /// The judged text that stands for the call.
    public var segment: Int
}

/// A state of a policy that counts calls.
protocol CallCount {
    /// Counts a call no more.
    mutating func takeBack(_ call: CountedCall)
}

/// A remembered state that counts calls, whatever it is.
private protocol RememberedCount: AnyObject {
    func takeBack(_ call: CountedCall)
}

extension Remembered: RememberedCount where State: CallCount {
    func takeBack(_ call: CountedCall) { value.takeBack(call) }
}

extension RollingCount: CallCount {
    mutating func takeBack(_ call: CountedCall) { remove(call.amount, countedAt: call.time) }
}

extension PolicyMemory {
    /// Counts a call no more, unless its state has been forgotten.
    func takeBack(_ call: CountedCall) {
        change(call.key, of: call.policy) { ($0 as? any RememberedCount)?.takeBack(call) }
    }
}

extension PolicyChain {
    /// Counts calls no more that do not go out to the caller.
    public func takeBack(_ calls: [CountedCall], using scratch: MatchScratch) {
        for call in calls { scratch.memory.takeBack(call) }
    }
}
