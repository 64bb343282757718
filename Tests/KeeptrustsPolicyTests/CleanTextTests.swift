import KeeptrustsCore
import Testing

@testable import KeeptrustsMatching
@testable import KeeptrustsPolicy

/// What clean texts of several trades cost, counted: places at which a matcher has to try whether a match begins.
struct CleanTextTests {
    static let texts = [
        """
        Shares of the chip maker rose sharply on Tuesday after the company raised its outlook and posted sales in line with \
        what analysts expected. Traders argued that margins could weaken in the second half, because wages stay high and \
        demand slows. The central bank left interest rates unchanged and gave no sign of when it would cut them again. Bond \
        yields moved little ahead of the jobs report, while oil closed higher for a third week. Pension funds bought \
        government bonds, according to a weekly survey, and doubt a better year.
        """,
        """
        Staff may take study days after talking to the head of department, as long as notice is given in time. Every \
        candidate is interviewed by two people, according to the job description, and gets an answer in writing. Yearly talks \
        look at training needs, are held at a quiet time, and should not serve to rank colleagues. Complaints about unfair \
        treatment are handled in confidence, and nobody is punished for raising them in good faith. Remote work is agreed \
        where the job allows it, but team days remain, so that handovers need everyone on site at the same time.
        """,
        """
        A patient should rest after the procedure, drink enough, and see a doctor if a fever develops. High blood pressure is \
        often treatable and mostly managed with regular exercise, although older adults need closer follow-up. The trial \
        followed several hundred adults for six months and showed a small benefit in sleep. Nurses explain what the results \
        mean and note allergies at each visit. Antibiotics work against bacteria only, sometimes have mild side effects, and \
        are not stopped early without advice. Good sleep depends on daily routine, and a support group may help.
        """,
        """
        The tenant shall inform the landlord in writing of any defect and allow reasonable time for inspection. Nothing in \
        this agreement limits liability for gross negligence or any remedy that is given by law. Either party may end this \
        lease by notice if the other side is in breach and has not cured the failure after a warning. The tribunal found that \
        the appeal had no merit, since the letter was sent to the wrong address. Disputes arising from this contract are \
        subject to the courts of the seller's country, but the parties will first meet in good faith.
        """,
        """
        The class wants to visit the museum after the break, and the pupils prepare a short talk about the water cycle. \
        Students who miss a lesson can join a study group, find the notes online, and hand in the exercise within a week. \
        Explain how volcanoes work to ten-year-olds, use an example and add a small quiz at the end. Parents asked about new \
        rules for phones in the building, so that children can rest and no one is left out. Grades matter less than many \
        think: sleep and interest are what helps people learn.
        """,
        """
        The water works has two pumps that engineers test every week, and valves must be kept closed during maintenance. A \
        driver should keep enough distance, check the mirrors and avoid using the phone in heavy rain. Officers asked \
        residents to stay indoors after a traffic accident, and the report is kept at the station. Our van warns when a lane \
        is left, but the manual explains how to switch off the beep after a service. Fire drills take place in spring; \
        visitors leave by the stairs, and a marshal counts everyone at the gate.
        """,
        """
        Hello all, a short update: our request was approved this morning, so please tell us whether you need a copy. Could \
        someone confirm that the invoice was paid before month end, and whom I must contact about the refund? I have attached \
        the plan you asked for; it is only a draft so far, please don't forward it until the manager agrees. Sorry for the \
        delay: I was travelling on leave, but today everything is back, so you can order tools again as before.
        """,
        """
        def load_rows(path, limit=None):
            # Read the table and return what is left; the caller closes it.
            rows = [row for row in read(path) if row.is_valid]
            if not rows:
                raise ValueError("the file is empty")
            return rows[:limit]
        SELECT city, COUNT(*) AS total FROM visits WHERE state = 'open' GROUP BY city ORDER BY total DESC;
        The function yields an iterator, so use it in a loop; otherwise the queue fills up and the worker is restarted.
        """,
    ]

    static let kinds: [(kind: String, settings: Settings?)] = [
        ("pii-detector", nil), ("dlp-filter", nil), ("hipaa-phi-detector", nil), ("student-privacy", nil),
        ("case-privacy", nil), ("legal-privilege", nil), ("mnpi-filter", nil), ("itar-ear-filter", nil),
        ("code-sanitizer", nil), ("gdpr-compliance", nil), ("eu-ai-act", nil), ("bias-monitor", nil),
        ("safety-filter", ["mode": "critical_infrastructure"]), ("safety-filter", ["mode": "automotive"]),
        ("safety-filter", ["mode": "education"]), ("safety-filter", ["mode": "law_enforcement"]),
        ("financial-compliance", nil), ("healthcare-compliance", nil), ("prompt-injection", nil),
        ("human-oversight", ["require_human_for": ["medical", "legal", "financial", "employment", "credit"]]),
    ]

    @Test("Matchers try few places of clean texts", arguments: kinds.indices)
    func places(index: Int) throws {
        let (kind, settings) = Self.kinds[index]
        let chain = try PolicyChain([.string(kind)], settings.map { [kind: $0] })
        let bytes = Self.texts.reduce(0) { $0 + $1.utf8.count }

        let tried = try Self.texts.reduce(0) { try $0 + chain.placesTried(in: $1) }

        #expect(tried <= bytes / 50, "\(kind): \(tried) of \(bytes)")
    }

    @Test("Few groups of patterns are opened for clean texts")
    func groups() throws {
        let chain = try PolicyChain(["pii-detector", "dlp-filter", "hipaa-phi-detector", "prompt-injection"])

        let opened = try Self.texts.map { try chain.groupsOpened(for: $0) }

        #expect(opened.allSatisfy { $0 <= 3 }, "\(opened)")
    }
}

extension PolicyChain {
    /// At how many places of a text a matcher has to try whether a match of any pattern begins.
    fileprivate func placesTried(in text: String) throws -> Int {
        let memory = try #require(PatternScratch(for: patterns))
        let scope = try #require(scopes.lazy.compactMap { $0 }.first)
        let variously = CompiledRules(policies).patterns.map { pattern in
            SyntaxReader.read(pattern.expression, ignoresCase: pattern.ignoresCase)?.beginsVariously ?? true
        }
        return try Array(text.utf8).withUnsafeBytes { text in
            try patterns.scan(memory.read(text), for: scope, using: memory)
            var places = 0
            for pattern in 0..<patterns.count
            where scope.holds(Int32(pattern)) && memory.hits(word: pattern / 64) >> UInt64(pattern % 64) & 1 != 0 {
                for part in memory.regions.parts(of: pattern, textCount: text.count) {
                    places += patterns.confirmers[pattern].places(in: text, part, variously[pattern])
                }
            }
            return places
        }
    }

    fileprivate func groupsOpened(for text: String) throws -> Int {
        let memory = try #require(PatternScratch(for: patterns))
        return Array(text.utf8).withUnsafeBytes { text in
            let facts = memory.read(text).facts
            return patterns.groups.count { $0.gate.opens(for: facts) }
        }
    }
}

extension Confirmer {
    fileprivate func places(in text: UnsafeRawBufferPointer, _ part: PatternRegion, _ beginsVariously: Bool) -> Int {
        // A pattern that begins with few letters is searched for by its first byte.
        guard let starts else { return beginsVariously ? part.latest - part.span.lowerBound + 1 : 1 }
        var places = 0
        var next = part.span.lowerBound
        while let place = starts.place(in: text, from: next, upTo: part.latest, isOpen: false) {
            places += 1
            next = place + 1
        }
        return places
    }
}
