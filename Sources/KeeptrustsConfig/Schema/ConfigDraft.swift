import KeeptrustsCore

/// A document that is made up to see how it is read: each value in a place of its own, each with a probe.
indirect enum ConfigDraft {
    case null
    case boolean(Bool)
    case integer(Int)
    case string(String)
    case list([ConfigDraft])
    case mapping([(key: String, value: ConfigDraft)])

    /// The keys that lead to a value; items of a list are numbered.
    typealias Path = [String]

    /// The draft with another value at a place, which is made when it is not there.
    func with(_ value: ConfigDraft?, at path: ArraySlice<String>) -> ConfigDraft {
        guard let key = path.first else { return value ?? .null }
        let rest = path.dropFirst()
        if case .list(var items) = self, let index = Int(key), items.indices.contains(index) {
            items[index] = items[index].with(value, at: rest)
            return .list(items)
        }
        var members: [(key: String, value: ConfigDraft)] = []
        if case .mapping(let known) = self { members = known }
        guard let index = members.firstIndex(where: { $0.key == key }) else {
            guard value != nil || !rest.isEmpty else { return .mapping(members) }
            return .mapping(members + [(key, ConfigDraft.null.with(value, at: rest))])
        }
        if value == nil, rest.isEmpty {
            members.remove(at: index)
        } else {
            members[index].value = members[index].value.with(value, at: rest)
        }
        return .mapping(members)
    }

    func with(_ value: ConfigDraft?, at path: Path) -> ConfigDraft { with(value, at: path[...]) }

    /// The value at a place; nil when there is none.
    func value(at path: Path) -> ConfigDraft? {
        path.reduce(self) { draft, key in
            switch draft {
            case .mapping(let members): members.first { $0.key == key }?.value
            case .list(let items): Int(key).flatMap { items.indices.contains($0) ? items[$0] : nil }
            case .null, .boolean, .integer, .string, nil: nil
            }
        }
    }
}

/// A draft that has been read: what each reader asked, and what was wrong.
struct ConfigAttempt {
    private(set) var errors: [ConfigError] = []
    private var probes: [ConfigDraft.Path: ConfigProbe] = [:]
    private var places: [ConfigDraft.Path: SourceLocation] = [:]

    init(_ draft: ConfigDraft, under prefix: String, _ read: (ConfigNode) -> [ConfigError]) {
        let node = build(draft, [], prefix)
        errors = read(node)
    }

    func expectations(at path: ConfigDraft.Path) -> [ConfigProbe.Expectation] { probes[path]?.expectations ?? [] }

    /// What was wrong with the value itself, not with what is below it.
    func errors(at path: ConfigDraft.Path) -> [ConfigError] {
        errors.filter { $0.location == places[path] }
    }

    private mutating func build(_ draft: ConfigDraft, _ path: ConfigDraft.Path, _ prefix: String) -> ConfigNode {
        let place = SourceLocation(file: "draft", line: probes.count + 1, column: 1)
        let probe = ConfigProbe()
        (probes[path], places[path]) = (probe, place)
        let value: ConfigNode.Value =
            switch draft {
            case .null: .null
            case .boolean(let flag): .boolean(flag)
            case .integer(let number): .integer(number)
            case .string(let text): .string(text)
            case .list(let items):
                .list(items.enumerated().map { build($1, path + ["\($0)"], prefix) })
            case .mapping(let members):
                .mapping(
                    members.map { member in
                        let value = build(member.value, path + [member.key], prefix)
                        var keyPlace = value.location
                        keyPlace.column = 0
                        return (member.key, keyPlace, value)
                    })
            }
        var text: String?
        if case .integer(let number) = draft { text = "\(number)" }
        let keys = prefix.isEmpty ? path : [prefix] + path
        var node = ConfigNode(value, at: place, path: keys.joined(separator: "."), text: text)
        node.probe = probe
        return node
    }
}
