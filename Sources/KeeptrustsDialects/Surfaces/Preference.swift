import KeeptrustsWire

/// What a member of OpenRouter's preferences may be.
///
/// After the public description of its provider routing, as of 2026-11. `null` stands for every one of them but an entry of a list.
enum Preference: Sendable {
    case flag, word, list, entry, object

    /// A number, or one in a string.
    case price

    /// A number, or an object of them; or a word, or an object of them.
    case figure, figures, words

    /// Every member that may stand there, those of inner objects with their path.
    static let members: [(name: String, form: Preference)] =
        ["order", "only", "ignore", "quantizations"].flatMap { [($0, .list), ($0 + ".*", .entry)] }
        + ["allow_fallbacks", "require_parameters", "zdr", "enforce_distillable_text"].map { ($0, .flag) }
        + [("data_collection", .word), ("sort", .words), ("sort.by", .word), ("sort.partition", .word)]
        + [("max_price", .object)]
        + ["prompt", "completion", "request", "image", "audio"].map { ("max_price." + $0, .price) }
        + ["preferred_min_throughput", "preferred_max_latency"].flatMap { name in
            [(name, .figures)] + ["p50", "p75", "p90", "p99"].map { ("\(name).\($0)", .figure) }
        }

    /// The members, as a caller reads them who has said another one.
    static let hint: String = {
        let top = members.map(\.name).filter { !$0.contains(".") }
        let inner = top.compactMap { name -> String? in
            let own = members.map(\.name).filter { $0.hasPrefix(name + ".") && !$0.hasSuffix("*") }
            return own.isEmpty ? nil : "\(name): \(own.map { $0.dropFirst(name.count + 1) }.joined(separator: ", "))"
        }
        return "It may hold \(top.joined(separator: ", ")); \(inner.joined(separator: "; "))."
    }()

    /// What stands at a path of a request, `provider` included.
    init(atPath path: String) {
        self = Self.members.first { path == "provider." + $0.name }?.form ?? .entry
    }

    func takes(_ kind: JSONKind) -> Bool {
        switch self {
        case .entry: kind == .string
        case .flag: [.true, .false, .null].contains(kind)
        case .word: [.string, .null].contains(kind)
        case .list: [.array, .null].contains(kind)
        case .object: [.object, .null].contains(kind)
        case .price: [.number, .string, .null].contains(kind)
        case .figure: [.number, .null].contains(kind)
        case .figures: [.number, .object, .null].contains(kind)
        case .words: [.string, .object, .null].contains(kind)
        }
    }

    /// What it must be, as a sentence ends.
    var text: String {
        switch self {
        case .entry, .word: "a string"
        case .flag: "true or false"
        case .list: "a list of strings"
        case .object: "an object"
        case .price, .figure: "a number"
        case .figures: "a number or an object of numbers"
        case .words: "a string or an object"
        }
    }
}
