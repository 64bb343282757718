import Testing

@testable import KeeptrustsMatching

struct TextFactsTests {
    @Test("A digit, an @ and a byte beyond ASCII are seen wherever they stand", arguments: 0..<150)
    func places(offset: Int) {
        func facts(_ byte: UInt8) -> TextFacts {
            var text = [UInt8](repeating: UInt8(ascii: "x"), count: 150)
            text[offset] = byte
            return text.withUnsafeBytes { TextFacts($0) }
        }

        for digit in UInt8(ascii: "0")...UInt8(ascii: "9") { #expect(facts(digit).densestDigits == 1) }
        for other: UInt8 in [0x2F, 0x3A, 0xB0, 0xB5, 0xB9, 0x40, 0x00, 0x7F] {
            #expect(facts(other).densestDigits == 0)
        }
        #expect(facts(0x40).hasAt && !facts(0x41).hasAt)
        #expect(facts(0x80).hasHighByte && facts(0xFF).hasHighByte && !facts(0x7F).hasHighByte)
    }

    @Test("Digits within the window are counted together, wherever they stand", arguments: 0..<130)
    func density(offset: Int) {
        var text = [UInt8](repeating: UInt8(ascii: "x"), count: 200)
        for index in [offset, offset + 31, offset + 63] { text[index] = UInt8(ascii: "7") }

        #expect(text.withUnsafeBytes { TextFacts($0) }.densestDigits == 3)
    }

    @Test("An empty text has nothing") func empty() {
        #expect(TextFacts(UnsafeRawBufferPointer(start: nil, count: 0)) == [UInt8]().withUnsafeBytes { TextFacts($0) })
    }
}
