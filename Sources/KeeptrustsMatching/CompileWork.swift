import Synchronization

/// Counts the patterns that are compiled for somebody, and ends it where they are too many.
///
/// Patterns stand in many places of a configuration, some are compiled as soon as they are read, and a part with mistakes
/// is read again and again; so whoever has a configuration read bounds the whole of it, by ``bounding(patterns:weight:_:)``.
public final class CompileWork: Sendable {
    @TaskLocal private static var current: CompileWork?

    private let mostPatterns: Int
    private let mostWeight: Int
    private let parent: CompileWork?
    private let done = Mutex((patterns: 0, weight: 0))

    private init(patterns: Int, weight: Int, parent: CompileWork?) {
        (mostPatterns, mostWeight) = (patterns, weight)
        self.parent = parent
    }

    /// Runs `body`, in which so many patterns may be compiled one by one, of so much weight.
    ///
    /// Each that is one too many is refused with ``PatternError/Reason/tooMany``. A bound within a bound counts for both.
    public static func bounding<Value, Failure: Error>(
        patterns: Int, weight: Int, _ body: (CompileWork) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let work = CompileWork(patterns: patterns, weight: weight, parent: current)
        let result: Result<Value, Failure> = $current.withValue(work) {
            do throws(Failure) { return .success(try body(work)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// Whether all that was allowed has been compiled.
    public var isSpent: Bool { done.withLock { $0.patterns > mostPatterns || $0.weight > mostWeight } }

    /// Takes note of a pattern that is about to be compiled by itself.
    static func note(_ weight: Int, _ pattern: Int) throws(PatternError) {
        var work = current
        while let each = work {
            each.done.withLock {
                $0.patterns += 1
                $0.weight += weight
            }
            guard !each.isSpent else {
                throw PatternError(
                    pattern: pattern,
                    message: "all patterns may be \(each.mostPatterns), and weigh \(each.mostWeight) together.",
                    reason: .tooMany)
            }
            work = each.parent
        }
    }
}
