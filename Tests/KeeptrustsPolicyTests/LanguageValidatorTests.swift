import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsPolicy

struct LanguageValidatorTests {
    private static func validator(_ settings: Settings) throws -> PolicyChain {
        try PolicyChain(["language-validator"], ["language-validator": settings])
    }

    private static let french = "Comment écrire une lettre à mon propriétaire ?"

    /// Sentences about the same thing, and their languages.
    static let sentences = [
        ("en", "How do I write a letter to my landlord? It is very important."),
        ("de", "Wie schreibe ich einen Brief an meinen Vermieter? Es ist sehr wichtig."),
        ("fr", "Comment écrire une lettre à mon propriétaire ? C'est très important."),
        ("es", "¿Cómo escribo una carta a mi casero? Es muy importante para mí."),
        ("pt", "Como escrevo uma carta ao meu senhorio? É muito importante para mim."),
        ("it", "Come scrivo una lettera al mio padrone di casa? È molto importante per me."),
        ("nl", "Hoe schrijf ik een brief aan mijn huisbaas? Het is erg belangrijk."),
        ("sv", "Hur skriver jag ett brev till min hyresvärd? Det är mycket viktigt."),
        ("fi", "Miten kirjoitan kirjeen vuokranantajalleni? Se on hyvin tärkeä asia."),
        ("pl", "Jak mam napisać list do właściciela? To jest dla mnie bardzo ważne."),
        ("cs", "Jak napíšu dopis svému pronajímateli? Je to pro mě velmi důležité."),
        ("sk", "Ako napíšem list svojmu prenajímateľovi? Je to pre mňa veľmi dôležité."),
        ("hu", "Hogyan írjak levelet a főbérlőmnek? Ez nagyon fontos."),
        ("ro", "Cum scriu o scrisoare proprietarului meu? Este foarte important."),
        ("tr", "Ev sahibime nasıl mektup yazarım? Bu çok önemli bir konu."),
        ("et", "Kuidas ma kirjutan oma üürileandjale kirja? See on väga oluline."),
        ("lv", "Kā es varu uzrakstīt vēstuli savam saimniekam? Tas ir ļoti svarīgi."),
        ("lt", "Kaip parašyti laišką savo nuomotojui? Tai labai svarbu."),
        ("id", "Bagaimana saya menulis surat kepada pemilik rumah? Ini sangat penting."),
        ("vi", "Làm thế nào để tôi viết thư cho chủ nhà của tôi?"),
        ("tl", "Paano ako susulat ng liham sa may-ari ng bahay ko?"),
        ("ru", "Как мне написать письмо хозяину квартиры? Это очень важно."),
        ("uk", "Як написати листа господарю квартири? Це дуже важливо."),
        ("bg", "Как да напиша писмо до хазяина си? Това е много важно."),
        ("sr", "Како да напишем писмо станодавцу? То је врло важно."),
        ("ar", "كيف أكتب رسالة إلى صاحب البيت؟"), ("fa", "چگونه به صاحبخانه نامه بنویسم؟ این بسیار مهم است."),
        ("ur", "میں اپنے مالک مکان کو خط کیسے لکھوں؟"), ("hi", "मैं अपने मकान मालिक को पत्र कैसे लिखूँ?"),
        ("mr", "मी माझ्या घरमालकाला पत्र कसे लिहू? हे खूप महत्त्वाचे आहे."), ("zh", "怎么给房东写信?"),
        ("ja", "大家さんへの手紙の書き方を教えてください。"), ("ko", "집주인에게 편지를 어떻게 쓰나요?"),
        ("th", "ฉันจะเขียนจดหมายถึงเจ้าของบ้านได้อย่างไร"), ("el", "Πώς γράφω ένα γράμμα στον ιδιοκτήτη;"),
        ("he", "איך כותבים מכתב לבעל הבית?"), ("bn", "আমি কীভাবে বাড়িওয়ালাকে চিঠি লিখব?"),
    ]

    @Test("Of an answer, what its caller reads is judged: not thoughts, titles of sources and a provider's error")
    func beside() throws {
        let chain = try Self.validator(["allowed_languages": ["en"]])
        let answer = Segment.answer("How do I write a letter to my landlord? It is very important.")
        let title = Segment.answer(Self.french, choice: nil)

        #expect(chain.judge([answer, title], at: .answer, knowing: .caller()).verdict == .allow)
        #expect(chain.judge([.answer(Self.french)], at: .answer, knowing: .caller()).verdict == .block)
        #expect(chain.judge([title], at: .failure, knowing: .caller()).verdict == .allow)
    }

    @Test("A language is told", arguments: sentences)
    func languages(code: String, text: String) throws {
        let outcome = try Self.validator(["denied_languages": [.string(code)]]).judge(text)

        #expect(outcome.verdict == .block)
        #expect(outcome.reason?.code == "language_validator.not_allowed")
        #expect(outcome.results[0].findings.map(\.finding.category) == ["language.\(code)"])
        #expect(outcome.results[0].findings.map(\.finding.span) == [0..<text.utf8.count])
        #expect(try Self.validator(["allowed_languages": [.string(code)]]).judge(text).verdict == .allow)
        #expect(try Self.validator(["denied_languages": [.string(code)]]).judge(text.uppercased()).verdict == .block)
    }

    @Test("Every language of the table has a test or a script of its own, and an emptied table is none")
    func table() throws {
        let table = try LanguageTable.builtIn.get()

        #expect(table.codes.count >= 55 && Set(table.codes).count == table.codes.count)
        #expect(table.languageOfScript.count >= 18)
        #expect(Self.sentences.allSatisfy { table.codes.contains($0.0) })
        #expect(throws: PackError.self) { try LanguageTable("test", text: "") }
        #expect(throws: PackError.self) { try LanguageTable("test", text: "language: xx\nscript: runes\n") }
        #expect(throws: PackError.self) { try LanguageTable("test", text: "language: xx\nwhat: 1\n") }
    }

    @Test("What is denied is so although it is allowed, and empty lists allow everything")
    func lists() throws {
        let both = try Self.validator(["allowed_languages": ["en", "fr"], "denied_languages": ["fr"]])

        #expect(both.judge(Self.french).verdict == .block)
        #expect(both.judge("How do I write a letter?").verdict == .allow)
        #expect(try Self.validator([:]).judge(Self.french).verdict == .allow)
        #expect(try Self.validator(["allowed_languages": []]).judge(Self.french).verdict == .allow)
        #expect(try Self.validator(["allowed_languages": ["fr-CA"]]).judge(Self.french).verdict == .allow)
    }

    @Test("A text passes where the guess is less sure than it must be")
    func confidence() throws {
        let vague = "Una mesa para Ana"

        #expect(try Self.validator(["denied_languages": ["es"], "min_confidence": 0]).judge(vague).verdict == .block)
        #expect(try Self.validator(["denied_languages": ["es"], "min_confidence": 0.9]).judge(vague).verdict == .allow)
        let sure = try Self.validator(["denied_languages": ["fr"], "min_confidence": 1])
        #expect(sure.judge(Self.french).verdict == .allow)
    }

    @Test("It can ask a person, or only note it, and says nothing of the operator's own message")
    func actions() throws {
        let escalates = try Self.validator(["denied_languages": ["fr"], "action": "escalate"]).judge(Self.french)
        let logs = try Self.validator(["denied_languages": ["fr"], "action": "log"]).judge(Self.french)
        let blocks = try Self.validator(["denied_languages": ["fr"]])

        #expect(escalates.verdict == .escalate)
        #expect(logs.verdict == .allow && logs.flagged)
        #expect(blocks.judge(Self.french, role: .system).verdict == .allow)
        #expect(blocks.judge([.answer(Self.french)], at: .answer, knowing: .caller()).verdict == .block)
    }

    @Test("A long text is read in pieces, and odd bytes do no harm")
    func bounds() throws {
        let chain = try Self.validator(["allowed_languages": ["en"]])
        let long = String(repeating: Self.french + " ", count: 20_000)
        let odd: [[UInt8]] = [[], [0xC3], [0xF0, 0x9F], Array("é".utf8.dropFirst()), [0xFF, 0xFE, 0x00, 0x61]]

        #expect(chain.judge(long).verdict == .block)
        for bytes in odd {
            let segment = Segment(ByteBuffer(bytes: bytes), role: .user, phase: .request)
            #expect(chain.judge([segment], using: MatchScratch(for: chain)).verdict == .allow)
        }
        let bytes = Array(Self.french.utf8)
        for end in bytes.indices {
            let segment = Segment(ByteBuffer(bytes: bytes[..<end]), role: .user, phase: .request)
            _ = chain.judge([segment], using: MatchScratch(for: chain))
        }
    }

    @Test("It must see a streamed answer as a whole, and does not stop the service when it fails")
    func kind() throws {
        #expect(try Self.validator(["denied_languages": ["fr"]]).streaming == .whole)
        #expect(LanguageValidator.kind.isSecurity == false)
    }

    @Test(
        "A mistake is told at its place",
        arguments: [
            (["allowed_languages": ["english"]], "which is no language known here"),
            (["min_confidence": 1.5], "is 1.5, not in 0.0...1.0"),
            (["apply_to": "input"], "say 'on' in the entry of 'policies.chain'"),
            (["action": "redact"], "not one of 'block', 'escalate', 'log'"),
        ] as [(Settings, String)])
    func mistakes(settings: Settings, text: String) {
        let error = #expect(throws: ConfigError.self) { try Self.validator(settings) }

        #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
    }
}
