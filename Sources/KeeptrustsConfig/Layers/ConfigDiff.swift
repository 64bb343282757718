public import KeeptrustsCore

/// What distinguishes two documents, by the keys that lead there.
///
/// Items of a list that have an `id` or a `name` are compared with the item that has the same; other lists as a whole.
public struct ConfigDiff: Sendable {
    struct Change: Sendable {
        var path: String
        var before: ConfigNode?
        var after: ConfigNode?
    }

    private(set) var changes: [Change] = []

    public init(from before: ConfigNode, to after: ConfigNode) { compare(before, after, "") }

    public var isEmpty: Bool { changes.isEmpty }

    /// For people: a line for each change.
    public var summary: String {
        guard !isEmpty else { return "no difference" }
        return changes.map { change in
            switch (change.before, change.after) {
            case (let before?, let after?):
                return "~ \(change.path): \(before.canonicalJSON) -> \(after.canonicalJSON)  (\(after.location))"
            case (let before?, nil): return "- \(change.path): \(before.canonicalJSON)  (\(before.location))"
            case (nil, let after?): return "+ \(change.path): \(after.canonicalJSON)  (\(after.location))"
            case (nil, nil): return change.path
            }
        }.joined(separator: "\n")
    }

    /// For programs.
    public var json: String {
        let list = changes.map { change in
            var members: [(key: String, value: JSONTree)] = [("path", .string(change.path))]
            if let before = change.before { members.append(("before", before.tree)) }
            if let after = change.after {
                members += [("after", after.tree), ("location", .string("\(after.location)"))]
            }
            return JSONTree.object(members)
        }
        return JSONTree.object([("equal", .boolean(isEmpty)), ("changes", .list(list))]).text
    }

    private mutating func compare(_ before: ConfigNode, _ after: ConfigNode, _ path: String) {
        guard before.canonicalJSON != after.canonicalJSON else { return }
        switch (before.value, after.value) {
        case (.mapping(let old), .mapping(let new)):
            compare(old.map { ($0.key, $0.value) }, new.map { ($0.key, $0.value) }) {
                path.isEmpty ? $0 : "\(path).\($0)"
            }
        case (.list(let old), .list(let new)):
            guard let key = ConfigNode.mergeKey(of: old + new), Self.areUnique(old, key), Self.areUnique(new, key)
            else {
                return changes.append(Change(path: path, before: before, after: after))
            }
            compare(old.map { ($0.text(of: key) ?? "", $0) }, new.map { ($0.text(of: key) ?? "", $0) }) {
                "\(path)[\($0)]"
            }
            compareOrder(old, new, key, path)
        case (_, _):
            changes.append(Change(path: path, before: before, after: after))
        }
    }

    private mutating func compare(
        _ old: [(key: String, node: ConfigNode)], _ new: [(key: String, node: ConfigNode)], path: (String) -> String
    ) {
        for (key, node) in old {
            if let other = new.first(where: { $0.key == key }) {
                compare(node, other.node, path(key))
            } else {
                changes.append(Change(path: path(key), before: node))
            }
        }
        for (key, node) in new where !old.contains(where: { $0.key == key }) {
            changes.append(Change(path: path(key), after: node))
        }
    }

    /// The order of a list is part of its meaning, such as which target is asked first.
    private mutating func compareOrder(_ old: [ConfigNode], _ new: [ConfigNode], _ key: String, _ path: String) {
        func names(_ items: [ConfigNode], _ others: [ConfigNode]) -> [String] {
            items.compactMap { $0.text(of: key) }.filter { name in others.contains { $0.text(of: key) == name } }
        }
        let (before, after) = (names(old, new), names(new, old))
        guard before != after, let place = new.first?.location else { return }
        func list(_ names: [String]) -> ConfigNode {
            ConfigNode(.list(names.map { ConfigNode(.string($0), at: place, path: "") }), at: place, path: "")
        }
        changes.append(Change(path: "\(path) (order)", before: list(before), after: list(after)))
    }

    private static func areUnique(_ items: [ConfigNode], _ key: String) -> Bool {
        Set(items.map { $0.text(of: key) }).count == items.count
    }
}

extension ConfigNode {
    fileprivate var tree: JSONTree {
        switch value {
        case .null: .null
        case .boolean(let flag): .boolean(flag)
        case .integer(let number): .integer(number)
        case .number(let number): .number(number)
        case .string(let text): .string(text)
        case .list(let items): .list(items.map(\.tree))
        case .mapping(let entries): .object(entries.map { ($0.key, $0.value.tree) })
        }
    }
}
