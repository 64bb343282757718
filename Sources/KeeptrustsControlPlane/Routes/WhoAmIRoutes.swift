import Hummingbird
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsStorage

/// The resource `/v1/whoami`: whom a credential stands for, and what it may do.
struct WhoAmIRoutes {
    let plane: Plane

    var routes: RouteCollection<APIContext> {
        RouteCollection(context: APIContext.self).get(use: show)
    }

    private func show(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.requireSignedIn()
        let organisation = try await plane.database.read { try $0.organisation(principal.organisation) }
        guard let organisation else { throw NotFound(what: "organisation") }
        var token: Token?
        if case .token(let own) = principal.credential { token = own }
        return try answer(
            WhoAmI(
                organisation: organisation, user: principal.user, token: token, roles: principal.roles,
                actions: principal.access.permissions.map(\.rawValue).sorted()))
    }
}
