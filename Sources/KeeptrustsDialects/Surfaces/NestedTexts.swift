import KeeptrustsCore
import KeeptrustsWire
import NIOCore

/// Texts in a JSON document that is itself a string, such as the arguments of a tool call.
///
/// The string as a whole is judged as it is written. Where it is written with escapes of its own, whoever carries the
/// call out reads something else: that is judged too, a short value with its key, and so is what strings of the document
/// say that are documents again. Of what is no JSON, as some readers take it, all escapes are undone.
///
/// This tells what is judged. What cuts leave of a document is the matter of `JSONRedactor`.
enum NestedTexts {
    private static let values = JSONShape(
        [], reportsOthers: true, reportsUnknownKeys: true, leastNumber: ByteBuffer.leastDigits,
        mostValues: 4 * LocatedText.mostInBody)

    /// Documents inside one another that are read; each level doubles the backslashes of the next.
    private static let mostDepth = 8

    /// Appends what `document` says otherwise than its bytes; false when that is more than a body may have.
    static func append(of document: LocatedText, to texts: inout [LocatedText], depth: Int = 0) -> Bool {
        let json = document.segment.text
        guard depth < mostDepth, json.readableBytesView.contains(0x5C) else { return true }
        var found: [JSONValue] = []
        do throws(JSONFault) { try JSONScanner.scan(json, values, into: &found) } catch {
            return error.reason != .tooManyValues && append(document.unescaped, to: &texts, depth)
        }
        var key: JSONValue?
        for value in found {
            let member = json.member(key, value)
            let keyHasEscapes = member != nil && key?.hasEscapes == true
            key = value.field == JSONShape.otherKey ? value : nil
            guard value.hasEscapes || keyHasEscapes else { continue }
            if let member, value.kind == .number || json.text(value).needsKey {
                guard append(document.unescaped(member), to: &texts, depth) else { return false }
            } else if value.hasEscapes {
                let (role, phase) = (document.segment.role, document.segment.phase)
                let text = LocatedText(
                    value, in: json, role: role, phase: phase, index: document.index, outer: document)
                guard append(text, to: &texts, depth) else { return false }
            }
        }
        return true
    }

    private static func append(_ text: LocatedText, to texts: inout [LocatedText], _ depth: Int) -> Bool {
        guard texts.count < LocatedText.mostInBody else { return false }
        texts.append(text)
        return append(of: text, to: &texts, depth: depth + 1)
    }
}
