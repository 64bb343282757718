import Synchronization
import Testing

@testable import KeeptrustsControlPlane

struct HealthProbeTests {
    private struct Down: Error {}

    /// Counts how often the database is asked.
    private final class Asked: Sendable {
        private let number = Atomic(0)

        var count: Int { number.load(ordering: .relaxed) }

        func add() { number.wrappingAdd(1, ordering: .relaxed) }
    }

    @Test("A database that hangs is not well, and is asked once however many want to know")
    func hangs() async {
        let probe = HealthProbe(limit: .milliseconds(20), validity: .zero)
        let asked = Asked()
        let (gate, open) = AsyncStream.makeStream(of: Void.self)

        for _ in 0..<5 {
            let isWell = await probe.isWell {
                asked.add()
                for await _ in gate {}
            }
            #expect(!isWell)
        }

        #expect(asked.count == 1)
        open.finish()
    }

    @Test("A question that fails says that it is not well")
    func fails() async {
        let probe = HealthProbe(limit: .seconds(60))

        let isWell = await probe.isWell { throw Down() }

        #expect(!isWell)
    }

    @Test("An answer holds for a while")
    func holds() async {
        let probe = HealthProbe(limit: .seconds(60), validity: .seconds(3_600))
        let asked = Asked()

        for _ in 0..<5 {
            let isWell = await probe.isWell { asked.add() }
            #expect(isWell)
        }

        #expect(asked.count == 1)
    }
}
