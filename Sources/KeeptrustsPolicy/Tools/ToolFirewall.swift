import KeeptrustsCore
import KeeptrustsWire
import NIOCore

/// A service outside that decides on calls of tools: told the tool and its arguments, it says `allow` or `deny`.
enum ToolFirewall {
    /// `{"tool": …, "arguments": …}`; arguments that are no JSON are a text.
    static func question(about call: Examination.Call) -> ServiceQuestion {
        var body = ByteBuffer(string: #"{"tool":"#)
        body.writeJSONString(call.name)
        body.writeStaticString(#","arguments":"#)
        if call.arguments.readableBytes == 0 {
            body.writeStaticString("{}")
        } else if (try? JSONTree(call.arguments)) != nil {
            body.writeImmutableBuffer(call.arguments)
        } else {
            body.writeJSONString(call.arguments)
        }
        body.writeStaticString("}")
        return ServiceQuestion(path: "", body: body)
    }

    /// Whether a reply lets the call be.
    ///
    /// - Throws: ``MalformedReply`` or ``JSONTree/Fault`` for anything but `{"verdict": "allow" | "deny"}`.
    static func allows(_ reply: ServiceReply) throws -> Bool {
        let tree = try JSONTree(reply: try reply.get().body)
        switch tree.string(try tree.need("verdict", of: 0, .string)) {
        case "allow": return true
        case "deny": return false
        default: throw MalformedReply(what: "an unknown verdict")
        }
    }
}
