import KeeptrustsCore
import Testing

@Suite("What a config may have of the environment")
struct ConfigEnvironmentTests {
    static let reference = EnvironmentReference("DATABASE_URL", at: SourceLocation(file: "a.yaml", line: 3, column: 9))

    @Test(
        "In a pattern, * stands for any characters, or none",
        arguments: [
            ("*_API_KEY", "OPENAI_API_KEY", true), ("*_API_KEY", "_API_KEY", true), ("*_API_KEY", "API_KEY", false),
            ("*_API_KEY", "OPENAI_API_KEY_2", false), ("*_API_KEY", "openai_api_key", false),
            ("OPENAI_API_KEY", "OPENAI_API_KEY", true), ("OPENAI_API_KEY", "MY_OPENAI_API_KEY", false),
            ("LLM_*", "LLM_", true), ("LLM_*", "LLM_KEY", true), ("LLM_*", "MY_LLM_KEY", false),
            ("A*B*C", "ABC", true), ("A*B*C", "AxxBxxC", true), ("A*B*C", "AxxC", false), ("A*B*C", "ABCx", false),
            ("AB*BA", "ABA", false), ("A**C", "AC", true), ("*", "DATABASE_URL", true), ("*B*", "ABC", true),
            ("*", "KEEPTRUSTS_GATEWAY_TOKEN", false), ("*_API_KEY", "KEEPTRUSTS_API_KEY", false),
            ("*", "KEEPTRUSTS", true),
        ])
    func patterns(pattern: String, name: String, isAllowed: Bool) throws {
        #expect(try AllowedVariables([pattern]).contains(name) == isAllowed)
    }

    @Test(
        "What can match no name, or only our own, is no pattern",
        arguments: ["", "A-B", "$A", "A,B", "É*", "KEEPTRUSTS_*"])
    func badPatterns(pattern: String) {
        let error = #expect(throws: InvalidVariablePattern.self) { try AllowedVariables(["OK", pattern]) }

        #expect(error?.pattern == pattern)
    }

    @Test("A variable that is not allowed is refused, whether it is set or not, before it is read")
    func refused() throws {
        let environment = ConfigEnvironment(allowing: .standard) { name in
            Issue.record("\(name) was read")
            return nil
        }

        let error = #expect(throws: ConfigError.self) { try environment.value(of: Self.reference) }

        #expect(
            error?.description == """
                a.yaml:3:9: error: this gateway gives no config from the control plane the variable 'DATABASE_URL'.
                  hint: it allows *_API_KEY; its operator can start it with '--allow-env DATABASE_URL'
                """)
    }

    @Test("A config of the gateway's own operator may name all")
    func operatorsOwn() throws {
        #expect(try ConfigEnvironment { "\($0)!" }.value(of: Self.reference) == "DATABASE_URL!")
        #expect(
            try ConfigEnvironment(allowing: AllowedVariables(["DATA*"])) { "\($0)!" }.value(of: Self.reference)
                == "DATABASE_URL!")
    }
}
