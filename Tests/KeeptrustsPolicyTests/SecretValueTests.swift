import KeeptrustsMatching
import Testing

@testable import KeeptrustsPolicy

struct SecretValueTests {
    private static func ask<Answer>(_ text: String, _ body: (SecretValue) -> Answer) -> Answer {
        Array(text.utf8).withUnsafeBytes { body(SecretValue($0)) }
    }

    private static func accepts(_ validator: Validator, _ value: String, after before: String = "") -> Bool {
        let text = Array((before + value).utf8)
        return text.withUnsafeBytes { validator.accepted(before.utf8.count..<text.count, in: $0) != nil }
    }

    @Test(
        "Words that programs and people join are names; what a generator makes is none",
        arguments: [
            ("member_5082", true), ("getElementsByTagName", true), ("TokenStream2", true),
            ("prod/db/credentials", true),
            ("card_number_invalid_v2", true), ("sha256", true), ("HTTPServer2", true), ("willow-lagoon47", true),
            ("k3LmQ7rTvB2nYc4W", false), ("0f1e2d3c4b5a69788796", false), ("QxvgRkPLMO", false),
            ("Wh1sp3r-Fr0g", false),
            ("hGkPqXzRtW", false),
        ]
    )
    func names(value: String, isName: Bool) {
        #expect(Self.ask(value, \.isName) == isName)
    }

    @Test(
        "Words that stand for a value are fillers, joined in any way",
        arguments: [
            ("my-secret-token-2", true), ("mySecretKey", true), ("supersecretkey123", true), ("YOUR_API_KEY", true),
            ("password", true), ("harbor_lantern", false), ("mysecretfalcon", false), ("123456", false), ("", false),
        ]
    )
    func fillers(value: String, isFiller: Bool) {
        #expect(Self.ask(value, \.isFiller) == isFiller)
    }

    @Test(
        "Placeholders and references are told from values",
        arguments: [
            ("your-api-key", true, false), ("AKIAEXAMPLE", true, false), ("xxxxxxxx", true, false),
            ("abcdefghijklmnop", true, false), ("1234567890", true, false), ("aaaaabaaaa", true, false),
            ("${DB_PASSWORD}", false, true), ("$TOKEN", false, true), ("$1", false, true), ("%USERNAME%", false, true),
            ("process.env.KEY", false, true), ("/run/secrets/pw", false, true), ("C:\\keys\\a", false, true),
            ("getSecret()", false, true), ("https://a.dev/x", false, true), ("{{ token }}", false, true),
            ("$Xy9!k2", false, false), ("k3LmQ7rTvB2n", false, false), ("Winter2024!", false, false),
        ]
    )
    func stands(value: String, isPlaceholder: Bool, isReference: Bool) {
        #expect(Self.ask(value, \.isPlaceholder) == isPlaceholder)
        #expect(Self.ask(value, \.isReference) == isReference)
    }

    @Test(
        "A value is a password, a secret or a token by what it is made of",
        arguments: [
            ("walrus7", true, false, false), ("openIt$4today", true, true, false), ("Gr4nite&Fox", true, true, false),
            ("cedar.orchid5521", true, false, false), ("sunshine", false, false, false),
            ("case-sensitive", false, false, false), ("password123", false, false, false),
            ("user.password1", false, false, false), ("DB_PASSWORD_2", false, false, false),
            ("20240517", false, false, false), ("84729163", true, false, false),
            ("k3LmQ7rTvB2nYc4WzE8u", true, true, true), ("0f1e2d3c4b5a69788796", true, true, true),
            ("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", true, true, true), ("a::b2->c3d4e5f6", false, false, false),
        ]
    )
    func judged(value: String, password: Bool, secret: Bool, token: Bool) {
        #expect(Self.accepts(.password, value) == password)
        #expect(Self.accepts(.secret, value) == secret)
        #expect(Self.accepts(.token, value) == token)
    }

    @Test(
        "What stands before a token can say that it is none",
        arguments: [
            ("key: ", true), ("commit ", false), ("the sha256 of the file is ", false), ("public key ", false),
            ("trace id and then many more words that say nothing about the token here ", true),
        ]
    )
    func context(before: String, isToken: Bool) {
        #expect(Self.accepts(.token, "0f1e2d3c4b5a69788796a5b4c3d2e1f0", after: before) == isToken)
    }

    @Test(
        "A record's key is no secret, another name's is",
        arguments: [("{\"key\": \"", false), ("hubspotKey = \"", true), ("api_key: ", true), ("id=", false)]
    )
    func bareKeys(before: String, isToken: Bool) {
        #expect(Self.accepts(.token, "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", after: before) == isToken)
    }

    @Test(
        "Names and passwords are told from placeholders, also in base64",
        arguments: [
            ("admin:k3LmQ7rTvB2n", "YWRtaW46azNMbVE3clR2QjJu", true), ("user:password", "dXNlcjpwYXNzd29yZA==", false),
            ("nothing", "bm90aGluZw==", false),
        ]
    )
    func credentials(plain: String, encoded: String, isSecret: Bool) {
        #expect(Self.accepts(.credentials, plain) == isSecret)
        if plain != "user:password" { #expect(Self.accepts(.basic, encoded) == isSecret) }
        #expect(!Self.accepts(.basic, encoded + "*"))
    }

    @Test("Bytes of any kind do no harm", arguments: Validator.allCases)
    func hostile(validator: Validator) {
        var random: UInt64 = 42
        func next(_ bound: Int) -> Int {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((random >> 33) % UInt64(bound))
        }
        let odd: [UInt8] = [0, 0x20, 0x22, 0x24, 0x2E, 0x3A, 0x3D, 0x5C, 0x7B, 0x80, 0xC3, 0xFF]
        for length in (0...40).map({ $0 }) + [4_000] {
            for _ in 0..<20 {
                let bytes = (0..<length + 8).map { _ in
                    next(2) == 0 ? odd[next(odd.count)] : UInt8(truncatingIfNeeded: 0x30 + next(75))
                }
                let part = bytes.withUnsafeBytes { validator.accepted(4..<4 + length, in: $0) }
                if let part { #expect(part.lowerBound >= 4 && part.upperBound <= 4 + length) }
            }
        }
    }
}
