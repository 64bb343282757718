import KeeptrustsCore

/// The built-in sets of assertions, which an assertion of `quality-scorer` calls by `pack`.
enum QualityPack: String, CaseIterable, Sendable {
    /// The answer begins with what was asked for.
    case noPreamble = "no-preamble"

    /// The answer is laid out, and long enough to be.
    case structured

    /// The answer keeps to the sources of the request.
    case rag

    /// The answer is short, and says nothing twice.
    case concise

    /// An assertion of a set: its type, and what stands beside that.
    private struct Entry {
        var type: String
        var settings: [(key: String, value: ConfigNode.Value)]

        init(_ type: String, _ settings: (key: String, value: ConfigNode.Value)...) {
            (self.type, self.settings) = (type, settings)
        }
    }

    private var entries: [Entry] {
        switch self {
        case .noPreamble:
            let openings = [
                "sure,", "sure!", "certainly", "of course", "absolutely", "great question", "good question",
            ]
            let phrases = [
                "as an ai", "as a language model", "as a large language model", "i hope this helps",
                "let me know if you", "feel free to ask",
            ]
            return [
                Entry("not-starts-with", ("value", Self.texts(openings)), ("case_sensitive", .boolean(false))),
                Entry("not-icontains-any", ("value", Self.texts(phrases))),
            ]
        case .structured:
            let mark = "(^|\\n)[ \\t]*(#{1,6} |[-*+] |[0-9]{1,3}[.)] |\\|.+\\|)"
            return [
                Entry("regex", ("value", .string(mark))),
                Entry("sentence-count", ("value", Self.range("min", 2))), Entry("coherence"),
            ]
        case .rag:
            return [
                Entry("context-faithfulness"), Entry("context-accuracy"), Entry("context-relevance"),
                Entry("answer-relevance"),
            ]
        case .concise:
            return [
                Entry("word-count", ("value", Self.range("max", 150))),
                Entry("coherence", ("threshold", .number(0.9))),
            ]
        }
    }

    private static let nowhere = SourceLocation(file: "", line: 1, column: 1)

    private static func texts(_ texts: [String]) -> ConfigNode.Value {
        .list(texts.map { ConfigNode(.string($0), at: nowhere, path: "") })
    }

    private static func range(_ key: String, _ number: Int) -> ConfigNode.Value {
        .mapping([(key, nowhere, ConfigNode(.integer(number), at: nowhere, path: key))])
    }

    /// The set's assertions as a configuration would write them, each called after the set.
    ///
    /// - Parameter node: What names the set: where mistakes in what stands beside it are reported.
    /// - Returns: The members of each assertion.
    func members(at node: ConfigNode) -> [[(key: String, keyLocation: SourceLocation, value: ConfigNode)]] {
        entries.enumerated().map { number, entry in
            let name: [(key: String, value: ConfigNode.Value)] = [
                ("type", .string(entry.type)), ("name", .string("\(rawValue).\(number + 1)")),
            ]
            return (name + entry.settings).map { key, value in
                (key, node.location, ConfigNode(value, at: node.location, path: node.path))
            }
        }
    }
}
