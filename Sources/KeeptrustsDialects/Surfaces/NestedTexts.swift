import KeeptrustsCore
import KeeptrustsWire
import NIOCore

/// Texts in a JSON document that is itself a string, such as the arguments of a tool call.
///
/// The string as a whole is judged as it is written. Where it is written with escapes of its own, whoever carries the
/// call out reads something else: that is judged too.
enum NestedTexts {
    private static let strings = JSONShape([], reportsOthers: true, reportsUnknownKeys: true)

    /// Appends the strings and keys of `document` whose text differs from their bytes; nothing when it is no JSON.
    static func append(of document: LocatedText, to texts: inout [LocatedText]) {
        let json = document.segment.text
        guard json.readableBytesView.contains(0x5C) else { return }
        var values: [JSONValue] = []
        guard (try? JSONScanner.scan(json, strings, into: &values)) != nil else { return }
        for value in values where value.hasEscapes {
            let (role, phase) = (document.segment.role, document.segment.phase)
            texts.append(
                LocatedText(value, in: json, role: role, phase: phase, index: document.index, outer: document))
        }
    }
}
