/// A JSON document that is being put together.
enum JSONTree: ExpressibleByStringLiteral, ExpressibleByArrayLiteral {
    case null
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case list([JSONTree])
    case object([(key: String, value: JSONTree)])

    init(stringLiteral value: String) { self = .string(value) }
    init(arrayLiteral elements: JSONTree...) { self = .list(elements) }

    /// A member of an object; of anything else, nothing.
    subscript(key: String) -> JSONTree? {
        get {
            guard case .object(let members) = self else { return nil }
            return members.first { $0.key == key }?.value
        }
        set {
            guard case .object(var members) = self, let newValue else { return }
            if let index = members.firstIndex(where: { $0.key == key }) {
                members[index].value = newValue
            } else {
                members.append((key, newValue))
            }
            self = .object(members)
        }
    }

    /// The document with another value at the place that these keys, joined by dots, lead to.
    func replacing(_ path: String, with value: JSONTree) -> JSONTree {
        var copy = self
        let keys = path.split(separator: ".", maxSplits: 1).map(String.init)
        copy[keys[0]] = keys.count == 1 ? value : (self[keys[0]] ?? .object([])).replacing(keys[1], with: value)
        return copy
    }

    /// The document in lines, two spaces a level.
    var text: String { text(indent: "") }

    private func text(indent: String) -> String {
        let inner = indent + "  "
        switch self {
        case .null: return "null"
        case .boolean(let flag): return flag ? "true" : "false"
        case .integer(let number): return "\(number)"
        case .number(let number): return "\(number)"
        case .string(let text): return YAMLWriter.quoted(text)
        case .list(let items) where items.allSatisfy(\.isScalar):
            return "[\(items.map { $0.text(indent: inner) }.joined(separator: ", "))]"
        case .list(let items):
            return "[\n\(items.map { inner + $0.text(indent: inner) }.joined(separator: ",\n"))\n\(indent)]"
        case .object(let members):
            guard !members.isEmpty else { return "{}" }
            let lines = members.map { "\(inner)\(YAMLWriter.quoted($0.key)): \($0.value.text(indent: inner))" }
            return "{\n\(lines.joined(separator: ",\n"))\n\(indent)}"
        }
    }

    private var isScalar: Bool {
        switch self {
        case .null, .boolean, .integer, .number, .string: true
        case .list, .object: false
        }
    }
}
