import KeeptrustsCore

/// Finds out what a reader takes, by giving it drafts: first nothing, then one key at a time.
///
/// So the description of a configuration follows from the code that reads it. A reader asks for a key before it judges the
/// value, so an empty value is enough to see what it must be; keys that others need are filled with samples.
struct ShapeExplorer {
    /// The keys that lead to what is read, as messages name it.
    let prefix: String
    let read: (ConfigNode) -> [ConfigError]

    init(prefix: String = "", _ read: @escaping (ConfigNode) -> [ConfigError]) {
        self.prefix = prefix
        self.read = read
    }

    func shape() -> ConfigShape { shape(at: [], in: .null) ?? .anything }

    /// Texts of which one is right for most readers that judge a text.
    private static let samples = [
        "a", "openai:chat:model", "1.0.0", "https://api.example.com/v1", "[a-z]{3}",
        "sha256:\(String(repeating: "0", count: 64))",
        "USD", "10.0.0.0/8", "user", "request", "pii_detector.detected", "/v1",
    ]

    private func attempt(_ draft: ConfigDraft) -> ConfigAttempt { ConfigAttempt(draft, under: prefix, read) }

    /// What is read at a place of a draft; nil when nothing may stand there.
    private func shape(at path: ConfigDraft.Path, in draft: ConfigDraft) -> ConfigShape? {
        var draft = draft.with(.null, at: path)
        var reading = attempt(draft)
        if reading.expectations(at: path).isEmpty {
            guard !isRefused(path, reading), !isRefused(path, attempt(alone(path, draft))) else { return nil }
            guard let helped = withHelp(path, draft) else { return .anything }
            (draft, reading) = (helped, attempt(helped))
        }
        return shape(of: reading.expectations(at: path), at: path, in: draft)
    }

    private func shape(
        of expectations: [ConfigProbe.Expectation], at path: ConfigDraft.Path, in draft: ConfigDraft
    ) -> ConfigShape? {
        switch expectations.min(by: { $0.rank < $1.rank }) {
        case .mapping(let keys):
            return isWithinItself(keys, at: path, in: draft) ? .anything : mapping(of: keys, at: path, in: draft)
        case .choice(let names):
            return .choice(names.filter { !isRefused(path, attempt(draft.with(.string($0), at: path))) })
        case .boolean:
            return .boolean([true, false].filter { !isRefused(path, attempt(draft.with(.boolean($0), at: path))) })
        case .integer(let range): return .integer(range)
        case .number(let range): return .number(range)
        case .decimal: return .decimal
        case .list: return .list(shape(at: path + ["0"], in: draft.with(.list([.null]), at: path)))
        case .members:
            let inner = shape(at: path + ["a"], in: draft.with(.mapping([("a", .null)]), at: path))
            return .members(inner == .anything ? nil : inner)
        case .string, .required: return .string
        case nil: return .anything
        }
    }

    /// Whether the reader says that nothing of this kind may stand there, or not yet.
    private func isRefused(_ path: ConfigDraft.Path, _ reading: ConfigAttempt) -> Bool {
        reading.errors(at: path).contains { [.unknownKey, .unsupported, .retired].contains($0.kind) }
    }

    /// The draft without the neighbours of a value, which may exclude it.
    private func alone(_ path: ConfigDraft.Path, _ draft: ConfigDraft) -> ConfigDraft {
        guard let key = path.last else { return draft }
        return draft.with(.mapping([(key, .null)]), at: Array(path.dropLast()))
    }

    /// The draft with a neighbour without which the value at a place is not looked at.
    private func withHelp(_ path: ConfigDraft.Path, _ draft: ConfigDraft) -> ConfigDraft? {
        guard let key = path.last else { return nil }
        let owner = Array(path.dropLast())
        for other in keys(at: owner, in: draft) where other != key {
            guard let sample = sample(at: owner + [other], in: draft, depth: 1) else { continue }
            let helped = draft.with(sample, at: owner + [other])
            if !attempt(helped).expectations(at: path).isEmpty { return helped }
        }
        return nil
    }

    private func keys(at path: ConfigDraft.Path, in draft: ConfigDraft) -> [String] {
        for case .mapping(let keys) in attempt(draft).expectations(at: path) { return keys }
        return []
    }

    // Mappings.

    /// Whether a mapping of the same keys stands around a place, as in what is nested without a bound of its own.
    private func isWithinItself(_ keys: [String], at path: ConfigDraft.Path, in draft: ConfigDraft) -> Bool {
        guard !keys.isEmpty else { return false }
        let reading = attempt(draft)
        return path.indices.contains { depth in
            reading.expectations(at: Array(path[..<depth])).contains { expectation in
                if case .mapping(keys) = expectation { true } else { false }
            }
        }
    }

    private func mapping(of keys: [String], at path: ConfigDraft.Path, in draft: ConfigDraft) -> ConfigShape {
        let base = baseline(keys, at: path, in: draft, depth: 1)
        let members = keys.compactMap { key -> ConfigShape.Member? in
            let place = path + [key]
            guard let shape = shape(at: place, in: base) else { return nil }
            return ConfigShape.Member(key: key, shape: shape, isRequired: isRequired(key, keys, at: path, in: base))
        }
        let optional = members.filter { !$0.isRequired }.map(\.key)
        return .mapping(members, oneOf: alternatives(optional, at: path, in: base))
    }

    /// The keys of which one must be there, whichever it is.
    private func alternatives(
        _ keys: [String], at path: ConfigDraft.Path, in base: ConfigDraft
    ) -> [[String]] {
        var groups: [[String]] = []
        let known = missing(at: path, attempt(base))
        for key in keys where base.value(at: path + [key]) != nil {
            for message in missing(at: path, attempt(base.with(nil, at: path + [key]))).subtracting(known) {
                let group = keys.filter { message.contains("'\($0)'") }
                if group.count > 1, !groups.contains(group) { groups.append(group) }
            }
        }
        return groups
    }

    /// The draft with as many samples in a mapping as it takes for no key to be missing.
    private func baseline(
        _ keys: [String], at path: ConfigDraft.Path, in draft: ConfigDraft, depth: Int
    ) -> ConfigDraft {
        var draft = draft.with(.mapping([]), at: path)
        for _ in keys {
            let missing = missing(at: path, attempt(draft))
            guard !missing.isEmpty, let better = filled(keys, at: path, in: draft, missing, depth: depth) else { break }
            draft = better
        }
        return draft
    }

    /// The draft with one more sample in a mapping of which `missing` is said; nil when none helps.
    private func filled(
        _ keys: [String], at path: ConfigDraft.Path, in draft: ConfigDraft, _ missing: Set<String>, depth: Int
    ) -> ConfigDraft? {
        for key in keys where draft.value(at: path + [key]) == nil {
            guard let sample = sample(at: path + [key], in: draft, depth: depth) else { continue }
            let filled = draft.with(sample, at: path + [key])
            guard !self.missing(at: path, attempt(filled)).isSuperset(of: missing) else { continue }
            return filled
        }
        return nil
    }

    /// What is said of keys that a mapping lacks; a reader that gives up does not speak of all.
    private func missing(at path: ConfigDraft.Path, _ reading: ConfigAttempt) -> Set<String> {
        Set(reading.errors(at: path).filter { $0.kind == .missingKey }.map(\.message))
    }

    private func isRequired(
        _ key: String, _ keys: [String], at path: ConfigDraft.Path, in base: ConfigDraft
    ) -> Bool {
        let without = base.with(nil, at: path + [key])
        let missing = missing(at: path, attempt(without)).subtracting(self.missing(at: path, attempt(base)))
            .filter { $0.contains("'\(key)'") }
        guard !missing.isEmpty else { return false }
        return !keys.contains { other in
            guard other != key, let sample = sample(at: path + [other], in: without, depth: 1) else { return false }
            let filled = without.with(sample, at: path + [other])
            return !self.missing(at: path, attempt(filled)).isSuperset(of: missing)
        }
    }

    // Samples.

    /// A value that the reader takes at a place; nil when none is known.
    private func sample(at path: ConfigDraft.Path, in draft: ConfigDraft, depth: Int) -> ConfigDraft? {
        guard depth < 8 else { return nil }
        let draft = draft.with(.null, at: path)
        let candidates: [ConfigDraft]
        switch attempt(draft).expectations(at: path).min(by: { $0.rank < $1.rank }) {
        case .mapping(let keys): return baseline(keys, at: path, in: draft, depth: depth + 1).value(at: path)
        case .list:
            let item = sample(at: path + ["0"], in: draft.with(.list([.null]), at: path), depth: depth + 1)
            candidates = item.map { [.list([$0])] } ?? [.list([]), .list([.null])]
        case .choice(let names): candidates = names.map(ConfigDraft.string)
        case .boolean: candidates = [.boolean(true), .boolean(false)]
        case .integer(let range): candidates = [.integer(range.lowerBound)]
        case .number(let range): candidates = [.integer(Int(exactly: range.lowerBound.rounded(.up)) ?? 0)]
        case .decimal: candidates = [.integer(1)]
        case .members: candidates = [.mapping([])]
        case .string, .required: candidates = Self.samples.map(ConfigDraft.string)
        case nil: return nil
        }
        return candidates.first { attempt(draft.with($0, at: path)).errors(at: path).isEmpty }
    }
}

extension ConfigProbe.Expectation {
    /// Which expectation says most, where a reader has several.
    fileprivate var rank: Int {
        switch self {
        case .mapping: 0
        case .choice: 1
        case .integer: 2
        case .number: 3
        case .decimal: 4
        case .boolean: 5
        case .list: 6
        case .string: 7
        case .members: 8
        case .required: 9
        }
    }
}
