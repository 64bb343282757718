/// What may do harm in the call of a tool.
struct ToolThreat: Equatable, Error {
    enum Category: String, CaseIterable, Sendable {
        /// Destroys what is not the caller's to destroy: systems, disks, branches, clusters.
        case destruction

        /// Hides traces, or switches defences off.
        case concealment

        /// Runs what comes from elsewhere, or opens a way in.
        case remoteCode = "remote_code"

        /// Gives rights, or takes them.
        case privilege

        /// Reads keys, passwords and tokens.
        case credentialAccess = "credential_access"

        /// Sends out what must not leave.
        case exfiltration

        /// A path that leaves the place where it begins.
        case pathTraversal = "path_traversal"

        /// An address of the inner network, of the machine itself, or of its metadata.
        case serverRequest = "ssrf"

        /// A command in an argument that is none.
        case commandInjection = "command_injection"

        /// SQL in an argument that is none, or SQL that destroys or steals.
        case sqlInjection = "sql_injection"

        /// Markup that runs code or sends data when it is shown.
        case activeMarkup = "active_markup"

        /// Personal data or a credential.
        case sensitiveData = "sensitive_data"

        /// Arguments that cannot be read, or hold more than is looked at.
        case unreadable
    }

    var category: Category

    /// How sure it is, 0...1.
    var confidence = 0.9
}

extension ToolThreat.Category {
    /// What a refusal says, about a call of a tool whose name goes before.
    var sentence: String {
        switch self {
        case .destruction: "would destroy more than its own"
        case .concealment: "would hide traces or switch defences off"
        case .remoteCode: "would run code that comes from elsewhere"
        case .privilege: "would change who may do what"
        case .credentialAccess: "would read credentials"
        case .exfiltration: "would send out data that must not leave"
        case .pathTraversal: "has a path that leaves the place where it begins"
        case .serverRequest: "has an address of an inner network"
        case .commandInjection: "has a command in an argument"
        case .sqlInjection: "has SQL that injects, destroys or steals"
        case .activeMarkup: "has markup that runs code or sends data"
        case .sensitiveData: "has personal data or credentials in its arguments"
        case .unreadable: "has arguments that cannot be checked"
        }
    }
}
