import KeeptrustsCore
import Yams

/// Turns the parser's nodes into ours; follows aliases, and refuses what a configuration has no use for.
struct YAMLReader {
    let text: YAMLText
    let limits: YAMLLimits
    private var anchors: [String: Node] = [:]
    private var nodes = 0
    private var aliases = 0

    /// How many aliases the reader is inside of; an anchor is taken down only outside.
    private var following = 0

    init(text: YAMLText, limits: YAMLLimits) {
        self.text = text
        self.limits = limits
    }

    mutating func read(document root: Node?) throws(ConfigError) -> ConfigNode {
        guard let root else { return ConfigNode(.null, at: text.start, path: "") }
        return try read(root, path: "", depth: 1)
    }

    private mutating func read(_ node: Node, path: String, depth: Int) throws(ConfigError) -> ConfigNode {
        let place = text.location(node.mark)
        nodes += 1
        guard nodes <= limits.nodes else {
            throw ConfigError(.limit, at: place, "the document has more than \(limits.nodes) values.")
        }
        guard depth <= limits.depth else {
            throw ConfigError(.limit, at: place, "the document is nested deeper than \(limits.depth) levels.")
        }
        let result: ConfigNode
        switch node {
        case .scalar(let scalar):
            if let name = try alias(scalar, at: place) { return try follow(name, path, depth, at: place) }
            result = try read(scalar, at: place, path: path)
        case .sequence(let sequence):
            try checkTag(sequence.tag, is: .seq, at: place)
            var items: [ConfigNode] = []
            for (index, item) in sequence.enumerated() {
                items.append(try read(item, path: join(path, "\(index)"), depth: depth + 1))
            }
            result = ConfigNode(.list(items), at: place, path: path)
        case .mapping(let mapping):
            try checkTag(mapping.tag, is: .map, at: place)
            result = ConfigNode(.mapping(try entries(mapping, path, depth)), at: place, path: path)
        case .alias:
            throw ConfigError(.notYAML, at: place, "this is not YAML.")
        }
        try takeDown(node, at: place)
        return result
    }

    private mutating func entries(
        _ mapping: Node.Mapping, _ path: String, _ depth: Int
    ) throws(ConfigError) -> [(key: String, keyLocation: SourceLocation, value: ConfigNode)] {
        var entries: [(key: String, keyLocation: SourceLocation, value: ConfigNode)] = []
        var known: Set<String> = []
        for (keyNode, valueNode) in mapping {
            let place = text.location(keyNode.mark)
            let key = try key(keyNode, at: place)
            let keyPath = join(path, key)
            guard known.insert(key).inserted else { throw DuplicateKeys.problem(key, at: place) }
            entries.append((key, place, try read(valueNode, path: keyPath, depth: depth + 1)))
        }
        return entries
    }

    private func join(_ path: String, _ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    private func key(_ node: Node, at place: SourceLocation) throws(ConfigError) -> String {
        guard case .scalar(let scalar) = node else {
            throw ConfigError(.notYAML, at: place, "a key must be a text, not a list or a mapping.")
        }
        try checkTag(scalar.tag, is: .str, at: place)
        let key = text.unmasked(scalar.string)
        guard key.utf8.count <= limits.keyBytes else {
            throw ConfigError(.limit, at: place, "a key may have \(limits.keyBytes) bytes.")
        }
        guard key.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
            throw ConfigError(.notYAML, at: place, "a key must not hold control characters.")
        }
        guard scalar.anchor == nil else {
            throw ConfigError(.notYAML, at: place, "a key must not have an anchor.")
        }
        guard scalar.style == .plain else { return key }
        if key == "<<" {
            throw ConfigError(
                .notYAML, at: place, "merge keys ('<<') are not accepted.",
                hint: "write the keys out, or layer two files with a repeated --policy-config")
        }
        guard try alias(scalar, at: place) == nil, case .string = PlainScalar(key).value else {
            let isOn = key.lowercased() == "true"
            throw ConfigError(
                .notYAML, at: place, "a key must be a text; \(quoted(key)) is not.",
                hint: isOn ? "use quotes; where a tool has made 'true' of 'on', write '\"on\":'" : "use quotes")
        }
        return key
    }

    private func read(
        _ scalar: Node.Scalar, at place: SourceLocation, path: String
    ) throws(ConfigError) -> ConfigNode {
        try checkTag(scalar.tag, is: .str, at: place)
        let string = text.unmasked(scalar.string)
        guard !string.utf8.contains(0) else {
            throw ConfigError(.notYAML, at: place, "the control character U+0000 is not allowed.")
        }
        guard scalar.style == .plain, scalar.tag.rawValue.isEmpty else {
            return ConfigNode(.string(string), at: place, path: path)
        }
        let plain = PlainScalar(string)
        return ConfigNode(plain.value, at: place, path: path, text: plain.isNumber ? string : nil)
    }

    private func checkTag(_ tag: Tag, is expected: Tag.Name, at place: SourceLocation) throws(ConfigError) {
        guard !tag.rawValue.isEmpty, tag.rawValue != expected.rawValue else { return }
        throw ConfigError(
            .notYAML, at: place, "the tag \(quoted(tag.rawValue)) is not accepted.",
            hint: "a configuration holds plain values only; remove the '!' and what follows it")
    }

    // Anchors and aliases.

    private mutating func takeDown(_ node: Node, at place: SourceLocation) throws(ConfigError) {
        guard following == 0, let name = node.anchor?.rawValue else { return }
        guard anchors.updateValue(node, forKey: name) == nil else {
            throw ConfigError(.notYAML, at: place, "the anchor \(quoted(name)) is set twice.")
        }
    }

    /// The name in an alias, which the parser takes for a plain text; nil for any other text.
    private func alias(_ scalar: Node.Scalar, at place: SourceLocation) throws(ConfigError) -> String? {
        guard let mask = text.mask, scalar.style == .plain, scalar.string.unicodeScalars.first == mask else {
            return nil
        }
        let name = scalar.string.unicodeScalars.dropFirst()
        guard !name.isEmpty,
            name.allSatisfy({ $0.isASCII && ($0.properties.isAlphabetic || "0123456789-_".unicodeScalars.contains($0)) }
            )
        else {
            throw ConfigError(
                .notYAML, at: place, "a text that begins with '*' needs quotes.",
                hint: "without them it is an alias, '*' and the name of an anchor")
        }
        return String(name)
    }

    private mutating func follow(
        _ name: String, _ path: String, _ depth: Int, at place: SourceLocation
    ) throws(ConfigError) -> ConfigNode {
        guard let node = anchors[name] else {
            throw ConfigError(.notYAML, at: place, "no anchor \(quoted(name)) stands before this alias.")
        }
        aliases += 1
        guard aliases <= limits.aliases else {
            throw ConfigError(.limit, at: place, "the document follows more than \(limits.aliases) aliases.")
        }
        following += 1
        defer { following -= 1 }
        return try read(node, path: path, depth: depth)
    }
}
