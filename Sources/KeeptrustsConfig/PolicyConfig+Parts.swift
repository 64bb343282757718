public import KeeptrustsCore
public import KeeptrustsPolicy
import KeeptrustsRouting

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

    /// Where an entry of `policies.chain` stands, by its place in the chain; where the chain does, when there is none.
    public func place(ofEntry index: Int) -> SourceLocation {
        guard case .list(let entries) = chainEntries.value, entries.indices.contains(index) else {
            return chainEntries.location
        }
        return entries[index].location
    }

    /// Compiles some of the chain's entries, as if the others were not there.
    ///
    /// - Parameters:
    ///   - entries: Which ones, by their place in the chain.
    ///   - cacheDirectory: Where compiled patterns are kept; nil compiles them anew.
    /// - Returns: The chain of these entries, in their order.
    /// - Throws: ``ConfigMistakes`` with the first mistake.
    public func compileChain(
        only entries: Set<Int>, cacheDirectory: String?
    ) throws(ConfigMistakes) -> PolicyChain {
        var part = chainEntries
        if case .list(let all) = part.value {
            part.value = .list(all.enumerated().filter { entries.contains($0.offset) }.map(\.element))
        }
        do throws(ConfigError) {
            return try PolicyChain(entries: part, settings: chainSettings, cacheDirectory: cacheDirectory)
        } catch {
            throw ConfigMistakes(error)
        }
    }
}

extension PolicyConfig {
    /// This configuration with targets that all speak the surface's own dialect, need no credential and lead nowhere.
    ///
    /// What an exchange decides is as it would be; what is sent to a provider is for a test to look at.
    public var rehearsed: PolicyConfig {
        var copy = self
        for index in copy.targets.indices {
            copy.targets[index].provider = "openai"
            copy.targets[index].baseURL = "http://127.0.0.1:9/v1"
            copy.targets[index].secretVariable = nil
            copy.targets[index].retry.maxAttempts = 1
        }
        return copy
    }
}

extension PolicyConfig {
    /// The settings of an instance of the chain, in a form that is the same for the same settings.
    public func settings(of instance: PolicyChain.Instance) -> String {
        let own = try? chainSettings?.member(instance.id) ?? chainSettings?.member(instance.kind.name)
        guard let own, case .mapping = own.value else { return "{}" }
        return own.canonicalJSON
    }
}
