import KeeptrustsCore
import Testing

@testable import KeeptrustsPolicy

/// The kinds that take out what tells whose record a text is: of a patient, a student, a case.
struct PersonalRecordTests {
    private static func chain(_ kind: String, _ settings: Settings = [:]) throws -> PolicyChain {
        try PolicyChain([.string(kind)], .mapping([(kind, settings)]))
    }

    @Test(
        "Each kind replaces values by markers, on every phase",
        arguments: [
            (
                "hipaa-phi-detector", "Patient: Ada Bergström, MRN: 00482913, admitted on 03/14/2025.",
                "Patient: [PERSON_REDACTED], MRN: [MRN_REDACTED], admitted on [DATE_REDACTED]."
            ),
            (
                "student-privacy", "Student: Priya Raman, student ID 20240917.",
                "Student: [STUDENT_NAME_REDACTED], student ID [STUDENT_ID_REDACTED]."
            ),
            (
                "case-privacy", "Plaintiff Rosalind Achterberg, case No. 2:24-cv-01877.",
                "Plaintiff [PARTY_NAME_REDACTED], case No. [CASE_NUMBER_REDACTED]."
            ),
        ], Phase.allCases)
    func redacts(example: (kind: String, text: String, passed: String), phase: Phase) throws {
        let chain = try Self.chain(example.kind)

        #expect(chain.passed(example.text, phase) == example.passed)
        let code = example.kind.replacing("-", with: "_")
        #expect(chain.judge(example.text, phase).reason?.code == "\(code).redacted")
    }

    @Test(
        "Each kind blocks where it is told to, and passes what everybody writes",
        arguments: ["hipaa-phi-detector", "student-privacy", "case-privacy"])
    func blocks(kind: String) throws {
        let chain = try Self.chain(kind, ["action": "block"])
        let code = kind.replacing("-", with: "_")

        #expect(chain.judge("Write to ada@mail.example").reason?.code == "\(code).detected")
        #expect(chain.judge("Write to ada@mail.example").verdict == .block)
        for text in Self.everyday { #expect(chain.judge(text).verdict == .allow, "\(text)") }
    }

    static let everyday = [
        "", "Hi", "Hello!", "How are you?", "Thanks a lot", "ok", "What is 2 + 2?", "Write a poem about May.",
        "Fix this bug please", "I'm 30 minutes late", "See you on Monday at 9", "Version 2.1 is out",
    ]

    @Test(
        "A limited data set keeps dates, ages, towns and ZIP codes",
        arguments: [
            ("He was admitted on 03/14/2025.", "He was admitted on [DATE_REDACTED]."),
            ("Age: 97, ZIP 97477", "Age: [AGE_REDACTED], ZIP [ZIP_CODE_REDACTED]"),
            ("Encounter ID: 88120034", "Encounter ID: [UNIQUE_ID_REDACTED]"),
        ])
    func limitedDataSet(text: String, passed: String) throws {
        let limited = try Self.chain("hipaa-phi-detector", ["safe_harbor_method": false])
        let name = "Patient: Ada Bergström"

        #expect(try Self.chain("hipaa-phi-detector").passed(text) == passed)
        #expect(limited.passed(text) == text)
        #expect(limited.passed(name) == "Patient: [PERSON_REDACTED]")
    }

    @Test("The one mode is taken, and no other")
    func mode() throws {
        let error = #expect(throws: ConfigError.self) {
            try Self.chain("hipaa-phi-detector", ["mode": "limited"])
        }

        #expect(try Self.chain("hipaa-phi-detector", ["mode": "hipaa_18"]).judge("MRN: 00482913").verdict == .redact)
        #expect(error?.description.contains("hipaa_18") == true)
    }

    @Test(
        "With the age gate a child is turned away, and a minor where the text holds data",
        arguments: [
            ("I'm 11 years old, help me with fractions", Verdict.block, "student_privacy.under_13"),
            ("I'm in 4th grade", .block, "student_privacy.under_13"),
            ("I am 15 years old and need help", .allow, "student_privacy.under_18"),
            ("I am 15 years old, write me at kim@mail.example", .block, "student_privacy.under_18"),
            ("I am 19 years old, write me at kim@mail.example", .redact, "student_privacy.redacted"),
            ("I teach 4th grade", .allow, nil),
        ] as [(String, Verdict, String?)])
    func ageGate(text: String, verdict: Verdict, code: String?) throws {
        let gated = try Self.chain("student-privacy", ["age_gate": true]).judge(text)

        #expect(gated.verdict == verdict)
        #expect(gated.results[0].reasonCode == code)
        #expect(gated.flagged == (code == "student_privacy.under_18" && verdict == .allow))
    }

    @Test("Without the age gate ages do not count")
    func withoutGate() throws {
        let chain = try Self.chain("student-privacy")

        #expect(chain.judge("I'm 11 years old, help me with fractions").verdict == .allow)
        #expect(!chain.judge("I'm in 9th grade").flagged)
    }

    @Test(
        "Each part of case-privacy can be left out",
        arguments: [
            ("case_numbers", "see 1:23-cv-04567 today", "see [CASE_NUMBER_REDACTED] today"),
            ("party_names", "Plaintiff Jane Doe moves to compel.", "Plaintiff [PARTY_NAME_REDACTED] moves to compel."),
            ("party_names", "their son named Caleb", "their son named [MINOR_NAME_REDACTED]"),
            ("block_sealed", "FILED UNDER SEAL: the plea", nil),
        ] as [(String, String, String?)])
    func parts(key: String, text: String, passed: String?) throws {
        #expect(try Self.chain("case-privacy").passed(text) == passed)
        #expect(try Self.chain("case-privacy", .mapping([(key, .boolean(false))])).passed(text) == text)
    }

    @Test("What is marked as sealed is blocked, whatever the action")
    func sealed() throws {
        let chain = try Self.chain("case-privacy", ["action": "redact"])

        #expect(chain.judge("This transcript was sealed by the court.").reason?.code == "case_privacy.sealed")
        #expect(chain.judge("FILED UNDER SEAL, mail ada@post.example").verdict == .block)
        #expect(chain.judge("How do I get a record sealed?").verdict == .allow)
    }

    @Test("Matters that the settings list are replaced, in any case")
    func matters() throws {
        let chain = try Self.chain("case-privacy", ["protected_matters": ["Operation Kestrel"]])

        #expect(chain.passed("about operation  kestrel, today") == "about [MATTER_REDACTED], today")
        #expect(try Self.chain("case-privacy").passed("about Operation Kestrel") == "about Operation Kestrel")
    }

    @Test(
        "Keys of other kinds are refused with the one to use",
        arguments: [
            ("hipaa-phi-detector", "entities", "pii-detector"), ("hipaa-phi-detector", "apply_to", "say 'on'"),
            ("student-privacy", "apply_to", "say 'on'"), ("case-privacy", "apply_to", "say 'on'"),
            ("case-privacy", "terms", "say 'protected_matters'"),
        ])
    func refusals(kind: String, key: String, hint: String) throws {
        let error = #expect(throws: ConfigError.self) { try Self.chain(kind, .mapping([(key, .list([]))])) }

        #expect(error?.hint?.contains(hint) == true)
    }
}
