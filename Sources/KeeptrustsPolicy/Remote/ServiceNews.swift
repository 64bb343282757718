/// How a service of a policy did when it was asked, as the gateway's operator is told.
public struct ServiceNews: Sendable, Equatable {
    /// The instance that asked, by its place in the chain and by its id.
    public var instance: Int
    public var policy: String

    /// Which of the policy's services it is, by its place among them.
    public var service = 0

    /// Nil when it answered as it should.
    public var failure: ServiceFailure?

    /// What nothing else is called among the services of all policies of a chain.
    public var name: String { Self.name(of: service, of: policy) }

    static func name(of service: Int, of policy: String) -> String { service == 0 ? policy : "\(policy)#\(service)" }
}
