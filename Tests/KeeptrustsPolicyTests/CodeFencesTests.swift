import Testing

@testable import KeeptrustsPolicy

struct CodeFencesTests {
    @Test(
        "Code stands between fences",
        arguments: [
            ("a\n```\nX\n```\nb X", "X"), ("a X b", ""), ("```python\nX\n```", "X"), ("~~~\nX\n~~~\nX", "X"),
            ("```\nX", "X"), ("````md\n```\nX\n```\nX\n````\nX", "XX"), ("```\n~~~\nX\n```\nX", "X"),
            ("- list\n      ```sh\n      X\n      ```\n  X", "X"), ("> ```\n> X\n> ```\n> X", "X"),
            ("``` X ``` X\nX", ""), ("``\nX\n``", ""), ("```\nX\n``` no end\nX\n```\nX", "XX"), ("", ""), ("```", ""),
            ("```\r\nX\r\n```\r\nX", "X"), ("~~~ a`b\nX\n~~~\n", "X"), ("``` a`b\nX\n", ""),
            ("text ```\nX\n```\nX", "X"),
            ("1. ```sh\n   X\n   ```\nX", "X"), ("- ```\n  X\n  ```\n  X", "X"), ("- [ ] ```sh\nX\n```\nX", "X"),
            ("+ [x] ~~~\nX\n~~~\nX", "X"), ("> 12) * ```\nX\n```\nX", "X"), ("- - ```\nX\n```\nX", "X"),
            ("-```\nX", ""), ("1.```\nX", ""), ("a) ```\nX", ""), ("[ ] ```\nX", ""), ("- [y] ```\nX", ""),
            ("1234567890. ```\nX", ""), ("---\nX", ""), ("```\n- ```\nX\n```\nX", "X"), ("```\n1. ```\nX", "X"),
            ("x\r```\rX\r```\rX", "X"), ("```sh\rX\r```\r\nX", "X"), ("```\r\n\r\nX\r\n```\r\n\r\nX", "X"),
        ]
    )
    func code(text: String, expected: String) {
        let bytes = Array(text.utf8)

        let code = bytes.withUnsafeBytes { text in
            let fences = CodeFences(of: text)
            return text.indices.filter { text[$0] == 0x58 && fences.isCode(at: $0) }.map { _ in "X" }.joined()
        }

        #expect(code == expected, "\(text.debugDescription)")
    }

    @Test("Pieces say what the whole text says, and what is forgotten changes nothing", arguments: 1...9)
    func pieces(size: Int) {
        let text = Array(
            "a\n```js\ncode\n```\nb\n~~~\nmore `code`\n~~~~\nc\n- [ ] ```\n  item\r```\rd\r\n12. ```\r\nitem\r\n```\r\n````\nopen\n```\nstill"
                .utf8)
        let whole = text.withUnsafeBytes { CodeFences(of: $0) }
        var fences = CodeFences()

        for start in stride(from: 0, to: text.count, by: size) {
            let piece = Array(text[start..<min(start + size, text.count)])
            piece.withUnsafeBytes { fences.read($0) }
            fences.forget(upTo: start)
            for place in start..<min(start + size, text.count) where text[place] != 0x60 && text[place] != 0x7E {
                #expect(fences.isCode(at: place) == whole.isCode(at: place), "\(place)")
            }
        }
    }
}
