import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsPolicy

struct BiasMonitorTests {
    private static func monitor(_ settings: Settings = [:]) throws -> PolicyChain {
        try PolicyChain(["bias-monitor"], ["bias-monitor": settings])
    }

    @Test(
        "Each characteristic is one that answers must not turn on",
        arguments: [
            ("You should not hire him because he is Nigerian.", "bias.race"),
            ("You should not hire him because he is Muslim.", "bias.religion"),
            ("You should not hire her because she is pregnant.", "bias.gender"),
            ("You should not hire him because he is deaf.", "bias.disability"),
            ("You should not hire him because of his age.", "bias.age"),
        ])
    func characteristics(answer: String, category: String) throws {
        let outcome = try Self.monitor().judge(answer, .response)

        #expect(outcome.verdict == .block)
        #expect(outcome.reason?.code == "bias_monitor.detected")
        #expect(outcome.results[0].findings.map(\.finding.category) == [category])
        #expect(try Self.monitor().judge(answer, .request).verdict == .allow)
    }

    @Test("One sign is not enough, two are, and the threshold decides")
    func threshold() throws {
        let one = "We prefer young candidates."
        let two = "We prefer young candidates. The surname suggests an Arab origin, so be careful."

        #expect(try Self.monitor().judge(one, .response).verdict == .allow)
        #expect(try Self.monitor().judge(two, .response).verdict == .block)
        #expect(try Self.monitor(["threshold": 1]).judge(two, .response).verdict == .allow)
        #expect(
            try PolicyChain(["bias-monitor"], ["bias-monitor": ["threshold": 0.6]]).judge(one, .response).verdict
                == .block)
    }

    @Test("Characteristics can be added")
    func added() throws {
        let settings: Settings = ["protected_characteristics": ["caste", "age"]]
        let texts = ["You should reject him because of his caste.", "I would advise not to hire her due to her caste."]

        for text in texts {
            #expect(try Self.monitor().judge(text, .response).verdict == .allow)
            #expect(try Self.monitor(settings).judge(text, .response).verdict == .block)
        }
        let fine = "The caste system is part of the history lesson."
        #expect(try Self.monitor(settings).judge(fine, .response).verdict == .allow)
    }

    @Test("It can ask a person instead of blocking")
    func escalates() throws {
        let outcome = try Self.monitor(["action": "escalate"]).judge("Women are too emotional.", .response)

        #expect(outcome.verdict == .escalate)
    }

    @Test("It must see a streamed answer as a whole, and does not stop the service when it fails")
    func kind() throws {
        #expect(try Self.monitor().streaming == .whole)
        #expect(BiasMonitor.kind.isSecurity == false)
    }

    @Test(
        "A mistake is told at its place",
        arguments: [
            (["threshold": 0], "is 0.0, not in 0.01...1.0"),
            (["action": "redact"], "not one of 'block', 'escalate'"),
            (["protected_characteristics": [" "]], "must have 1 to 256 bytes that show"),
            (["characteristics": ["caste"]], "say 'protected_characteristics'"),
        ] as [(Settings, String)])
    func mistakes(settings: Settings, text: String) {
        let error = #expect(throws: ConfigError.self) { try Self.monitor(settings) }

        #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
    }
}
