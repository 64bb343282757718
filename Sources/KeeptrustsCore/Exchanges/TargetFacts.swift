/// What is known of a target that may be asked.
public struct TargetFacts: Sendable, Equatable {
    public var id: String
    public var provider: String
    public var model: String

    /// What its vendor promises; nil when nothing is declared.
    public var dataPolicy: DataPolicy?

    public init(id: String, provider: String, model: String, dataPolicy: DataPolicy? = nil) {
        self.id = id
        self.provider = provider
        self.model = model
        self.dataPolicy = dataPolicy
    }
}

/// What a vendor promises to do with what it is sent, as the operator declares it; nothing verifies it.
public struct DataPolicy: Sendable, Equatable {
    /// It stores nothing.
    public var keepsNothing = false

    /// It trains no model on it.
    public var trainsNothing = false

    /// It deletes it after so many days at the latest; nil when it does not say.
    public var retentionDays: Int?

    public init(keepsNothing: Bool = false, trainsNothing: Bool = false, retentionDays: Int? = nil) {
        self.keepsNothing = keepsNothing
        self.trainsNothing = trainsNothing
        self.retentionDays = retentionDays
    }

    /// The days after which nothing is kept any more; nil when nothing is promised.
    public var longestRetention: Int? { keepsNothing ? 0 : retentionDays }
}
