import KeeptrustsCore

/// Tells the texts of a body which tool they are for, or from, while the body is being read.
struct ToolTexts {
    /// The tool's name, and the id of the call at hand.
    var name = ""
    var id: String? { didSet { noteID() } }

    /// The number of the call at hand among all, and its first text.
    private var number: Int32 = 0
    private var first = 0
    private var isNamed = false

    /// Of each call with an id, its tool's name.
    private var names: [String: String] = [:]

    /// A call begins: its texts come after the first `count`.
    mutating func beginCall(at count: Int) {
        (name, first, isNamed) = ("", count, false)
        id = nil
        number &+= 1
    }

    /// The name of the call at hand is there; some of its texts may have come before it.
    mutating func setName(_ name: String, in texts: inout [LocatedText]) {
        let name = settle(name)
        for index in first..<texts.count { texts[index].segment.tool?.name = name }
        noteID()
    }

    /// Takes a name of the call at hand; a call with two has none.
    ///
    /// - Returns: The name that the call has now.
    mutating func settle(_ name: String) -> String {
        self.name = isNamed && name != self.name ? "" : name
        isNamed = true
        return self.name
    }

    /// Whether one of some texts is what the call at hand is given.
    func hasArguments(_ texts: [LocatedText]) -> Bool {
        texts.dropFirst(first).contains { $0.segment.tool?.part == .arguments }
    }

    func name(ofCall id: String) -> String? { names[id] }

    /// What the texts of a message are in which a tool answers.
    mutating func result(of name: String) -> ToolUse {
        number &+= 1
        return ToolUse(name, .result, call: number)
    }

    func use(_ part: ToolUse.Part) -> ToolUse { ToolUse(name, part, call: number) }

    /// Marks a text of the call at hand, and those behind it, which are strings of its document.
    func mark(_ part: ToolUse.Part, from first: Int, in texts: inout [LocatedText]) {
        texts[first].segment.tool = use(part)
        for index in (first + 1)..<max(first + 1, texts.count) { texts[index].segment.tool = use(.fragment) }
    }

    private mutating func noteID() {
        if let id, !name.isEmpty { names[id] = name }
    }
}
