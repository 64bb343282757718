import Crypto
import HTTPTypes
import Hummingbird
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsStorage
import KeeptrustsWeb

/// The resource `/v1/configurations`, with its versions and their deployment.
struct ConfigurationRoutes {
    let plane: Plane

    /// Bytes of YAML.
    static let largest = 1 << 20

    var routes: RouteCollection<APIContext> {
        RouteCollection(context: APIContext.self)
            .get(use: list)
            .post(use: create)
            .post("validate", use: validate)
            .get("assignments", use: assignments)
            .get(":id", use: show)
            .patch(":id", use: update)
            .delete(":id", use: remove)
            .get(":id/versions", use: versions)
            .post(":id/versions", use: append)
            .get(":id/versions/:version", use: version)
            .post(":id/deploy", use: deploy)
    }

    private func list(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.configurationsRead)
        let page = try Query(request, allowing: .paging).page()
        return try answer(try await plane.database.read { try $0.configurations(page, in: principal.organisation) })
    }

    private func show(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.configurationsRead)
        let configuration = try await configuration(try context.identifier(), of: principal)
        return try answer(configuration, headers: [.eTag: configuration.tag])
    }

    private func validate(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.configurationsRead)
        let asked = try await request.json(ValidationRequest.self, upTo: 2 * Self.largest)
        let diagnostics = try await problems(in: asked.yaml, for: principal)
        return try answer(
            Validation(valid: !diagnostics.contains { $0.severity == .error }, diagnostics: diagnostics))
    }

    private func create(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.configurationsWrite)
        let draft = try await request.json(Configuration.Draft.self, upTo: 2 * Self.largest)
        try Self.requireName(draft.name)
        let now = plane.now()
        let configuration = Configuration(
            id: plane.makeID("cfg"), name: draft.name, latestVersion: 1, created: now, updated: now,
            createdBy: principal.actor.id)
        let version = try await newVersion(of: configuration.id, draft.yaml, draft.note, by: principal, at: now)
        try await plane.change(by: principal, context) { transaction in
            try transaction.insert(configuration, first: version, in: principal.organisation)
            return (
                (),
                AuditNote(
                    "configuration.create", configuration.id.rawValue,
                    details: ["name": configuration.name, "digest": version.digest])
            )
        }
        return try answer(configuration, status: .created, headers: [.eTag: configuration.tag])
    }

    private func update(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.configurationsWrite)
        let id: Identifier<Configuration> = try context.identifier()
        let patch = try await request.json(Configuration.Patch.self, upTo: 4_096)
        if let name = patch.name { try Self.requireName(name) }
        try requireMatch(request, try await configuration(id, of: principal))
        try await plane.change(by: principal, context) { transaction in
            try transaction.update(patch, of: id, in: principal.organisation)
            return ((), AuditNote("configuration.update", id.rawValue, details: patch.name.map { ["name": $0] } ?? [:]))
        }
        let changed = try await configuration(id, of: principal)
        return try answer(changed, headers: [.eTag: changed.tag])
    }

    private func remove(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.configurationsWrite)
        let id: Identifier<Configuration> = try context.identifier()
        try requireMatch(request, try await configuration(id, of: principal))
        do {
            try await plane.change(by: principal, context) { transaction in
                try transaction.removeConfiguration(id, in: principal.organisation)
                return ((), AuditNote("configuration.remove", id.rawValue))
            }
        } catch let error as StorageError where error.kind == .missingReference {
            throw RequestFault(
                .conflict, code: "configuration.in_use", "Gateways are to run this configuration.",
                hint: "Deploy another one to them first.")
        }
        return Response(status: .noContent)
    }

    private func versions(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.configurationsRead)
        let (id, page) = (
            try await configuration(try context.identifier(), of: principal).id,
            try Query(request, allowing: .paging).page()
        )
        return try answer(
            try await plane.database.read { try $0.versions(of: id, page, in: principal.organisation) })
    }

    private func version(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.configurationsRead)
        let id: Identifier<Configuration> = try context.identifier()
        guard let number = Int(try context.parameters.require("version")) else {
            throw NotFound(what: "configuration_version")
        }
        let version = try await plane.database.read { try $0.version(number, of: id, in: principal.organisation) }
        guard let version else { throw NotFound(what: "configuration_version") }
        return try answer(version)
    }

    private func append(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.configurationsWrite)
        let id: Identifier<Configuration> = try context.identifier()
        let draft = try await request.json(ConfigurationVersion.Draft.self, upTo: 2 * Self.largest)
        let known = try await configuration(id, of: principal)
        try requireMatch(request, known)
        let base = draft.baseVersion ?? known.latestVersion
        let version = try await newVersion(of: id, draft.yaml, draft.note, by: principal, at: plane.now())
        let added = try await plane.change(by: principal, context) { transaction in
            guard let added = try transaction.append(version, after: base, in: principal.organisation) else {
                throw RequestFault(
                    .conflict, code: "configuration.stale", "There is a newer version than \(base).",
                    hint: "Read it, and make your change there.")
            }
            return (
                added,
                AuditNote(
                    "configuration.new_version", id.rawValue,
                    details: ["version": "\(added.version)", "digest": added.digest, "note": added.note])
            )
        }
        return try answer(added, status: .created, headers: [.eTag: "\"\(added.version)\""])
    }

    private func newVersion(
        of id: Identifier<Configuration>, _ yaml: String, _ note: String?, by principal: Principal, at now: Timestamp
    ) async throws -> ConfigurationVersion {
        guard (note ?? "").unicodeScalars.count <= 2_000 else {
            throw RequestFault.field("note", "A note has at most 2,000 characters.")
        }
        if let mistake = try await problems(in: yaml, for: principal).first(where: { $0.severity == .error }) {
            throw RequestFault(
                .unprocessable, code: mistake.code,
                "Line \(mistake.line), column \(mistake.column): \(mistake.message)",
                hint: mistake.hint, param: "yaml")
        }
        return ConfigurationVersion(
            configurationID: id, version: 1, yaml: yaml, digest: SHA256.hexDigest(yaml), note: note ?? "", created: now,
            createdBy: principal.actor.id)
    }

    private func problems(in yaml: String, for principal: Principal) async throws -> [Validation.Diagnostic] {
        guard yaml.utf8.count <= Self.largest else {
            throw RequestFault.field("yaml", "At most \(Self.largest) bytes.")
        }
        return try await plane.check.problems(in: yaml, for: principal.actor)
    }

    private func configuration(_ id: Identifier<Configuration>, of principal: Principal) async throws -> Configuration {
        let configuration = try await plane.database.read { try $0.configuration(id, in: principal.organisation) }
        guard let configuration else { throw NotFound(what: "configuration") }
        return configuration
    }

    /// Stops when `If-Match` names another version than the latest (RFC 9110 §13.1.1).
    private func requireMatch(_ request: Request, _ configuration: Configuration) throws {
        guard let wanted = request.headers[.ifMatch], wanted != "*" else { return }
        let tags = wanted.split(separator: ",").map { $0.trimmingPrefix { $0 == " " } }
        guard tags.contains(where: { $0 == configuration.tag }) else {
            throw RequestFault(
                .conflict, code: "configuration.stale", "The latest version is \(configuration.latestVersion).",
                hint: "Read it, and make your change there.", status: .preconditionFailed)
        }
    }

    private static func requireName(_ name: String) throws(RequestFault) {
        guard (1...200).contains(name.unicodeScalars.count) else {
            throw .field("name", "A name has 1 to 200 characters.")
        }
    }
}

extension ConfigurationRoutes {
    private func assignments(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.configurationsRead)
        return try answer(Page(items: try await plane.database.read { try $0.assignments(in: principal.organisation) }))
    }

    /// Has gateways run a version: those that are named, or all.
    private func deploy(_ request: Request, context: APIContext) async throws -> Response {
        let principal = try context.require(.configurationsDeploy)
        let id: Identifier<Configuration> = try context.identifier()
        let deployment = try await request.json(Deployment.self, upTo: 1 << 18)
        let targets = try Self.targets(of: deployment)
        let known = try await configuration(id, of: principal)
        try requireMatch(request, known)
        let version = deployment.version ?? known.latestVersion
        let (org, now) = (principal.organisation, plane.now())
        let assigned = try await plane.change(by: principal, context) { transaction in
            guard try transaction.version(version, of: id, in: org) != nil else {
                throw RequestFault.field("version", "There is no version \(version).")
            }
            for case .some(let gateway) in targets where try transaction.gateway(gateway, in: org, at: now) == nil {
                throw RequestFault.field("gateway_ids", "There is no gateway '\(gateway.rawValue.prefix(128))'.")
            }
            let assignments = targets.map {
                ConfigurationAssignment(
                    gatewayID: $0, configurationID: id, version: version, created: now, createdBy: principal.actor.id)
            }
            for assignment in assignments { try transaction.assign(assignment, in: org) }
            let names = targets.map { $0?.rawValue ?? "*" }.joined(separator: ",")
            return (
                assignments,
                AuditNote("configuration.deploy", id.rawValue, details: ["version": "\(version)", "gateways": names])
            )
        }
        plane.notifier.changed(.init(organisation: org, kind: .configurations))
        return try answer(Page(items: assigned))
    }

    /// The gateways of a deployment; nil stands for all.
    private static func targets(of deployment: Deployment) throws(RequestFault) -> [Identifier<Gateway>?] {
        switch (deployment.all ?? false, deployment.gatewayIDs ?? []) {
        case (true, let named) where named.isEmpty: return [nil]
        case (false, let named) where (1...1_000).contains(named.count):
            return Set(named).sorted { $0.rawValue < $1.rawValue }
        default:
            throw .field("gateway_ids", "Say either 'all': true or 1 to 1,000 'gateway_ids'.")
        }
    }
}

extension Configuration {
    /// The entity tag: the number of the latest version.
    fileprivate var tag: String { "\"\(latestVersion)\"" }
}
