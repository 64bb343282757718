import NIOCore
import Synchronization
import Testing

@testable import KeeptrustsExchange

struct ConcurrencyTests {
    private static let body = #"{"model":"gpt-4o","messages":[{"role":"user","content":"Hello."}]}"#

    @Test("Exactly as many exchanges begin as may be under way", arguments: [1, 2, 5])
    func exact(most: Int) throws {
        let limit = ConcurrencyLimit(most)
        let play = try Play(concurrency: limit)

        for _ in 0..<most {
            #expect(try play.chat(Self.body).call != nil)
            #expect(play.exchange.holdsPlace)
            play.begin()
        }
        #expect(try !play.head(length: Self.body.utf8.count).readsBody)
        #expect(play.tell(.recorded(true)).end?.text.contains(#""code":"overloaded""#) == true)
        #expect(!play.exchange.holdsPlace)

        limit.giveBack()
        play.begin()
        #expect(try play.head(length: Self.body.utf8.count).readsBody)
    }

    @Test("A body that has not come holds no place, and one that comes when there is none is refused")
    func bodiesOnTheirWay() throws {
        let limit = ConcurrencyLimit(1)
        let play = try Play(concurrency: limit)
        var waiting: [Exchange] = []
        for _ in 0..<3 {
            #expect(try play.head(length: Self.body.utf8.count).readsBody)
            #expect(!play.exchange.holdsPlace)
            waiting.append(play.exchange)
            play.begin()
        }

        let ends = waiting.map { exchange -> String in
            play.exchange = exchange
            if play.tell(.body(ByteBuffer(string: Self.body))).call != nil { return "called" }
            #expect(!play.exchange.holdsPlace)
            let end = play.tell(.recorded(true)).end
            return end?.keepsAlive == true && end?.text.contains(#""code":"overloaded""#) == true ? "refused" : "?"
        }

        #expect(ends == ["called", "refused", "refused"])
    }

    @Test(
        "A body whose time is up is answered so, and as the end of the gateway when that is why",
        arguments: [false, true])
    func late(isDraining: Bool) throws {
        let play = try Play()
        #expect(try play.head(length: Self.body.utf8.count).readsBody)
        play.around.isDraining = isDraining

        let record = play.tell(.deadlinePassed).record
        let end = try #require(play.tell(.recorded(true)).end)

        #expect(record?["error_code"] as? String == (isDraining ? "draining" : "request_timeout"))
        #expect(end.text.hasPrefix(isDraining ? "HTTP/1.1 503 " : "HTTP/1.1 408 ") && !end.keepsAlive)
    }

    @Test("A request that is refused for something else takes no place")
    func refusedTakesNone() throws {
        let limit = ConcurrencyLimit(1)
        let play = try Play(hasRoom: false, concurrency: limit)

        #expect(try !play.head(length: Self.body.utf8.count).readsBody)

        #expect(limit.take())
    }

    @Test("However many loops ask at the same time, no more places are given than there are")
    func acrossLoops() async {
        let limit = ConcurrencyLimit(3)
        let under = Under()

        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<2_000 where limit.take() {
                        under.begin()
                        under.end()
                        limit.giveBack()
                    }
                }
            }
        }

        #expect((1...3).contains(under.most))
        #expect([limit.take(), limit.take(), limit.take(), limit.take()] == [true, true, true, false])
    }

    @Test("Who watches hears of each exchange that begins and of each that does not")
    func tells() {
        let heard = Heard()
        let limit = ConcurrencyLimit(1) { heard.append($0) }

        _ = (limit.take(), limit.take())

        #expect(heard.news == [.admitted, .refused])
    }

    /// Counts what is under way, and the most that ever was.
    private final class Under: Sendable {
        private let counts = Mutex((now: 0, most: 0))

        var most: Int { counts.withLock { $0.most } }

        func begin() {
            counts.withLock { counts in
                counts.now += 1
                counts.most = max(counts.most, counts.now)
            }
        }

        func end() { counts.withLock { $0.now -= 1 } }
    }

    private final class Heard: Sendable {
        private let list = Mutex<[ConcurrencyLimit.News]>([])

        var news: [ConcurrencyLimit.News] { list.withLock { $0 } }

        func append(_ news: ConcurrencyLimit.News) { list.withLock { $0.append(news) } }
    }
}
