import KeeptrustsCore
import Testing

@testable import KeeptrustsPolicy

@Suite("The kind audit-logger")
struct AuditLoggerTests {
    /// What records are demanded to be: days, whether they end then, whether they are guarded, whether all are full.
    private static func keeping(
        _ days: Int, ends: Bool = false, guarded: Bool = true, full: Bool = true
    ) -> RecordKeeping {
        RecordKeeping(days: days, endsAfterDays: ends, isImmutable: guarded, logsAllAccess: full)
    }

    static let demands: [(Settings, RecordKeeping)] = [
        ([:], keeping(365)),
        (["retention_days": 30], keeping(30, ends: true)),
        (["retention_days": 36_500], keeping(36_500, ends: true)),
        (["immutable": false], keeping(365, guarded: false)),
        (["log_all_access": false], keeping(365, full: false)),
        (["hipaa_audit_controls": true], keeping(2_192)),
        (["hipaa_audit_controls": true, "retention_days": 2_192], keeping(2_192, ends: true)),
        (["hipaa_audit_controls": false, "immutable": true, "log_all_access": true], keeping(365)),
    ]

    @Test(
        "Its settings say how long records are kept, and nothing is removed that they do not name", arguments: demands)
    func settings(settings: Settings, expected: RecordKeeping) throws {
        #expect(try PolicyChain(["audit-logger"], ["audit-logger": settings]).recordKeeping == expected)
    }

    @Test("Of several, the strictest counts; one that observes demands nothing")
    func several() throws {
        let settings: Settings = [
            "short": ["retention_days": 30],
            "long": ["retention_days": 90, "immutable": false, "log_all_access": false],
            "open": ["immutable": false],
        ]
        func keeping(_ ids: String..., observing: String = "") throws -> RecordKeeping? {
            let entries = ids.map { id -> Settings in
                ["id": .string(id), "kind": "audit-logger", "mode": .string(id == observing ? "observe" : "enforce")]
            }
            return try PolicyChain(.list(entries), settings).recordKeeping
        }

        #expect(try keeping("short", "long") == Self.keeping(90, ends: true))
        #expect(try keeping("long", "short", "open") == Self.keeping(365))
        #expect(try keeping("long") == Self.keeping(90, ends: true, guarded: false, full: false))
        #expect(try keeping("short", "long", observing: "short") == keeping("long"))
        #expect(try keeping("short", observing: "short") == nil)
        #expect(try PolicyChain(["pii-detector"]).recordKeeping == nil)
    }

    @Test(
        "What cannot be meant is refused",
        arguments: [
            (["retention_days": 0], "1:5: error: 'policy.audit-logger.retention_days' is 0, not in 1...36500."),
            (
                ["retention_days": 36_501],
                "1:5: error: 'policy.audit-logger.retention_days' is 36501, not in 1...36500."
            ),
            (
                ["hipaa_audit_controls": true, "retention_days": 2_191],
                "2:5: error: 'policy.audit-logger.retention_days' is 2191, and 'hipaa_audit_controls' wants six years.\n  hint: say 2192, or remove the key"
            ),
            (
                ["hipaa_audit_controls": true, "immutable": false],
                "2:5: error: 'policy.audit-logger.immutable' is false, and 'hipaa_audit_controls' lets no record be changed.\n  hint: say true, or remove the key"
            ),
            (
                ["hipaa_audit_controls": true, "log_all_access": false],
                "2:5: error: 'policy.audit-logger.log_all_access' is false, and 'hipaa_audit_controls' wants every access in full.\n  hint: say true, or remove the key"
            ),
        ] as [(Settings, String)])
    func mistakes(settings: Settings, text: String) throws {
        let error = #expect(throws: ConfigError.self) {
            try PolicyChain(["audit-logger"], ["audit-logger": settings])
        }

        #expect(error?.description == "policy-config.yaml:\(text)")
    }

    @Test("With the controls of HIPAA, it must see the request")
    func phases() throws {
        let settings: Settings = ["audit-logger": ["hipaa_audit_controls": true]]

        let error = #expect(throws: ConfigError.self) {
            try PolicyChain([["kind": "audit-logger", "on": ["response"]]], settings)
        }

        #expect(
            error?.message
                == "'policies.chain.0.on' leaves out 'request', which the settings of 'audit-logger' need.")
        #expect(throws: Never.self) { try PolicyChain([["kind": "audit-logger", "on": ["request"]]], settings) }
        #expect(throws: Never.self) { try PolicyChain([["kind": "audit-logger", "on": ["response"]]]) }
    }

    @Test("With the controls of HIPAA, nobody asks unnamed")
    func identity() throws {
        let strict = try PolicyChain(["audit-logger"], ["audit-logger": ["hipaa_audit_controls": true]])
        let plain = try PolicyChain(["audit-logger"])

        let unnamed = strict.judge(knowing: .caller(key: nil))

        #expect(unnamed.verdict == .block)
        #expect(unnamed.reason?.code == "audit_logger.no_identity")
        #expect(strict.judge(knowing: .caller()).verdict == .allow)
        #expect(strict.judge([.answer("Yes.")], at: .answer, knowing: .caller(key: nil)).verdict == .allow)
        #expect(plain.judge(knowing: .caller(key: nil)).verdict == .allow)
    }
}
