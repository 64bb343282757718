import KeeptrustsExchange
import NIOCore
import Testing

@Suite("The caller's name for a request")
struct RequestNameTests {
    /// What becomes of the name that a caller gives: in the record and in the answer's head.
    ///
    /// No provider learns it.
    private func names(_ given: String) throws -> (recorded: String, answered: String) {
        let play = try Play()
        try play.head("POST /v1/chat/completions", fields(given), length: ChatTests.ping.utf8.count)
        let call = try #require(play.tell(.body(ByteBuffer(string: ChatTests.ping))).call)
        let record = try #require(play.answer(ChatTests.pong).record)
        let end = try #require(play.tell(.recorded(true)).end).text
        #expect(try name(in: call.bytes).hasPrefix("evt_"))
        return (try #require(record["request_id"] as? String), try name(in: end))
    }

    private func fields(_ given: String) -> [String] {
        ["authorization: Bearer \(Play.key)", "x-request-id: \(given)"]
    }

    private func name(in head: String) throws -> String {
        try #require(
            head.split(separator: "\r\n").first { $0.hasPrefix("x-request-id: ") }.map { String($0.dropFirst(14)) })
    }

    @Test(
        "A plain name is recorded and stands in the answer",
        arguments: [
            "a", "req-2026-11-27-000017", "01JDN5S9XH3P8QW2ZK4R6T7V8Y", "f47ac10b-58cc-4372-a567-0e02b2c3d479",
            "41111111-1111-1111-1111-111111111111", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            String(repeating: "x", count: 128),
        ])
    func plain(given: String) throws {
        #expect(try names(given) == (given, given))
    }

    @Test(
        "A name in which a policy finds something is used nowhere",
        arguments: [
            "4111111111111111", "visa4111111111111111", "4111-1111-1111-1111", "jane.doe@example.com",
            "user:jane.doe@example.com", "SSN536-22-8041", "+14155552671",
        ])
    func found(given: String) throws {
        let (recorded, answered) = try names(given)

        #expect(recorded.hasPrefix("req_"))
        #expect(answered == recorded)
    }

    @Test(
        "A name that is too long, or none, is used nowhere",
        arguments: [String(repeating: "x", count: 129), "a b", "é"])
    func unfit(given: String) throws {
        #expect(try names(given).recorded.hasPrefix("req_"))
    }

    @Test("What is refused before it is read bears such a name neither")
    func refused() throws {
        let play = try Play()
        let actions = try play.head(
            "POST /v1/chat/completions", ["authorization: Bearer wrong", "x-request-id: jane.doe@example.com"])
        let rest = actions + play.tell(.recorded(true))

        #expect(try #require(rest.end).text.contains("x-request-id: req_"))
        #expect(!"\(rest.record ?? [:])".contains("jane.doe"))
    }
}
