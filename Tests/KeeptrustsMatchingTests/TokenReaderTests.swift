import Testing

@testable import KeeptrustsMatching

/// That each token of a text is found once, wherever it stands and however many there are.
struct TokenReaderTests {
    @Test("A token is found wherever it begins, and however long it is", arguments: 0..<140)
    func places(start: Int) {
        for length in [1, 3, 4, 7, 8, 9, 63, 64, 65, 128, 200] {
            let text = Array(String(repeating: "-", count: start).utf8) + Array(repeating: 0x41, count: length)

            #expect(Self.tokens(of: text) == [[start, length]])
            #expect(Self.tokens(of: text + [0x2D, 0x37]) == [[start, length], [start + length + 1, 1]])
        }
    }

    @Test("Letters and digits make tokens, and nothing else does")
    func bytes() {
        for byte in UInt8.min...UInt8.max {
            let isToken = byte < 0x80 && (Unicode.Scalar(byte).properties.isAlphabetic || 0x30...0x39 ~= byte)

            #expect(Self.tokens(of: [0x20, byte, 0x20]) == (isToken ? [[1, 1]] : []), "\(byte)")
        }
    }

    @Test(
        "A text of more tokens than are kept is read as often as it is asked for",
        arguments: [4_095, 4_096, 4_097, 30_001])
    func many(count: Int) {
        let text = Array((0..<count).map { "w\($0)" }.joined(separator: " ").utf8)
        var expected: [[Int]] = []
        var start = 0
        for number in 0..<count {
            let length = "w\(number)".utf8.count
            expected.append([start, length])
            start += length + 1
        }

        #expect(Self.tokens(of: text, times: 2) == expected + expected)
    }

    @Test(
        "A token is known by its first eight bytes, whatever their case",
        arguments: [
            ("a", 0x61), ("Ab1", 0x31_6261), ("ABCDEFGH", 0x6867_6665_6463_6261),
            ("abcdefghI", 0x6867_6665_6463_6261),
        ] as [(String, UInt64)])
    func keys(text: String, key: UInt64) {
        let reader = TokenReader()
        var keys: [UInt64] = []
        Array(("." + text).utf8).withUnsafeBytes { bytes in
            reader.read(bytes).eachRunOfTokens { keys += $0.map(\.key) }
        }

        #expect(keys == [key])
    }

    private static func tokens(of text: [UInt8], times: Int = 1) -> [[Int]] {
        let reader = TokenReader()
        var found: [[Int]] = []
        text.withUnsafeBytes { bytes in
            let read = reader.read(bytes)
            for _ in 0..<times { read.eachRunOfTokens { found += $0.map { [$0.start, $0.length] } } }
        }
        return found
    }
}
