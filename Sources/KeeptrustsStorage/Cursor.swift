import KeeptrustsAPI
import KeeptrustsCore

/// Where a page of a list ends: the sort key of its last item.
enum Cursor {
    /// Reads the cursor of a list in the order of ids.
    static func id(_ text: String) throws(StorageError) -> String {
        let isClean = text.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || [45, 46, 95].contains(byte)
        }
        guard isClean, (1...260).contains(text.utf8.count) else { throw invalid }
        return text
    }

    /// Reads the cursor of a list in the order of times, then ids.
    static func timeAndID(_ text: String) throws(StorageError) -> (time: Timestamp, id: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let time = Int64(parts[0]) else { throw invalid }
        return (Timestamp(rawValue: time), try id(String(parts[1])))
    }

    /// Reads the cursor of a list in the order of numbers.
    static func number(_ text: String) throws(StorageError) -> Int {
        guard let number = Int(text), number >= 0 else { throw invalid }
        return number
    }

    static func text(_ time: Timestamp, _ id: String) -> String { "\(time.rawValue):\(id)" }

    private static var invalid: StorageError {
        StorageError(.invalidCursor, "The cursor is none that a list of this kind gave.", hint: "Start without one.")
    }
}

extension Page {
    /// Makes a page of one row more than asked for, which tells whether there is another page.
    init(_ items: [Element], _ request: PageRequest, cursor: (Element) -> String) {
        let isLast = items.count <= request.limit
        let shown = Array(items.prefix(request.limit))
        self.init(items: shown, nextCursor: isLast ? nil : shown.last.map(cursor))
    }
}

extension PageRequest {
    /// How many rows to ask for: one more than a page, to see whether there is another.
    var limitAndOne: Int { limit + 1 }

    /// The condition that an id stands before the cursor, in a list with the newest first.
    func condition(_ column: SQL = "id") throws -> SQL {
        guard let cursor else { return "1 = 1" }
        return "\(column) < \(try Cursor.id(cursor))"
    }
}
