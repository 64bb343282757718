import Hummingbird
public import KeeptrustsAPI
public import KeeptrustsCore
public import KeeptrustsStorage
public import KeeptrustsWeb
public import Logging
public import ServiceLifecycle

/// The control plane's API, as a service.
public struct ControlPlaneServer: Service {
    let plane: Plane
    private let listener: WebListener
    private let logger: Logger

    /// - Parameters:
    ///   - database: Where everything is kept; its schema is up to date.
    ///   - key: What stored hashes of credentials depend on.
    ///   - settings: The version, and how long things last.
    ///   - address: Where to listen; port 0 takes a free one.
    ///   - tls: Certificate and key; nil serves plain HTTP.
    ///   - validate: Says what is wrong with a policy configuration.
    ///   - now: The clock.
    ///   - logger: Where the server logs.
    ///   - onReady: Told the base URL when connections are accepted.
    /// - Throws: ``CannotServe`` when certificate or key cannot be used.
    public init(
        database: any Database, key: ServerKey, settings: ControlPlaneSettings, address: HostPort,
        tls: TLSFiles? = nil, validate: @escaping @Sendable (String) -> [Validation.Diagnostic],
        now: @escaping @Sendable () -> Timestamp = { .systemClock() }, logger: Logger,
        onReady: @escaping @Sendable (String) async -> Void
    ) throws(CannotServe) {
        plane = Plane(
            database: database, key: key, settings: settings, check: ConfigurationCheck(validate), now: now,
            hasher: PasswordHasher())
        self.logger = logger
        listener = try WebListener(
            name: "api", address: address, tls: tls, router: plane.router(isTLS: tls != nil),
            limits: settings.limits, logger: logger, onReady: onReady)
    }

    public func run() async throws {
        let services: [any Service] = [
            Cleaning(plane: plane, logger: logger), RetentionJob(plane: plane, logger: logger),
            KeyWatch(plane: plane, logger: logger), listener,
        ]
        try await withGracefulShutdownHandler {
            try await ServiceGroup(services: services, logger: logger).run()
        } onGracefulShutdown: {
            plane.notifier.stop()
        }
    }
}

extension Plane {
    /// The whole API; unless paths are to answer 405 to methods that they do not take, the router lists the operations
    /// and nothing else.
    func router(isTLS: Bool = false, answersOtherMethods: Bool = true) -> Router<APIContext> {
        let router = Router(context: APIContext.self)
        router.addSharedMiddleware(isTLS: isTLS)
        router.add(middleware: AuthenticationMiddleware(plane: self))
        router.addRoutes(HealthRoutes(plane: self).routes)
        router.addRoutes(SignInRoutes(plane: self).routes, atPath: "/v1/auth")
        router.addRoutes(HandoffRoutes(plane: self).routes, atPath: "/v1/auth/handoff")
        router.addRoutes(WhoAmIRoutes(plane: self).routes, atPath: "/v1/whoami")
        router.addRoutes(UserRoutes(plane: self).routes, atPath: "/v1")
        router.addRoutes(TokenRoutes(plane: self).routes, atPath: "/v1/tokens")
        router.addRoutes(GatewayRoutes(plane: self).routes, atPath: "/v1/gateways")
        router.addRoutes(ConfigurationRoutes(plane: self).routes, atPath: "/v1/configurations")
        router.addRoutes(EventRoutes(plane: self).routes, atPath: "/v1/events")
        router.addRoutes(AuditRoutes(plane: self).routes, atPath: "/v1/audit-records")
        router.addRoutes(MachineRoutes(plane: self).routes, atPath: "/v1/gateway")
        if answersOtherMethods { router.addMethodNotAllowed() }
        return router
    }
}
