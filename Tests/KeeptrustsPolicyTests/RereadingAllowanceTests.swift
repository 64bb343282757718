import Testing

@testable import KeeptrustsPolicy

/// How often what is held back is read again, counted instead of timed.
struct RereadingAllowanceTests {
    /// Bytes read again of a text of which everything is held back, in pieces of a size.
    private static func work(pieces: Int, of size: Int) -> Int {
        var allowance = RereadingAllowance()
        var (held, waiting, work) = (0, 0, 0)
        for _ in 0..<pieces {
            waiting += size
            allowance.earn(size)
            guard allowance.afford(held) else { continue }
            work += held
            (held, waiting) = (held + waiting, 0)
        }
        return work
    }

    @Test("What is held back is read again in proportion to its length", arguments: [1, 2, 4, 16, 100])
    func bound(size: Int) {
        let pieces = 8_000 / size

        // With each piece, it would be 8,000 * pieces / 2.
        #expect(
            Self.work(pieces: pieces, of: size)
                <= RereadingAllowance.most + 8_000 * RereadingAllowance.earnedByByte + pieces * RereadingAllowance.free)
    }

    @Test("A few words are read with every piece")
    func words() {
        var allowance = RereadingAllowance()

        for _ in 0..<100_000 {
            allowance.earn(1)
            let isRead = allowance.afford(RereadingAllowance.free)
            #expect(isRead)
        }
        // Behind long prose, so is one long value.
        for held in 224..<450 {
            allowance.earn(1)
            let isRead = allowance.afford(held)
            #expect(isRead)
        }
    }

    @Test("What a long text has earned is saved up to a bound")
    func savings() {
        var allowance = RereadingAllowance()
        allowance.earn(1_000_000)
        let isFree = allowance.afford(0)
        #expect(isFree)

        var reads = 0
        while allowance.afford(8_192 + RereadingAllowance.free) { reads += 1 }

        #expect(reads == RereadingAllowance.most / 8_192)
    }

    @Test("Whatever is held back is read once enough has come")
    func atLast() {
        var allowance = RereadingAllowance()
        for held in [100, 8_192, 100_000] {
            var bytes = 0
            while !allowance.afford(held) {
                allowance.earn(1)
                bytes += 1
            }
            #expect(bytes <= held / RereadingAllowance.earnedByByte + 1)
        }
    }
}
