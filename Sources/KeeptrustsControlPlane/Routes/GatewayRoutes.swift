import HTTPTypes
import Hummingbird
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsStorage
import KeeptrustsWeb

/// The resource `/v1/gateways`.
struct GatewayRoutes {
    let plane: Plane

    var routes: RouteCollection<APIContext> {
        RouteCollection(context: APIContext.self)
            .get(use: list)
            .get(":id", use: show)
            .patch(":id", use: update)
            .get(":id/gaps", use: gaps)
    }

    private func list(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.gatewaysRead)
        let (page, now) = (try Query(request, allowing: .paging).page(), plane.now())
        return try answer(try await plane.database.read { try $0.gateways(page, in: principal.organisation, at: now) })
    }

    private func show(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.gatewaysRead)
        return try answer(try await gateway(try context.identifier(), of: principal))
    }

    private func update(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.gatewaysWrite)
        let id: Identifier<Gateway> = try context.identifier()
        let patch = try await request.json(Gateway.Patch.self, upTo: 4_096)
        if let name = patch.name, !(1...200).contains(name.unicodeScalars.count) {
            throw RequestFault.field("name", "A name has 1 to 200 characters.")
        }
        _ = try await gateway(id, of: principal)
        try await plane.change(by: principal, context) { transaction in
            try transaction.update(patch, of: id, in: principal.organisation)
            return ((), AuditNote("gateway.update", id.rawValue, details: patch.name.map { ["name": $0] } ?? [:]))
        }
        return try answer(try await gateway(id, of: principal))
    }

    /// The numbers of events that a gateway gave and that have not arrived.
    private func gaps(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.gatewaysRead)
        let gateway = try await gateway(try context.identifier(), of: principal)
        return try answer(
            Page(items: try await plane.database.read { try $0.gaps(of: gateway.id, in: principal.organisation) }))
    }

    private func gateway(_ id: Identifier<Gateway>, of principal: Principal) async throws -> Gateway {
        let now = plane.now()
        let gateway = try await plane.database.read { try $0.gateway(id, in: principal.organisation, at: now) }
        guard let gateway else { throw NotFound(what: "gateway") }
        return gateway
    }
}
