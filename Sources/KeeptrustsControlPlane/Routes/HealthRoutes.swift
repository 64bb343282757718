import HTTPTypes
import Hummingbird
import KeeptrustsStorage
import KeeptrustsWeb
import NIOCore

/// What anyone may ask: whether the API works, and what it offers.
struct HealthRoutes {
    let plane: Plane

    var routes: RouteCollection<APIContext> {
        RouteCollection(context: APIContext.self)
            .get("health", use: health)
            .get("openapi.json", use: description)
    }

    private struct Health: Encodable {
        var status: String
        var version: String
    }

    private func health(_ request: Request, context: APIContext) async throws -> Response {
        let isReachable = await withTaskGroup(of: Bool.self) { group in
            group.addTask { (try? await plane.database.read { try $0.rows("SELECT 1").count }) == 1 }
            group.addTask {
                try? await Task.sleep(for: .seconds(3))
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
        let health = Health(status: isReachable ? "ok" : "unavailable", version: plane.settings.version)
        return try answer(health, status: isReachable ? .ok : .serviceUnavailable)
    }

    private func description(_ request: Request, context: APIContext) async throws -> Response {
        let body = ByteBuffer(string: Assets.openapi_json)
        return Response(
            status: .ok, headers: [.contentType: "application/json; charset=utf-8"],
            body: ResponseBody(byteBuffer: body))
    }
}
