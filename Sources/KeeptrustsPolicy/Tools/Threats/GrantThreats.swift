import KeeptrustsWire

/// Judges arguments by the rights that they give: roles, policies, and the settings of workloads and networks.
struct GrantThreats {
    private let terms: ThreatTerms

    init(_ terms: ThreatTerms = .shared) { self.terms = terms }

    /// What is wrong with one value of a tool that gives rights.
    ///
    /// - Parameters:
    ///   - value: The value, as text.
    ///   - isKey: Its key says that it is a right.
    ///   - isGranting: The tool's name says that it changes rights.
    /// - Returns: The threat; nil where nothing is given that only few may have.
    func threat(in value: String, isKey: Bool, isGranting: Bool) -> ToolThreat? {
        let small = value.trimmed.lowercased()
        guard small.utf8.count <= 256 else { return manifest(value) }
        if isKey || isGranting {
            if terms.has(small, in: "roles")
                || small.hasPrefix("role:") && terms.has(String(small.dropFirst(5)), in: "roles")
            {
                return ToolThreat(category: .privilege)
            }
            if isKey, terms.has(small, in: "policies") { return ToolThreat(category: .privilege) }
            if isGranting,
                small.contains("administratoraccess") || small.contains("cluster-admin") || small.contains("fullaccess")
                    || small == "roles/owner" || small == "0.0.0.0/0"
            {
                return ToolThreat(category: .privilege)
            }
        }
        return manifest(value)
    }

    /// What is wrong with a setting that is on or off.
    func threat(inFlag value: Bool, key: String) -> ToolThreat? {
        let plain = key.lowercased().filter { $0 != "_" && $0 != "-" }
        let grants: Set = [
            "privileged", "isadmin", "admin", "issuperuser", "superuser", "isowner", "isroot", "sudo",
            "allowprivilegeescalation", "hostnetwork", "hostpid", "hostipc", "publicaccess", "publiclyaccessible",
            "skipauth", "skipauthentication", "bypassmfa", "disablemfa", "bypassapproval", "skipapproval",
            "disableaudit", "disablelogging", "fullaccess", "elevated", "runasroot", "isstaff", "impersonate",
        ]
        let guards: Set = [
            "mfa", "mfaenabled", "mfarequired", "require2fa", "twofactor", "twofactorenabled", "auditlogging",
            "auditenabled", "loggingenabled", "encryption", "encrypted", "blockpublicaccess", "runasnonroot",
            "requireapproval", "verifyssl", "verifytls", "firewallenabled",
        ]
        return value && grants.contains(plain) || !value && guards.contains(plain)
            ? ToolThreat(category: .privilege) : nil
    }

    /// Settings of a workload as YAML or JSON in a text.
    private func manifest(_ text: String) -> ToolThreat? {
        guard text.utf8.count <= 65_536, text.contains(":") else { return nil }
        let plain = text.lowercased().filter { $0 != " " && $0 != "\"" && $0 != "'" }
        let marks = [
            "privileged:true", "allowprivilegeescalation:true", "hostnetwork:true", "hostpid:true", "hostipc:true",
            "runasuser:0\n", "runasuser:0,", "runasuser:0}", "hostpath:/\n", "hostpath:/,", "hostpath:/}",
            "path:/var/run/docker.sock", "sys_admin", "sys_ptrace", "name:cluster-admin", "action:*,resource:*",
            "action:[*]", "action:*", "actions:[*]", "verbs:[*]", "principal:*", "principal:{aws:*}", "nopasswd:all",
            "cidrip:0.0.0.0/0",
        ]
        if marks.contains(where: { plain.contains($0) }) { return ToolThreat(category: .privilege) }
        if plain.hasSuffix("hostpath:/") || plain.hasSuffix("runasuser:0") || plain.contains("hostpath:{path:/}") {
            return ToolThreat(category: .privilege)
        }
        return nil
    }
}
