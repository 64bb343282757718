public import KeeptrustsCore

/// The tenant that owns everything else.
public struct Organisation: Listed, Equatable, Identifiable {
    public static let plural = "organisations"

    public var id: Identifier<Organisation>
    public var name: String
    public var created: Timestamp

    public init(id: Identifier<Organisation>, name: String, created: Timestamp) {
        self.id = id
        self.name = name
        self.created = created
    }

    /// The body of `PATCH /v1/organisations/current`.
    public struct Patch: Sendable, Codable, Equatable {
        public var name: String?

        public init(name: String? = nil) { self.name = name }
    }
}
