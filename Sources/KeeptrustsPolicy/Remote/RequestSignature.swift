public import KeeptrustsCore

/// How requests to a service are signed instead of carrying a credential: AWS's Signature Version 4.
public struct RequestSignature: Sendable, Hashable {
    public var region: String

    /// What AWS calls the service, such as `bedrock`.
    public var service: String

    /// The variable that holds the id of the access key; the address's own credential is its secret half.
    public var accessKeyVariable: EnvironmentReference?

    /// The variable that holds the token of a temporary access key; nil for a lasting one.
    public var sessionTokenVariable: EnvironmentReference?

    init(region: String, service: String) {
        self.region = region
        self.service = service
    }
}
