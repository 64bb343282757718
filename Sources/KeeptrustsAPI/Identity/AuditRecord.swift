public import KeeptrustsCore

/// Who did what to which resource; never changed, and chained by hashes so that a change shows.
public struct AuditRecord: Listed, Equatable, Identifiable {
    public static let plural = "audit_records"

    public var id: Identifier<AuditRecord>

    /// 1, 2, 3, … in its organisation, without gaps.
    public var sequence: Int
    public var time: Timestamp
    public var actor: Actor

    /// `<resource>.<verb>`, such as `token.rotate`.
    public var action: String

    /// The id of what it was done to.
    public var resource: String?
    public var outcome: Outcome
    public var requestID: String?
    public var remoteAddress: String?

    /// What changed, by name; never a secret.
    public var details: [String: String]

    /// The `hash` of the record before; empty in the first.
    public var previousHash: String

    /// The hex SHA-256 of `previousHash` and ``canonicalText``.
    public var hash: String

    public enum Outcome: String, Sendable, Codable, CaseIterable { case success, failure }

    /// Who acted, as the credential says.
    public struct Actor: Sendable, Codable, Equatable {
        public var kind: Kind

        /// The id of the user or token; the program's own name for `system`.
        public var id: String

        public enum Kind: String, Sendable, Codable, CaseIterable { case user, token, system }

        public init(_ kind: Kind, _ id: String) {
            self.kind = kind
            self.id = id
        }
    }

    private enum CodingKeys: String, CodingKey {
        case id, sequence, time, actor, action, resource, outcome, details, hash
        case requestID = "request_id"
        case remoteAddress = "remote_address"
        case previousHash = "previous_hash"
    }

    /// A record that waits for its place in the chain.
    public init(
        id: Identifier<AuditRecord>, time: Timestamp, actor: Actor, action: String, resource: String? = nil,
        outcome: Outcome = .success, requestID: String? = nil, remoteAddress: String? = nil,
        details: [String: String] = [:], sequence: Int = 0, previousHash: String = "", hash: String = ""
    ) {
        self.id = id
        self.sequence = sequence
        self.time = time
        self.actor = actor
        self.action = action
        self.resource = resource
        self.outcome = outcome
        self.requestID = requestID
        self.remoteAddress = remoteAddress
        self.details = details
        self.previousHash = previousHash
        self.hash = hash
    }

    /// The text that the hash covers: every field but the hashes, each with its length, so that no two records share it.
    public var canonicalText: String {
        var fields: [String?] = [
            id.rawValue, String(sequence), String(time.rawValue), actor.kind.rawValue, actor.id, action, resource,
            outcome.rawValue, requestID, remoteAddress, String(details.count),
        ]
        for (name, value) in details.sorted(by: { $0.key < $1.key }) { fields += [name, value] }
        return fields.map { field in field.map { "\($0.utf8.count):\($0)" } ?? "-" }.joined(separator: "\n")
    }
}
