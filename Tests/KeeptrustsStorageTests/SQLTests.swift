import KeeptrustsCore
import Testing

@testable import KeeptrustsStorage

struct SQLTests {
    @Test("An interpolated value is an argument, never text")
    func arguments() {
        let name = "'; DROP TABLE team; --"
        let sql: SQL = "SELECT id FROM team WHERE name = \(name) AND created > \(5) AND x = \(String?.none)"

        #expect(sql.text == "SELECT id FROM team WHERE name = $1 AND created > $2 AND x = $3")
        #expect(sql.arguments == [.text("'; DROP TABLE team; --"), .integer(5), .null])
        #expect(sql.isReusable)
    }

    @Test("A fragment brings its arguments along, in order")
    func fragments() {
        let inner: SQL = "b = \("x") AND c = \(true)"
        let sql: SQL = "SELECT 1 WHERE a = \(1) AND \(inner) AND d = \(2.5)"

        #expect(sql.text == "SELECT 1 WHERE a = $1 AND b = $2 AND c = $3 AND d = $4")
        #expect(sql.arguments == [.integer(1), .text("x"), .boolean(true), .real(2.5)])
    }

    @Test("A list has one argument for each value, and its statement is not kept")
    func lists() {
        let sql: SQL = "DELETE FROM a WHERE b IN \(list: ["x", "y"]) AND c IN \(list: [Int]())"

        #expect(sql.text == "DELETE FROM a WHERE b IN ($1, $2) AND c IN (NULL)")
        #expect(sql.arguments == [.text("x"), .text("y")])
        #expect(!sql.isReusable)
    }

    @Test("Conditions are joined; none is always true")
    func conditions() {
        let conditions: [SQL] = ["a = \(1)", "b = \(2)", "c"]

        #expect(conditions.allOf.text == "a = $1 AND b = $2 AND c")
        #expect([SQL]().allOf.text == "1 = 1")
    }

    @Test("A pattern finds its text as it stands")
    func likePattern() throws {
        #expect(try LikePattern(containing: "50%_OFF!\\É").text == "%50!%!_off!!\\É%")
        #expect(throws: StorageError.self) { try LikePattern(containing: String(repeating: "a", count: 201)) }
    }

    @Test("A cursor that no list gave is refused", arguments: ["", "abc", "1:", ":evt_1", "x:evt_1", "1:evt 1", "1:'"])
    func cursors(text: String) {
        #expect(throws: StorageError.self) { try Cursor.timeAndID(text) }
    }

    @Test("A batch takes values of its columns' kinds only")
    func batch() throws {
        var batch = SQLBatch(into: "a", [.init("b", .text), .init("c", .integer)])

        try batch.append([.text("x"), .null])
        #expect(throws: SQLRow.WrongColumn(column: "c")) { try batch.append([.text("x"), .text("y")]) }
        #expect(throws: SQLRow.WrongColumn(column: "a")) { try batch.append([.text("x")]) }
        #expect(throws: StorageError.self) { try batch.append([.text("x\0"), .null]) }
        #expect(batch.rows == [[.text("x"), .null]])
    }

    @Test("A row's columns are read by name and by place, each as what it holds")
    func rows() throws {
        let row = SQLRow(
            columns: ["a", "b", "c", "d", "e"],
            values: [.text("x"), .integer(1), .null, .real(0.5), .blob([1, 2])])

        #expect(try row["a"] == "x")
        #expect(try row["b"] == 1)
        #expect(try row["b"] == true)
        #expect(try row["d"] == 0.5)
        #expect(try row["e"] == [1, 2] as [UInt8])
        #expect(try row[0] == "x")
        let absent: String? = try row["c"]
        #expect(absent == nil)
        #expect(throws: SQLRow.WrongColumn(column: "c")) { let _: String = try row["c"] }
        #expect(throws: SQLRow.WrongColumn(column: "a")) { let _: Int = try row["a"] }
        #expect(throws: SQLRow.WrongColumn(column: "z")) { let _: String? = try row["z"] }
        #expect(throws: SQLRow.WrongColumn(column: "7")) { let _: String = try row[7] }
    }
}
