import Testing

@testable import KeeptrustsMatching

@Suite("Words before a candidate")
struct ContextWordsTests {
    private let words = ContextWords(near: ["phone", "call me", "telefon*", "电话"], apart: ["order", "build number"])

    private func finding(_ text: String) -> ContextWords.Finding {
        let bytes = Array(text.utf8)
        return bytes.withUnsafeBytes { words.look(before: $0.count, in: $0) }
    }

    @Test(
        "The nearest word counts, whatever its case and form",
        arguments: [
            ("my phone is ", .near), ("PHONE: ", .near), ("phoneNumber=", .near), ("\"phone_number\":\"", .near),
            ("please call me at ", .near), ("Telefonnummer ", .near), ("我的电话是", .near), ("order ", .apart),
            ("build number ", .apart), ("phone for order ", .apart), ("order by phone ", .near), ("build ", .nothing),
            ("megaphone ", .nothing), ("call ", .nothing), ("", .nothing),
        ] as [(String, ContextWords.Finding)])
    func nearest(text: String, expected: ContextWords.Finding) {
        #expect(finding(text) == expected)
    }

    @Test("A word that is too far away, or in another clause, says nothing")
    func reach() {
        #expect(finding("phone " + String(repeating: "a ", count: 30)) == .nothing)
        #expect(finding("our phone opened in 2000; ") == .nothing)
        #expect(finding("phone;") == .near)
        #expect(finding("order " + String(repeating: "a ", count: 15)) == .nothing)
    }

    @Test("Bytes that are no text do no harm")
    func hostile() {
        let bytes: [UInt8] = [0xFF, 0x80, 0x3B, 0x20, 0xE7, 0x94, 0x20] + Array("phone".utf8) + [0xC3]
        for end in 0...bytes.count {
            bytes.withUnsafeBytes { text in
                _ = words.look(before: end, in: UnsafeRawBufferPointer(rebasing: text[..<end]))
            }
        }
        #expect(bytes[..<12].withUnsafeBytes { words.look(before: 12, in: $0) } == .near)
    }
}
