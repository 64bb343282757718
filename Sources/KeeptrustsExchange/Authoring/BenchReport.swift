import Foundation
public import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsMatching
import KeeptrustsPolicy
public import NIOCore

/// What `kt policy bench` measures: the processor's time for each policy of a config, by itself and together.
public struct BenchReport: Sendable {
    /// A text to judge.
    public struct Text: Sendable {
        public var name: String
        public var bytes: ByteBuffer

        public init(name: String, bytes: ByteBuffer) {
            self.name = name
            self.bytes = bytes
        }

        /// Ordinary prose of 1 and of 10 KB in which nothing is to be found.
        public static let builtIn = [
            Text(name: "1 KB", bytes: prose(1_000)), Text(name: "10 KB", bytes: prose(10_000)),
        ]
    }

    private let texts: [Measured]
    private let rounds: Int

    /// Measures.
    ///
    /// - Parameters:
    ///   - config: Whose policies are measured.
    ///   - texts: What is judged, each as a user's request, or as an answer for policies that judge no requests.
    ///   - cacheDirectory: Where compiled patterns are kept; nil compiles them anew.
    ///   - timer: What is measured with.
    /// - Throws: ``ConfigMistakes`` in the policies.
    public init(
        of config: PolicyConfig, on texts: [Text], cacheDirectory: String?, timer: JudgementTimer
    ) throws(ConfigMistakes) {
        let whole = try config.compileChain(cacheDirectory: cacheDirectory)
        var alone: [PolicyChain] = []
        for index in whole.instances.indices {
            alone.append(try config.compileChain(only: [index], cacheDirectory: cacheDirectory))
        }
        rounds = timer.rounds
        let bare = BareScan()
        self.texts = texts.map { text in
            let policies = zip(whole.instances, alone).map { instance, chain in
                Measured.Policy(id: instance.id, kind: instance.kind.name, time: Self.time(chain, text, timer))
            }
            let bareTime = timer.microseconds { _ = text.bytes.withUnsafeReadableBytes { bare?.scan($0) } }
            return Measured(
                name: text.name, bytes: text.bytes.readableBytes, policies: policies,
                chain: Self.time(whole, text, timer), bare: bareTime)
        }
    }

    private static func time(_ chain: PolicyChain, _ text: Text, _ timer: JudgementTimer) -> Double {
        let phase = chain.runs(on: .request) ? Phase.request : Phase.allCases.first { chain.runs(on: $0) } ?? .request
        let segments = [Segment(text.bytes, role: phase.usualRole, phase: phase, choice: phase.onlyChoice)]
        let scratch = MatchScratch(for: chain)
        return timer.microseconds { _ = chain.judge(segments, using: scratch) }
    }

    /// What was measured on one text; microseconds.
    private struct Measured: Sendable {
        struct Policy: Sendable {
            var id: String
            var kind: String
            var time: Double
        }

        var name: String
        var bytes: Int
        var policies: [Policy]
        var chain: Double
        var bare: Double

        func ratio(_ time: Double) -> Double { bare > 0 ? time / bare : 0 }
    }

    /// For people: a table for each text.
    public var summary: String {
        texts.map { text in
            let rows =
                text.policies.map { ($0.id, $0.time) } + [
                    ("the whole chain", text.chain), ("one bare pass of Hyperscan", text.bare),
                ]
            let width = max(28, rows.map(\.0.count).max() ?? 0)
            let lines = rows.map { name, time in
                name.padding(toLength: width, withPad: " ", startingAt: 0)
                    + String(format: "%10.2f us %8.2f", time, text.ratio(time))
            }
            let head = "\(text.name), \(text.bytes) bytes: processor time, median of \(rounds); ratio to the bare pass"
            return ([head] + lines).joined(separator: "\n")
        }.joined(separator: "\n\n")
    }

    /// For programs.
    public var json: String {
        let wires = texts.map { text in
            Wire.Text(
                name: text.name, bytes: text.bytes, chain: Wire.Cost(text.chain, text),
                bare_us: text.bare,
                policies: text.policies.map {
                    Wire.Policy(id: $0.id, kind: $0.kind, microseconds: $0.time, ratio: text.ratio($0.time))
                })
        }
        return JSONReport.text(Wire(rounds: rounds, texts: wires))
    }

    private struct Wire: Encodable {
        struct Cost: Encodable {
            var microseconds: Double
            var ratio: Double

            init(_ time: Double, _ text: Measured) { (microseconds, ratio) = (time, text.ratio(time)) }
        }

        struct Policy: Encodable {
            var id: String
            var kind: String
            var microseconds: Double
            var ratio: Double
        }

        struct Text: Encodable {
            var name: String
            var bytes: Int
            var chain: Cost
            var bare_us: Double
            var policies: [Policy]
        }

        var rounds: Int
        var texts: [Text]
    }
}

/// Sentences of everyday office life, repeated up to a size.
private func prose(_ size: Int) -> ByteBuffer {
    let sentences = [
        "The delivery to the branch in the old town was late again, and the customer asked us for a written answer.",
        "Please read the notes of the meeting and write down which of the open points we can settle this week.",
        "Our new colleague will take over the monthly figures, so let us show her how the tables are put together.",
        "The second draft of the brochure is better, but the part about opening hours still needs shorter sentences.",
        "Could you compare the two offers for the lift repair and tell me where they differ in price and in duration?",
        "I would like the summary in plain words, with one example for each of the three rules, and without tables.",
    ]
    var text = ByteBuffer()
    var index = 0
    while text.readableBytes < size {
        text.writeString(sentences[index % sentences.count] + (index % 5 == 4 ? "\n\n" : " "))
        index += 1
    }
    return text.getSlice(at: text.readerIndex, length: size) ?? text
}
