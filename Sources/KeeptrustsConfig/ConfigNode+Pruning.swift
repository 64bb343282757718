import KeeptrustsCore

/// Reads a part of a document again and again, each time without what was wrong with it the last time, so that all of its
/// mistakes are found and not only the first.
struct Rereading {
    /// How many mistakes of one part are looked for.
    static let mostProblems = 32

    /// How often a part is read at most.
    private static let mostReadings = 400

    private(set) var problems: [ConfigError] = []

    /// What is left of the part.
    private(set) var node: ConfigNode
    private var readings = 0

    /// What was taken out.
    private var removals: [Removal] = []

    /// An entry that was taken out, and what has been tried in its place.
    private struct Removal {
        var container: SourceLocation

        /// Nil for an item of a list.
        var entry: ConfigNode.Entry?
        var tried = 0
    }

    /// Texts of which one passes for most keys that must be there.
    private static let substitutes = [
        "a", "demo", "1.0.0", "https://api.example.com", "request", "allow", "audit-logger", "10.0.0.0/8",
    ]

    init(_ node: ConfigNode) { self.node = node }

    /// Takes note of a mistake, and takes it out.
    ///
    /// - Returns: Whether it is worth reading again.
    mutating func isWorthwhile(after problem: ConfigError) -> Bool {
        readings += 1
        guard readings < Self.mostReadings, problems.count < Self.mostProblems else { return false }
        if let index = removals.lastIndex(where: { $0.entry?.value.location == problem.location && $0.tried > 0 }) {
            return substitute(index)
        }
        switch problem.kind {
        case .missingKey, .disabled, .outOfRange:
            let owners = removals.indices.filter { removals[$0].container == problem.location }
            guard owners.isEmpty else { return restore(owners, problem) }
            problems.append(problem)
            return problem.kind == .outOfRange && remove(problem.location)
        case .conflict:
            // It may come of what was taken out.
            if removals.isEmpty { problems.append(problem) }
            return false
        case .notYAML, .unknownKey, .wrongType, .unknownValue, .duplicate, .retired, .unsupported, .limit:
            problems.append(problem)
            return remove(problem.location)
        }
    }

    private mutating func remove(_ place: SourceLocation) -> Bool {
        guard let pruned = node.pruned(at: place) else { return false }
        node = pruned.node
        removals.append(Removal(container: pruned.container, entry: pruned.entry))
        return true
    }

    /// Puts something in the place of an entry that is missing now.
    private mutating func restore(_ owners: [Int], _ problem: ConfigError) -> Bool {
        let candidates = owners.filter { removals[$0].tried == 0 && removals[$0].entry != nil }
        let named = candidates.last { index in
            removals[index].entry.map { problem.message.contains("'\($0.key)'") } ?? false
        }
        guard let index = named else {
            // A list that is empty now goes too.
            return problem.kind == .outOfRange && remove(problem.location)
        }
        return substitute(index)
    }

    private mutating func substitute(_ index: Int) -> Bool {
        guard var entry = removals[index].entry, removals[index].tried < Self.substitutes.count else { return false }
        entry.value.value = .string(Self.substitutes[removals[index].tried])
        removals[index].tried += 1
        node = node.with(entry, in: removals[index].container)
        return true
    }
}

extension ConfigProblems {
    /// Reads a part of the document, and takes note of all of its mistakes.
    ///
    /// - Returns: What was read; nil when there was a mistake.
    mutating func collect<Value>(
        _ node: ConfigNode, _ read: (ConfigNode) throws(ConfigError) -> Value
    ) -> Value? {
        var rereading = Rereading(node)
        while true {
            do throws(ConfigError) {
                let value = try read(rereading.node)
                guard rereading.problems.isEmpty else { break }
                return value
            } catch {
                guard rereading.isWorthwhile(after: error) else { break }
            }
        }
        for problem in rereading.problems { add(problem) }
        return nil
    }

    /// Reads a chain with the settings of its policies, as if they were one part of the document.
    @discardableResult
    mutating func collect<Value>(
        _ entries: ConfigNode, _ settings: ConfigNode?,
        _ read: (_ entries: ConfigNode, _ settings: ConfigNode?) throws(ConfigError) -> Value
    ) -> Value? {
        let parts = ConfigNode(
            .list(settings.map { [entries, $0] } ?? [entries]), at: entries.location, path: "")
        return collect(parts) { parts throws(ConfigError) in
            let parts = try parts.list()
            return try read(parts[0], parts.count > 1 ? parts[1] : nil)
        }
    }
}

extension ConfigNode {
    fileprivate typealias Entry = (key: String, keyLocation: SourceLocation, value: ConfigNode)

    /// The node without the entry or item at a place; nil when there is none.
    ///
    /// In block style a mapping begins where its first key does: the innermost entry at the place is meant.
    ///
    /// - Returns: The rest, where the container begins that held it, and the entry when that was a mapping.
    fileprivate func pruned(
        at place: SourceLocation
    ) -> (node: ConfigNode, container: SourceLocation, entry: Entry?)? {
        var node = self
        switch value {
        case .mapping(var entries):
            for index in entries.indices {
                guard let inner = entries[index].value.pruned(at: place) else { continue }
                entries[index].value = inner.node
                node.value = .mapping(entries)
                return (node, inner.container, inner.entry)
            }
            guard let index = entries.firstIndex(where: { $0.keyLocation == place || $0.value.location == place })
            else { return nil }
            let entry = entries.remove(at: index)
            node.value = .mapping(entries)
            return (node, location, entry)
        case .list(var items):
            for index in items.indices {
                guard let inner = items[index].pruned(at: place) else { continue }
                items[index] = inner.node
                node.value = .list(items)
                return (node, inner.container, inner.entry)
            }
            guard let index = items.firstIndex(where: { $0.location == place }) else { return nil }
            items.remove(at: index)
            node.value = .list(items)
            return (node, location, nil)
        case .null, .boolean, .integer, .number, .string:
            return nil
        }
    }

    /// The node with an entry in the mapping that begins at a place, in the stead of one with the same key.
    fileprivate func with(_ entry: Entry, in container: SourceLocation) -> ConfigNode {
        var node = self
        switch value {
        case .mapping(let entries):
            var entries = entries.map {
                (key: $0.key, keyLocation: $0.keyLocation, value: $0.value.with(entry, in: container))
            }
            if location == container {
                entries.removeAll { $0.key == entry.key }
                entries.append(entry)
            }
            node.value = .mapping(entries)
        case .list(let items):
            node.value = .list(items.map { $0.with(entry, in: container) })
        case .null, .boolean, .integer, .number, .string:
            break
        }
        return node
    }
}
