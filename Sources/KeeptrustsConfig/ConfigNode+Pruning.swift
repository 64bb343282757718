import KeeptrustsCore
import KeeptrustsMatching
import KeeptrustsPolicy

extension ConfigProblems {
    /// Reads a part of the document, and takes note of all of its mistakes.
    ///
    /// - Returns: What was read; nil when there was a mistake.
    mutating func collect<Value>(
        _ node: ConfigNode, whileWorthIt isWorthIt: () -> Bool = { true },
        _ read: (ConfigNode) throws(ConfigError) -> Value
    ) -> Value? {
        var rereading = Rereading(node)
        while true {
            do throws(ConfigError) {
                let value = try read(rereading.node)
                guard rereading.problems.isEmpty else { break }
                return value
            } catch {
                guard isWorthIt() else {
                    if rereading.problems.isEmpty { add(error) }
                    break
                }
                let goesOn = rereading.isWorthwhile(after: error) { other in
                    guard isWorthIt() else { return nil }
                    do throws(ConfigError) {
                        _ = try read(other)
                        return nil
                    } catch { return error }
                }
                guard goesOn else { break }
            }
        }
        for problem in rereading.problems { add(problem) }
        return nil
    }

    /// Takes note of all mistakes of the policies: of each entry of the chain with its settings, and of the chain.
    ///
    /// Nothing is compiled for it.
    mutating func collectPolicies(_ entries: ConfigNode, _ settings: ConfigNode?) {
        CompileWork.bounding(patterns: Rereading.mostPatterns, weight: Rereading.mostWeight) { work in
            collectPolicies(entries, settings, work)
        }
    }

    private mutating func collectPolicies(_ entries: ConfigNode, _ settings: ConfigNode?, _ work: CompileWork) {
        guard let list = collect({ () throws(ConfigError) in try entries.list() }) else { return }
        let all = Array(list.prefix(PolicyChain.mostEntries))
        if list.count > all.count { add(PolicyChain.tooMany(at: list[all.count])) }
        var sound: [ConfigNode] = []
        let size = 1 + (settings?.count ?? 0)
        var values = 0
        for entry in all {
            // One reading of each, so that what is wrong with the chain is never passed over.
            guard values <= Rereading.mostValues, !work.isSpent else { break }
            var alone = entries
            alone.value = .list([entry])
            let parts = ConfigNode(.list(settings.map { [alone, $0] } ?? [alone]), at: entries.location, path: "")
            let entry = collect(parts, whileWorthIt: { values <= Rereading.mostValues && !work.isSpent }) {
                parts throws(ConfigError) in
                values += size
                let parts = try parts.list()
                for entry in try parts[0].list() {
                    try PolicyChain.check(entry: entry, settings: parts.count > 1 ? parts[1] : nil)
                }
                return entry
            }
            if let entry { sound.append(entry) }
        }
        for problem in PolicyChain.repeatedIDs(all) { add(problem) }
        var rest = entries
        rest.value = .list(sound)
        _ = collect { () throws(ConfigError) in
            try PolicyChain.check(entries: rest, settings: settings)
        }
    }
}

extension ConfigNode {
    /// The values in it, itself among them.
    var count: Int {
        switch value {
        case .mapping(let entries): entries.reduce(1) { $0 + $1.value.count }
        case .list(let items): items.reduce(1) { $0 + $1.count }
        case .null, .boolean, .integer, .number, .string: 1
        }
    }

    typealias Entry = (key: String, keyLocation: SourceLocation, value: ConfigNode)

    /// The node without the entry or item at a place; nil when there is none.
    ///
    /// In block style a mapping begins where its first key does: the innermost entry at the place is meant.
    ///
    /// - Returns: The rest, where the container begins that held it, and the entry when that was a mapping.
    func pruned(
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
    func with(_ entry: Entry, in container: SourceLocation) -> ConfigNode {
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

    /// The node without the mapping that begins at a place, whatever its first key is; nil when that is the node itself.
    func pruned(mapping place: SourceLocation) -> (node: ConfigNode, container: SourceLocation, entry: Entry?)? {
        func isMeant(_ node: ConfigNode) -> Bool {
            guard case .mapping = node.value else { return false }
            return node.location == place
        }
        var node = self
        switch value {
        case .mapping(var entries):
            for index in entries.indices {
                let entry = entries[index]
                if isMeant(entry.value) {
                    entries.remove(at: index)
                    node.value = .mapping(entries)
                    return (node, location, entry)
                }
                guard let inner = entry.value.pruned(mapping: place) else { continue }
                entries[index].value = inner.node
                node.value = .mapping(entries)
                return (node, inner.container, inner.entry)
            }
        case .list(var items):
            for index in items.indices {
                if isMeant(items[index]) {
                    items.remove(at: index)
                    node.value = .list(items)
                    return (node, location, nil)
                }
                guard let inner = items[index].pruned(mapping: place) else { continue }
                items[index] = inner.node
                node.value = .list(items)
                return (node, inner.container, inner.entry)
            }
        case .null, .boolean, .integer, .number, .string:
            break
        }
        return nil
    }

    /// The mapping or list that begins at a place; of a list and its first item, the list.
    func node(at place: SourceLocation) -> ConfigNode? {
        switch value {
        case .mapping(let entries):
            if location == place { return self }
            return entries.lazy.compactMap { $0.value.node(at: place) }.first
        case .list(let items):
            if location == place { return self }
            return items.lazy.compactMap { $0.node(at: place) }.first
        case .null, .boolean, .integer, .number, .string:
            return nil
        }
    }

    /// Whether what is said at `other` may come of the items that the list at `place` has.
    ///
    /// So it may be in the mapping that has the list. Items are read one by one: what is wrong with one makes no mistake
    /// in another.
    func dependsOnItems(at place: SourceLocation, _ other: SourceLocation) -> Bool {
        guard let owner = owner(ofListAt: place) else { return false }
        let isInList = node(at: place)?.pruned(at: other) != nil
        return !isInList && (owner.location == other || owner.pruned(at: other) != nil)
    }

    private func owner(ofListAt place: SourceLocation) -> ConfigNode? {
        switch value {
        case .mapping(let entries):
            let isOwner = entries.contains { entry in
                if case .list = entry.value.value { entry.value.location == place } else { false }
            }
            return isOwner ? self : entries.lazy.compactMap { $0.value.owner(ofListAt: place) }.first
        case .list(let items):
            return items.lazy.compactMap { $0.owner(ofListAt: place) }.first
        case .null, .boolean, .integer, .number, .string:
            return nil
        }
    }
}
