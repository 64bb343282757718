public import KeeptrustsWire
public import NIOCore

extension Surface {
    /// What stands in the places of choices of which nothing goes out but one text, in a whole answer.
    ///
    /// - Parameters:
    ///   - texts: The texts, by their choices.
    ///   - body: The answer.
    /// - Returns: The edits; nil when one of the choices is not there, so that its text has no place.
    public func replacements(of texts: [Int: ByteBuffer], in body: ByteBuffer) -> JSONEdits? {
        guard let places = try? choices(in: body, isWhole: true) else { return nil }
        guard Set(texts.keys).isSubset(of: places.map(\.choice)) else { return nil }
        var edits = JSONEdits()
        for place in places {
            guard let text = texts[place.choice] else { continue }
            var choice = ByteBuffer(string: #"{"index":\#(place.choice),"message":{"role":"assistant","content":"#)
            choice.writeJSONString(text)
            choice.writeStaticString(#"},"logprobs":null,"finish_reason":"stop"}"#)
            edits.replace(place.range, with: choice)
        }
        return edits
    }

    /// The same for an event of a stream, which says nothing of the choices any more.
    ///
    /// - Parameters:
    ///   - choices: The choices.
    ///   - chunk: The event.
    /// - Returns: The edits, and whether there is nothing else in the event.
    /// - Throws: ``DialectError`` as for reading the event.
    public func silence(
        _ choices: some Collection<Int>, in chunk: SurfaceChunk
    ) throws(DialectError) -> (edits: JSONEdits, isAll: Bool) {
        let places = try self.choices(in: chunk.data, isWhole: false)
        var edits = JSONEdits()
        for place in places where choices.contains(place.choice) {
            let choice = #"{"index":\#(place.choice),"delta":{},"logprobs":null,"finish_reason":null}"#
            edits.replace(place.range, with: ByteBuffer(string: choice))
        }
        let isAll = !places.isEmpty && places.allSatisfy { choices.contains($0.choice) } && chunk.usage == nil
        return (edits, isAll)
    }
}

extension ChunkTemplate {
    /// Writes a choice that says one text and ends.
    public func writeAnswer(_ text: ByteBuffer, choice: Int, into out: inout ByteBuffer) {
        writeDelta(choice: choice, into: &out) { out in
            out.writeStaticString(#""role":"assistant","content":"#)
            out.writeJSONString(text)
        }
        writeFinish("stop", choice: choice, into: &out)
    }
}
