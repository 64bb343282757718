import CLibpq

/// The arguments of a statement as libpq takes them.
struct PostgresParameters {
    /// All arguments' bytes, each followed by a NUL; the texts among them hold none.
    private var bytes: [UInt8] = []
    private var offsets: [Int?] = []
    private var lengths: [Int32] = []

    /// 0: text form, 1: binary form.
    private var formats: [Int32] = []

    init(_ values: [SQLValue]) {
        for value in values {
            switch value {
            case .null: appendNull()
            case .boolean(let flag): append(text: flag ? "t" : "f")
            case .integer(let integer): append(text: String(integer))
            case .real(let number): append(text: "\(number)")
            case .text(let text): append(text: text)
            case .blob(let blob): append(binary: blob)
            }
        }
    }

    init() {}

    mutating func append(binary value: [UInt8]) { append(value, format: 1) }

    private mutating func append(text: String) { append(text.utf8, format: 0) }

    private mutating func append(_ value: some Collection<UInt8>, format: Int32) {
        offsets.append(bytes.count)
        bytes.append(contentsOf: value)
        lengths.append(Int32(bytes.count - (offsets.last.flatMap { $0 } ?? 0)))
        bytes.append(0)
        formats.append(format)
    }

    private mutating func appendNull() {
        offsets.append(nil)
        lengths.append(0)
        formats.append(0)
    }

    /// Lends `body` the number of arguments, and their values, lengths and forms.
    func withPointers<Value>(
        _ body: (Int32, [UnsafePointer<CChar>?], [Int32], [Int32]) throws -> Value
    ) rethrows -> Value {
        try bytes.withUnsafeBytes { buffer in
            let start = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            let pointers = offsets.map { offset in offset.flatMap { start?.advanced(by: $0) } }
            return try body(Int32(pointers.count), pointers, lengths, formats)
        }
    }
}

/// A batch as one statement whose arguments are arrays, one for each column.
struct PostgresArrays {
    let statement: String
    let types: [Oid]
    private(set) var parameters = PostgresParameters()

    init(_ batch: SQLBatch) {
        let names = batch.columns.map(\.name.description).joined(separator: ", ")
        let places = batch.columns.enumerated().map { "$\($0 + 1)::\($1.kind.arrayType)" }.joined(separator: ", ")
        statement =
            "INSERT INTO \(batch.table) (\(names)) SELECT * FROM unnest(\(places)) ON CONFLICT DO NOTHING"
        types = batch.columns.map(\.kind.arrayOid)
        for (index, column) in batch.columns.enumerated() {
            parameters.append(binary: Self.array(of: batch.rows, at: index, kind: column.kind))
        }
    }

    /// An array of one dimension in PostgreSQL's binary form (`array_recv` in its source names the fields).
    private static func array(of rows: [[SQLValue]], at column: Int, kind: SQLBatch.Kind) -> [UInt8] {
        var bytes: [UInt8] = []
        let hasNull = rows.contains { $0[column] == .null }
        for number in [1, hasNull ? 1 : 0, Int32(bitPattern: kind.elementOid), Int32(rows.count), 1] {
            bytes.append(bigEndian: number)
        }
        for row in rows {
            switch row[column] {
            case .text(let text):
                bytes.append(bigEndian: Int32(text.utf8.count))
                bytes.append(contentsOf: text.utf8)
            case .integer(let integer):
                bytes.append(bigEndian: Int32(8))
                bytes.append(bigEndian: integer)
            case .boolean(let flag):
                bytes.append(bigEndian: Int32(1))
                bytes.append(flag ? 1 : 0)
            case .null, .real, .blob:
                bytes.append(bigEndian: Int32(-1))
            }
        }
        return bytes
    }
}

extension [UInt8] {
    fileprivate mutating func append(bigEndian number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }
}

extension SQLBatch.Kind {
    fileprivate var arrayType: String {
        switch self {
        case .boolean: "boolean[]"
        case .integer: "bigint[]"
        case .text: "text[]"
        }
    }

    fileprivate var arrayOid: Oid {
        switch self {
        case .boolean: 1000
        case .integer: 1016
        case .text: 1009
        }
    }

    fileprivate var elementOid: Oid {
        switch self {
        case .boolean: 16
        case .integer: 20
        case .text: 25
        }
    }
}
