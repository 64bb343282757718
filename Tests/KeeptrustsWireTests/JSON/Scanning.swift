import KeeptrustsWire
import NIOCore

/// What a scan reports, each as `place[index][inner] kind bytes`.
func scan(_ text: String, _ shape: JSONShape) throws(JSONFault) -> [String] {
    var values: [JSONValue] = []
    let text = ByteBuffer(string: text)
    try JSONScanner.scan(text, shape, into: &values)
    return values.map { value in
        let place =
            switch value.field {
            case JSONShape.other: "other"
            case JSONShape.otherKey: "key"
            default: shape.paths[value.field]
            }
        let index = value.index < 0 ? "" : "[\(value.index)]"
        let inner = value.inner < 0 ? "" : "[\(value.inner)]"
        return "\(place)\(index)\(inner) \(value.kind)\(value.hasEscapes ? "*" : "") \(text.text(value.span))"
    }
}

/// The reason and the place of a text's fault, or `valid`.
func jsonFault(_ text: ByteBuffer, _ shape: JSONShape = JSONShape([], reportsOthers: true)) -> String {
    var values: [JSONValue] = []
    do throws(JSONFault) {
        try JSONScanner.scan(text, shape, into: &values)
        return "valid"
    } catch {
        return values.isEmpty ? "\(error.reason.rawValue) \(error.offset)" : "values remain"
    }
}

func jsonFault(_ text: String, _ shape: JSONShape = JSONShape([], reportsOthers: true)) -> String {
    jsonFault(ByteBuffer(string: text), shape)
}
