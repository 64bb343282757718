public import KeeptrustsCore
public import KeeptrustsPolicy

extension PolicyConfig {
    /// The kind of each entry of `policies.chain`, in the order of the chain.
    public var chainKinds: [String] {
        guard case .list(let entries) = chainEntries.value else { return [] }
        return entries.map { entry in
            switch entry.value {
            case .string(let kind): return kind
            case .mapping:
                guard case .string(let kind)? = (try? entry.member("kind"))?.value else { return "" }
                return kind
            case .null, .boolean, .integer, .number, .list: return ""
            }
        }
    }

    /// Compiles some of the chain's entries, as if the others were not there.
    ///
    /// - Parameters:
    ///   - entries: Which ones, by their place in the chain.
    ///   - cacheDirectory: Where compiled patterns are kept; nil compiles them anew.
    /// - Returns: The chain of these entries, in their order.
    /// - Throws: ``ConfigError`` for the first mistake.
    public func compileChain(
        only entries: Set<Int>, cacheDirectory: String?
    ) throws(ConfigError) -> PolicyChain {
        var part = chainEntries
        if case .list(let all) = part.value {
            part.value = .list(all.enumerated().filter { entries.contains($0.offset) }.map(\.element))
        }
        return try PolicyChain(entries: part, settings: chainSettings, cacheDirectory: cacheDirectory)
    }
}
