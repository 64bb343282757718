import HTTPTypes
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsStorage
import Testing

@testable import KeeptrustsControlPlane

struct UserTests {
    @Test("An administrator cannot become, make, change or sign in as an owner")
    func owners() async throws {
        let fixture = try await Fixture()
        let admin = fixture.ours.session(.admin)
        let (me, owner) = (fixture.ours.user(.admin).rawValue, fixture.ours.user(.owner).rawValue)
        let attempts: [(String, String)] = [
            ("/v1/users/\(me)", #"{"roles":["owner"]}"#), ("/v1/users/\(owner)", #"{"state":"suspended"}"#),
            ("/v1/users/\(owner)", #"{"roles":["viewer"]}"#),
        ]
        for (path, body) in attempts {
            #expect(try await fixture.send(.patch, path, as: admin, body).code == "auth.no_permission")
        }
        let new = #"{"email":"x@ours.example","name":"x","roles":["owner"]}"#
        #expect(try await fixture.send(.post, "/v1/users", as: admin, new).status == 403)
        #expect(try await fixture.send(.post, "/v1/users/\(owner)/sign-in-link", as: admin, "{}").status == 403)
    }

    @Test("The last owner stays")
    func lastOwner() async throws {
        let fixture = try await Fixture()
        let (owner, path) = (fixture.ours.session(.owner), "/v1/users/\(fixture.ours.user(.owner).rawValue)")

        for body in [#"{"roles":["viewer"]}"#, #"{"state":"suspended"}"#, #"{"state":"removed"}"#] {
            #expect(try await fixture.send(.patch, path, as: owner, body).code == "user.last_owner")
        }
        let second = "/v1/users/\(fixture.ours.user(.admin).rawValue)"
        #expect(try await fixture.send(.patch, second, as: owner, #"{"roles":["owner"]}"#).status == 200)
        #expect(try await fixture.send(.patch, path, as: owner, #"{"roles":["viewer"]}"#).status == 200)
        #expect(try await fixture.send(.get, "/v1/audit-records", as: owner).status == 200)
        #expect(
            try await fixture.send(.post, "/v1/tokens", as: owner, #"{"name":"x","purpose":"general"}"#).status == 403)
    }

    @Test("Who is suspended is out at once")
    func suspension() async throws {
        let fixture = try await Fixture()
        let editor = fixture.ours.session(.editor)

        let reply = try await fixture.send(
            .patch, "/v1/users/\(fixture.ours.user(.editor).rawValue)", as: fixture.ours.session(.owner),
            #"{"state":"suspended"}"#)

        #expect(reply.status == 200)
        #expect(try await fixture.send(.get, "/v1/whoami", as: editor).status == 401)
        let signIn = #"{"email":"editor@ours.example","password":"\#(Fixture.password)"}"#
        #expect(try await fixture.send(.post, "/v1/auth/login", as: nil, signIn).status == 401)
    }

    @Test("An address is one person's, whatever its case, and must be one")
    func addresses() async throws {
        let fixture = try await Fixture()
        func create(_ email: String) async throws -> Int {
            try await fixture.send(
                .post, "/v1/users", as: fixture.ours.session(.owner), #"{"email":"\#(email)","name":"x"}"#
            ).status
        }

        #expect(try await create("fresh@ours.example") == 201)
        #expect(try await create("FRESH@ours.example") == 409)
        for bad in ["", "x", "@x", "x@", "a@b@c", "a b@c", #"a\nb@c"#, #"a\u0000@c"#] {
            #expect(try await create(bad) == 422)
        }
    }

    @Test("Neither identity nor organisation can be set from outside")
    func massAssignment() async throws {
        let fixture = try await Fixture()
        let fields = [
            #""id":"usr_x""#, #""org_id":"\#(fixture.theirs.organisation.id.rawValue)""#, #""state":"active""#,
            #""password_hash":"x""#, #""created":"2026-01-01T00:00:00Z""#,
        ]
        for field in fields {
            let body = #"{"email":"y@ours.example","name":"x",\#(field)}"#
            let reply = try await fixture.send(.post, "/v1/users", as: fixture.ours.session(.owner), body)
            #expect(reply.code == "request.unknown_field")
        }
    }
}
