import KeeptrustsAPI
import KeeptrustsCore
import Testing

struct AuditRecordTests {
    private let record = AuditRecord(
        id: "aud_1", time: Timestamp(rawValue: 5), actor: .init(.user, "user_1"), action: "token.create",
        resource: "token_1", requestID: "r", remoteAddress: "::1", details: ["b": "2", "a": "1"], sequence: 3)

    @Test("The text that the hash covers has every field with its length")
    func text() {
        #expect(
            record.canonicalText == """
                5:aud_1
                1:3
                1:5
                4:user
                6:user_1
                12:token.create
                7:token_1
                7:success
                1:r
                3:::1
                1:2
                1:a
                1:1
                1:b
                1:2
                """)
    }

    @Test("Whatever is changed, the text is another")
    func distinct() {
        let changes: [(inout AuditRecord) -> Void] = [
            { $0.id = "aud_2" }, { $0.sequence = 4 }, { $0.time = Timestamp(rawValue: 6) },
            { $0.actor = .init(.token, "user_1") }, { $0.actor = .init(.user, "user_2") }, { $0.action = "x" },
            { $0.resource = nil }, { $0.resource = "-" }, { $0.outcome = .failure }, { $0.requestID = nil },
            { $0.requestID = "" }, { $0.remoteAddress = nil }, { $0.details = [:] }, { $0.details["a"] = "1\n1:b" },
            { $0.details = ["a": "1\n1:b\n1:2"] },
        ]
        let texts = changes.map { change in
            var record = record
            change(&record)
            return record.canonicalText
        }

        #expect(Set(texts + [record.canonicalText]).count == changes.count + 1)
    }
}
