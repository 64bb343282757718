import CPCRE2
import Synchronization

/// One pattern as PCRE2 compiled it: decides whether there is a match, and where.
///
/// Its work has limits; where they are reached, the search fails instead of finding nothing.
final class Confirmer: @unchecked Sendable {
    // Immutable after `init`, so threads share it; what a match writes belongs to the scratch.
    private let code: OpaquePointer

    /// A byte that every match holds, how far behind a match's first byte it can stand, and what can stand between.
    let anchor: (byte: UInt8, reach: Int, before: ByteSet)?

    /// Where a match may begin; nil when that says nothing.
    let starts: StartFilter?

    /// Bytes that a match has at most; nil where there is no bound, or a wide one.
    let longest: Int?

    /// Whether what it finds is all of a match, has a bound, and begins where a word does.
    let findsWholeWords: Bool
    let mayBeginWithLetter: Bool

    /// The same for texts of ASCII, whose bytes are their characters: where it must know UTF-8, it takes five times as long.
    private let narrow: NarrowCode?

    /// The number of the group `value`: what it matches is found, the rest of a match is context; 0 without one.
    private let group: Int

    /// How many groups it has that capture.
    let captures: Int

    enum Outcome: Equatable {
        case none

        /// The text ends before it is known whether there is a match that begins here.
        case partial(from: Int)

        /// `whole` is what the pattern matched, `found` what it was looking for.
        case match(whole: Range<Int>, found: Range<Int>)
    }

    init(_ pattern: Pattern, syntax: Syntax?, index: Int) throws(PatternError) {
        let reach = syntax?.reach(to: UInt8(ascii: "@"))
        anchor = reach.flatMap { $0.longest <= 320 ? (UInt8(ascii: "@"), $0.longest, $0.bytes) : nil }
        longest = syntax?.longest.flatMap { $0 <= Self.mostBounded ? $0 : nil }
        var options = UInt32(PCRE2_NEVER_BACKSLASH_C)
        if pattern.ignoresCase { options |= UInt32(PCRE2_CASELESS) }
        options |= UInt32(PCRE2_USE_OFFSET_LIMIT)
        let bytes = Array(pattern.expression.utf8)
        let isWide = syntax?.isWide ?? true
        narrow = isWide && bytes.allSatisfy { $0 < 0x80 } ? NarrowCode(bytes, options) : nil
        if isWide { options |= UInt32(PCRE2_UTF) | UInt32(PCRE2_MATCH_INVALID_UTF) }
        var error: Int32 = 0
        var offset = 0
        guard let code = pcre2_compile_8(bytes, bytes.count, options, &error, &offset, nil) else {
            throw PatternError(pattern: index, message: "\(Self.message(of: error)) at character \(offset)")
        }
        self.code = code
        var captures: UInt32 = 0
        pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_CAPTURECOUNT), &captures)
        self.captures = Int(captures)
        group = Int(max(0, pcre2_substring_number_from_name_8(code, Array("value\0".utf8))))
        mayBeginWithLetter = !(syntax?.firstBytes?.isDisjoint(with: ByteSet.letters.union(.high)) ?? false)
        findsWholeWords = group == 0 && longest != nil && syntax?.beginsWord ?? false
        guard group < MatchMemory.mostGroups else {
            pcre2_code_free_8(code)
            throw PatternError(pattern: index, message: "The group 'value' comes after too many others.")
        }
        starts = syntax.flatMap { $0.beginsVariously ? StartFilter($0) : nil }
        let jit = pcre2_jit_compile_8(code, UInt32(PCRE2_JIT_COMPLETE) | UInt32(PCRE2_JIT_PARTIAL_HARD))
        guard jit == 0 || jit == PCRE2_ERROR_JIT_BADOPTION else {
            pcre2_code_free_8(code)
            throw PatternError(pattern: index, message: Self.message(of: jit))
        }
    }

    deinit {
        pcre2_code_free_8(code)
        starts?.deallocate()
    }

    /// Searches for the first match that begins at or after `start`.
    ///
    /// - Parameters:
    ///   - text: The text; what stands before `start` is context.
    ///   - start: Where to begin (byte offset).
    ///   - limit: The last offset at which a match may begin; nil for any.
    ///   - isOpen: More text may follow.
    ///   - isNarrow: The text is long, and all of it is ASCII.
    ///   - memory: What the search works with.
    /// - Returns: What was found.
    /// - Throws: ``MatchFailure`` when the search was given up.
    func search(
        _ text: UnsafeRawBufferPointer, from start: Int, limit: Int? = nil, isOpen: Bool, isNarrow: Bool = false,
        _ memory: MatchMemory
    ) throws(MatchFailure) -> Outcome {
        guard let starts else {
            return try searchAll(text, from: start, limit: limit, isOpen: isOpen, isNarrow: isNarrow, memory)
        }
        let last = limit ?? text.count
        var next = start
        // Where places stand close to each other, a search of several at once takes less: each looks ahead for bytes of a match.
        var others = 0
        while let place = starts.place(in: text, from: next, upTo: last, isOpen: isOpen) {
            others = place - next <= 16 ? min(2 * others + 1, 255) : 0
            let end = min(last, place + others)
            let outcome = try searchAll(text, from: place, limit: end, isOpen: isOpen, isNarrow: isNarrow, memory)
            guard outcome == .none else { return outcome }
            next = end + 1
        }
        return .none
    }

    /// The same without a look at where a match may begin: PCRE2 tries each place.
    func searchAll(
        _ text: UnsafeRawBufferPointer, from start: Int, limit: Int? = nil, isOpen: Bool, isNarrow: Bool = false,
        _ memory: MatchMemory
    ) throws(MatchFailure) -> Outcome {
        let subject = text.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let options = isOpen ? UInt32(PCRE2_PARTIAL_HARD) : 0
        if let limit { pcre2_set_offset_limit_8(memory.context, limit) }
        let code = isNarrow ? narrow?.code ?? code : code
        let result = pcre2_match_8(code, subject, text.count, start, options, memory.data, memory.context)
        if limit != nil { pcre2_set_offset_limit_8(memory.context, Self.unset) }
        guard let spans = pcre2_get_ovector_pointer_8(memory.data) else { throw MatchFailure(code: result) }
        memory.work.searches += 1
        memory.work.bytes += (result < 0 ? limit ?? text.count : spans[1]) - start
        switch result {
        case PCRE2_ERROR_NOMATCH: return .none
        case PCRE2_ERROR_PARTIAL: return .partial(from: spans[0])
        case 0...:
            let whole = spans[0]..<max(spans[0], spans[1])
            let isFound = group > 0 && (result == 0 || Int(result) > group) && spans[2 * group] != Self.unset
            return .match(whole: whole, found: isFound ? spans[2 * group]..<spans[2 * group + 1] : whole)
        default: throw MatchFailure(code: result)
        }
    }

    /// What the groups of the last match found, the whole match first; as far as their places are noted.
    func groups(_ memory: MatchMemory) -> [Range<Int>?] {
        guard let spans = pcre2_get_ovector_pointer_8(memory.data) else { return [] }
        return (0..<min(captures + 1, MatchMemory.mostGroups)).map { group in
            guard spans[2 * group] != Self.unset else { return nil }
            return spans[2 * group]..<max(spans[2 * group], spans[2 * group + 1])
        }
    }

    /// Where matches may be longer, little is gained by looking for them in parts of a text only.
    private static let mostBounded = 4_096

    /// PCRE2's word for "no offset".
    private static let unset = Int(bitPattern: UInt.max)

    private static func message(of error: Int32) -> String {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 256) { buffer in
            let length = pcre2_get_error_message_8(error, buffer.baseAddress, buffer.count)
            return String(decoding: buffer.prefix(max(0, Int(length))), as: UTF8.self)
        }
    }
}

/// A pattern, compiled for texts of ASCII when the first is searched that is long enough to be worth it.
private final class NarrowCode: @unchecked Sendable {
    // Immutable after `init` but for what is set once.
    private let expression: [UInt8]
    private let options: UInt32
    private let compiled = Atomic<OpaquePointer?>(nil)
    private let isRefused = Atomic(false)

    init(_ expression: [UInt8], _ options: UInt32) {
        self.expression = expression
        self.options = options
    }

    deinit { pcre2_code_free_8(compiled.load(ordering: .acquiring)) }

    /// Nil where the pattern cannot do without UTF-8.
    var code: OpaquePointer? {
        if let code = compiled.load(ordering: .acquiring) { return code }
        return isRefused.load(ordering: .relaxed) ? nil : compile()
    }

    private func compile() -> OpaquePointer? {
        var (error, offset): (Int32, Int) = (0, 0)
        let code = pcre2_compile_8(expression, expression.count, options, &error, &offset, nil)
        guard let code, pcre2_jit_compile_8(code, UInt32(PCRE2_JIT_COMPLETE)) == 0 else {
            pcre2_code_free_8(code)
            isRefused.store(true, ordering: .relaxed)
            return nil
        }
        let (isFirst, other) = compiled.compareExchange(expected: nil, desired: code, ordering: .acquiringAndReleasing)
        guard !isFirst else { return code }
        // Another event loop was faster.
        pcre2_code_free_8(code)
        return other
    }
}

/// How much searches have done.
struct SearchWork: Equatable {
    var searches = 0

    /// Bytes between where a search began, and where its match or the text ended.
    var bytes = 0
}

/// What searches work with; owned by one event loop.
final class MatchMemory {
    var work = SearchWork()

    let data: OpaquePointer
    let context: OpaquePointer
    private let stack: OpaquePointer

    /// Groups whose places a search notes, the whole match among them.
    static let mostGroups = 10

    /// How often a search may go back, from each place where a match may begin.
    private static let matchLimit: UInt32 = 20_000

    /// Bytes of heap that a search may take, in KiB.
    private static let heapLimit: UInt32 = 1_024

    init?() {
        guard let data = pcre2_match_data_create_8(UInt32(Self.mostGroups), nil) else { return nil }
        guard let context = pcre2_match_context_create_8(nil) else {
            pcre2_match_data_free_8(data)
            return nil
        }
        guard let stack = pcre2_jit_stack_create_8(32 * 1_024, 512 * 1_024, nil) else {
            pcre2_match_context_free_8(context)
            pcre2_match_data_free_8(data)
            return nil
        }
        pcre2_set_match_limit_8(context, Self.matchLimit)
        pcre2_set_depth_limit_8(context, Self.matchLimit)
        pcre2_set_heap_limit_8(context, Self.heapLimit)
        pcre2_jit_stack_assign_8(context, nil, UnsafeMutableRawPointer(stack))
        self.data = data
        self.context = context
        self.stack = stack
    }

    deinit {
        pcre2_match_data_free_8(data)
        pcre2_match_context_free_8(context)
        pcre2_jit_stack_free_8(stack)
    }
}
