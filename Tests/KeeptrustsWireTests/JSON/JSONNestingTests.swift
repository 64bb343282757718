import KeeptrustsWire
import NIOCore
import Testing

@Suite("A value that is put into a document")
struct JSONNestingTests {
    @Test(
        "It is escaped once for each string that it stands in, however the document is cut",
        arguments: [
            ("", #"é"\"#), ("{", #"é"\"#), (#"{"a": "#, #"é"\"#), (#"{"a": ""#, #"é\"\\"#), (#"{""#, #"é\"\\"#),
            (#"{"a": "{\"b\": \""#, #"é\\\"\\\\"#), (#"{"a": "{\"b\": \"x\"}"#, #"é\"\\"#),
            (#"{"a": "\\"#, #"é\"\\"#), (#"{"a": "\u00"#, #"é\"\\"#), (#"{"a": "x", "b": "#, #"é"\"#),
            (#"["é", "y"] and "#, #"é"\"#), (#"{"a": "{\"b\": \"{\\\"c\\\": \\\""#, #"é\\\\\\\"\\\\\\\\"#),
        ])
    func depth(document: String, expected: String) {
        let bytes = Array(document.utf8)
        for cut in 0...bytes.count {
            var nesting = JSONNesting()
            nesting.read(ByteBuffer(bytes: bytes[..<cut]))
            nesting.read(ByteBuffer(bytes: bytes[cut...]))

            let written = nesting.write(ByteBuffer(string: #"é"\"#), quotesBare: false)

            #expect(String(buffer: written) == expected, "\(cut)")
        }
    }

    @Test("Where no string has begun it becomes one on demand, and never in the text around")
    func bare() {
        var nesting = JSONNesting()
        let value = ByteBuffer(string: #"a", "b": ""#)
        #expect(nesting.write(value, quotesBare: true) == value)

        nesting = JSONNesting()
        nesting.read(ByteBuffer(string: #"{"a": "#))

        #expect(String(buffer: nesting.write(value, quotesBare: true)) == #""a\", \"b\": \"""#)
    }

    @Test("What is put in counts as text, whatever it holds")
    func following() {
        var nesting = JSONNesting()
        nesting.read(ByteBuffer(string: #"{"a": ""#))
        _ = nesting.write(ByteBuffer(string: #"{"x": ["#), quotesBare: true)
        nesting.read(ByteBuffer(string: #" and {\"b\": \""#))

        #expect(String(buffer: nesting.write(ByteBuffer(string: "\""), quotesBare: true)) == #"\""#)
    }
}
