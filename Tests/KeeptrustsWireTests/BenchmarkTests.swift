import KeeptrustsWire
import NIOCore
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What the hot path costs; run with `KT_BENCH=1` in release mode.
@Suite("Benchmarks", .serialized, .enabled(if: getenv("KT_BENCH") != nil))
struct BenchmarkTests {
    /// The median of nine batches, in nanoseconds of this thread's CPU time for one call.
    static func measure(_ name: String, calls: Int = 20_000, _ body: () -> Void) {
        func now() -> Int {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return time.tv_sec * 1_000_000_000 + time.tv_nsec
        }
        var batches: [Int] = []
        for _ in 0..<9 {
            let start = now()
            for _ in 0..<calls { body() }
            batches.append((now() - start) / calls)
        }
        print("\(name): \(batches.sorted()[4]) ns")
    }

    /// A chat request of about 2 KB with the usual keys.
    static let chat: ByteBuffer = {
        let words =
            "The gateway reads every message once, judges it, and passes on exactly the bytes that it has judged. "
        let text = String(repeating: words, count: 4)
        func message(_ role: String) -> String { "{\"role\":\"\(role)\",\"content\":\"\(text)\\n\"}" }
        let messages = ["system", "user", "assistant", "user"].map(message).joined(separator: ",")
        return ByteBuffer(
            string: "{\"model\":\"gpt-4o-mini\",\"temperature\":0.7,\"max_tokens\":256,\"stream\":true,"
                + "\"messages\":[\(messages)],\"user\":\"u_123\"}")
    }()

    static let shape = JSONShape(
        [
            "model", "stream", "messages", "messages.*.role", "messages.*.content", "messages.*.content.*.text",
            "messages.*.content.*.type", "messages.*.name", "messages.*.tool_calls.*.function.arguments",
            "stream_options",
            "temperature", "max_tokens", "tools", "tool_choice", "stop", "n", "seed", "top_p", "response_format",
        ], reportsOthers: true)

    @Test("JSON")
    func json() {
        var values: [JSONValue] = []
        Self.measure("scan of \(Self.chat.readableBytes) bytes") {
            values.removeAll(keepingCapacity: true)
            try? JSONScanner.scan(Self.chat, Self.shape, into: &values)
        }
        print("values: \(values.count)")
        let german = ByteBuffer(
            string: String(buffer: Self.chat).split(separator: "e").joined(separator: "\u{E9}"))
        Self.measure("the same with an accent for each e, \(german.readableBytes) bytes") {
            values.removeAll(keepingCapacity: true)
            try? JSONScanner.scan(german, Self.shape, into: &values)
        }
        let chinese = ByteBuffer(
            string:
                "{\"messages\":[{\"content\":\"\(String(repeating: "\u{4F60}\u{597D}\u{4E16}\u{754C}", count: 170))\"}]}"
        )
        Self.measure("Chinese, \(chinese.readableBytes) bytes") {
            values.removeAll(keepingCapacity: true)
            try? JSONScanner.scan(chinese, Self.shape, into: &values)
        }
        let schema = ByteBuffer(
            string:
                "{\"tools\":[\((0..<12).map { "{\"type\":\"function\",\"function\":{\"name\":\"f\($0)\",\"parameters\":{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"},\"unit\":{\"type\":\"string\"}}}}}" }.joined(separator: ","))]}"
        )
        Self.measure("tools with \(schema.readableBytes) bytes") {
            values.removeAll(keepingCapacity: true)
            try? JSONScanner.scan(schema, Self.shape, into: &values)
        }
        print("values: \(values.count)")
    }

    @Test("Unescaping")
    func unescape() throws {
        var values: [JSONValue] = []
        try JSONScanner.scan(Self.chat, Self.shape, into: &values)
        let value = try #require(values.first { $0.hasEscapes })
        Self.measure("unescaping \(value.span.count) bytes with one escape") {
            _ = Unescaped(Self.chat, token: value.span, hasEscapes: true)
        }
    }

    @Test("Heads")
    func heads() {
        let request = ByteBuffer(
            string: "POST /v1/chat/completions HTTP/1.1\r\nHost: gateway.example:41002\r\nAuthorization: Bearer "
                + "kt_live_0123456789abcdefghijklmnopqrstuvwxyz\r\nContent-Type: application/json\r\nAccept: */*\r\n"
                + "User-Agent: OpenAI/Python 1.68.2\r\nX-Stainless-Lang: python\r\nX-Stainless-Package-Version: 1.68.2\r\n"
                + "Accept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\nContent-Length: 1984\r\n\r\n")
        var head = HTTPRequestHead()
        Self.measure("request head of \(request.readableBytes) bytes") {
            var buffer = request
            _ = try? head.parse(&buffer, limits: HTTPLimits())
        }
        let response = ByteBuffer(
            string: "HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 15:30:00 GMT\r\nContent-Type: application/json\r\n"
                + "Connection: keep-alive\r\nx-request-id: req_0123456789abcdef\r\nContent-Length: 891\r\n\r\n")
        var answer = HTTPResponseHead()
        Self.measure("response head of \(response.readableBytes) bytes") {
            var buffer = response
            _ = try? answer.parse(&buffer, toMethod: .post, limits: HTTPLimits())
        }
    }

    @Test("Event streams")
    func events() {
        let chunk = ByteBuffer(
            string:
                "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":"
                + "\"gpt-4o-mini\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word\"},\"finish_reason\":null}]}\n\n"
        )
        var parser = EventStreamParser(maxEventBytes: 65_536)
        Self.measure("event of \(chunk.readableBytes) bytes") {
            parser.push(chunk)
            while let event = try? parser.next() { precondition(event.data.readableBytes > 0) }
        }
    }
}
