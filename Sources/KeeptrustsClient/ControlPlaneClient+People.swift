public import KeeptrustsAPI
public import KeeptrustsCore
import NIOCore

/// What the servers of the browser apps ask for a person.
extension ControlPlaneClient {
    /// Where a person comes from, as the server sees it that passes the person's call on.
    public struct Origin: Sendable {
        public var address: String?
        public var userAgent: String?
        public var client: Session.Client

        public init(address: String? = nil, userAgent: String? = nil, client: Session.Client) {
            self.address = address
            self.userAgent = userAgent
            self.client = client
        }
    }

    public func signIn(_ request: SignInRequest, from origin: Origin) async throws -> SignedIn {
        try await ask(Call(.POST, "/v1/auth/login", body: Self.json(request)).adding(origin))
    }

    public func redeem(_ redemption: SignInLink.Redemption, from origin: Origin) async throws -> SignedIn {
        try await ask(Call(.POST, "/v1/auth/sign-in-link/redeem", body: Self.json(redemption)).adding(origin))
    }

    /// Ends the session; one that has ended already is no failure.
    public func signOut(_ token: Secret) async throws {
        var call = Call(.POST, "/v1/auth/logout")
        call.token = token
        let answer = try await send(call, timeout: .seconds(15))
        guard answer.status == 401 || (200..<300).contains(answer.status) else { throw ControlPlaneError(answer) }
    }

    public func whoAmI(_ token: Secret) async throws -> WhoAmI {
        try await ask(Call(.GET, "/v1/whoami"), as: token)
    }

    /// Asks for a code that the chat exchanges; `challenge` is that of RFC 7636, method S256.
    public func handOff(challenge: String, as token: Secret) async throws -> Handoff.Code {
        let draft = Handoff.Draft(codeChallenge: challenge)
        return try await ask(Call(.POST, "/v1/auth/handoff", body: Self.json(draft)), as: token)
    }

    public func exchange(_ exchange: HandoffExchange, from origin: Origin) async throws -> HandedOff {
        try await ask(Call(.POST, "/v1/auth/handoff/exchange", body: Self.json(exchange)).adding(origin))
    }
}

extension ControlPlaneClient.Call {
    fileprivate func adding(_ origin: ControlPlaneClient.Origin) -> Self {
        adding("x-forwarded-for", origin.address).adding("x-keeptrusts-user-agent", origin.userAgent)
            .adding("x-keeptrusts-client", origin.client.rawValue)
    }
}
