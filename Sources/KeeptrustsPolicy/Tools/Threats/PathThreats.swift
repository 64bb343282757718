/// Judges paths.
enum PathThreats {
    /// What is wrong with a path that a tool is given to read or write.
    static func threat(in text: String, _ terms: ThreatTerms = .shared, writes: Bool = false) -> ToolThreat? {
        guard let path = PathForm(text) else { return nil }
        if path.isDisguised { return ToolThreat(category: .pathTraversal) }
        if path.climbs >= 2 || path.climbs == 1 && isSensitive(path, terms) {
            return ToolThreat(category: .pathTraversal)
        }
        if isCredential(path, terms) { return ToolThreat(category: .credentialAccess) }
        if text.contains("/../"), isSensitive(path, terms) { return ToolThreat(category: .pathTraversal) }
        if writes, terms.has(path.path, in: "startup") || terms.has(path.path, in: "device") {
            return ToolThreat(category: .privilege)
        }
        return nil
    }

    /// Whether keys, passwords or tokens stand in a file.
    static func isCredential(_ path: PathForm, _ terms: ThreatTerms) -> Bool {
        guard terms.has(path.path, in: "credential") else { return false }
        return !terms.has(path.path, in: "harmless")
    }

    private static func isSensitive(_ path: PathForm, _ terms: ThreatTerms) -> Bool {
        isCredential(path, terms) || terms.has(path.path, in: "startup") || terms.has(path.path, in: "system")
            || terms.has("/" + path.path.drop { $0 == "." || $0 == "/" }, in: "system")
    }
}
