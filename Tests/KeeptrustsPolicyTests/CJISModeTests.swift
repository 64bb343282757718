import KeeptrustsCore
import KeeptrustsPolicy
import Testing

@Suite("The kind cjis-mode")
struct CJISModeTests {
    @Test("Nobody asks without a key and a name, and an access is noted without a flag")
    func defaults() throws {
        let chain = try PolicyChain(["cjis-mode"])

        #expect(chain.judge(knowing: .caller(key: nil, user: "ada")).reason?.code == "cjis_mode.unauthenticated")
        #expect(chain.judge(knowing: .caller()).reason?.code == "cjis_mode.unidentified")
        let outcome = chain.judge(knowing: .caller(user: "ada"))
        #expect(outcome.verdict == .allow && !outcome.flagged)
        #expect(outcome.results[0].reasonCode == "cjis_mode.access_logged")
    }

    @Test("Each of its duties can be switched off")
    func settings() throws {
        let open = try PolicyChain(["cjis-mode"], ["cjis-mode": ["require_auth": false]])
        let quiet = try PolicyChain(["cjis-mode"], ["cjis-mode": ["access_logging": false]])

        #expect(open.judge(knowing: .caller(key: nil)).verdict == .allow)
        #expect(open.judge(knowing: .caller(key: nil)).results[0].reasonCode == "cjis_mode.access_logged")
        #expect(quiet.judge(knowing: .caller(user: "ada")).results[0].reasonCode == nil)
        #expect(quiet.judge(knowing: .caller()).verdict == .block)
    }

    @Test("An access is noted although a policy before it has blocked")
    func blocked() throws {
        let chain = try PolicyChain(["prompt-injection", "cjis-mode"])

        let outcome = chain.judge([.user(PolicyChainTests.injection)], knowing: .caller(user: "ada"))

        #expect(outcome.policy == "prompt-injection")
        #expect(outcome.results.map(\.reasonCode) == ["prompt_injection.detected", "cjis_mode.access_logged"])
    }

    @Test("It says nothing of an answer")
    func answers() throws {
        let outcome = try PolicyChain(["cjis-mode"]).judge([.answer("Yes.")], at: .answer, knowing: .caller(key: nil))

        #expect(outcome.verdict == .allow)
        #expect(outcome.results[0].skipped)
    }
}
