import Testing

@testable import KeeptrustsMatching

struct ChecksumsTests {
    @Test(
        "Check digits of cards",
        arguments: [
            ("4111111111111111", true), ("4111 1111 1111 1111", true), ("378282246310005", true),
            ("4111111111111112", false),
            ("4111111111111101", false), ("1411111111111111", false), ("0", false), ("", false), ("00", true),
        ]
    )
    func luhn(number: String, isRight: Bool) {
        #expect(Array(number.utf8).withUnsafeBytes { Checksums.luhn($0) } == isRight)
    }

    @Test("Entropy is 0 for one byte, and 8 for all of them") func entropy() {
        #expect(Array("aaaa".utf8).withUnsafeBytes { Entropy.bits(of: $0) } == 0)
        #expect(Array("abcd".utf8).withUnsafeBytes { Entropy.bits(of: $0) } == 2)
        #expect(Array(UInt8.min...UInt8.max).withUnsafeBytes { Entropy.bits(of: $0) } == 8)
    }
}
