import Foundation
import KeeptrustsCore

/// How likely a text is an attack, by what rules and classifier say together: a logarithm of odds.
///
/// What the classifier says is cut at ``most``, and what the rules say at ``mostPoints`` points, so neither can outweigh any
/// number of the other: three points are an attack whatever the classifier says; two are one unless it is quite sure of the
/// contrary; one is one where it sees an attack rather than not; and without any it must be quite sure. The figures come
/// from docs/reference/models/prompt-injection.md.
struct AttackOdds {
    /// What a point of the rules counts.
    private static let point: Float = 2.2

    /// What the first point counts less, for innocent texts have it, too.
    private static let firstPoint: Float = 1.2
    private static let mostPoints = 4
    private static let most: Float = 4

    /// What a text counts that the classifier does not read: two points decide there.
    private static let unread: Float = -2

    /// From which odds on a text is an attack; documents and what tools say have no business to instruct anybody.
    private static let threshold: Float = 1.0
    private static let thresholdOfTools: Float = 0.9

    /// 0...1; one half and more is an attack.
    let score: Double
    var isAttack: Bool { score >= 0.5 }

    /// Weighs what was found in a text.
    ///
    /// - Parameters:
    ///   - points: What the weights of its rules add up to.
    ///   - strongest: What the classifier says (logarithm of odds); nil when it did not read the text.
    ///   - role: Who says it.
    init(points: Int, strongest: Float?, role: Segment.Role) {
        let learned = strongest.map { max(-Self.most, min(Self.most, $0)) } ?? Self.unread
        let ruled = points > 0 ? Self.point * Float(min(points, Self.mostPoints)) - Self.firstPoint : 0
        let odds = learned + ruled - Self.threshold(for: role)
        // Exactly one half at the threshold, as ``alarm(for:)`` compares.
        score = odds >= 0 ? max(0.5, 1 / (1 + Double(exp(-odds)))) : min(0.5.nextDown, 1 / (1 + Double(exp(-odds))))
    }

    private static func threshold(for role: Segment.Role) -> Float {
        switch role {
        case .user, .system, .assistant: threshold
        case .tool: thresholdOfTools
        }
    }

    /// From which odds on the classifier alone makes a text an attack; nil for those that it does not read.
    ///
    /// What an assistant is claimed to have said is most often what a model did say: rules are enough there.
    @Sendable static func alarm(for role: Segment.Role) -> Float? {
        switch role {
        case .user, .tool: threshold(for: role)
        case .system, .assistant: nil
        }
    }
}
