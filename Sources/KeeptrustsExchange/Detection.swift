public import KeeptrustsCore
public import KeeptrustsPolicy

/// What the log tells of a policy that saw something: nothing that stood in a text.
public struct Detection: Sendable, Equatable {
    public var level: DetectionLevel

    /// The id of the instance, its verdict (what it would have been, where it observes), and why.
    public var policy: String
    public var verdict: Verdict
    public var code: String
    public var requestID: String
}

extension ExchangeRecord {
    /// What the log must tell of an exchange.
    ///
    /// - Parameter levels: Of each instance of the chain, how loudly; nil for those that are not told of.
    /// - Returns: One for each policy and half of the exchange in which it saw something.
    func detections(_ levels: [DetectionLevel?]) -> [Detection] {
        var detections: [Detection] = []
        for judgement in judgements {
            for (result, level) in zip(judgement.outcome.results, levels) {
                guard let level, let code = result.reasonCode, result.flagged || result.verdict != .allow else {
                    continue
                }
                detections.append(
                    Detection(
                        level: level, policy: result.id, verdict: result.verdict, code: code,
                        requestID: requestID?.text ?? ""))
            }
        }
        return detections
    }
}
