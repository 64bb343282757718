import Testing

@testable import KeeptrustsMatching

struct TextFactsTests {
    @Test("A digit, an @ and a byte beyond ASCII are seen wherever they stand", arguments: 0..<150)
    func places(offset: Int) {
        func facts(_ byte: UInt8) -> TextFacts {
            var text = [UInt8](repeating: UInt8(ascii: " "), count: 150)
            text[offset] = byte
            return text.withUnsafeBytes { TextFacts($0) }
        }

        for digit in UInt8(ascii: "0")...UInt8(ascii: "9") { #expect(facts(digit).mostDigits == 1) }
        for other: UInt8 in [0x2F, 0x3A, 0xB0, 0xB5, 0xB9, 0x40, 0x00, 0x7F] {
            #expect(facts(other).mostDigits == 0)
        }
        #expect(facts(0x40).hasAt && !facts(0x41).hasAt)
        for sign: UInt8 in [0x25, 0x26, 0x5C] { #expect(facts(sign).hasEscapeSign) }
        for other: UInt8 in [0x24, 0x27, 0x5B, 0x5D, 0xA5] { #expect(!facts(other).hasEscapeSign) }

        #expect(facts(0x80).hasHighByte && facts(0xFF).hasHighByte && !facts(0x7F).hasHighByte)
        let spaces: [UInt8] = [0x09, 0x0A, 0x0D]
        for control: UInt8 in Array(0..<0x20) + [0x7F] {
            #expect(facts(control).hasControl != spaces.contains(control))
        }
        for other: UInt8 in [0x20, 0x7E, 0x80, 0xFF] { #expect(!facts(other).hasControl) }
    }

    @Test("Runs, long words, colons and letters before digits are seen wherever they stand", arguments: 0..<130)
    func runs(offset: Int) {
        func facts(_ piece: String) -> TextFacts {
            var text = [UInt8](repeating: UInt8(ascii: " "), count: 180)
            text.replaceSubrange(offset..<offset + piece.utf8.count, with: piece.utf8)
            return text.withUnsafeBytes { TextFacts($0) }
        }

        #expect(facts("12-(345) 6").mostDigits == 6 && facts("12-(345) 6").mostJoins == 2)
        #expect(facts("12-34    56").mostDigits == 4 && facts("12    34").mostJoins == 0)
        #expect(facts("12-34        56").mostSpreadDigits == 6 && facts("12-34         56").mostSpreadDigits == 4)
        #expect(facts("1.2.3.4").mostJoins == 3)
        #expect(facts(String(repeating: "7", count: 40)).mostDigits == 40)
        #expect(facts("abcdefghijklmnop").hasLongWord && !facts("abcdefghijklmno").hasLongWord)
        #expect(facts("abcdefghijklmnop").hasLongPart && !facts("abcdefghijklm@nopqrstuvwx").hasLongPart)
        #expect(facts("abcdefghijklm@nopqrstuvwx").hasLongWord && facts("a@bcdefghijklmnopq").hasLongPart)
        #expect(facts("abcdefg\u{E9}\u{E9}hijkl").hasLongWord && !facts("abcdefgh\tijklmnop").hasLongWord)
        #expect(facts(":23456789abcdef:").hasColons && !facts(":23456789abcdefg:").hasColons)
        #expect(facts("x:").hasColons == false)
        #expect(facts("ab1").hasLetterDigit && facts("Z9").hasLetterDigit && !facts("a-1 @1 [1").hasLetterDigit)
        #expect(facts("a.b-c 4").hasApart && !facts("a.b-c").hasApart && !facts("a.bb-c 4").hasApart)
        #expect(facts("abcdef012345").hasRun && !facts("abcdef-01234").hasRun)
    }

    @Test("An empty text has nothing") func empty() {
        #expect(TextFacts(UnsafeRawBufferPointer(start: nil, count: 0)) == [UInt8]().withUnsafeBytes { TextFacts($0) })
    }
}
