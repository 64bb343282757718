import Testing

@testable import KeeptrustsWire

@Suite("The first byte of a string that is not plain")
struct FirstSpecialTests {
    @Test("It is found at each place, from each start, in a text of each length", arguments: 0..<36)
    func places(length: Int) {
        for special in [UInt8(ascii: "\""), UInt8(ascii: "\\"), 0x00, 0x1F, 0x80, 0xFF] {
            for place in 0..<length {
                var text = [UInt8](repeating: UInt8(ascii: "#"), count: length)
                text[place] = special
                for start in 0...length {
                    let found = text.withUnsafeBytes { $0.firstSpecial(from: start) }
                    #expect(found == (start <= place ? place : length))
                }
            }
        }
    }

    @Test("What stands before the start does not count, whatever follows it", arguments: 8..<20)
    func before(length: Int) {
        // A mark on one byte can put a false one on the byte behind it.
        for last in UInt8(0x20)...0x7F where last != 0x22 && last != 0x5C {
            var text = [UInt8](repeating: UInt8(ascii: "\""), count: length)
            text[length - 1] = last
            let found = text.withUnsafeBytes { $0.firstSpecial(from: length - 1) }
            #expect(found == length)
        }
    }
}
