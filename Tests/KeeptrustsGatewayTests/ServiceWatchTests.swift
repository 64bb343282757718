import KeeptrustsExchange
import Logging
import Synchronization
import Testing

@testable import KeeptrustsGateway
@testable import KeeptrustsPolicy

struct ServiceWatchTests {
    /// What was logged.
    private final class Lines: Sendable {
        private let all = Mutex<[String]>([])

        var texts: [String] { all.withLock(\.self) }

        func add(_ text: String) { all.withLock { $0.append(text) } }
    }

    private struct Recorder: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.debug

        init(_ lines: Lines) { self.lines = lines }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let words = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            lines.add("\(event.level) \(event.message) \(words.joined(separator: " "))")
        }
    }

    private let lines = Lines()
    private let began = ContinuousClock.now
    private let endpoint = Endpoint(isTLS: true, host: "checks.example.com", port: 8443)

    private func watch() -> ServiceWatch { ServiceWatch(Logger(label: "test") { _ in Recorder(lines) }) }

    private func news(_ policy: String, _ failure: ServiceFailure?) -> ServiceNews {
        ServiceNews(instance: 0, policy: policy, service: 0, failure: failure)
    }

    @Test("A service that fails is told of once, and once when it is well again")
    func once() {
        let watch = watch()
        for second in 0..<100 { watch.take(news("outside", .timeout), at: endpoint, began + .seconds(second)) }
        watch.take(news("outside", nil), at: endpoint, began + .seconds(100))
        watch.take(news("outside", nil), at: endpoint, began + .seconds(105))
        watch.take(news("outside", nil), at: endpoint, began + .seconds(106))

        #expect(
            lines.texts == [
                "warning the service of a policy fails error=timeout policy=outside service=checks.example.com:8443",
                "info the service of a policy answers again after_seconds=105 failures=100 policy=outside "
                    + "service=checks.example.com:8443",
            ])
    }

    @Test("Each service of a policy has its own trouble")
    func eachOfOne() {
        let watch = watch()
        let second = { ServiceNews(instance: 0, policy: "a", service: 1, failure: $0) }
        watch.take(news("a", .timeout), at: endpoint, began)
        watch.take(second(nil), at: endpoint, began + .seconds(60))
        watch.take(second(.timeout), at: endpoint, began + .seconds(61))
        watch.take(news("a", .timeout), at: endpoint, began + .seconds(62))
        watch.keep(["a#1"])
        watch.take(news("a", nil), at: endpoint, began + .seconds(90))
        watch.take(second(nil), at: endpoint, began + .seconds(90))

        #expect(lines.texts.map { String($0.prefix(7)) } == ["warning", "warning", "info th"])
    }

    @Test("Each policy has its own trouble, and one that a new config no longer has has none")
    func each() {
        let watch = watch()
        watch.take(news("a", .unreachable), at: endpoint, began)
        watch.take(news("b", .status), at: endpoint, began)
        watch.keep([])
        watch.take(news("a", nil), at: endpoint, began + .seconds(60))
        watch.take(news("b", .status), at: endpoint, began + .seconds(61))

        #expect(
            lines.texts.map { $0.split(separator: " ").filter { $0.contains("policy=") }.joined() } == [
                "policy=a", "policy=b", "policy=b",
            ])
    }
}
