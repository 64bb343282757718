import KeeptrustsCore
import KeeptrustsPolicy
import NIOCore
import Testing

@Suite("The kind rbac")
struct RBACTests {
    /// A caller with a role that is believed.
    private static func role(_ role: String?, _ others: [String: String] = [:]) -> ExchangeFacts {
        var headers = others
        headers["x-user-role"] = role
        return .caller(user: "ada", headers: headers)
    }

    @Test("A request without a header that is needed is blocked, also when there is no text in it")
    func missing() throws {
        let chain = try PolicyChain(["rbac"], ["rbac": ["deny_if_missing": ["X-Case", "X-User-ID"]]])

        #expect(chain.judge(knowing: .caller(user: "ada")).reason?.code == "rbac.missing_header")
        #expect(chain.judge(knowing: .caller(headers: ["x-case": "7"])).reason?.code == "rbac.missing_header")
        #expect(chain.judge(knowing: .caller(user: "ada", headers: ["x-case": ""])).verdict == .block)
        #expect(chain.judge(knowing: .caller(user: "ada", headers: ["x-case": "7"])).verdict == .allow)
        #expect(chain.needs.headers == ["x-case", "x-user-id", "x-user-role", "x-data-sensitivity"])
    }

    @Test("A user must be known unless the settings ask for nothing")
    func defaults() throws {
        #expect(try PolicyChain(["rbac"]).judge(knowing: .caller()).verdict == .block)
        #expect(try PolicyChain(["rbac"]).judge(knowing: .caller(user: "ada")).verdict == .allow)
        #expect(
            try PolicyChain(["rbac"], ["rbac": ["deny_if_missing": []]]).judge(knowing: .caller()).verdict == .allow)
    }

    @Test("Where a key is required, a caller without one is blocked")
    func authentication() throws {
        let chain = try PolicyChain(["rbac"], ["rbac": ["deny_if_missing": [], "require_auth": true]])

        #expect(chain.judge(knowing: .caller(key: nil)).reason?.code == "rbac.unauthenticated")
        #expect(chain.judge(knowing: .caller()).verdict == .allow)
    }

    @Test(
        "A role may use the tools that its lists leave, and a caller without a role those of '*'",
        arguments: [
            ("clerk", "search", true), ("clerk", "files.read", true), ("clerk", "files.delete", false),
            ("clerk", "email", false), ("admin", "anything", true), ("admin", "shutdown", false),
            ("guest", "search", true), (nil, "search", true), (nil, "email", false),
        ] as [(String?, String, Bool)])
    func tools(role: String?, tool: String, isAllowed: Bool) throws {
        let roles: Settings = [
            "clerk": ["allowed_tools": ["search", "files.*"], "denied_tools": ["*.delete"]],
            "admin": ["denied_tools": ["shut?own"]], "*": ["allowed_tools": ["search"]],
        ]
        let chain = try PolicyChain(["rbac"], ["rbac": ["roles": roles]])

        for stage in [ExchangeStage.request, .answer] {
            let outcome = chain.judge([.call(tool, "{}")], at: stage, knowing: Self.role(role))
            #expect(outcome.verdict == (isAllowed ? .allow : .block))
            #expect(outcome.reason?.code == (isAllowed ? nil : "rbac.tool_denied"))
        }
    }

    @Test("A call without arguments is a call, and every call counts")
    func calls() throws {
        let chain = try PolicyChain(["rbac"], ["rbac": ["roles": ["clerk": ["allowed_tools": ["search"]]]]])
        let name = Segment(
            ByteBuffer(string: "delete"), role: .assistant, phase: .toolCall, tool: ToolUse("delete", .name, call: 1))

        let outcome = chain.judge([.call("search", "{}"), name], at: .answer, knowing: Self.role("clerk"))

        #expect(outcome.verdict == .block)
        #expect(outcome.results[0].findings == [LocatedFinding(segment: 1, Finding("tool.denied", at: 0..<6))])
    }

    @Test(
        "Data may not be more sensitive than the role's ceiling, by label or by marking",
        arguments: [
            ("analyst", nil, "the figures", true), ("analyst", "confidential", "the figures", true),
            ("analyst", "Restricted", "the figures", false), ("analyst", "top-notch", "the figures", false),
            ("intern", nil, "Classification: Confidential", false), ("intern", nil, "for internal use only", true),
            ("analyst", nil, "Classification: Confidential", true), (nil, nil, "for internal use only", false),
            (nil, nil, "the figures", true),
        ] as [(String?, String?, String, Bool)])
    func sensitivity(role: String?, label: String?, text: String, isAllowed: Bool) throws {
        let access: Settings = [
            "analyst": ["max_sensitivity": "confidential"], "intern": ["max_sensitivity": "internal"],
        ]
        let chain = try PolicyChain(["rbac"], ["rbac": ["data_access": access]])
        let facts = Self.role(role, label.map { ["x-data-sensitivity": $0] } ?? [:])

        let outcome = chain.judge([.user(text)], knowing: facts)

        #expect(outcome.verdict == (isAllowed ? .allow : .block))
        #expect(outcome.reason?.code == (isAllowed ? nil : "rbac.too_sensitive"))
    }

    @Test("Health data may come from the roles that need them only")
    func minimumNecessary() throws {
        let settings: Settings = [
            "minimum_necessary": ["enabled": true, "allowed_phi_roles": ["clinician"]]
        ]
        let chain = try PolicyChain(["rbac"], ["rbac": settings])
        let record = [Segment.user("Patient with MRN: 48211907, please summarise.")]

        #expect(chain.judge(record, knowing: Self.role("clerk")).reason?.code == "rbac.minimum_necessary")
        #expect(chain.judge(record, knowing: Self.role("clerk")).results[0].findings.first?.finding.category == "MRN")
        #expect(chain.judge(record, knowing: Self.role("clinician")).verdict == .allow)
        #expect(chain.judge([.user("Please summarise.")], knowing: Self.role("clerk")).verdict == .allow)
    }

    @Test("A stream waits for a call's end only where roles limit tools")
    func streaming() throws {
        #expect(try PolicyChain(["rbac"]).instances[0].streaming == .none)
        #expect(try PolicyChain(["rbac"], ["rbac": ["roles": ["a": [:]]]]).instances[0].streaming == .whole)
    }

    static let mistakes: [(Settings, Settings, String)] = [
        (
            ["rbac"], ["minimum_necessary": ["enabled": true]],
            "policy-config.yaml:1:5: error: 'policy.rbac.minimum_necessary' needs the key 'allowed_phi_roles'."
        ),
        (
            ["rbac"], ["deny_if_missing": ["X User"]],
            "policy-config.yaml:1:7: error: 'policy.rbac.deny_if_missing.0' is not the name of a header."
        ),
        (
            ["rbac"], ["data_access": ["a": ["max_sensitivity": "secret"]]],
            "policy-config.yaml:1:9: error: 'policy.rbac.data_access.a.max_sensitivity' is 'secret', not one of "
                + "'public', 'internal', 'confidential', 'restricted'."
        ),
        (
            [["kind": "rbac", "on": ["response"]]], [:],
            """
            policy-config.yaml:1:7: error: 'rbac' has nothing to judge on 'response'.
              hint: It can run on request, tool_call, tool_result.
            """
        ),
    ]

    @Test("A mistake in the settings is told at its place", arguments: 0..<mistakes.count)
    func mistake(number: Int) throws {
        let (chain, settings, text) = Self.mistakes[number]
        let error = #expect(throws: ConfigError.self) { try PolicyChain(chain, ["rbac": settings]) }

        #expect(error?.description == text)
    }
}
