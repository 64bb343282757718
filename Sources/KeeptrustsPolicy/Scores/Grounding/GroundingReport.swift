import KeeptrustsCore
import NIOCore

/// What is known of an answer after its claims were compared with the sources of its request.
struct GroundingReport {
    /// Sentences, and parts of them, that could be true or false.
    private(set) var claims = 0

    /// Those that the sources say, with at least the confidence that is asked for.
    private(set) var supported = 0
    private(set) var citations = 0
    private(set) var problems: [GroundingProblem] = []

    /// The share of claims that are supported; 1 when nothing is claimed.
    var groundedness: Double { claims == 0 ? 1 : Double(supported) / Double(claims) }

    /// What is looked at, and how much it must hold.
    struct Demands: Sendable {
        var forms = CitationMarks.Forms.all

        /// Every citation must be of a source of the request, also where the request has none.
        var needsMatch = false

        /// Citations of what the request does not have are looked up elsewhere, also where the request has no sources.
        var looksUp = false
        var leastConfidence = 0.8
    }

    /// Verifies an answer.
    ///
    /// - Throws: ``GroundingFailure`` when there is too much to compare.
    init(_ answer: ByteBuffer, _ sources: Sources, _ demands: Demands) throws(GroundingFailure) {
        let bytes = Array(answer.readableBytesView)
        let answer = try GroundedAnswer(bytes, demands.forms)
        citations = answer.marks.count
        let isVerifiable = !sources.passages.isEmpty
        if isVerifiable || demands.needsMatch || demands.looksUp { references(answer, bytes, sources, demands) }
        guard isVerifiable else {
            claims = answer.claims.count(where: \.isAssertion)
            return
        }
        try quotations(answer, bytes, sources)
        var check = ClaimCheck(sources)
        for claim in answer.claims { try judge(claim, &check, demands) }
        problems.removeAll { 1 - $0.confidence >= demands.leastConfidence }
    }

    /// Works and addresses that the request does not have, where they stand in the answer, in its order.
    var unknownReferences: [Range<Int>] { problems.filter { $0.cause == .unknownReference }.map(\.span) }

    /// Takes it that these of ``unknownReferences`` are known elsewhere.
    mutating func admit(_ references: Set<Range<Int>>) {
        problems.removeAll { $0.cause == .unknownReference && references.contains($0.span) }
    }

    private mutating func judge(
        _ claim: Claim, _ check: inout ClaimCheck, _ demands: Demands
    ) throws(GroundingFailure) {
        guard claim.isAssertion else { return }
        claims += 1
        var (support, problem) = try check.check(claim)
        if problem == nil, support < demands.leastConfidence {
            problem = GroundingProblem(cause: .unsupported, span: claim.span, confidence: 1 - support)
            problem?.isBelowDemand = true
        }
        if let found = problem { problems.append(found) }
        support = problem.map { 1 - $0.confidence } ?? support
        if support >= demands.leastConfidence { supported += 1 }
    }

    /// Citations of what is not there.
    private mutating func references(
        _ answer: GroundedAnswer, _ bytes: [UInt8], _ sources: Sources, _ demands: Demands
    ) {
        for mark in answer.marks {
            switch mark.kind {
            case .numbers(let numbers):
                guard !sources.passages.isEmpty || demands.needsMatch else { continue }
                guard !numbers.allSatisfy({ !sources.places(of: $0).isEmpty }) else { continue }
                problems.append(GroundingProblem(cause: .unknownSource, span: mark.span, confidence: 0.98))
            case .works(let works):
                guard demands.needsMatch || demands.looksUp, !works.allSatisfy({ sources.has($0) }) else { continue }
                problems.append(GroundingProblem(cause: .unknownReference, span: mark.span, confidence: 0.9))
            case .address:
                guard !sources.addresses.contains(AddressForm.of(bytes[mark.span])) else { continue }
                problems.append(GroundingProblem(cause: .unknownReference, span: mark.span, confidence: 0.95))
            case .quotation: continue
            }
        }
    }

    private mutating func quotations(
        _ answer: GroundedAnswer, _ bytes: [UInt8], _ sources: Sources
    ) throws(GroundingFailure) {
        var search = QuotationSearch(sources)
        for quotation in answer.quotations {
            let words = quotation.parts.reduce(0) { $0 + $1.count }
            let before = bytes[..<quotation.span.lowerBound].last { $0 != 0x20 }
            let isIntroduced = before == UInt8(ascii: ":") || before == UInt8(ascii: ",")
            guard words >= (isIntroduced ? 3 : 5) else { continue }
            for part in quotation.parts where try !search.has(part) {
                problems.append(GroundingProblem(cause: .quotation, span: quotation.span, confidence: 0.95))
                break
            }
        }
    }
}

/// Looks for the words of quotations in what a request says.
private struct QuotationSearch {
    private let passages: [Passage]
    private var steps = 0

    init(_ sources: Sources) { passages = sources.passages + sources.context }

    /// Whether any text has these words side by side.
    mutating func has(_ words: [Word]) throws(GroundingFailure) -> Bool {
        for passage in passages {
            steps += words.count
            // The rarest word has the fewest places to look at.
            var rarest: (index: Int, places: ArraySlice<Int32>)?
            for (index, word) in words.enumerated() {
                let places = passage.places(of: word.hash)
                if rarest.map({ places.count < $0.places.count }) ?? true { rarest = (index, places) }
            }
            for place in rarest?.places ?? [] {
                let first = Int(place) - (rarest?.index ?? 0)
                guard first >= 0, first + words.count <= passage.text.words.count else { continue }
                var same = 0
                while same < words.count, passage.text.words[first + same].hash == words[same].hash { same += 1 }
                steps += same + 1
                if same == words.count { return true }
            }
            guard steps <= ClaimCheck.mostSteps else { throw .tooLarge }
        }
        return false
    }
}
