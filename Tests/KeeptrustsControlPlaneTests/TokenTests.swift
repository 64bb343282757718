import Foundation
import HTTPTypes
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsStorage
import Testing

@testable import KeeptrustsControlPlane

struct TokenTests {
    private func create(_ fixture: Fixture, _ body: String, _ role: SeededRole = .owner) async throws -> Fixture.Reply {
        try await fixture.send(.post, "/v1/tokens", as: fixture.ours.session(role), body)
    }

    @Test("A secret is shown once, and never kept, logged or answered again")
    func shownOnce() async throws {
        let fixture = try await Fixture()

        let issued: Token.Issued = try await create(fixture, #"{"name":"ci","purpose":"general"}"#).value()
        let secret = issued.secret.reveal()

        #expect(secret.hasPrefix("kt_gk_"))
        #expect(secret.count == 55)
        let owner = fixture.ours.session(.owner)
        let later = [
            try await fixture.send(.get, "/v1/tokens", as: owner).text,
            try await fixture.send(.get, "/v1/tokens/\(issued.token.id.rawValue)", as: owner).text,
            try await fixture.send(.get, "/v1/audit-records", as: owner).text,
            try await fixture.send(.get, "/v1/gateway/keys", as: fixture.ours.runtime).text,
            fixture.log.text,
        ]
        for text in later {
            #expect(!text.contains(secret))
            #expect(!text.contains(owner.reveal()))
        }
        let stored = try await fixture.plane.database.read { transaction in
            try transaction.rows("SELECT hash FROM token_secret").map { row -> String in try row["hash"] }
        }
        #expect(!stored.contains(secret))
        #expect(issued.token.prefix.count < secret.count / 3)
    }

    @Test("Keys carry a checksum that scanners can verify")
    func checksum() {
        #expect(CRC32.checksum(of: "123456789".utf8) == 0xCBF4_3926)
        #expect(Base62.encode([0xFF, 0xFF], digits: 4) == "0H31")
        #expect(TokenSecret.mint(.gatewayKey) != TokenSecret.mint(.gatewayKey))
    }

    @Test(
        "Fields that the caller may not set, or that make no sense, are refused by name",
        arguments: [
            (#"{"name":"x","purpose":"chat"}"#, "purpose"),
            (#"{"name":"x","purpose":"root"}"#, "purpose"),
            (#"{"name":"","purpose":"general"}"#, "name"),
            (#"{"name":"x","purpose":"general","org_id":"org_other"}"#, "org_id"),
            (#"{"name":"x","purpose":"general","status":"active"}"#, "status"),
            (#"{"name":"x","purpose":"general","hash":"00"}"#, "hash"),
            (#"{"name":"x","purpose":"general","roles":["owner"]}"#, "roles"),
            (#"{"name":"x","purpose":"integration","roles":["root"]}"#, "roles"),
            (#"{"name":"x","purpose":"general","gateway_id":"gw_1"}"#, "gateway_id"),
            (#"{"name":"x","purpose":"gateway_runtime","gateway_id":"gw_1"}"#, "gateway_id"),
            (#"{"name":"x","purpose":"gateway_runtime","may_assert_identity":true}"#, "may_assert_identity"),
            (#"{"name":"x","purpose":"general","user_id":"usr_1"}"#, "user_id"),
            (#"{"name":"x","purpose":"general","team_id":"team_1"}"#, "team_id"),
            (#"{"name":"x","purpose":"general","expires_at":"2001-01-01T00:00:00Z"}"#, "expires_at"),
            (#"{"name":"x","purpose":"general","allowed_models":[""]}"#, "allowed_models"),
        ]
    )
    func refused(body: String, param: String) async throws {
        let fixture = try await Fixture()

        let reply = try await create(fixture, body)

        #expect(reply.status == 422)
        #expect(reply.text.contains(#""param":"\#(param)""#), "\(reply.text)")
    }

    @Test("Another organisation's people and gateways cannot be bound")
    func foreignBindings() async throws {
        let fixture = try await Fixture()
        let (user, gateway) = (fixture.theirs.user(.owner).rawValue, fixture.theirs.gateway.rawValue)

        #expect(try await create(fixture, #"{"name":"x","purpose":"general","user_id":"\#(user)"}"#).status == 422)
        #expect(
            try await create(fixture, #"{"name":"x","purpose":"gateway_runtime","gateway_id":"\#(gateway)"}"#).status
                == 422)
    }

    @Test("Nobody makes a token that may do more than they may themselves, or gets hold of one")
    func selfUpgrade() async throws {
        let fixture = try await Fixture()
        let draft = #"{"name":"x","purpose":"integration","roles":["owner"]}"#

        #expect(try await create(fixture, draft, .editor).code == "auth.no_permission")
        #expect(try await create(fixture, draft, .admin).code == "auth.no_permission")
        let issued: Token.Issued = try await create(fixture, draft, .owner).value()
        let path = "/v1/tokens/\(issued.token.id.rawValue)/rotate"
        let editor = fixture.ours.session(.editor)
        #expect(try await fixture.send(.post, path, as: editor, "{}").status == 403)
        #expect(try await fixture.send(.delete, "/v1/tokens/\(issued.token.id.rawValue)", as: editor).status == 403)
        #expect(try await fixture.send(.post, path, as: issued.secret, "{}").status == 200)
        let me: WhoAmI = try await fixture.send(.get, "/v1/whoami", as: issued.secret).value()
        #expect(me.token?.id == issued.token.id)
        #expect(me.roles == ["owner"])
    }

    @Test("After a rotation both secrets work until the overlap ends")
    func rotation() async throws {
        let fixture = try await Fixture()
        let owner = fixture.ours.session(.owner)
        let first: Token.Issued = try await create(
            fixture, #"{"name":"x","purpose":"integration","roles":["viewer"]}"#
        ).value()

        let second: Token.Issued = try await fixture.send(
            .post, "/v1/tokens/\(first.token.id.rawValue)/rotate", as: owner, #"{"overlap_seconds":60}"#
        ).value()

        #expect(first.secret != second.secret)
        for secret in [first.secret, second.secret] {
            #expect(try await fixture.send(.get, "/v1/whoami", as: secret).status == 200)
        }
        fixture.clock.advance(.seconds(60))
        #expect(try await fixture.send(.get, "/v1/whoami", as: first.secret).status == 401)
        #expect(try await fixture.send(.get, "/v1/whoami", as: second.secret).status == 200)
        for overlap in [-1, 2_592_001, Int.max] {
            let reply = try await fixture.send(
                .post, "/v1/tokens/\(first.token.id.rawValue)/rotate", as: owner, #"{"overlap_seconds":\#(overlap)}"#)
            #expect(reply.status == 422)
        }
    }

    @Test("A revoked token is refused at once, and stays revoked")
    func revocation() async throws {
        let fixture = try await Fixture()
        let owner = fixture.ours.session(.owner)
        let issued: Token.Issued = try await create(
            fixture, #"{"name":"x","purpose":"integration","roles":["viewer"]}"#
        ).value()
        let path = "/v1/tokens/\(issued.token.id.rawValue)"

        #expect(try await fixture.send(.delete, path, as: owner).status == 204)
        #expect(try await fixture.send(.get, "/v1/whoami", as: issued.secret).status == 401)
        #expect(try await fixture.send(.post, "\(path)/rotate", as: owner, "{}").code == "token.not_active")
        #expect(try await fixture.send(.delete, path, as: owner).status == 204)
        let token: Token = try await fixture.send(.get, path, as: owner).value()
        #expect(token.status == .revoked)
    }

    @Test("A key of any form can be brought along, once in its organisation")
    func adoption() async throws {
        let fixture = try await Fixture()
        let body = #"{"secret":"kt_gk_test","token":{"name":"old","purpose":"general"}}"#

        let reply = try await fixture.send(.post, "/v1/tokens/import", as: fixture.ours.session(.owner), body)
        #expect(reply.status == 201)
        #expect(!reply.text.contains("kt_gk_test"))
        let again = try await fixture.send(.post, "/v1/tokens/import", as: fixture.ours.session(.owner), body)
        #expect(again.status == 409)
        // What another organisation uses can neither be learnt nor be blocked.
        #expect(
            try await fixture.send(.post, "/v1/tokens/import", as: fixture.theirs.session(.owner), body).status == 201)
        let keys: KeySet = try await fixture.send(.get, "/v1/gateway/keys", as: fixture.ours.runtime).value()
        let hash = fixture.plane.key.gatewayKeyHash(Secret("kt_gk_test"), in: fixture.ours.organisation.id)
        #expect(keys.keys.contains { $0.hash == hash })
        for bad in [
            #"{"secret":"short","token":{"name":"x","purpose":"general"}}"#,
            #"{"secret":"with blank inside","token":{"name":"x","purpose":"general"}}"#,
            #"{"secret":"kt_ak_12345678","token":{"name":"x","purpose":"integration","roles":["owner"]}}"#,
        ] {
            #expect(
                try await fixture.send(.post, "/v1/tokens/import", as: fixture.ours.session(.owner), bad).status == 422)
        }
    }
}
