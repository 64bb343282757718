import KeeptrustsCore
import KeeptrustsMatching
import KeeptrustsWire
import NIOCore

/// The kind `tool-validation`: lets a model call only tools that are declared, with arguments of the declared form.
struct ToolValidation: Policy {
    static let kind = PolicyKind("tool-validation", streaming: .whole, phases: [.toolCall], capable: [.toolCall])

    let rules: [Rule] = []

    /// The names that may be called; empty for those that the request declares.
    private let declared: [NamePattern]
    private let schemas: [String: ArgumentSchema]
    private let allowsUndeclared: Bool

    /// A model that judges the calls that pass here.
    private let semantic: SemanticValidation?

    private enum Key: String, ConfigKey {
        case schemas
        case declared = "declared_tools"
        case allowUndeclared = "allow_undeclared"
        case semantic = "semantic_validation"
    }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        semantic = try SemanticValidation.read(mapping[.semantic])
        declared = try mapping[.declared]?.strings().map(NamePattern.init) ?? []
        allowsUndeclared = try mapping[.allowUndeclared]?.boolean() ?? false
        var schemas: [String: ArgumentSchema] = [:]
        for (tool, _, node) in try mapping[.schemas]?.members() ?? [] { schemas[tool] = try ArgumentSchema(node) }
        self.schemas = schemas
    }

    var examines: Bool { true }
    var needs: FactNeeds { FactNeeds(tools: true, conversation: semantic != nil) }
    var services: [ServiceAddress] { [semantic?.judge.service].compactMap(\.self) }
    var timeout: Duration { semantic?.timeout ?? .seconds(2) }

    func examine(_ examination: Examination) throws -> Opinion {
        if let refusal = examination.refusalOfNamelessCall("tool_validation") { return refusal }
        let offered = Set(examination.facts.tools.map(\.name))
        for call in examination.calls {
            if !allowsUndeclared, !isDeclared(call.name, offered, examination.stage) {
                let message = "The tool \(quoted(call.name)) is not declared."
                return refusal("undeclared", "tool.undeclared", message, call, examination)
            }
            if let problem = try problem(with: call, examination) {
                return refusal("invalid_arguments", "tool.arguments", problem, call, examination)
            }
        }
        return .clean
    }

    func questions(_ examination: Examination) -> [ServiceQuestion] {
        guard let semantic else { return [] }
        return examination.calls.map { semantic.question(about: $0, examination) }
    }

    func opinion(on replies: [ServiceReply], _ examination: Examination) throws -> Opinion {
        guard let semantic else { return .clean }
        var failure: (any Error)?
        for (call, reply) in zip(examination.calls, replies) {
            do {
                guard try semantic.judge.score(in: reply) < SemanticValidation.threshold else { continue }
                let message = "The call of the tool \(quoted(call.name)) does not fit what was asked."
                return refusal("senseless_call", "tool.senseless_call", message, call, examination)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return .clean
    }

    private func isDeclared(_ name: String, _ offered: Set<String>, _ stage: ExchangeStage) -> Bool {
        guard declared.isEmpty else { return declared.contains { $0.matches(name) } }
        // An application may leave out the tools of earlier turns.
        return stage == .request ? offered.isEmpty || offered.contains(name) : offered.contains(name)
    }

    /// How a call breaks the schema of its tool; nil when it does not, or there is none.
    private func problem(with call: Examination.Call, _ examination: Examination) throws -> String? {
        guard let schema = schemas[call.name] else { return nil }
        let tool = quoted(call.name)
        let arguments = call.arguments.readableBytes > 0 ? call.arguments : ByteBuffer(string: "{}")
        let tree: JSONTree
        do throws(JSONTree.Fault) {
            tree = try JSONTree(arguments)
        } catch .tooLarge {
            return "The arguments of \(tool) are too many to check."
        } catch {
            return "The arguments of \(tool) are not JSON."
        }
        let violation = try schema.violation(in: tree, using: examination.searching())
        return violation.map { "The arguments of \(tool) break its schema. \($0.description)." }
    }

    private func refusal(
        _ cause: String, _ category: String, _ message: String, _ call: Examination.Call, _ examination: Examination
    ) -> Opinion {
        let finding = Finding(category, at: 0..<examination.length(of: call.segment))
        return .block("tool_validation.\(cause)", message, [LocatedFinding(segment: call.segment, finding)])
    }
}
