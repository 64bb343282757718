import Crypto
import HTTPTypes
import Hummingbird
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsStorage

/// The resource `/v1/audit-records`.
struct AuditRoutes {
    let plane: Plane

    var routes: RouteCollection<APIContext> {
        RouteCollection(context: APIContext.self)
            .get(use: list)
            .get("verification", use: verify)
    }

    private func list(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.auditRead)
        let query = try Query(request, allowing: .paging.union(["action"]))
        let (page, action) = (try query.page(), query["action"])
        return try answer(
            try await plane.database.read {
                try $0.auditRecords(action: action, page, in: principal.organisation)
            })
    }

    private struct Verification: Encodable {
        var intact: Bool
        var first_broken_sequence: Int?
    }

    /// Whether the chain of hashes holds, from the first record or from after `after`.
    private func verify(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.auditRead)
        let after = try Query(request, allowing: ["after"]).number("after", in: 0...Int.max) ?? 0
        let broken = try await plane.database.read {
            try $0.firstBreak(inAuditAfter: after, in: principal.organisation, hash: SHA256.hexDigest)
        }
        return try answer(Verification(intact: broken == nil, first_broken_sequence: broken))
    }
}
