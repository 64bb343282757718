import KeeptrustsCore

/// The section `pack`: what the configuration is called.
public struct Pack: Sendable, Equatable {
    /// Stands, with the version, in every decision event (`name`, 1 to 128 characters).
    public var name: String

    /// SemVer 2.0.0 (`version`).
    public var version: String

    /// Whether a gateway may run it (`enabled`); a gateway refuses it otherwise, and goes on with what it has.
    public var isEnabled = true

    /// For people (`description`, up to 1000 characters).
    public var description: String?

    private enum Key: String, ConfigKey { case name, version, enabled, description }

    init(_ config: ConfigNode) throws(ConfigError) {
        let mapping = try config.mapping(Key.self)
        name = try mapping.required(.name).label(upTo: 128)
        version = try Self.version(mapping.required(.version))
        if let flag = mapping[.enabled] { isEnabled = try flag.boolean() }
        if let text = mapping[.description] { description = try text.label(upTo: 1_000, allowingLines: true) }
    }

    private static func version(_ node: ConfigNode) throws(ConfigError) -> String {
        switch node.value {
        case .integer, .number:
            // In quotes alone it would be no version either.
            throw node.wrongType("must be a text", hint: node.text.flatMap(completed).map { "write \"\($0)\"" })
        case .null, .boolean, .string, .list, .mapping: break
        }
        let text = try node.string()
        guard isVersion(text) else {
            let hint = completed(text).map { "say '\($0)': a version has three numbers (SemVer)" }
            throw ConfigError(
                .outOfRange, at: node.location, "'\(node.path)' is \(quoted(text)), not a version.",
                hint: hint ?? "write it as in '1.4.0' or '2.0.0-rc.1' (SemVer)")
        }
        return text
    }

    /// A version of which only the first numbers are written, also behind a `v`; nil when it is something else.
    private static func completed(_ text: String) -> String? {
        let numbers = text.hasPrefix("v") ? String(text.dropFirst()) : text
        return ["", ".0", ".0.0"].map { numbers + $0 }.first(where: isVersion)
    }

    /// SemVer 2.0.0 §2, §9 and §10.
    static func isVersion(_ text: String) -> Bool {
        guard text.utf8.count <= 128 else { return false }
        let parts = text.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
        let core = parts[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let numbers = core[0].split(separator: ".", omittingEmptySubsequences: false)
        let build = parts.dropFirst().first.map(identifiers) ?? []
        let release = core.dropFirst().first.map(identifiers) ?? []
        return numbers.count == 3 && numbers.allSatisfy(isNumber) && build.allSatisfy(isIdentifier)
            && release.allSatisfy { isIdentifier($0) && (!$0.allSatisfy(\.isNumber) || isNumber($0)) }
    }

    private static func identifiers(_ text: Substring) -> [Substring] {
        text.split(separator: ".", omittingEmptySubsequences: false)
    }

    private static func isNumber(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
            && (text.utf8.count == 1 || text.first != "0")
    }

    private static func isIdentifier(_ text: Substring) -> Bool {
        !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
    }
}
