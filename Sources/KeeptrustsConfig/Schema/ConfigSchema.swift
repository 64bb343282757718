import KeeptrustsCore
import KeeptrustsPolicy

/// The JSON Schema of a configuration (draft 2020-12), for editors.
///
/// Its structure is what the readers of the configuration ask for, found by ``ShapeExplorer``; its descriptions are those
/// of the reference page. So there is one place for each, and the schema is neither.
public struct ConfigSchema {
    private let page: ReferencePage

    /// - Parameter reference: The text of `docs/reference/config.md`; empty for a schema without descriptions.
    public init(reference: String = "") { page = ReferencePage(reference) }

    /// The schema as JSON, in lines.
    public var text: String { document.text }

    /// The keys that have no description, such as `providers.targets.*.id`; those of mappings do not count.
    public var undescribed: [String] { undescribed(Self.sections, at: []) }

    private static var sections: ConfigShape {
        ShapeExplorer { node in
            var problems = ConfigProblems()
            _ = ConfigSections(node, &problems)
            return problems.all
        }.shape()
    }

    private static var entry: ConfigShape {
        shape("policies.chain.0") { node throws(ConfigError) in try PolicyChain.Instance.read(node) }
    }

    private static func settings(of kind: PolicyKind) -> ConfigShape {
        shape("policy.\(kind.name)") { node throws(ConfigError) in try PolicyKinds.read(node, of: kind) }
    }

    private static func shape(
        _ prefix: String, _ read: @escaping (ConfigNode) throws(ConfigError) -> Void
    ) -> ConfigShape {
        ShapeExplorer(prefix: prefix) { node in
            do throws(ConfigError) {
                try read(node)
                return []
            } catch {
                return [error]
            }
        }.shape()
    }

    // Writing.

    private var document: JSONTree {
        var root = schema(of: Self.sections, at: [])
        root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        root["title"] = "The policy configuration of a Keeptrusts gateway"
        let kinds = PolicyKinds.all
        root["$defs"] = .object(
            kinds.map { ($0.name, schema(of: Self.settings(of: $0), at: ["policy", $0.name])) })
        let references = kinds.map { kind in JSONTree.object([("$ref", .string("#/$defs/\(kind.name)"))]) }
        let blocks: JSONTree = .object([
            ("type", ["object", "null"]),
            ("description", "The settings of each policy of the chain, under its id or else its kind."),
            ("properties", .object(zip(kinds, references).map { ($0.name, $1) })),
            ("additionalProperties", .object([("anyOf", .list(references))])),
        ])
        let entries: JSONTree = .list([
            .object([("enum", .list(kinds.map { .string($0.name) }))]),
            schema(of: Self.entry, at: ["policies", "chain", "*"]),
        ])
        return root.replacing("properties.policy", with: blocks)
            .replacing("properties.policies.properties.chain.items", with: .object([("anyOf", entries)]))
    }

    private func schema(of shape: ConfigShape, at path: [String]) -> JSONTree {
        var members: [(key: String, value: JSONTree)] = []
        if let text = page.description(of: path) { members.append(("description", .string(text))) }
        switch shape {
        case .string: members.append(("type", "string"))
        case .decimal: members.append(("type", ["number", "string"]))
        case .boolean(let flags):
            members.append(("type", "boolean"))
            if flags.count == 1 { members.append(("enum", .list(flags.map(JSONTree.boolean)))) }
        case .choice(let names): members.append(("enum", .list(names.map(JSONTree.string))))
        case .integer(let range):
            members += [
                ("type", "integer"), ("minimum", .integer(range.lowerBound)), ("maximum", .integer(range.upperBound)),
            ]
        case .number(let range):
            members += [
                ("type", "number"), ("minimum", .number(range.lowerBound)), ("maximum", .number(range.upperBound)),
            ]
        case .list(let item):
            members.append(("type", "array"))
            if let item { members.append(("items", schema(of: item, at: path + ["*"]))) }
        case .members(let value):
            members.append(("type", ["object", "null"]))
            if let value { members.append(("additionalProperties", schema(of: value, at: path + ["*"]))) }
        case .mapping(let keys, let alternatives): members += mapping(keys, alternatives, at: path)
        case .anything: break
        }
        return .object(members)
    }

    private func mapping(
        _ keys: [ConfigShape.Member], _ alternatives: [[String]], at path: [String]
    ) -> [(key: String, value: JSONTree)] {
        let required = keys.filter(\.isRequired).map { JSONTree.string($0.key) }
        var members: [(key: String, value: JSONTree)] = [
            ("type", required.isEmpty && alternatives.isEmpty ? ["object", "null"] : "object"),
            ("properties", .object(keys.map { ($0.key, schema(of: $0.shape, at: path + [$0.key])) })),
            ("additionalProperties", .boolean(false)),
        ]
        if !required.isEmpty { members.append(("required", .list(required))) }
        let choices = alternatives.map { keys in
            JSONTree.object([("anyOf", .list(keys.map { .object([("required", .list([.string($0)]))]) }))])
        }
        if !choices.isEmpty { members.append(("allOf", .list(choices))) }
        return members
    }

    private func undescribed(_ shape: ConfigShape, at path: [String]) -> [String] {
        switch shape {
        case .mapping(let keys, _): keys.flatMap { undescribed($0.shape, at: path + [$0.key]) }
        case .list(let item?): undescribedList(item, at: path)
        case .members: []
        case .string, .decimal, .boolean, .choice, .integer, .number, .list(nil), .anything:
            page.description(of: path) == nil ? [path.joined(separator: ".")] : []
        }
    }

    private func undescribedList(_ item: ConfigShape, at path: [String]) -> [String] {
        if case .mapping = item { return undescribed(item, at: path + ["*"]) }
        return page.description(of: path) == nil ? [path.joined(separator: ".")] : []
    }
}
