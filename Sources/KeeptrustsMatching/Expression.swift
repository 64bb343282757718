/// One expression that a policy searches for by itself, outside the scan of its chain, and whose groups it wants.
///
/// Only expressions that Hyperscan takes as they stand are accepted, so no text makes a search explode; where the work
/// of a search reaches its limit, it fails.
public struct Expression: Sendable {
    private let confirmer: Confirmer

    /// What a match consists of.
    public struct Found: Sendable, Equatable {
        /// Offsets in bytes: the whole match, then what its groups matched, in their order.
        public var groups: [Range<Int>?]
        public var whole: Range<Int>
    }

    /// The groups whose place is known: the whole match and nine more.
    public static let mostGroups = MatchMemory.mostGroups

    /// How many groups it has that capture.
    public var captures: Int { confirmer.captures }

    /// Compiles an expression.
    ///
    /// - Parameters:
    ///   - pattern: The expression.
    ///   - mayBeEmpty: Whether it may match a text without characters.
    /// - Throws: ``PatternError`` when it cannot be compiled, or not matched in time that grows with the text only.
    public init(_ pattern: Pattern, mayBeEmpty: Bool = false) throws(PatternError) {
        let syntax = SyntaxReader.read(pattern.expression, ignoresCase: pattern.ignoresCase)
        try CompileWork.note(try pattern.checkWeight(syntax, 0), 0)
        confirmer = try Confirmer(pattern, syntax: syntax, index: 0)
        if let problem = ScanPlan.problem(with: pattern, syntax, mayBeEmpty: mayBeEmpty) {
            throw PatternError(pattern: 0, message: problem)
        }
    }

    /// Searches for the first match that begins at or after `start`.
    ///
    /// - Parameters:
    ///   - text: The text; what stands before `start` is context.
    ///   - start: Where to begin (byte offset, at the beginning of a character).
    ///   - scratch: The memory of the event loop.
    /// - Returns: What was found.
    /// - Throws: ``MatchFailure`` when the search was given up.
    public func first(
        in text: UnsafeRawBufferPointer, from start: Int = 0, using scratch: PatternScratch
    ) throws(MatchFailure) -> Found? {
        switch try confirmer.search(text, from: start, isOpen: false, scratch.memory) {
        case .none, .partial: return nil
        case .match(let whole, _): return Found(groups: confirmer.groups(scratch.memory), whole: whole)
        }
    }
}
