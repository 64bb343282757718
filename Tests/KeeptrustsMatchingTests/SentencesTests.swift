import Testing

@testable import KeeptrustsMatching

/// That it is known of each place of a text in which sentence it stands.
struct SentencesTests {
    @Test("Sentences are numbered, and each begins behind the end of the one before it", arguments: 0..<60)
    func numbers(seed: Int) {
        var state = UInt64(seed) &+ 1
        let signs = Array("abc  .!?,\n".utf8)
        let text = (0..<(seed * 17 + 1)).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return signs[Int((state >> 33) % UInt64(signs.count))]
        }
        text.withUnsafeBytes { bytes in
            let reader = TokenReader()
            let sentences = reader.read(bytes).sentences
            var (number, start) = (0, 0)
            for place in text.indices {
                #expect(sentences.number(at: place) == number)
                #expect(sentences.bit(at: place) == 1 << UInt64(number % 64))
                #expect(sentences.start(at: place) == start)
                if Sentences.ends.contains(text[place]) { (number, start) = (number + 1, place + 1) }
            }
        }
    }

    @Test("A text that is too long to be parted counts as one sentence; the next one does not")
    func long() {
        let reader = TokenReader()
        Array(repeating: UInt8(ascii: "."), count: 70_000).withUnsafeBytes { bytes in
            let sentences = reader.read(bytes).sentences
            #expect(sentences.number(at: 69_999) == 0)
            #expect(sentences.bit(at: 69_999) == ~0)
            #expect(sentences.start(at: 69_999) == 0)
        }
        Array("a. b".utf8).withUnsafeBytes { #expect(reader.read($0).sentences.number(at: 3) == 1) }
    }
}
