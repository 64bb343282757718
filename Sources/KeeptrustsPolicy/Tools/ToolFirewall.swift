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
}
