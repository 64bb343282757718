import Foundation
import KeeptrustsDialects
import KeeptrustsExchange
import NIOCore
import Testing

/// Attack classes on every surface, in requests, answers, streams, calls of tools and their results.
///
/// A surface is in ``SurfaceForm/all`` or ``everySurface()`` fails; what attacks it needs no line here.
@Suite("Attacks on every surface")
struct SurfaceAttackTests {
    private static let chain = "pii-detector, dlp-filter"

    /// A value that must not leave, and ways of writing it that a reader undoes.
    struct Evasion: CustomTestStringConvertible, Sendable {
        var testDescription: String

        /// As it stands in a JSON string.
        var written: String

        init(_ name: String, _ text: String) {
            testDescription = name
            written = quoted(text)
        }

        init(_ name: String, json: String) {
            testDescription = name
            written = json
        }
    }

    private static let value = "jane.doe@example.com"

    /// A text with a character that does not show behind each five.
    private static func hidden(_ text: String) -> String {
        text.enumerated().map { $0 % 5 == 4 ? "\($1)\u{200B}" : "\($1)" }.joined()
    }

    /// A text in the wide forms of its letters and digits.
    private static func wide(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.compactMap { Unicode.Scalar($0.value + 0xFEE0) }))
    }

    /// A text in lines of 20.
    private static func wrapped(_ text: String) -> String {
        text.enumerated().map { $0 % 20 == 19 ? "\($1)\n" : "\($1)" }.joined()
    }

    static let evasions = [
        Evasion("as it is", value), Evasion("JSON's escapes", json: #"jan\u0065.d\u006fe\u0040example.com"#),
        Evasion("behind a null", json: #"\u0000 jane.doe@example.com"#),
        Evasion("full width", "ｊａｎｅ.ｄｏｅ＠ｅｘａｍｐｌｅ.ｃｏｍ"), Evasion("look-alikes", "j\u{430}ne.doe@ex\u{430}mple.com"),
        Evasion("zero width", "ja\u{200B}ne.d\u{2060}oe@exam\u{FEFF}ple.com"),
        Evasion("bidi marks", "ja\u{202A}ne.doe@exam\u{2069}ple.com"),
        Evasion("soft hyphens", "jane.doe@exam\u{AD}ple.com"),
        Evasion("base64", Data("it is jane.doe@example.com, ok".utf8).base64EncodedString()),
        Evasion("hexadecimal", value.utf8.map { String($0, radix: 16) }.joined()),
        Evasion("percent", "jane%2edoe%40example%2ecom"), Evasion("percent twice", "jane.doe%2540example.com"),
        Evasion("references", "jane&#46;doe&commat;example&#x2e;com"),
        Evasion("backslashes", #"jane.doe\u0040example.com"#),
        Evasion(
            "characters that do not show",
            String(String.UnicodeScalarView(value.unicodeScalars.compactMap { Unicode.Scalar($0.value + 0xE0000) }))),
        Evasion("a control character", json: #"ja\u0001ne.d\u007foe@exam\u0000ple.com"#),
        Evasion("private use", "ja\u{E001}ne.doe@exam\u{FFFC}ple.com"),
        Evasion("zero width in base64", hidden(Data("it is \(value), ok".utf8).base64EncodedString())),
        Evasion("zero width in escapes", "jane%4\u{200B}0example&\u{AD}#46;com"),
        Evasion("full width in base64", wide(Data("it is \(value), ok".utf8).base64EncodedString())),
        Evasion("full width within base64", Data("it is \(wide(value)), ok".utf8).base64EncodedString()),
        Evasion("lines of base64", wrapped(Data("it is \(value), yes it is".utf8).base64EncodedString())),
        Evasion("references without an end", "jane&#46doe&#64example.com"),
        Evasion("octal", #"jane.doe\100example.com"#), Evasion("braces", #"jane.doe\x{40}example.com"#),
        Evasion("a name in braces", #"jane.doe\N{U+40}example.com"#),
        Evasion("characters that stand apart", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"),
        Evasion("lines", "4111 1111\n1111 1111"),
    ]

    @Test("Every surface is here, and every place of it that texts can stand in")
    func everySurface() {
        for surface in Surface.all {
            let forms = SurfaceForm.all.filter { $0.surface == surface }
            #expect(forms.contains { !$0.requests.isEmpty }, "\(surface)")
            #expect(forms.contains { !$0.answers.isEmpty }, "\(surface)")
        }
    }

    @Test("A value goes to no provider, wherever it stands and however it is written", arguments: SurfaceForm.all)
    func requests(form: SurfaceForm) throws {
        let play = try form.play(chain: Self.chain)
        for evasion in Self.evasions {
            for place in form.requests {
                play.begin()
                let body = place.write("It is \(evasion.written) now.")

                let actions = try play.chat(body)

                let sent = actions.call?.bytes ?? ""
                #expect(!sent.contains(evasion.written) && !sent.contains(Self.value), "\(evasion): \(place)")
                #expect(sent.contains("_REDACTED]"), "\(evasion): \(place): \(body)")
            }
        }
    }

    @Test("A value comes from no model, wherever it stands and however it is written", arguments: SurfaceForm.all)
    func answers(form: SurfaceForm) throws {
        let play = try form.play(chain: Self.chain)
        for evasion in Self.evasions {
            for place in form.answers {
                let answer = place.write("It is \(evasion.written) now.")

                let (reply, record) = try play.reply(to: form.ask(false), with: answer, isStream: false)

                #expect(!Self.tells(reply, evasion), "\(evasion): \(place)")
                #expect(reply.contains("_REDACTED]"), "\(evasion): \(place): \(reply)")
                #expect(record["verdict"] as? String == "redact", "\(evasion): \(place)")
            }
        }
    }

    @Test("A value comes in no pieces either, one character each or a few", arguments: SurfaceForm.all)
    func streams(form: SurfaceForm) throws {
        let play = try form.play(chain: Self.chain)
        for evasion in Self.evasions {
            for place in form.streams {
                for size in [1, 3, 7, 500] {
                    let pieces = Self.pieces(of: "It is \(evasion.written) now.", size)

                    let (reply, record) = try play.reply(
                        to: form.ask(true), with: place.write(pieces), isStream: true, size: 200)

                    let text = Texts(reply: reply).byPath[place.path] ?? ""
                    #expect(!Self.tells(reply, evasion), "\(evasion): \(place) by \(size): \(text)")
                    #expect(text.contains("_REDACTED]"), "\(evasion): \(place) by \(size): \(text)")
                    #expect(record["verdict"] as? String == "redact", "\(evasion): \(place)")
                }
            }
        }
    }

    /// Whether a caller gets the value, or enough of what was written for it.
    private static func tells(_ reply: String, _ evasion: Evasion) -> Bool {
        let texts = Texts(reply: reply)
        let isPlain = (try? JSONDecoder().decode(String.self, from: Data("\"\(evasion.written)\"".utf8))) ?? value
        return texts.say(value) || texts.say(isPlain) || reply.contains(evasion.written)
            || texts.say(String(isPlain.prefix(12)))
    }

    /// The inside of a JSON string, cut between its characters.
    private static func pieces(of json: String, _ size: Int) -> [String] {
        var tokens: [String] = []
        var rest = json.unicodeScalars[...]
        while let first = rest.first {
            let length = first != "\\" ? 1 : rest.dropFirst().first == "u" ? 6 : 2
            tokens.append(String(String.UnicodeScalarView(rest.prefix(length))))
            rest = rest.dropFirst(length)
        }
        return stride(from: 0, to: tokens.count, by: size).map {
            tokens[$0..<min($0 + size, tokens.count)].joined()
        }
    }

    /// A change to a JSON object after which two readers may take it for two different things.
    struct Differential: CustomTestStringConvertible, Sendable {
        var testDescription: String

        /// The object, and the name of a member that it has.
        var change: @Sendable (_ object: String, _ member: String) -> String

        init(_ name: String, _ change: @escaping @Sendable (String, String) -> String) {
            testDescription = name
            self.change = change
        }

        /// Puts a member at the beginning.
        init(_ name: String, member: @escaping @Sendable (String) -> String) {
            self.init(name) { object, known in "{\(member(known)),\(object.dropFirst())" }
        }
    }

    static let differentials = [
        Differential("a member twice") { #""\#($0)":[]"# },
        Differential("a member twice, in escapes") {
            #""\u00\#(String($0.utf8.first ?? 0, radix: 16))\#($0.dropFirst())":[]"#
        },
        Differential("a member in another case") { #""\#($0.uppercased())":[]"# },
        Differential("an unknown member twice") { _ in #""x_y":1,"x_y":2"# },
        Differential("a lone surrogate") { _ in #""x_y":"\ud800""# },
        Differential("an unknown escape") { _ in #""x_y":"\x41""# },
        Differential("a control character") { _ in "\"x_y\":\"\u{1}\"" },
        Differential("a number beyond all doubles") { _ in #""x_y":1e400"# },
        Differential("a leading zero") { _ in #""x_y":01"# },
        Differential("too deep") { _ in
            "\"x_y\":" + String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        },
        Differential("a byte order mark") { object, _ in "\u{FEFF}" + object },
        Differential("data behind the end") { object, _ in object + "{}" },
    ]

    /// A gateway of its own for each, since a target that fails too often is not asked any more.
    private static func play(_ form: SurfaceForm) throws -> Play {
        try form.play(chain: "pii-detector", policy: "pii-detector: {entities: [EMAIL]}")
    }

    @Test("A request that two readers may read differently goes nowhere", arguments: differentials)
    func differentialRequests(differential: Differential) throws {
        for form in SurfaceForm.all {
            let play = try Self.play(form)

            let actions = try play.chat(differential.change(form.ask(false), "model"))

            #expect(actions.call == nil, "\(form)")
            #expect(actions.record?["status"] as? Int == 400, "\(form)")
        }
    }

    @Test("An answer that two readers may read differently is none", arguments: differentials)
    func differentialAnswers(differential: Differential) throws {
        for form in SurfaceForm.all {
            for place in form.answers {
                let play = try Self.play(form)
                let answer = differential.change(place.write(Self.value), form.answerMember)

                let (reply, record) = try play.reply(to: form.ask(false), with: answer, isStream: false)

                #expect(!Texts(reply: reply).say("jane"), "\(form): \(place)")
                #expect(record["status"] as? Int == 502, "\(form): \(place)")
            }
        }
    }

    @Test("A stream with an event that two readers may read differently ends before it", arguments: differentials)
    func differentialEvents(differential: Differential) throws {
        for form in SurfaceForm.all {
            for place in form.streams {
                let play = try Self.play(form)
                let events = place.write(["Well, ", Self.value, " it is."]).components(separatedBy: "\n\n")
                let stream = events.map { event in
                    guard event.contains(Self.value) else { return event }
                    return "data: " + differential.change(String(event.dropFirst(6)), form.eventMember)
                }.joined(separator: "\n\n")

                let (reply, record) = try play.reply(to: form.ask(true), with: stream, isStream: true)

                #expect(!Texts(reply: reply).say("jane"), "\(form): \(place)")
                #expect(record["outcome"] as? String == "failed", "\(form): \(place)")
                #expect(!reply.contains("[DONE]"), "\(form): \(place)")
            }
        }
    }

    /// Patterns on which a search that goes back takes time that doubles with each character.
    private static let explosive = ["(a+)+#", "(a|a)*#", "(a|aa)*#", "([a-z]+)*#", "(?:a*)*#"]

    @Test("A pattern that explodes is refused, or decides in bounded time on every text", arguments: explosive)
    func explosivePatterns(pattern: String) throws {
        let text = String(repeating: "a", count: 4_000)
        for form in SurfaceForm.all {
            let settings = "dlp-filter: {action: block, detect_patterns: ['\(pattern)']}"
            guard let play = try? form.play(chain: "dlp-filter", policy: settings) else { continue }
            for place in form.requests {
                play.begin()
                let actions = try play.chat(place.write(text))
                // Whatever it decides, a search that was given up is no pass.
                let code = actions.record?["error_code"] as? String
                #expect(actions.call != nil || code == "dlp_filter.failed", "\(form): \(place)")
            }
            for place in form.streams {
                let pieces = [String](repeating: String(repeating: "a", count: 200), count: 20)
                let (_, record) = try play.reply(to: form.ask(true), with: place.write(pieces), isStream: true)
                #expect(record["outcome"] is String, "\(form): \(place)")
            }
        }
    }
}
