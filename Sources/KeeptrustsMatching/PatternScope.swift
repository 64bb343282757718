/// Which patterns of a set a scan looks for.
///
/// A scan passes over the words that only other patterns need. Immutable, and shared by all event loops.
public final class PatternScope: @unchecked Sendable {
    // Immutable after `init`; the memory behind the table is written there only.

    /// The patterns, a bit for each.
    public let patterns: [UInt64]

    /// The tokens of the words that matches of the patterns must hold.
    let tokens: TokenTable

    /// Keeps the table's slots.
    private let vocabulary: Vocabulary

    fileprivate init(_ patterns: [UInt64], of vocabulary: Vocabulary) {
        self.patterns = patterns
        self.vocabulary = vocabulary
        tokens = vocabulary.tokens.filtered { slot in
            vocabulary.forms(at: slot).contains { form in
                vocabulary.entries(of: form).contains { entry in
                    let chain = vocabulary.chains[Int(vocabulary.chainOfStep[Int(entry.step)])]
                    return chain.needs(entry.step) && Self.holds(entry.pattern, patterns)
                }
            }
        }
    }

    deinit { tokens.deallocateFilter() }

    /// Whether the scan looks for a pattern.
    @inline(__always)
    func holds(_ pattern: Int32) -> Bool { Self.holds(pattern, patterns) }

    @inline(__always)
    private static func holds(_ pattern: Int32, _ patterns: [UInt64]) -> Bool {
        patterns[Int(pattern) &>> 6] &>> UInt64(pattern & 63) & 1 != 0
    }
}

extension PatternSet {
    /// A scope for scans.
    ///
    /// - Parameter patterns: The patterns that the scans look for, a bit for each of the set; empty stands for none.
    /// - Returns: The scope.
    public func scope(of patterns: [UInt64]) -> PatternScope {
        let words = max(1, (count + 63) / 64)
        let none = [UInt64](repeating: 0, count: words)
        return PatternScope(patterns.isEmpty ? none : patterns, of: vocabulary)
    }

    /// A scope of all patterns.
    public var wholeScope: PatternScope {
        scope(of: [UInt64](repeating: .max, count: max(1, (count + 63) / 64)))
    }
}

extension Vocabulary {
    /// The words behind the token of a slot.
    fileprivate func forms(at slot: Int) -> some Sequence<Form> {
        sequence(state: head(at: slot).form) { [forms] next in
            guard next >= 0 else { return nil }
            let form = forms[Int(next)]
            next = form.next
            return form
        }
    }

    /// What a word means.
    fileprivate func entries(of form: Form) -> UnsafeBufferPointer<Entry> {
        UnsafeBufferPointer(start: entries + Int(form.entries), count: Int(form.entryCount))
    }
}
