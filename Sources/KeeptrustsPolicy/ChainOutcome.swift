public import KeeptrustsCore
import KeeptrustsWire
import NIOCore

/// What a chain says about the texts it was given.
public struct ChainOutcome: Sendable, Equatable {
    /// What must be done: the strongest verdict of the policies that enforce.
    public var verdict = Verdict.allow

    /// A policy saw something that changes nothing: it observes, or its action is to log.
    public var flagged = false

    /// A policy failed and its instance says that a text passes then, or a service that it asks failed.
    public var degraded = false

    /// Why, when `verdict` is not `allow`.
    public var reason: Reason?

    /// The id of the instance that decided.
    public var policy: String?

    /// Why the service of that instance could not judge; nil where the verdict is that of one that did judge.
    public var failure: ServiceFailure?

    /// What to replace, in the order of the texts; they never overlap.
    public var redactions: [Redaction] = []

    /// One entry for each instance of the chain, in its order, whether it ran or not.
    public var results: [PolicyResult] = []

    /// For whom what is escalated waits, and how long; nil for another verdict, and where the policy does not say.
    public var escalation: EscalationTerms?

    /// Of answers that another text takes the place of, by their choices, which of the judged texts holds that after the
    /// redactions: nothing else of them goes out.
    public var replaced: [Int32: Int] = [:]

    /// What policies have counted of the calls of an answer; whoever does not send it gives it to
    /// ``PolicyChain/takeBack(_:using:)``.
    public var counted: [CountedCall] = []

    /// How often a policy that enforces would have the answer asked for anew before its verdict holds.
    var wantedRepeats = 0

    /// A policy stops the text, and would not have it asked for anew.
    var isFinal = false

    /// How often the answer may be asked for anew before the verdict holds; 0 where another policy stops it.
    public var repeats: Int { isFinal ? 0 : wantedRepeats }

    public init() {}
}

/// For whom an escalated answer waits, and how long.
public struct EscalationTerms: Sendable, Equatable {
    /// A person or a group, as the config names them; nil for whoever comes first.
    public var assignee: String?

    /// After that it must not go out any more (seconds).
    public var timeout: Int
}

/// A piece of a text that must not pass, and what stands there instead.
public struct Redaction: Sendable, Equatable {
    /// Which of the judged texts.
    public var segment: Int

    /// Where in that text (byte offsets; never cuts a character).
    public var span: Range<Int>
    public var replacement: String

    public init(segment: Int, span: Range<Int>, replacement: String) {
        self.segment = segment
        self.span = span
        self.replacement = replacement
    }
}

/// The names of an instance; shared by all that it says.
public final class PolicyNames: Sendable, Equatable {
    public let id: String
    public let kind: String

    /// Both as members of a JSON object, without its braces: records have them for every policy.
    ///
    /// A kind that is the id is left out.
    public let members: [UInt8]

    init(id: String, kind: String) {
        self.id = id
        self.kind = kind
        var members = ByteBuffer()
        members.writeString("\"id\":")
        members.writeJSONString(id)
        if kind != id {
            members.writeString(",\"kind\":")
            members.writeJSONString(kind)
        }
        self.members = Array(members.readableBytesView)
    }

    public static func == (one: PolicyNames, other: PolicyNames) -> Bool {
        one === other || (one.id, one.kind) == (other.id, other.kind)
    }
}

/// What one instance of a chain said.
public struct PolicyResult: Sendable, Equatable {
    public let names: PolicyNames

    /// Its verdict; the one that it would have given, when it only observes.
    public var verdict = Verdict.allow
    public var reasonCode: String?

    /// It saw something that changes nothing.
    public var flagged = false

    /// It did not run: none of the texts is of its phases, a policy before it had blocked already, or the exchange leaves
    /// it out.
    public var skipped = false

    /// The exchange leaves it out: its caller's group or its route names other policies.
    public internal(set) var isLeftOut = false

    /// How sure it is that a text is what its kind looks for, 0...1, one half or more where it acts; nil where it does not
    /// say.
    ///
    /// Of a kind with a classifier. A text of which neither rules nor classifier see enough to act has a score only where
    /// the scratch memory's ``MatchScratch/gradesAll`` asks for it.
    public var score: Double?

    /// What it saw, in the order of the texts; never the matched text.
    public var findings: [LocatedFinding] = []

    /// Its service would have had to be asked, and nobody asked it: an author's commands do not.
    public var isUnasked: Bool { reasonCode.map(Self.isUnasked) ?? false }

    /// Whether a reason code says that a policy's service was not asked.
    public static func isUnasked(_ code: String) -> Bool { code.hasSuffix(unasked) }

    /// The reason code of an instance whose service was not asked.
    static func unaskedCode(of kind: PolicyKind) -> String { kind.codeName + unasked }

    private static let unasked = ".not_asked"

    /// The id of the instance, and the name of its kind.
    public var id: String { names.id }
    public var kind: String { names.kind }

    init(_ names: PolicyNames) { self.names = names }
}

/// A finding, and the text that it stands in.
public struct LocatedFinding: Sendable, Equatable {
    /// Which of the judged texts.
    public var segment: Int
    public var finding: Finding

    public init(segment: Int, _ finding: Finding) {
        self.segment = segment
        self.finding = finding
    }
}
