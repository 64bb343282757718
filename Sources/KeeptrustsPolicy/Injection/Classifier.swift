import KeeptrustsCore
import KeeptrustsMatching

/// A model that reads whole texts, whose texts it reads, and when what it finds is enough.
///
/// A class, for each text is read with it, and its parts need not be counted each time.
final class Classifier: Sendable {
    let model: LinearModel

    /// From which odds on (logarithm) a text of a role is acted upon without any rule; nil where it does not read a role.
    let alarm: @Sendable (Segment.Role) -> Float?

    init(model: LinearModel, alarm: @escaping @Sendable (Segment.Role) -> Float?) {
        self.model = model
        self.alarm = alarm
    }

    /// What the words of an attack add up to at least (logarithm of odds), apart from its runs of bytes.
    ///
    /// Of 1,030 attacks of the set that the model learned from and finds by itself, the weakest has -1.49; 91 % of its
    /// innocent texts are below.
    private static let leastOfWords: Float = -1.75

    /// Words of a text that the model is asked about, at least: of fewer it was taught nothing, and `System` or `END` alone is no
    /// attack.
    static let fewestWords = 6

    /// Bytes from which on the words of a text are summed first: the rules ask little of shorter ones, and an attack in parts has
    /// its signs in such.
    static let longText = 512

    /// The weight from which on a rule is sure enough to be asked about every text.
    static let weightOfSureRules = 3

    /// Whether the words of a text alone tell that the model will find nothing in it.
    func isPlain(_ text: ReadText, using room: WindowRoom) -> Bool {
        guard let strongest = WindowPass.strongestOfWords(in: text, by: model, using: room) else { return true }
        return strongest.words >= Self.fewestWords && strongest.logOdds < Self.leastOfWords
    }
}

/// What a classifier makes of one text, read in one way.
struct ClassifierReading {
    /// Which of the judged texts.
    var segment: Int
    var reading: Reading

    /// Its span is that in the text as it was sent.
    var strongest: StrongestWindow
}

/// What rules and classifier found in one text.
struct Evidence {
    var role: Segment.Role

    /// What the rules matched in the text, in its order.
    var matches: [RuleMatch]

    /// What they matched in the user's text before, where this one is a user's.
    var before: [RuleMatch] = []

    /// What the classifier found; nil when it did not read the text.
    var strongest: StrongestWindow?
}

/// What a policy makes of the evidence on one text.
struct Weighing: Equatable {
    var decision: Decision

    /// How sure it is, 0...1; nil where it does not say.
    var score: Double?

    /// What the classifier found, where the decision rests on it.
    var finding: Finding?
}

extension PolicyChain {
    /// Whether the words of a text alone tell that it is no attack, so that rules which are not sure need not be asked.
    ///
    /// Of what tools say, rules are always asked: an attack in a long document is a small part of it.
    func isPlain(_ text: ReadText, _ place: SegmentPlace, _ scratch: MatchScratch) -> Bool {
        guard place.role == .user, phasesOfClassifier & place.phase.bit != 0, text.bytes.count >= Classifier.longText,
            let classifier
        else { return false }
        return classifier.isPlain(text, using: scratch.room)
    }

    /// Lets the classifier read a text as it is or in another way, where any policy wants it to.
    func classify(
        _ text: UnsafeRawBufferPointer, _ view: TextView?, _ reading: Reading, _ place: SegmentPlace,
        _ scratch: MatchScratch
    ) {
        guard phasesOfClassifier & place.phase.bit != 0, let classifier, let alarm = classifier.alarm(place.role),
            var strongest = WindowPass.strongest(in: text, by: classifier.model, using: scratch.room),
            strongest.words >= Classifier.fewestWords
        else { return }
        if strongest.logOdds >= alarm { scratch.isAlarmed = true }
        if let view { strongest.span = view.original(strongest.span) }
        scratch.classified.append(
            ClassifierReading(segment: place.number, reading: reading, strongest: strongest))
    }
}

// Rules and a classifier together.
extension Judgement {
    /// Lets one instance weigh each of its texts, unless the chain has ended.
    mutating func weigh(_ index: Int, _ segments: [Segment], _ scratch: MatchScratch) {
        var (suspect, reading) = (0, 0)
        var before: [RuleMatch] = []
        for number in segments.indices where !isBlocked {
            let suspects = scratch.suspects(of: number, from: &suspect)
            let strongest = scratch.strongest(of: number, from: &reading, in: chain.uses[index].readings)
            let role = segments[number].role
            guard chain.stances[index].judges(segments[number].phase, role) else { continue }
            guard strongest != nil || scratch.gradesAll || chain.concerns(index, suspects, scratch) else {
                // A message whose parts are joined has its evidence in the parts.
                if role == .user, !segments[number].isJoined { before = [] }
                continue
            }
            var evidence = Evidence(role: role, matches: [], strongest: strongest)
            do {
                evidence.matches = try chain.matches(suspects, for: index, in: segments[number].text, scratch)
            } catch {
                fail(index, error)
                continue
            }
            // What stands before the parts of a message was judged with the first of them.
            if role == .user, !segments[number].isJoined {
                evidence.before = before
                before = evidence.matches
            }
            settle(evidence, number, index)
        }
    }

    private mutating func settle(_ evidence: Evidence, _ number: Int, _ index: Int) {
        let weighing = chain.policies[index].weigh(evidence)
        if let score = weighing.score { grade(score, index) }
        guard weighing.decision != .allow else { return }
        report(evidence.matches, weighing.decision, number, index)
        if let finding = weighing.finding { note(LocatedFinding(segment: number, finding), index) }
        apply(weighing.decision, index)
    }
}

extension MatchScratch {
    /// The suspects of a text; texts are asked for in their order.
    fileprivate func suspects(of segment: Int, from next: inout Int) -> Range<Int> {
        let first = next
        while next < suspects.count, suspects[next].segment == segment { next += 1 }
        return first..<next
    }

    /// What the classifier finds in a text, in whichever way of reading it finds most; texts are asked for in their order.
    fileprivate func strongest(of segment: Int, from next: inout Int, in wanted: ReadingBits) -> StrongestWindow? {
        var strongest: StrongestWindow?
        while next < classified.count, classified[next].segment == segment {
            let found = classified[next]
            next += 1
            guard wanted.contain(found.reading) else { continue }
            if found.strongest.logOdds > strongest?.logOdds ?? -.infinity { strongest = found.strongest }
        }
        return strongest
    }
}
