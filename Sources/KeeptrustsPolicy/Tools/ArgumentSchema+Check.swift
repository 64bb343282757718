import KeeptrustsCore
import KeeptrustsMatching
import KeeptrustsWire
import NIOCore

/// How arguments break their schema: where, and what they should be; never what they are.
struct SchemaViolation: Equatable {
    /// The place, such as `recipients.0.address`; empty for the document.
    var path: String

    /// What should be true, such as `must be a string`.
    var demand: String

    var description: String { path.isEmpty ? "The arguments \(demand)" : "'\(path)' \(demand)" }
}

extension ArgumentSchema {
    /// Checks a document.
    ///
    /// - Parameters:
    ///   - tree: The document.
    ///   - scratch: The memory of the event loop.
    /// - Returns: The first violation; nil when there is none.
    /// - Throws: ``MatchFailure`` when a search for a pattern was given up.
    func violation(in tree: JSONTree, using scratch: PatternScratch) throws(MatchFailure) -> SchemaViolation? {
        try SchemaCheck(tree: tree, scratch: scratch).violation(0, self, "")
    }
}

/// One check of a document.
private struct SchemaCheck {
    let tree: JSONTree
    let scratch: PatternScratch

    func violation(_ node: Int, _ schema: ArgumentSchema, _ path: String) throws(MatchFailure) -> SchemaViolation? {
        func broken(_ demand: String) -> SchemaViolation { SchemaViolation(path: path, demand: demand) }
        guard !schema.refusesAll else { return broken("must not be there") }
        if let types = schema.types, !types.contains(where: { isOf($0, node) }) {
            return broken("must be of the type \(types.map(\.rawValue).sorted().joined(separator: " or "))")
        }
        if let constants = schema.constants, !constants.contains(constant(node)) {
            return broken("must be one of the values that are allowed")
        }
        let own: SchemaViolation? =
            switch tree.nodes[node].kind {
            case .object: try members(node, schema.object, path)
            case .array: try elements(node, schema.array, path)
            case .number: number(tree.double(node) ?? .nan, schema.number).map(broken)
            case .string: try string(tree.string(node), schema.string).map(broken)
            case .true, .false, .null: nil
            }
        if let own { return own }
        return try combinations(node, schema, path)
    }

    private func combinations(
        _ node: Int, _ schema: ArgumentSchema, _ path: String
    ) throws(MatchFailure) -> SchemaViolation? {
        for part in schema.all {
            if let violation = try violation(node, part, path) { return violation }
        }
        func holding(_ parts: [ArgumentSchema]) throws(MatchFailure) -> Int {
            var count = 0
            for part in parts where try violation(node, part, path) == nil { count += 1 }
            return count
        }
        if !schema.any.isEmpty, try holding(schema.any) == 0 {
            return SchemaViolation(path: path, demand: "must have one of the forms that are allowed")
        }
        if !schema.one.isEmpty, try holding(schema.one) != 1 {
            return SchemaViolation(path: path, demand: "must have exactly one of the forms that are allowed")
        }
        if try holding(schema.none) > 0 {
            return SchemaViolation(path: path, demand: "must not have a form that is excluded")
        }
        return nil
    }

    private func isOf(_ type: ArgumentSchema.ValueType, _ node: Int) -> Bool {
        switch (type, tree.nodes[node].kind) {
        case (.object, .object), (.array, .array), (.string, .string), (.number, .number), (.null, .null): true
        case (.boolean, .true), (.boolean, .false): true
        case (.integer, .number): tree.double(node).map { $0 == $0.rounded() } ?? false
        case (.object, _), (.array, _), (.string, _), (.number, _), (.integer, _), (.boolean, _), (.null, _): false
        }
    }

    private func members(
        _ node: Int, _ rule: ArgumentSchema.ObjectRule, _ path: String
    ) throws(MatchFailure) -> SchemaViolation? {
        let members = tree.children(of: node)
        guard rule.count.contains(members.count) else {
            return SchemaViolation(path: path, demand: "has too few or too many members")
        }
        var keys: Set<String> = []
        for member in members {
            let key = tree.key(member) ?? ""
            keys.insert(key)
            // A key that the schema names may be told; any other is the model's own word.
            let isKnown = rule.properties[key] != nil
            let place = isKnown ? Self.join(path, key) : Self.join(path, "*")
            for schema in rule.properties[key].map({ [$0] }) ?? rule.additional {
                guard isKnown || !schema.refusesAll else {
                    return SchemaViolation(path: path, demand: "must have no member that its schema does not name")
                }
                if let violation = try violation(member, schema, place) { return violation }
            }
        }
        guard let missing = rule.required.first(where: { !keys.contains($0) }) else { return nil }
        return SchemaViolation(path: Self.join(path, missing), demand: "must be there")
    }

    private func elements(
        _ node: Int, _ rule: ArgumentSchema.ArrayRule, _ path: String
    ) throws(MatchFailure) -> SchemaViolation? {
        let elements = tree.children(of: node)
        guard rule.count.contains(elements.count) else {
            return SchemaViolation(path: path, demand: "has too few or too many elements")
        }
        for (index, element) in elements.enumerated() {
            let schemas = index < rule.first.count ? [rule.first[index]] : rule.items
            for schema in schemas {
                if let violation = try violation(element, schema, Self.join(path, "\(index)")) { return violation }
            }
        }
        if rule.isUnique, Set(elements.map(constant)).count < elements.count {
            return SchemaViolation(path: path, demand: "must have no element twice")
        }
        return nil
    }

    private func number(_ number: Double, _ rule: ArgumentSchema.NumberRule) -> String? {
        if let least = rule.least, !(number >= least) { return "must be at least \(least)" }
        if let most = rule.most, !(number <= most) { return "must be at most \(most)" }
        if let above = rule.above, !(number > above) { return "must be more than \(above)" }
        if let below = rule.below, !(number < below) { return "must be less than \(below)" }
        guard let step = rule.step else { return nil }
        // 0.3 is a multiple of 0.1 for whoever writes it.
        let steps = number / step
        let isWhole = abs(steps - steps.rounded()) <= abs(steps) * 1e-12
        return isWhole ? nil : "must be a multiple of \(step)"
    }

    private func string(_ string: String, _ rule: ArgumentSchema.StringRule) throws(MatchFailure) -> String? {
        guard rule.count.contains(string.unicodeScalars.count) else { return "is too short or too long" }
        guard let pattern = rule.pattern else { return nil }
        let text = ByteBuffer(string: string)
        let found = try text.withUnsafeReadableBytes { bytes throws(MatchFailure) in
            try pattern.first(in: bytes, using: scratch)
        }
        return found == nil ? "must match its pattern" : nil
    }

    private func constant(_ node: Int) -> Constant {
        switch tree.nodes[node].kind {
        case .null: .null
        case .true: .boolean(true)
        case .false: .boolean(false)
        case .number: .number(tree.double(node) ?? .nan)
        case .string: .string(tree.string(node))
        case .array: .list(tree.children(of: node).map(constant))
        case .object:
            .object(
                Dictionary(
                    tree.children(of: node).map { (tree.key($0) ?? "", constant($0)) }, uniquingKeysWith: { $1 }))
        }
    }

    private static func join(_ path: String, _ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
}
