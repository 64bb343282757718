import Foundation
import HTTPTypes
import KeeptrustsAPI
import KeeptrustsCore
import KeeptrustsStorage
import Testing

@testable import KeeptrustsControlPlane

struct SignInTests {
    private func signIn(_ fixture: Fixture, _ email: String, _ password: String) async throws -> Fixture.Reply {
        try await fixture.send(.post, "/v1/auth/login", as: nil, #"{"email":"\#(email)","password":"\#(password)"}"#)
    }

    @Test("Signing in gives a session that works until it is ended")
    func course() async throws {
        let fixture = try await Fixture()

        let signedIn: SignedIn = try await signIn(fixture, "VIEWER@ours.example", Fixture.password).value()
        #expect(signedIn.token.reveal().hasPrefix("kt_st_"))
        #expect(signedIn.user.id == fixture.ours.user(.viewer))
        #expect(signedIn.expiresAt == fixture.clock.now.advanced(by: .seconds(43_200)))
        let me: WhoAmI = try await fixture.send(.get, "/v1/whoami", as: signedIn.token).value()
        #expect(me.user?.email == "viewer@ours.example")
        #expect(me.organisation.id == fixture.ours.organisation.id)
        #expect(me.roles == ["viewer"])

        #expect(try await fixture.send(.post, "/v1/auth/logout", as: signedIn.token).status == 204)
        #expect(try await fixture.send(.get, "/v1/whoami", as: signedIn.token).status == 401)
    }

    @Test("A session ends by itself")
    func expiry() async throws {
        let fixture = try await Fixture()
        let token = fixture.ours.session(.viewer)

        fixture.clock.advance(.seconds(3_599))
        #expect(try await fixture.send(.get, "/v1/whoami", as: token).status == 200)
        fixture.clock.advance(.seconds(1))
        #expect(try await fixture.send(.get, "/v1/whoami", as: token).status == 401)
    }

    @Test("What was wrong cannot be told from the answer")
    func neutral() async throws {
        let fixture = try await Fixture()

        let unknown = try await signIn(fixture, "nobody@ours.example", Fixture.password)
        let wrong = try await signIn(fixture, "viewer@ours.example", "not the password")
        let injected = try await signIn(fixture, "x' OR '1'='1", "x' OR '1'='1")

        for reply in [unknown, wrong, injected] {
            #expect(reply.status == 401)
            #expect(reply.code == "auth.sign_in_failed")
        }
        #expect(
            try unknown.value(ErrorEnvelope.self).error.message == wrong.value(ErrorEnvelope.self).error.message)
    }

    @Test("An unknown address costs a hash, as a known one does")
    func constantWork() async throws {
        let hasher = PasswordHasher()
        let hash = try await hasher.hash(Secret("a"))
        let clock = ContinuousClock()
        _ = try await hasher.verify(Secret("b"), against: nil)

        let known = try await clock.measure { _ = try await hasher.verify(Secret("b"), against: hash) }
        let unknown = try await clock.measure { _ = try await hasher.verify(Secret("b"), against: nil) }

        // Without the work, it would be thousands of times faster.
        #expect(unknown > known / 20)
        #expect(hash.hasPrefix("$argon2id$v=19$m=19456,t=2,p=1$"))
        #expect(try await hasher.verify(Secret("a"), against: hash))
        #expect(try await !hasher.verify(Secret("a"), against: nil))
    }

    @Test("After five failures an account has to wait, even with the right password")
    func throttling() async throws {
        let fixture = try await Fixture()
        for _ in 1...5 {
            #expect(try await signIn(fixture, "editor@ours.example", "wrong wrong wrong").status == 401)
        }

        let refused = try await signIn(fixture, "Editor@ours.example", Fixture.password)
        #expect(refused.status == 429)
        #expect(refused.code == "auth.too_many_attempts")
        #expect(refused.headers[.retryAfter] == "2")
        #expect(try await signIn(fixture, "viewer@ours.example", Fixture.password).status == 200)

        fixture.clock.advance(.seconds(2))
        #expect(try await signIn(fixture, "editor@ours.example", Fixture.password).status == 200)
    }

    @Test("Waits double, and no account is locked for longer than a quarter of an hour")
    func waits() throws {
        let throttle = SignInThrottle()
        var now = Timestamp(rawValue: 1_000_000_000)
        var waits: [Int] = []
        for _ in 1...18 {
            do {
                try throttle.begin(account: "a", address: "p", at: now)
                waits.append(0)
            } catch {
                waits.append(error.retryAfterSeconds)
                now = now.advanced(by: .seconds(error.retryAfterSeconds))
                #expect(throws: Never.self) { try throttle.begin(account: "a", address: "p", at: now) }
            }
        }
        #expect(waits == [0, 0, 0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900])
    }

    @Test("Guesses at many accounts from one address are slowed down too, and memory is bounded")
    func spraying() {
        let throttle = SignInThrottle(capacity: 100)
        let now = Timestamp(rawValue: 1_000_000_000)
        for guess in 1...30 { try? throttle.begin(account: "a\(guess)", address: "p", at: now) }

        #expect(throws: TooManyAttempts.self) { try throttle.begin(account: "new", address: "p", at: now) }
        #expect(throws: Never.self) { try throttle.begin(account: "new", address: "q", at: now) }
        for guess in 1...1_000 { try? throttle.begin(account: "b\(guess)", address: "r\(guess)", at: now) }
        // Those of accounts, of networks, and of accounts from networks.
        #expect(throttle.count <= 300)
    }

    @Test("Guesses from one network keep nobody else out, and an address of IPv6 is none but its network's")
    func networks() throws {
        let throttle = SignInThrottle()
        let now = Timestamp(rawValue: 1_000_000_000)
        func begin(_ address: String) throws(TooManyAttempts) {
            try throttle.begin(account: "owner", address: address, at: now)
        }

        for guess in 1...5 { try begin("2001:db8:0:7::\(guess)") }
        #expect(throws: TooManyAttempts(retryAfterSeconds: 2)) { try begin("2001:db8:0:7:ffff::1") }
        #expect(throws: Never.self) { try begin("2001:db8:0:8::1") }
        for _ in 1...5 { try begin("192.0.2.1") }
        #expect(throws: TooManyAttempts(retryAfterSeconds: 2)) { try begin("::ffff:192.0.2.1") }
        #expect(throws: Never.self) { try begin("192.0.2.2") }
    }

    @Test("Guesses from many networks are slowed down, for seconds, and hold up nobody where he has signed in before")
    func distributed() throws {
        let throttle = SignInThrottle()
        var now = Timestamp(rawValue: 1_000_000_000)
        func begin(_ address: String) throws(TooManyAttempts) {
            try throttle.begin(account: "owner", address: address, at: now)
        }
        try begin("192.0.2.1")
        throttle.succeeded(account: "owner", address: "192.0.2.1")

        for guess in 0..<100 { try begin("198.51.100.\(guess)") }
        var waits: [Int] = []
        for guess in 0..<6 {
            let error = #expect(throws: TooManyAttempts.self) { try begin("203.0.113.\(guess)") }
            let wait = try #require(error?.retryAfterSeconds)
            waits.append(wait)
            now = now.advanced(by: .seconds(wait))
            try begin("203.0.113.\(guess)")
        }
        #expect(waits == [1, 2, 4, 8, 10, 10])
        #expect(throws: TooManyAttempts.self) { try begin("203.0.113.99") }
        #expect(throws: Never.self) { try begin("192.0.2.1") }
        // A good sign-in takes back itself, and not the guesses of others.
        throttle.succeeded(account: "owner", address: "192.0.2.1")
        #expect(throws: TooManyAttempts.self) { try begin("203.0.113.99") }
    }

    @Test("Whoever fills the memory has nothing forgotten that costs a wait")
    func flooding() throws {
        let throttle = SignInThrottle(capacity: 100)
        let now = Timestamp(rawValue: 1_000_000_000)
        for _ in 1...5 { try throttle.begin(account: "owner", address: "192.0.2.1", at: now) }

        for guess in 1...2_000 {
            let later = now.advanced(by: .milliseconds(1))
            try throttle.begin(
                account: "made up \(guess)", address: "2001:db8:0:\(String(guess, radix: 16))::", at: later)
        }

        #expect(throttle.count <= 300)
        #expect(throws: TooManyAttempts.self) { try throttle.begin(account: "owner", address: "192.0.2.1", at: now) }
    }

    @Test("Guessed passwords do not keep anybody from using a code, and a good attempt is taken back")
    func codes() throws {
        let throttle = SignInThrottle()
        let now = Timestamp(rawValue: 1_000_000_000)
        for guess in 1...40 {
            for name in ["link", "handoff", "a\(guess)"] { try? throttle.begin(account: name, address: "p", at: now) }
        }

        for _ in 1...100 {
            try throttle.begin(address: "p", at: now)
            throttle.succeeded(address: "p")
        }
        for _ in 1...30 { try throttle.begin(address: "p", at: now) }
        #expect(throws: TooManyAttempts.self) { try throttle.begin(address: "p", at: now) }
        #expect(throws: Never.self) { try throttle.begin(address: "q", at: now) }
    }

    @Test("Wrong passwords at the same time are not more tries than one after the other")
    func parallel() async throws {
        let fixture = try await Fixture()

        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 1...12 {
                group.addTask { try await signIn(fixture, "editor@ours.example", "wrong password").status }
            }
            return try await group.reduce(into: [Int]()) { $0.append($1) }
        }

        #expect(statuses.count { $0 == 401 } == 5)
        #expect(statuses.count { $0 == 429 } == 7)
    }

    @Test("A burst of passwords is refused rather than queued without end")
    func burst() async throws {
        let hasher = PasswordHasher(threads: 1, maxWaiting: 2)

        let refused = await withTaskGroup(of: Bool.self) { group in
            for _ in 1...12 {
                group.addTask {
                    do {
                        _ = try await hasher.verify(Secret("x"), against: nil)
                        return false
                    } catch { return error is TooManyAttempts }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(refused > 0)
        #expect(try await !hasher.verify(Secret("x"), against: nil))
    }

    @Test("A sign-in link works once, for a day, and lets its person choose a password")
    func link() async throws {
        let fixture = try await Fixture()
        let owner = fixture.ours.session(.owner)
        func make(_ body: String) async throws -> String {
            struct Link: Decodable { var code: String }
            return try await fixture.send(
                .post, "/v1/users/\(fixture.ours.user(.viewer).rawValue)/sign-in-link", as: owner, body
            ).value(Link.self).code
        }
        func redeem(_ code: String) async throws -> Fixture.Reply {
            try await fixture.send(.post, "/v1/auth/sign-in-link/redeem", as: nil, #"{"code":"\#(code)"}"#)
        }

        let code = try await make(#"{"reset_password":true}"#)
        #expect(try await fixture.send(.get, "/v1/whoami", as: fixture.ours.session(.viewer)).status == 401)
        #expect(try await signIn(fixture, "viewer@ours.example", Fixture.password).status == 401)
        let signedIn: SignedIn = try await redeem(code).value()
        #expect(try await redeem(code).code == "auth.link_not_valid")
        let change = #"{"new_password":"a new long password"}"#
        #expect(try await fixture.send(.post, "/v1/auth/password", as: signedIn.token, change).status == 204)
        #expect(try await signIn(fixture, "viewer@ours.example", "a new long password").status == 200)

        let late = try await make("{}")
        fixture.clock.advance(.seconds(86_400))
        #expect(try await redeem(late).status == 401)
    }

    @Test("Changing a password needs the current one, ends other sessions, and refuses weak ones")
    func password() async throws {
        let fixture = try await Fixture()
        let (here, email) = (fixture.ours.session(.editor), "editor@ours.example")
        let elsewhere: SignedIn = try await signIn(fixture, email, Fixture.password).value()
        func change(_ current: String?, _ new: String) async throws -> Fixture.Reply {
            let own = current.map { #""current_password":"\#($0)","# } ?? ""
            return try await fixture.send(
                .post, "/v1/auth/password", as: here, #"{\#(own)"new_password":"\#(new)"}"#)
        }

        #expect(try await change(nil, "another long password").code == "auth.wrong_password")
        #expect(try await change("wrong", "another long password").status == 422)
        for weak in ["short", email, "aaaaaaaaaaaaaaaa", String(repeating: "ab12", count: 100)] {
            #expect(try await change(Fixture.password, weak).code == "auth.weak_password")
        }
        #expect(try await change(Fixture.password, "another long password").status == 204)
        #expect(try await fixture.send(.get, "/v1/whoami", as: here).status == 200)
        #expect(try await fixture.send(.get, "/v1/whoami", as: elsewhere.token).status == 401)
        #expect(try await signIn(fixture, email, Fixture.password).status == 401)
    }

    @Test("One's own sessions can be seen and ended, another's cannot")
    func sessions() async throws {
        let fixture = try await Fixture()
        let (viewer, editor) = (fixture.ours.session(.viewer), fixture.ours.session(.editor))

        let page: Page<Session> = try await fixture.send(.get, "/v1/auth/sessions", as: viewer).value()
        let own = try #require(page.items.first)
        #expect(page.items.count == 1)
        #expect(try await fixture.send(.delete, "/v1/auth/sessions/\(own.id.rawValue)", as: editor).status == 404)
        #expect(try await fixture.send(.delete, "/v1/auth/sessions/\(own.id.rawValue)", as: viewer).status == 204)
        #expect(try await fixture.send(.get, "/v1/whoami", as: viewer).status == 401)
    }

    @Test("Two credentials in one request, or a malformed one, are refused")
    func carriers() async throws {
        let fixture = try await Fixture()
        let good = "Bearer \(fixture.ours.session(.owner).reveal())"
        var two = HTTPFields()
        two.append(HTTPField(name: .authorization, value: good))
        two.append(HTTPField(name: .authorization, value: good))

        #expect(try await fixture.send(.get, "/v1/whoami", headers: two).code == "auth.ambiguous_credential")
        for bad in ["Basic YTpi", "Bearer", "Bearer  x", "Bearer a b", "Bearer \(String(repeating: "x", count: 600))"] {
            #expect(try await fixture.send(.get, "/v1/whoami", headers: [.authorization: bad]).status == 401)
        }
        #expect(
            try await fixture.send(.get, "/v1/whoami?access_token=\(fixture.ours.session(.owner).reveal())").status
                == 401)
    }
}
