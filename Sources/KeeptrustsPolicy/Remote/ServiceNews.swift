/// How the service of a policy did when it was asked, as the gateway's operator is told.
public struct ServiceNews: Sendable, Equatable {
    /// The instance that asked, by its place in the chain and by its id.
    public var instance: Int
    public var policy: String

    /// Which of the instance's services it was, by its place among them.
    public var service: Int

    /// Nil when it answered as it should.
    public var failure: ServiceFailure?
}
