import HTTPTypes
import Hummingbird
import KeeptrustsCore
import KeeptrustsStorage
import KeeptrustsWeb
import NIOCore

/// What anyone may ask: whether the API works, and what it offers.
struct HealthRoutes {
    let plane: Plane

    var routes: RouteCollection<APIContext> {
        RouteCollection(context: APIContext.self)
            .get("health", use: health)
            .get("healthz", use: liveness)
            .get("readyz", use: readiness)
            .get("openapi.json", use: description)
    }

    private struct Health: Encodable {
        var status: String
        var version: String
    }

    private struct Condition: Encodable {
        var status: String
    }

    private func health(_ request: Request, context: APIContext) async throws -> Response {
        let isWell = await databaseIsWell()
        let health = Health(status: isWell ? "ok" : "unavailable", version: plane.settings.version)
        return try answer(health, status: isWell ? .ok : .serviceUnavailable)
    }

    /// Says nothing but that the process answers: restarting it would not mend a database.
    private func liveness(_ request: Request, context: APIContext) async throws -> Response {
        try answer(Condition(status: "alive"))
    }

    private func readiness(_ request: Request, context: APIContext) async throws -> Response {
        var isReady = false
        if !plane.notifier.isStopping { isReady = await databaseIsWell() }
        return try answer(
            Condition(status: isReady ? "ready" : "not ready"), status: isReady ? .ok : .serviceUnavailable)
    }

    /// Whether the database takes a write: one that only answers is of no use to gateways.
    private func databaseIsWell() async -> Bool {
        await plane.health.isWell { [plane] in
            let now = plane.now().description
            try await plane.database.write { try $0.setServerState("health_probe", to: now) }
        }
    }

    private func description(_ request: Request, context: APIContext) async throws -> Response {
        let body = ByteBuffer(string: Assets.openapi_json)
        return Response(
            status: .ok, headers: [.contentType: "application/json; charset=utf-8"],
            body: ResponseBody(byteBuffer: body))
    }
}
