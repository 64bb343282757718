import KeeptrustsWire
import NIOCore
import Testing

@Suite("A small document as a tree")
struct JSONTreeTests {
    private static func tree(_ text: String) throws -> JSONTree { try JSONTree(ByteBuffer(string: text)) }

    /// The document, written again from the tree.
    private static func write(_ tree: JSONTree, _ node: Int = 0) -> String {
        let children = tree.children(of: node).map { child in
            (tree.key(child).map { "\($0):" } ?? "") + write(tree, child)
        }
        return switch tree.nodes[node].kind {
        case .object: "{\(children.joined(separator: ","))}"
        case .array: "[\(children.joined(separator: ","))]"
        case .string: tree.string(node)
        case .number: tree.double(node).map { "\($0)" } ?? "?"
        case .true, .false, .null: tree.text.text(tree.nodes[node].span)
        }
    }

    @Test(
        "Every value is found, with its key and what is below it",
        arguments: [
            (
                #" {"a" : [1, {"b":null , "\u0063":[ ]}, "x\ny"],"d":{} , "e":-2.5e1 } "#,
                "{a:[1.0,{b:null,c:[]},x\ny],d:{},e:-25.0}"
            ),
            ("true", "true"), (" \"q\\\"q\" ", "q\"q"), ("[]", "[]"), ("[[[]],[]]", "[[[]],[]]"), ("0", "0.0"),
            (#"{"a,}":"b]{","é":"\\"}"#, #"{a,}:b]{,é:\}"#),
        ])
    func values(text: String, written: String) throws {
        #expect(Self.write(try Self.tree(text)) == written)
    }

    @Test("A member is found by its key")
    func members() throws {
        let tree = try Self.tree(#"{"a":{"b":1},"b":2}"#)

        #expect(tree.member("b", of: 0).flatMap { tree.double($0) } == 2)
        #expect(tree.member("a", of: 0).flatMap { tree.member("b", of: $0) }.flatMap { tree.double($0) } == 1)
        #expect(tree.member("c", of: 0) == nil)
        #expect(try Self.tree("[1]").member("0", of: 0) == nil)
    }

    @Test("What is no strict JSON has no tree, wherever it is cut")
    func cuts() throws {
        let text = #"{"a":[1,{"b":"x\u00e9é"}],"c":true}"#
        for length in 0..<text.utf8.count {
            let part = ByteBuffer(bytes: Array(text.utf8.prefix(length)))
            #expect(throws: JSONTree.Fault.self) { try JSONTree(part) }
        }
        #expect(throws: JSONTree.Fault.self) { try JSONTree(ByteBuffer(bytes: [0x22, 0xFF, 0x22])) }
        #expect(throws: JSONTree.Fault.malformed(JSONFault(.duplicateKey, at: 7))) {
            try Self.tree(#"{"a":1,"a":2}"#)
        }
    }

    @Test("A document with too many values is refused, and one that is deep too")
    func limits() throws {
        let wide = "[" + Array(repeating: "0", count: 100).joined(separator: ",") + "]"

        #expect(try JSONTree(ByteBuffer(string: wide), limit: 101).nodes.count == 101)
        #expect(throws: JSONTree.Fault.tooLarge) { try JSONTree(ByteBuffer(string: wide), limit: 100) }
        #expect(throws: JSONTree.Fault.self) {
            try Self.tree(String(repeating: "[", count: 65) + String(repeating: "]", count: 65))
        }
    }
}
