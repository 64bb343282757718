import KeeptrustsCore
import KeeptrustsPolicy
import Testing

@Suite("The kind data-routing-policy")
struct DataRoutingPolicyTests {
    private static let targets = [
        TargetFacts(id: "nothing", provider: "openai", model: "m"),
        TargetFacts(id: "month", provider: "openai", model: "m", dataPolicy: DataPolicy(retentionDays: 30)),
        TargetFacts(
            id: "strict", provider: "openai", model: "m",
            dataPolicy: DataPolicy(keepsNothing: true, trainsNothing: true)),
        TargetFacts(
            id: "days", provider: "openai", model: "m", dataPolicy: DataPolicy(trainsNothing: true, retentionDays: 0)),
    ]

    /// The ids of the targets that are left, and what the chain says.
    private static func route(
        _ settings: Settings, mode: String = "enforce", among targets: [TargetFacts] = targets
    ) throws -> (left: [String], outcome: ChainOutcome) {
        let chain = try PolicyChain(
            [["kind": "data-routing-policy", "mode": .string(mode)]], ["data-routing-policy": settings])
        var outcome = chain.judge([.user("Hello")], knowing: .caller())
        let permitted = chain.route(targets, facts: .caller(), outcome: &outcome)
        return (zip(targets, permitted).filter(\.1).map(\.0.id), outcome)
    }

    static let demands: [(Settings, [String])] = [
        ([:], ["nothing", "month", "strict", "days"]),
        (["require_zero_data_retention": true], ["strict", "days"]),
        (["require_no_training": true], ["strict", "days"]), (["max_retention_days": 30], ["month", "strict", "days"]),
        (["max_retention_days": 29], ["strict", "days"]), (["max_retention_days": 0], ["strict", "days"]),
    ]

    @Test("Only targets are left whose declarations are enough", arguments: demands)
    func leaves(settings: Settings, left: [String]) throws {
        let (ids, outcome) = try Self.route(settings)

        #expect(ids == left)
        #expect(outcome.verdict == .allow && !outcome.flagged)
        let excluded = Self.targets.map(\.id).filter { !left.contains($0) }.map { "target_excluded.\($0)" }
        #expect(outcome.results[0].findings.map(\.finding.category) == excluded)
    }

    @Test("When no target is left the request is blocked, or passes with a flag")
    func none() throws {
        let poor = Array(Self.targets.prefix(2))
        let blocked = try Self.route(["require_no_training": true], among: poor)
        let warned = try Self.route(
            ["require_no_training": true, "on_no_compliant_provider": "warn", "log_provider_selection": false],
            among: poor)

        #expect(blocked.outcome.verdict == .block)
        #expect(blocked.outcome.reason?.code == "data_routing_policy.no_compliant_provider")
        #expect(warned.left == ["nothing", "month"])
        #expect(warned.outcome.flagged && warned.outcome.verdict == .allow)
        #expect(warned.outcome.results[0].reasonCode == "data_routing_policy.no_compliant_provider")
        #expect(warned.outcome.results[0].findings == [])
    }

    @Test("A policy that observes leaves all targets and flags what it would have left out")
    func observe() throws {
        let (left, outcome) = try Self.route(["require_no_training": true], mode: "observe")

        #expect(left.count == 4)
        #expect(outcome.flagged && outcome.verdict == .allow)
    }

    @Test("Only a chain with such a policy decides on targets")
    func flag() throws {
        #expect(try PolicyChain(["data-routing-policy"]).routes)
        #expect(try !PolicyChain(["pii-detector", "rbac"]).routes)
    }
}
