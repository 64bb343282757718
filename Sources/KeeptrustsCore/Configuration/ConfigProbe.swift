import Synchronization

/// Notes how a piece of a configuration is read, so that readers describe what they take without saying it twice.
///
/// A reader that is given nodes with probes leaves in each what it asked of it: a text, a number of a range, a mapping
/// of certain keys. Nodes of a file have none, and cost nothing.
public final class ConfigProbe: Sendable {
    /// What a reader takes a node for.
    public enum Expectation: Sendable, Hashable {
        case string, boolean, list

        /// One of these texts.
        case choice([String])
        case integer(ClosedRange<Int>)
        case number(ClosedRange<Double>)

        /// A number that must not be rounded, or a text that holds one.
        case decimal

        /// A mapping of these keys and no other.
        case mapping([String])

        /// A mapping whose keys are free.
        case members

        /// A mapping that must have this key.
        case required(String)
    }

    private let notes = Mutex<[Expectation]>([])

    public init() {}

    /// What was asked, in the order in which it was.
    public var expectations: [Expectation] { notes.withLock { $0 } }

    func note(_ expectation: Expectation) {
        notes.withLock { notes in
            if !notes.contains(expectation) { notes.append(expectation) }
        }
    }
}

extension ConfigNode {
    /// Tells whoever describes the configuration what this node must be.
    ///
    /// The readers of ``ConfigNode`` do so themselves; call it where a value is looked at in another way.
    public func expect(_ expectation: ConfigProbe.Expectation) { probe?.note(expectation) }
}
