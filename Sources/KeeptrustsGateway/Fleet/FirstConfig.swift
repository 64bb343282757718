import KeeptrustsAPI
import KeeptrustsClient
import KeeptrustsConfig
public import KeeptrustsCore
import KeeptrustsExchange
import Logging

/// What a gateway starts with.
struct FirstConfig {
    var snapshot: Snapshot

    /// Why the assigned config is not the one in force; nil when it is.
    var failure: ConfigFailure?

    /// The digest of the assigned config; nil when none was heard of.
    var assignedDigest: String?

    /// Reads or asks for the config, and compiles it.
    ///
    /// - Throws: A ``UserFacingError`` when there is none that can be run.
    static func load(
        _ settings: GatewaySettings, _ directory: StateDirectory, _ logger: Logger,
        compile: (PolicyConfig) throws -> Snapshot
    ) async throws -> FirstConfig {
        switch settings.source {
        case .local(let config, _):
            return FirstConfig(snapshot: try compile(config))
        case .managed(let parse, _):
            guard let controlPlane = settings.controlPlane else { throw NoConfig(cause: "no API is given (--api-url)") }
            let start = ManagedStart(
                settings: settings, controlPlane: controlPlane, directory: directory, logger: logger)
            return try await start.config { try compile(try parse($0)) }
        }
    }
}

/// The start of a gateway whose config the control plane assigns.
private struct ManagedStart {
    let settings: GatewaySettings
    let controlPlane: GatewaySettings.ControlPlane
    let directory: StateDirectory
    let logger: Logger
    let instanceID = FleetLink.newInstanceID()

    /// It runs on no config yet.
    private static let none = ConfigReference(name: "none", version: "0.0.0", digest: "")

    private static let tokenHint =
        "The token is that of --api-token, or of KEEPTRUSTS_GATEWAY_TOKEN; the console makes one under Keys, "
        + "with the purpose Gateway."

    /// Takes the assigned config; when the control plane is silent, or that one cannot be run, the last good one.
    func config(_ compile: (_ yaml: String) throws -> Snapshot) async throws -> FirstConfig {
        let gatewayID: Identifier<KeeptrustsAPI.Gateway>
        let assigned: AssignedConfig
        do {
            gatewayID = try await introduce()
            assigned = try await ask()
        } catch ControlPlaneError.unavailable(let cause) {
            guard let yaml = directory.text(FleetLink.lastGoodConfig) else {
                throw NoConfig(cause: "the API cannot be reached (\(cause)), and none was kept from an earlier run")
            }
            logger.warning(
                "the API cannot be reached; the last good config is in force", metadata: ["error": "\(cause)"])
            return FirstConfig(snapshot: try compile(yaml))
        } catch ControlPlaneError.unauthorised(let detail) {
            throw ControlPlaneError.unauthorised(detail.saying(Self.tokenHint))
        } catch ControlPlaneError.refused(status: 403, let detail) {
            throw ControlPlaneError.refused(status: 403, detail.saying(Self.tokenHint))
        }
        let snapshot: Snapshot
        do { snapshot = try compile(assigned.yaml) } catch {
            let failure = ConfigFailure(error, at: .now)
            guard let good = lastGood(unlike: assigned, compile) else {
                await report(failure, of: gatewayID)
                throw error
            }
            logger.refused(
                error, "the assigned config is not in force; the last good one is",
                metadata: ["digest": "\(assigned.digest)"])
            return FirstConfig(snapshot: good, failure: failure, assignedDigest: assigned.digest)
        }
        try directory.keep(assigned.yaml, as: FleetLink.lastGoodConfig)
        return FirstConfig(snapshot: snapshot, assignedDigest: assigned.digest)
    }

    private func lastGood(unlike assigned: AssignedConfig, _ compile: (String) throws -> Snapshot) -> Snapshot? {
        guard let yaml = directory.text(FleetLink.lastGoodConfig), yaml != assigned.yaml else { return nil }
        return try? compile(yaml)
    }

    /// Registers, because the control plane assigns a config only to a gateway that it knows.
    private func introduce() async throws -> Identifier<KeeptrustsAPI.Gateway> {
        let known = directory.text(FleetLink.gatewayIDFile)
        let response = try await controlPlane.client.register(
            RegisterRequest(
                gatewayID: known.map { Identifier(rawValue: $0) }, instanceID: instanceID,
                name: settings.name, version: Product.version,
                advertiseAddr: settings.advertised(at: settings.listen), listenAddr: "\(settings.listen)",
                mode: .managed, config: Self.none),
            as: controlPlane.token)
        try directory.keep(response.gatewayID.rawValue, as: FleetLink.gatewayIDFile)
        return response.gatewayID
    }

    private func ask() async throws -> AssignedConfig {
        let news = try await controlPlane.client.config(unlike: nil, waitSeconds: 0, as: controlPlane.token)
        guard case .assigned(let assigned) = news else { throw NoConfig(cause: "none is assigned to it yet") }
        return assigned
    }

    /// Tells the control plane why this gateway does not start; what it does not hear, the log says.
    private func report(_ failure: ConfigFailure, of gatewayID: Identifier<KeeptrustsAPI.Gateway>) async {
        let beat = Heartbeat(
            gatewayID: gatewayID, instanceID: instanceID, config: Self.none, configFailure: failure, counters: .init())
        do { _ = try await controlPlane.client.heartbeat(beat, as: controlPlane.token) } catch {
            logger.warning(
                "the control plane was not told why this gateway does not start",
                metadata: ["error": "\((error as? ControlPlaneError)?.cause ?? "\(error)")"])
        }
    }
}

extension ErrorEnvelope.Detail {
    /// The same with a hint of our own, which knows more of the case than the API does.
    fileprivate func saying(_ hint: String) -> Self {
        var detail = self
        detail.hint = hint
        return detail
    }
}

/// A managed gateway has no config to run on.
public struct NoConfig: UserFacingError, Equatable {
    public var cause: String

    public var category: ErrorCategory { .unavailable }
    public var code: String { "config.none" }
    public var message: String { "This gateway has no config: \(cause)." }
}
