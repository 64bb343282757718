import KeeptrustsCore
import KeeptrustsWire
import NIOCore

/// Texts in a JSON document that is itself a string, such as the arguments of a tool call.
///
/// The string as a whole is judged as it is written. Where it is written with escapes of its own, whoever carries the
/// call out reads something else: that is judged too, and so is what strings of the document say that are documents
/// again. Of what is no JSON, as some readers take it, all escapes are undone.
enum NestedTexts {
    private static let strings = JSONShape([], reportsOthers: true, reportsUnknownKeys: true)

    /// Documents inside one another that are read; each level doubles the backslashes of the next.
    private static let mostDepth = 8

    /// Appends the strings and keys of `document` whose text differs from their bytes.
    static func append(of document: LocatedText, to texts: inout [LocatedText], depth: Int = 0) {
        let json = document.segment.text
        guard depth < mostDepth, json.readableBytesView.contains(0x5C) else { return }
        var values: [JSONValue] = []
        do throws(JSONFault) { try JSONScanner.scan(json, strings, into: &values) } catch {
            // As the content of a string between quotes that are not there.
            values = [JSONValue(field: 0, kind: .string, span: -1..<json.readableBytes + 1, hasEscapes: true)]
        }
        for value in values where value.hasEscapes {
            let (role, phase) = (document.segment.role, document.segment.phase)
            let text = LocatedText(
                value, in: json, role: role, phase: phase, index: document.index, outer: document)
            texts.append(text)
            append(of: text, to: &texts, depth: depth + 1)
        }
    }
}
