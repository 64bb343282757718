import KeeptrustsCore

extension ConfigNode {
    /// This document with another laid over it.
    ///
    /// Mappings merge. Lists of mappings that all have an `id`, or all a `name`, merge by it; an empty list
    /// replaces. Everything else, and
    /// `policies.chain`, whose order is its meaning, is replaced. A value keeps the place where it was written.
    func overlaid(with upper: ConfigNode) -> ConfigNode {
        merged(with: upper).moved(to: path)
    }

    private func merged(with upper: ConfigNode) -> ConfigNode {
        switch (value, upper.value) {
        case (.mapping(let lower), .mapping(let higher)):
            return ConfigNode(.mapping(Self.merge(lower, higher)), at: location, path: path)
        case (.list(let lower), .list(let higher)) where path != "policies.chain":
            guard !higher.isEmpty, let key = Self.mergeKey(of: lower + higher) else { return upper }
            return ConfigNode(.list(Self.merge(lower, higher, by: key)), at: location, path: path)
        case (.mapping, .null) where path.isEmpty:
            return self
        case (_, _):
            return upper
        }
    }

    private typealias Entries = [(key: String, keyLocation: SourceLocation, value: ConfigNode)]

    private static func merge(_ lower: Entries, _ higher: Entries) -> Entries {
        var result = lower
        for entry in higher {
            if let index = result.firstIndex(where: { $0.key == entry.key }) {
                result[index] = (entry.key, entry.keyLocation, result[index].value.merged(with: entry.value))
            } else {
                result.append(entry)
            }
        }
        return result
    }

    private static func merge(_ lower: [ConfigNode], _ higher: [ConfigNode], by key: String) -> [ConfigNode] {
        var result = lower
        for item in higher {
            if let index = lower.firstIndex(where: { $0.text(of: key) == item.text(of: key) }) {
                result[index] = result[index].merged(with: item)
            } else {
                result.append(item)
            }
        }
        return result
    }

    /// `id` or `name`, when every item has it as a text; nil for an empty list.
    static func mergeKey(of items: [ConfigNode]) -> String? {
        guard !items.isEmpty else { return nil }
        return ["id", "name"].first { key in items.allSatisfy { $0.text(of: key) != nil } }
    }

    func text(of key: String) -> String? {
        guard case .mapping(let entries) = value,
            case .string(let text)? = entries.first(where: { $0.key == key })?.value.value
        else { return nil }
        return text
    }

    /// The same values with the paths that they have now.
    private func moved(to path: String) -> ConfigNode {
        func join(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
        var node = self
        node.path = path
        switch value {
        case .mapping(let entries):
            node.value = .mapping(entries.map { ($0.key, $0.keyLocation, $0.value.moved(to: join($0.key))) })
        case .list(let items):
            node.value = .list(items.enumerated().map { $1.moved(to: join("\($0)")) })
        case .null, .boolean, .integer, .number, .string:
            break
        }
        return node
    }
}
