import Foundation
import KeeptrustsCore
import KeeptrustsDialects
import KeeptrustsWire
import NIOCore

/// Bytes as they travel, one file per case.
enum Fixture {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures")

    static func bytes(_ path: String) throws -> ByteBuffer {
        ByteBuffer(bytes: try Data(contentsOf: folder.appending(path: path)))
    }

    static func string(_ path: String) throws -> String { String(buffer: try bytes(path)) }

    /// A document as `JSONSerialization` reads it, to compare values and not their form.
    static func object(_ bytes: ByteBuffer) throws -> NSDictionary {
        let value = try JSONSerialization.jsonObject(with: Data(bytes.readableBytesView))
        return value as? NSDictionary ?? [:]
    }
}

extension String {
    var buffer: ByteBuffer { ByteBuffer(string: self) }
}

extension LocatedText {
    var string: String { String(buffer: segment.text) }
}

/// A minimal request with these members besides.
func chat(_ members: String = #""messages":[{"role":"user","content":"Hi"}]"#, model: String = "gpt-4o") -> ByteBuffer {
    #"{"model":"\#(model)",\#(members)}"#.buffer
}
