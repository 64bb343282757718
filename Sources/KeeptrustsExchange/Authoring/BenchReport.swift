import Foundation
public import KeeptrustsConfig
import KeeptrustsCore
import KeeptrustsMatching
import KeeptrustsPolicy
import NIOCore

/// What `kt policy bench` measures: the processor's time for each policy of a config, by itself and together.
public struct BenchReport: Sendable {
    private let texts: [Measured]
    private let rounds: Int

    /// Measures.
    ///
    /// - Parameters:
    ///   - config: Whose policies are measured.
    ///   - texts: What is judged.
    ///   - chainOnly: The chain is measured, and not each policy by itself.
    ///   - cacheDirectory: Where compiled patterns are kept; nil compiles them anew.
    ///   - timer: What is measured with.
    /// - Throws: ``ConfigMistakes`` in the policies.
    public init(
        of config: PolicyConfig, on texts: [BenchText], chainOnly: Bool = false, cacheDirectory: String?,
        timer: JudgementTimer
    ) throws(ConfigMistakes) {
        let whole = Subject(try config.compileChain(cacheDirectory: cacheDirectory))
        let instances = chainOnly ? [] : whole.chain.instances
        var alone: [Subject] = []
        // A chain of one policy is that policy by itself.
        for index in instances.indices where instances.count > 1 {
            alone.append(Subject(try config.compileChain(only: [index], cacheDirectory: cacheDirectory)))
        }
        rounds = timer.rounds
        let bare = BareScan()
        self.texts = texts.map { text in
            let chain = whole.cost(of: text, timer)
            let policies = instances.enumerated().map { index, instance in
                let cost = alone.isEmpty ? chain : alone[index].cost(of: text, timer)
                return Measured.Policy(id: instance.id, kind: instance.kind.name, cost: cost)
            }
            let bareTime = timer.microseconds { _ = text.bytes.withUnsafeReadableBytes { bare?.scan($0) } }
            return Measured(
                name: text.name, bytes: text.bytes.readableBytes, events: text.pieces.count, policies: policies,
                chain: chain, bare: bareTime)
        }
    }

    /// A chain, and the memory that one event loop would have for it.
    private struct Subject {
        let chain: PolicyChain
        private let scratch: MatchScratch

        init(_ chain: PolicyChain) {
            self.chain = chain
            scratch = MatchScratch(for: chain)
        }

        func cost(of text: BenchText, _ timer: JudgementTimer) -> Cost {
            let segments = text.segments(for: chain)
            let stage: ExchangeStage? = text.facts.conversation.isEmpty ? nil : .answer
            let judgement = timer.microseconds {
                _ = chain.judge(segments, at: stage, facts: text.facts, using: scratch)
            }
            return Cost(judgement: judgement, event: event(of: text, timer))
        }

        /// What one event of a streamed answer takes; nil where no event is judged when it comes.
        private func event(of text: BenchText, _ timer: JudgementTimer) -> Double? {
            guard !text.pieces.isEmpty, chain.runs(on: .response), !chain.holds(.response) else { return nil }
            let stream = timer.microseconds {
                guard var judge = chain.streamJudge(using: scratch) else { return }
                for (index, piece) in text.pieces.enumerated() {
                    var out = ByteBuffer()
                    let isLast = index == text.pieces.count - 1
                    guard judge.push(piece, isLast: isLast, using: scratch, into: &out) == .pass else { return }
                }
            }
            return stream / Double(text.pieces.count)
        }
    }

    /// What judging one text takes; microseconds.
    private struct Cost: Sendable {
        /// The whole text at once.
        var judgement: Double

        /// The mean of the events of a stream; nil where none is judged when it comes.
        var event: Double?
    }

    /// What was measured on one text.
    private struct Measured: Sendable {
        struct Policy: Sendable {
            var id: String
            var kind: String
            var cost: Cost
        }

        var name: String
        var bytes: Int
        var events: Int
        var policies: [Policy]
        var chain: Cost

        /// Microseconds of one bare pass of Hyperscan.
        var bare: Double

        func ratio(_ time: Double) -> Double { bare > 0 ? time / bare : 0 }
    }

    /// For people: a table for each text.
    public var summary: String { texts.map(table).joined(separator: "\n\n") }

    private func table(of text: Measured) -> String {
        let rows =
            text.policies.map { ($0.id, $0.cost) } + [
                ("the whole chain", text.chain), ("one bare pass of Hyperscan", Cost(judgement: text.bare)),
            ]
        let width = max(28, rows.map(\.0.count).max() ?? 0)
        let lines = rows.map { name, cost in
            name.padding(toLength: width, withPad: " ", startingAt: 0)
                + String(format: "%10.2f us %8.2f", cost.judgement, text.ratio(cost.judgement))
                + (cost.event.map { String(format: " %8.2f us", $0) } ?? "")
        }
        var head =
            "\(text.name.shown), \(text.bytes) bytes: processor time, median of \(rounds); ratio to the bare pass"
        if text.events > 0 { head += "; per event of a streamed answer of \(text.events)" }
        return ([head] + lines).joined(separator: "\n")
    }

    /// For programs.
    public var json: String {
        let wires = texts.map { text in
            Wire.Text(
                name: text.name, bytes: text.bytes, events: text.events,
                chain: Wire.Cost(
                    microseconds: text.chain.judgement, ratio: text.ratio(text.chain.judgement),
                    event_us: text.chain.event),
                bare_us: text.bare,
                policies: text.policies.map {
                    Wire.Policy(
                        id: $0.id, kind: $0.kind, microseconds: $0.cost.judgement, ratio: text.ratio($0.cost.judgement),
                        event_us: $0.cost.event)
                })
        }
        return JSONReport.text(Wire(rounds: rounds, texts: wires))
    }

    private struct Wire: Encodable {
        struct Cost: Encodable {
            var microseconds: Double
            var ratio: Double
            var event_us: Double?
        }

        struct Policy: Encodable {
            var id: String
            var kind: String
            var microseconds: Double
            var ratio: Double
            var event_us: Double?
        }

        struct Text: Encodable {
            var name: String
            var bytes: Int
            var events: Int
            var chain: Cost
            var bare_us: Double
            var policies: [Policy]
        }

        var rounds: Int
        var texts: [Text]
    }
}
