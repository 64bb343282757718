import Foundation
import KeeptrustsAPI
import KeeptrustsClient
import KeeptrustsCore
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import KeeptrustsGateway

/// A control plane that takes, refuses and fails as it is told.
private final class Taker: Sendable {
    private struct State {
        var taken: [String] = []
        var calls: [Int] = []
        var failures: [ControlPlaneError]
    }

    private let state: Mutex<State>
    private let refuses: @Sendable (String) -> ControlPlaneError?

    init(
        failures: [ControlPlaneError] = [], refuses: @escaping @Sendable (String) -> ControlPlaneError? = { _ in nil }
    ) {
        self.refuses = refuses
        state = Mutex(State(failures: failures))
    }

    var taken: [String] { state.withLock { $0.taken } }

    /// How many events each call had.
    var calls: [Int] { state.withLock { $0.calls } }

    func send(_ events: [ByteBuffer]) throws {
        let texts = events.map { String(buffer: $0) }
        let failure = state.withLock { state in
            state.calls.append(texts.count)
            return state.failures.isEmpty ? nil : state.failures.removeFirst()
        }
        if let failure { throw failure }
        for text in texts {
            if let refusal = refuses(text) { throw refusal }
        }
        state.withLock { $0.taken += texts }
    }
}

private let malformed = ControlPlaneError.refused(
    status: 422, .init(type: "invalid_input", code: "json.malformed", message: "No \"such\" field."))

@Suite("Delivery of the spool")
struct SpoolShipperTests {
    private let directory = NSTemporaryDirectory() + "kt-ship-\(UUID().uuidString)"
    private let disk = NIOThreadPool(numberOfThreads: 1)
    private var refusedPath: String { "\(directory)/refused.jsonl" }

    private func cleanUp() {
        try? FileManager.default.removeItem(atPath: directory)
        disk.shutdownGracefully { _ in }
    }

    private func spool(_ names: [String]) throws -> Segments {
        disk.start()
        let segments = try Segments(directory: directory, maxBytes: 1 << 20)
        try segments.append(names.map { ByteBuffer(string: "{\"id\":\"\($0)\"}") })
        return segments
    }

    /// Ships until a condition holds.
    private func ship(
        _ segments: Segments, to taker: Taker, maximumBytes: Int = 1 << 20, until isDone: @escaping () -> Bool
    ) async throws {
        let shipper = SpoolShipper(
            segments, refused: RefusedEvents(path: refusedPath, maximumBytes: maximumBytes), disk: disk,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, send: taker.send)
        let running = Task { try await shipper.run() }
        for _ in 0..<500 where !isDone() { try await Task.sleep(for: .milliseconds(10)) }
        running.cancel()
        try await running.value
        #expect(isDone())
    }

    private func refused() throws -> [String] {
        try String(contentsOfFile: refusedPath, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    @Test(
        "One refused event is set aside with its reason, and all others arrive in order",
        arguments: [[0], [4], [9], [3, 4], [0, 9], Array(0..<10)])
    func bisect(bad: [Int]) async throws {
        defer { cleanUp() }
        let segments = try spool((0..<10).map { bad.contains($0) ? "bad\($0)" : "good\($0)" })
        let taker = Taker { $0.contains("bad") ? malformed : nil }

        try await ship(segments, to: taker) { segments.depth.records == 0 }

        #expect(
            taker.taken == (0..<10).filter { !bad.contains($0) }.map { #"{"sequence":\#($0 + 1),"id":"good\#($0)"}"# })
        let lines = try refused()
        #expect(lines.count == bad.count)
        for (line, number) in zip(lines, bad) {
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            #expect((object["event"] as? [String: Any])?["id"] as? String == "bad\(number)")
            #expect((object["event"] as? [String: Any])?["sequence"] as? Int == number + 1)
            #expect(
                (object["reason"] as? [String: String]) == ["code": "json.malformed", "message": "No \"such\" field."])
        }
        let mode = try FileManager.default.attributesOfItem(atPath: refusedPath)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test("The search for one bad event among many takes few calls")
    func fewCalls() async throws {
        defer { cleanUp() }
        let segments = try spool((0..<500).map { $0 == 137 ? "bad" : "good" })
        let taker = Taker { $0.contains("bad") ? malformed : nil }

        try await ship(segments, to: taker) { segments.depth.records == 0 }

        #expect(taker.taken.count == 499)
        #expect(taker.calls.count <= 19)
    }

    @Test(
        "What says nothing about the events sets none aside: it is tried again",
        arguments: [
            ControlPlaneError.unavailable("connection refused"),
            .unauthorised(.init(type: "unauthenticated", code: "token.bad", message: "")),
            .refused(status: 403, .init(type: "forbidden", code: "token.wrong_purpose", message: "")),
            .refused(status: 404, .init(type: "not_found", code: "route.unknown", message: "")),
            .refused(status: 409, .init(type: "conflict", code: "gateway.not_registered", message: "")),
            .refused(status: 429, .init(type: "rate_limited", code: "rate_limited", message: "")),
            .refused(status: 500, .init(type: "internal", code: "internal", message: "")),
            // A proxy's answer, not the API's own words.
            .refused(status: 400, .init(type: "internal", code: "http.400", message: "")),
            .refused(status: 413, .init(type: "internal", code: "http.413", message: "")),
        ])
    func transient(failure: ControlPlaneError) async throws {
        defer { cleanUp() }
        let segments = try spool(["a", "b", "c"])
        let taker = Taker(failures: [failure, failure])

        try await ship(segments, to: taker) { segments.depth.records == 0 }

        #expect(taker.calls == [3, 3, 3])
        #expect(!FileManager.default.fileExists(atPath: refusedPath))
    }

    @Test("A connection that breaks amid the search loses nothing, and what was taken is not sent again")
    func broken() async throws {
        defer { cleanUp() }
        let segments = try spool(["a", "b", "c", "bad"])
        let calls = Mutex(0)
        let taker = Taker { text in
            // The third call, with the second half, finds nobody.
            if text.contains("\"c\""),
                calls.withLock({
                    $0 += 1; return $0 == 2
                })
            {
                return .unavailable("gone")
            }
            return text.contains("bad") ? malformed : nil
        }

        try await ship(segments, to: taker) { segments.depth.records == 0 }

        #expect(taker.taken.map { String($0.suffix(4)) } == [#""a"}"#, #""b"}"#, #""c"}"#])
        #expect(try refused().count == 1)
    }

    @Test("When there is no room for another refused event, it stays in the spool with all that follow")
    func full() async throws {
        defer { cleanUp() }
        let segments = try spool(["a", "bad1", "bad2", "b"])
        let taker = Taker { $0.contains("bad") ? malformed : nil }

        try await ship(segments, to: taker, maximumBytes: 200) { segments.acknowledged == 2 && taker.calls.count > 8 }

        #expect(try refused().count == 1)
        #expect(taker.taken.count == 1)
        #expect(segments.depth.records == 2)
        try FileManager.default.removeItem(atPath: refusedPath)
        try await ship(segments, to: taker, maximumBytes: 200) { segments.depth.records == 0 }
        #expect(taker.taken.count == 2)
    }

    @Test("A line that a crash cut short does not swallow the next one")
    func torn() throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { cleanUp() }
        try Data(#"{"refused_at":"2026"#.utf8).write(to: URL(filePath: refusedPath))

        let count = try RefusedEvents(path: refusedPath).append(
            ByteBuffer(string: #"{"id":"x"}"#), code: "c", message: "m")

        #expect(count == 1)
        #expect(try refused().count == 2)
        #expect(try refused().last?.hasSuffix(#""event":{"id":"x"}}"#) == true)
    }

    @Test("A link in the file's place is not followed")
    func link() throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { cleanUp() }
        try FileManager.default.createSymbolicLink(atPath: refusedPath, withDestinationPath: "\(directory)/elsewhere")

        #expect(throws: SpoolError.self) {
            try RefusedEvents(path: refusedPath).append(ByteBuffer(string: "{}"), code: "c", message: "m")
        }
    }
}
