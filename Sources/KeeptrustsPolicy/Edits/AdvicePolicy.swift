import KeeptrustsCore

/// A kind that keeps a model from advising as a professional would, and puts required texts behind its answers.
protocol AdvicePolicy: MatchPolicy {
    var disclaimers: Disclaimers { get }
}

extension AdvicePolicy {
    /// What a pattern of the settings finds.
    static var custom: String { "advice.custom" }

    /// Without disclaimers, an answer need not be complete.
    var streaming: PolicyKind.Streaming { disclaimers.isEmpty ? .window : .whole }

    var revises: Bool { !disclaimers.isEmpty }

    func revise(_ examination: Examination) throws -> Opinion { try disclaimers.complete(examination) }
}
