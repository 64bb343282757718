import Dispatch
import KeeptrustsExchange
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import KeeptrustsGateway

@Suite("Long work beside the event loop")
struct LongWorksTests {
    /// Work that takes until it is let go.
    private final class Work: LongWork {
        let caller: Int
        let length: Int
        let name: String
        private let gate: DispatchSemaphore?
        private let log: Log
        private let wanted = Mutex(true)

        init(_ name: String, of caller: Int, length: Int = 1, _ log: Log, until gate: DispatchSemaphore? = nil) {
            (self.name, self.caller, self.length, self.log, self.gate) = (name, caller, length, log, gate)
        }

        var isWanted: Bool { wanted.withLock { $0 } }
        func begin() {}
        func run() {
            log.note(name)
            gate?.wait()
        }
        func end() {}
        func giveUp() { wanted.withLock { $0 = false } }
    }

    private final class Log: Sendable {
        private let names = Mutex([String]())
        func note(_ name: String) { names.withLock { $0.append(name) } }
        var all: [String] { names.withLock { $0 } }
    }

    /// Puts works aside on an event loop, opens the gates, and waits until all is told; says how often it was.
    private static func run(_ works: [Work], opening gates: [DispatchSemaphore]) async throws -> Int {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let threads = NIOThreadPool(numberOfThreads: LongWorks.mostAtOnce)
        threads.start()
        let told = Atomic(0)
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            loop.execute {
                let aside = LongWorks(on: loop, threads: threads)
                let wanted = works.count(where: \.isWanted)
                for work in works {
                    aside.begin(work) {
                        if told.add(1, ordering: .relaxed).newValue == wanted { done.resume() }
                    }
                }
                for gate in gates { gate.signal() }
            }
        }
        try await threads.shutdownGracefully()
        return told.load(ordering: .relaxed)
    }

    @Test("Callers take turns, whatever one of them has waiting")
    func turns() async throws {
        let (log, gates) = (Log(), [DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)])
        let first = gates.enumerated().map { Work("first \($0.offset)", of: 1, log, until: $0.element) }
        let many = (0..<50).map { Work("many \($0)", of: 1, log) }
        let other = Work("other", of: 2, log)

        _ = try await Self.run(first + many + [other], opening: gates)

        let place = try #require(log.all.firstIndex(of: "other"))
        #expect(place <= 4, "\(log.all.prefix(8))")
    }

    @Test("What is very long leaves a thread to what is not")
    func lanes() async throws {
        let (log, gate) = (Log(), DispatchSemaphore(value: 0))
        let long = (0..<3).map { Work("long \($0)", of: 1, length: 1 << 20, log, until: gate) }
        let short = (0..<5).map { Work("short \($0)", of: 2, log) }
        let last = Work("last", of: 2, log)
        // The long ones end when all short ones have run; the log tells nobody, so it is looked at.
        Task.detached {
            while !log.all.contains("last") { try await Task.sleep(for: .milliseconds(1)) }
            for _ in long { gate.signal() }
        }

        _ = try await Self.run(long + short + [last], opening: [])

        #expect(log.all.filter { $0.hasPrefix("long") } == ["long 0", "long 1", "long 2"])
        #expect(try #require(log.all.firstIndex(of: "last")) < (try #require(log.all.firstIndex(of: "long 1"))))
    }

    @Test("What nobody waits for is not done, and of one caller only so much waits")
    func bounds() async throws {
        let (log, gates) = (Log(), [DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)])
        let first = gates.enumerated().map { Work("first \($0.offset)", of: 1, log, until: $0.element) }
        let left = Work("left", of: 1, log)
        left.giveUp()
        let many = (0..<300).map { Work("many \($0)", of: 1, log) }

        let told = try await Self.run(first + [left] + many, opening: gates)

        #expect(!log.all.contains("left"))
        #expect(told == 302)
        #expect(log.all.count < 302, "those beyond the bound are told at once, and not done")
    }
}
