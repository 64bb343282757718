import HTTPTypes
import Hummingbird
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsStorage
import Testing

@testable import KeeptrustsControlPlane

/// Who may call what: every operation of the API, with every kind of caller.
struct AuthorisationTests {
    /// Which roles have which permission, written out.
    private static let holders: [String: Set<SeededRole>] = [
        "audit_log:read": [.owner, .admin, .compliance, .viewer],
        "chat:use": [.owner, .admin, .editor, .reviewer, .chatUser],
        "configurations:deploy": [.owner, .admin, .editor],
        "configurations:read": [.owner, .admin, .editor, .viewer],
        "configurations:write": [.owner, .admin, .editor],
        "events:read": [.owner, .admin, .editor, .reviewer, .compliance, .billingAdmin, .viewer],
        "gateways:read": [.owner, .admin, .editor, .reviewer, .viewer],
        "gateways:write": [.owner, .admin, .editor],
        "roles:read": [.owner, .admin, .viewer],
        "tokens:read": [.owner, .admin, .editor, .viewer],
        "tokens:write": [.owner, .admin, .editor],
        "users:read": [.owner, .admin, .viewer],
        "users:write": [.owner, .admin],
    ]

    @Test("The document and the router name the same operations")
    func sameOperations() async throws {
        let fixture = try await Fixture()
        let routes = fixture.plane.router(answersOtherMethods: false).routes.map { route in
            let path = route.path.description.split(separator: "/").map { part in
                part.hasPrefix(":") ? "{\(part.dropFirst())}" : String(part)
            }
            return "\(route.method) /\(path.joined(separator: "/"))"
        }

        #expect(Set(routes) == Set(Description.operations.map(\.description)))
        #expect(Set(Description.operations.map(\.id)).count == Description.operations.count)
        #expect(routes.count == 51)
    }

    @Test("Without a good credential nothing but the public calls answers", arguments: Description.operations)
    func strangers(operation: Description.Operation) async throws {
        let fixture = try await Fixture()
        let strangers: [Secret?] = [
            nil, Secret("kt_st_unknown"), fixture.ours.gatewayKey, Secret("' OR '1'='1"), Secret("x'--"),
        ]
        for secret in strangers {
            let reply = try await fixture.send(operation, secret, in: fixture.ours)

            if operation.access == "public" {
                #expect(reply.code?.hasPrefix("auth.no_") != true)
            } else {
                #expect(reply.status == 401, "\(operation)")
            }
        }
    }

    @Test("A gateway's token speaks the machine protocol and nothing else", arguments: Description.operations)
    func gateways(operation: Description.Operation) async throws {
        let fixture = try await Fixture()

        let reply = try await fixture.send(operation, fixture.ours.runtime, in: fixture.ours)

        switch operation.access {
        case "public": break
        case "gateway_runtime": #expect(reply.status < 400, "\(operation): \(reply.text)")
        default: #expect(reply.status == 403 && reply.code == "auth.wrong_purpose", "\(operation)")
        }
    }

    @Test("An integration has its roles' permissions, and is no person", arguments: Description.operations)
    func integrations(operation: Description.Operation) async throws {
        let fixture = try await Fixture()

        let powerless = try await fixture.send(operation, fixture.ours.powerless, in: fixture.ours)
        let reader = try await fixture.send(operation, fixture.ours.reader, in: fixture.ours)

        switch operation.access {
        case "public": break
        case "signed_in": #expect(powerless.status == 200)
        case "person", "gateway_runtime":
            #expect(powerless.status == 403 && reader.status == 403, "\(operation)")
        case let permission:
            #expect(powerless.status == 403 && powerless.code == "auth.no_permission", "\(operation)")
            #expect((reader.status == 403) == !permission.hasSuffix(":read"), "\(operation): \(reader.text)")
        }
    }

    @Test("Each role may do what it is for", arguments: Description.operations)
    func roles(operation: Description.Operation) async throws {
        var fixture = try await Fixture()
        for role in SeededRole.allCases {
            let reply = try await fixture.send(operation, fixture.ours.session(role), in: fixture.ours)

            switch operation.access {
            case "public": break
            case "signed_in", "person": #expect(reply.status < 400, "\(operation) as \(role): \(reply.text)")
            case "gateway_runtime": #expect(reply.code == "auth.wrong_purpose", "\(operation) as \(role)")
            case let permission:
                let holders = try #require(Self.holders[permission], "\(permission) is nobody's")
                if holders.contains(role) {
                    #expect(reply.status < 400, "\(operation) as \(role): \(reply.text)")
                } else {
                    #expect(reply.status == 403 && reply.code == "auth.no_permission", "\(operation) as \(role)")
                }
            }
            if reply.status < 400 { fixture = try await Fixture() }
        }
    }

    @Test(
        "What belongs to another organisation does not exist",
        arguments: Description.operations.filter { $0.path.contains("{") }
    )
    func tenants(operation: Description.Operation) async throws {
        let fixture = try await Fixture()

        let reply = try await fixture.send(operation, fixture.ours.session(.owner), in: fixture.theirs)

        #expect(reply.status == 404, "\(operation): \(reply.text)")
        let theirs = try await fixture.send(operation, fixture.theirs.session(.owner), in: fixture.theirs)
        #expect(theirs.status < 400, "\(operation): \(theirs.text)")
    }

    @Test(
        "Lists hold one's own organisation only",
        arguments: Description.operations.filter {
            $0.method == .get && !$0.path.contains("{") && $0.access.contains(":")
        }
    )
    func lists(operation: Description.Operation) async throws {
        let fixture = try await Fixture()

        let reply = try await fixture.send(operation, fixture.ours.session(.owner), in: fixture.ours)

        #expect(reply.status == 200)
        for id in [fixture.theirs.gateway.rawValue, fixture.theirs.configuration.rawValue, "theirs.example"] {
            #expect(!reply.text.contains(id), "\(operation)")
        }
    }
}

extension Fixture {
    /// Makes the call that the description gives as an example, about things of `tenant`.
    func send(
        _ operation: Description.Operation, _ secret: Secret?, in tenant: Tenant, type: String = "application/json"
    ) async throws -> Reply {
        let kind = operation.path.split(separator: "/").dropFirst().first.map(String.init) ?? ""
        let id =
            switch kind {
            case "auth": tenant.sessions[.owner]?.id.rawValue ?? ""
            case "users": tenant.user(.chatUser).rawValue
            case "tokens": tenant.gatewayKeyID.rawValue
            case "gateways": tenant.gateway.rawValue
            case "configurations": tenant.configuration.rawValue
            default: tenant.event.id.rawValue
            }
        var path = operation.path.replacing("{id}", with: id).replacing("{version}", with: "1")
        if kind == "auth", operation.path.contains("{id}"), let own = sessionID(of: secret, in: tenant) {
            path = "/v1/auth/sessions/\(own.rawValue)"
        }
        let example = operation.example?.replacing("gw_example", with: tenant.gateway.rawValue)
        if operation.access == "gateway_runtime", operation.path.hasSuffix("/config") {
            try await plane.database.write { transaction in
                try transaction.assign(
                    ConfigurationAssignment(
                        gatewayID: nil, configurationID: tenant.configuration, version: 1, created: plane.now(),
                        createdBy: "test"), in: tenant.organisation.id)
            }
        }
        return try await send(
            operation.method, path, as: secret, example, headers: example == nil ? [:] : [.contentType: type])
    }

    /// The id of a person's own session.
    private func sessionID(of secret: Secret?, in tenant: Tenant) -> Identifier<Session>? {
        tenant.sessions.values.first { $0.secret == secret }?.id
    }
}
