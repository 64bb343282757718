import KeeptrustsCore

extension PolicyConfig {
    /// The effective document as one JSON object, for programs.
    ///
    /// Its members are `name`, `version`, `digest`, `config` (the document), `warnings`, and `origins`: of each value,
    /// by the keys that lead to it, the file and line in which it was written.
    ///
    /// - Parameter withOrigins: Whether `origins` is there.
    /// - Returns: Lines without the last one's end.
    public func effectiveJSON(withOrigins: Bool) -> String {
        var members: [(key: String, value: JSONTree)] = [
            ("name", .string(pack.name)), ("version", .string(pack.version)), ("digest", .string(digest)),
            ("config", document.tree), ("warnings", .list(warnings.map { .string($0.description) })),
        ]
        if withOrigins {
            members.append(
                ("origins", .object(document.origins.map { ($0.path, .string("\($0.place.file):\($0.place.line)")) })))
        }
        return JSONTree.object(members).text
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

    /// Each value that is no mapping and no list of anything, with its place, in the order of the document.
    fileprivate var origins: [(path: String, place: SourceLocation)] {
        switch value {
        case .mapping(let entries) where !entries.isEmpty: entries.flatMap(\.value.origins)
        case .list(let items) where !items.isEmpty: items.flatMap(\.origins)
        case .null, .boolean, .integer, .number, .string, .list, .mapping: [(path, location)]
        }
    }
}
