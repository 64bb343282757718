import KeeptrustsAPI
import KeeptrustsClient
import KeeptrustsConfig
public import KeeptrustsCore
import KeeptrustsExchange
import Logging

/// The config that a gateway starts with.
struct FirstConfig {
    let settings: GatewaySettings
    let directory: StateDirectory
    let logger: Logger

    /// The config, compiled.
    ///
    /// - Throws: A ``UserFacingError`` when there is none that can be run.
    func snapshot() async throws -> Snapshot {
        switch settings.source {
        case .local(let config, _): return try compile(config)
        case .managed(let parse, _): return try await assigned { try compile(try parse($0)) }
        }
    }

    /// Asks the control plane; when it is silent or wants what cannot be run, takes what it last assigned before.
    private func assigned(_ compile: (_ yaml: String) throws -> Snapshot) async throws -> Snapshot {
        guard let controlPlane = settings.controlPlane else { throw NoConfig(cause: "no API is given (--api-url)") }
        let kept = directory.text(FleetLink.lastGoodConfig)
        let me: RegisterRequest
        let yaml: String
        do {
            me = try await introduce(to: controlPlane)
            let news = try await controlPlane.client.config(unlike: nil, waitSeconds: 0, as: controlPlane.token)
            guard case .assigned(let assigned) = news else { throw NoConfig(cause: "none is assigned to it yet") }
            yaml = assigned.yaml
        } catch ControlPlaneError.unavailable {
            guard let kept else {
                throw NoConfig(cause: "the API cannot be reached, and none was kept from an earlier run")
            }
            logger.warning("the API cannot be reached; the last good config is in force")
            return try compile(kept)
        }
        let snapshot: Snapshot
        do { snapshot = try compile(yaml) } catch {
            guard let kept, kept != yaml else {
                await tell(controlPlane, ConfigFailure(error, at: .now), as: me)
                throw error
            }
            // What is wrong with it is logged, and told, when it is assigned anew to the running gateway.
            logger.warning("the assigned config cannot be run; the last good one is in force")
            return try compile(kept)
        }
        try directory.keep(yaml, as: FleetLink.lastGoodConfig)
        return snapshot
    }

    private func compile(_ config: PolicyConfig) throws -> Snapshot {
        let note = CompilingNote { [logger, place = directory.patternCache] in
            logger.info("compiling patterns, which may take some seconds", metadata: ["kept_in": "\(place)"])
        }
        return try note.given { try settings.compile(config, in: directory) }
    }
}

extension FirstConfig {
    /// Registers, because the control plane assigns a config only to a gateway that it knows.
    private func introduce(to controlPlane: GatewaySettings.ControlPlane) async throws -> RegisterRequest {
        let known = directory.text(FleetLink.gatewayIDFile)
        var me = RegisterRequest(
            gatewayID: known.map { Identifier(rawValue: $0) }, instanceID: FleetLink.newInstanceID(),
            name: settings.name, version: Product.version,
            advertiseAddr: settings.advertised(at: settings.listen), listenAddr: "\(settings.listen)",
            mode: .managed, config: ConfigReference(name: "none", version: "0.0.0", digest: ""))
        let response = try await controlPlane.client.register(me, as: controlPlane.token)
        try directory.keep(response.gatewayID.rawValue, as: FleetLink.gatewayIDFile)
        me.gatewayID = response.gatewayID
        return me
    }

    /// Says why the gateway will not start, if there is somebody to listen.
    private func tell(
        _ controlPlane: GatewaySettings.ControlPlane, _ failure: ConfigFailure, as me: RegisterRequest
    ) async {
        guard let id = me.gatewayID else { return }
        let heartbeat = Heartbeat(
            gatewayID: id, instanceID: me.instanceID, config: me.config, configFailure: failure, counters: .init())
        do { _ = try await controlPlane.client.heartbeat(heartbeat, as: controlPlane.token) } catch {
            logger.warning("the control plane was not told", metadata: ["error": "\(error)"])
        }
    }
}

/// A managed gateway has no config to run on.
public struct NoConfig: UserFacingError, Equatable {
    public var cause: String

    public var category: ErrorCategory { .unavailable }
    public var code: String { "config.none" }
    public var message: String { "This gateway has no config: \(cause)." }
}
