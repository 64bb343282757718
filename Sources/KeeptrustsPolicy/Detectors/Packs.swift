import KeeptrustsCore
import KeeptrustsMatching

/// The packs that are built into the binary.
enum Packs {
    /// The rules of a pack, as the chain runs them.
    ///
    /// - Parameters:
    ///   - name: The pack's file.
    ///   - node: The settings that asked for it, for the error's location.
    /// - Returns: The rules, in the order of the file.
    /// - Throws: ``ConfigError`` when the pack is broken, which a test of each pack rules out.
    static func rules(of name: String, for node: ConfigNode?) throws(ConfigError) -> [Rule] {
        do { return try Pack(named: name).rules.map(\.rule) } catch { throw error.configError(for: node) }
    }

    /// A classifier's model, as the gateway runs it.
    ///
    /// - Parameters:
    ///   - name: The model's file.
    ///   - node: The settings that asked for it, for the error's location.
    /// - Returns: The model.
    /// - Throws: ``ConfigError`` when the file is broken, which a test rules out.
    static func model(_ name: String, for node: ConfigNode?) throws(ConfigError) -> LinearModel {
        do { return try LinearModel(named: name) } catch { throw error.configError(for: node) }
    }
}

extension PackError {
    fileprivate func configError(for node: ConfigNode?) -> ConfigError {
        let place = node?.location ?? SourceLocation(file: pack, line: line, column: 1)
        return ConfigError(.unknownValue, at: place, "The pack '\(pack)' is broken: \(message).")
    }
}

extension Rule {
    /// A rule that a user wrote: a regular expression that can be matched in linear time.
    init(category: String, written node: ConfigNode, weight: Int = 1) throws(ConfigError) {
        let expression = try node.string()
        guard !expression.isEmpty, expression.utf8.count <= 4_096 else {
            throw ConfigError(.outOfRange, at: node.location, "'\(node.path)' must have 1 to 4096 bytes.")
        }
        let pattern = Pattern(expression, mustBeLinear: true)
        self.init(category: category, pattern: pattern, weight: weight, source: node)
    }
}

extension ConfigNode {
    /// Refuses keys that other versions or other documents use, with a hint at what to say.
    func refuse(_ keys: KeyValuePairs<String, String>) throws(ConfigError) {
        for member in try members() {
            guard let hint = keys.first(where: { $0.key == member.key })?.value else { continue }
            throw ConfigError(.unknownKey, at: member.keyLocation, "unknown key '\(member.value.path)'.", hint: hint)
        }
    }

    /// Refuses a documented key that has no effect yet.
    func refuseForNow() throws(ConfigError) {
        throw ConfigError(.unknownKey, at: location, "'\(path)' is not in this version yet.")
    }
}
