public import NIOCore

/// The head of a request: its line and its fields, located in the bytes as they came.
///
/// Made to be used again: the next `parse` keeps the storage of `fields`. Reads what RFC 9112 allows a server to insist
/// on, and nothing else, so that no other reader can take the same bytes for another request.
public struct HTTPRequestHead: Sendable {
    /// The head from its first line through the empty line; offsets count from its reader index.
    public private(set) var bytes = ByteBuffer()
    public private(set) var method = HTTPMethod.other

    /// The target up to the first `?`, as it came: percent-encoding and dot segments are not undone.
    public private(set) var path = 0..<0

    /// What follows the target's first `?`.
    public private(set) var query: Range<Int>?
    public private(set) var fields: [HTTPField] = []
    public private(set) var framing = BodyFraming.none

    /// Whether the caller lets another request follow on this connection.
    public private(set) var keepsAlive = false

    /// Whether the caller waits for `100 Continue` before it sends its body.
    public private(set) var expectsContinue = false
    public private(set) var isHTTP11 = true

    private var lines = HeadLines()
    private var framingFields = FramingFields()
    private var stage = Stage.start

    private enum Stage: Sendable { case start, line, fields, done }

    public init() {}

    /// Takes a head off the front of `buffer`.
    ///
    /// Call again with more bytes behind the same ones until it returns true; a byte is not read twice for that. An empty
    /// line before the request is dropped, as RFC 9112 §2.2 advises, but only one.
    ///
    /// - Returns: False when bytes are missing; `buffer` is as it was then, but for a dropped empty line.
    /// - Throws: ``HTTPFault`` when the bytes are not a request that we accept; the connection must be closed.
    public mutating func parse(_ buffer: inout ByteBuffer, limits: HTTPLimits) throws(HTTPFault) -> Bool {
        if case .done = stage { reset() }
        if case .start = stage {
            guard try skipEmptyLine(&buffer) else { return false }
            stage = .line
        }
        do throws(HTTPFault) {
            let isComplete = try buffer.withUnsafeReadableBytes { bytes throws(HTTPFault) in
                try read(bytes, limits)
            }
            guard isComplete, let head = buffer.readSlice(length: lines.next) else { return false }
            bytes = head
            stage = .done
            return true
        } catch {
            stage = .done
            throw error
        }
    }

    /// Whether the path is `path`, byte for byte.
    public func isPath(_ path: StaticString) -> Bool {
        bytes.withUnsafeReadableBytes { $0.matches(self.path, path) }
    }

    /// The values of all fields called `name`, which is in lower case.
    public func values(of name: StaticString) -> [ByteBuffer] { bytes.fieldValues(name, in: fields) }

    /// The value of the first field called `name`, which is in lower case.
    public func value(of name: StaticString) -> ByteBuffer? {
        bytes.firstField(name, in: fields).map { bytes.bytes(fields[$0].value) }
    }

    /// The values of all fields called `name`, which is in lower case and known only at run time.
    public func values(ofFieldNamed name: String) -> [ByteBuffer] {
        let name = Array(name.utf8)
        return fields.filter { field in
            guard field.name.count == name.count else { return false }
            return bytes.withUnsafeReadableBytes { all in
                zip(all[field.name], name).allSatisfy { ($0 &- 0x41 < 26 ? $0 | 0x20 : $0) == $1 }
            }
        }.map { bytes.bytes($0.value) }
    }

    /// The name of the field at `index` of ``fields``, in lower case.
    public func name(at index: Int) -> String {
        bytes.withUnsafeReadableBytes { all in
            String(decoding: all[fields[index].name].map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }, as: UTF8.self)
        }
    }

    /// Whether the field at `index` of ``fields`` is called `name`, which is in lower case.
    public func isField(_ index: Int, _ name: StaticString) -> Bool {
        let range = fields[index].name
        guard range.count == name.utf8CodeUnitCount else { return false }
        return bytes.withUnsafeReadableBytes { $0.matchesIgnoringCase(range, name) }
    }

    /// Whether the name of the field at `index` of ``fields`` begins with `prefix`, which is in lower case.
    public func isField(_ index: Int, beginningWith prefix: StaticString) -> Bool {
        let range = fields[index].name.prefix(prefix.utf8CodeUnitCount)
        return bytes.withUnsafeReadableBytes { $0.matchesIgnoringCase(range, prefix) }
    }

    /// The value of the field at `index` of ``fields``.
    public func value(at index: Int) -> ByteBuffer { bytes.bytes(fields[index].value) }

    /// How many fields are called `name`, which is in lower case.
    public func count(of name: StaticString) -> Int { bytes.fieldCount(name, in: fields) }

    private mutating func reset() {
        bytes = ByteBuffer()
        fields.removeAll(keepingCapacity: true)
        lines = HeadLines()
        framingFields = FramingFields()
        stage = .start
    }

    /// Whether the request's first byte is there; drops one empty line before it.
    private func skipEmptyLine(_ buffer: inout ByteBuffer) throws(HTTPFault) -> Bool {
        guard let first: UInt8 = buffer.getInteger(at: buffer.readerIndex) else { return false }
        guard first == 0x0D else { return true }
        guard let second: UInt8 = buffer.getInteger(at: buffer.readerIndex + 1) else { return false }
        guard second == 0x0A else { throw .malformed("bare_carriage_return", "A CR is not followed by LF.") }
        guard buffer.readableBytes > 2 else { return false }
        buffer.moveReaderIndex(forwardBy: 2)
        return true
    }

    /// Reads the lines that have arrived; true when the head is complete.
    private mutating func read(_ bytes: UnsafeRawBufferPointer, _ limits: HTTPLimits) throws(HTTPFault) -> Bool {
        if case .line = stage {
            guard bytes.first?.isToken ?? true else {
                throw .malformed("invalid_request_line", "This is not an HTTP request.")
            }
            let limit = min(limits.maxTargetBytes + Self.lineOverhead, limits.maxHeadBytes)
            guard let line = try lines.take(bytes, limit: limit, else: Self.targetTooLong()) else { return false }
            try readRequestLine(bytes, line, limits)
            stage = .fields
        }
        while let line = try lines.take(bytes, limit: limits.maxHeadBytes, else: .headTooLarge) {
            guard !line.isEmpty else {
                try settle()
                return true
            }
            guard fields.count < limits.maxFields else {
                throw HTTPFault(
                    status: 431, code: "http.too_many_fields", message: "The head of the message has too many fields.")
            }
            let field = try HTTPField(bytes, line: line)
            try framingFields.note(field, bytes)
            fields.append(field)
        }
        return false
    }

    private mutating func readRequestLine(
        _ bytes: UnsafeRawBufferPointer, _ line: Range<Int>, _ limits: HTTPLimits
    ) throws(HTTPFault) {
        var space = line.lowerBound
        while space < line.upperBound, bytes[space].isToken { space += 1 }
        guard space < line.upperBound, bytes[space] == 0x20, line.upperBound - space >= 10,
            bytes[line.upperBound - 9] == 0x20
        else { throw .malformed("invalid_request_line", "The request's first line is not of HTTP/1.1.") }
        method = HTTPMethod(bytes, line.lowerBound..<space)
        isHTTP11 = try Self.readVersion(bytes, line.upperBound - 8..<line.upperBound)
        let target = space + 1..<line.upperBound - 9
        guard target.count <= limits.maxTargetBytes else { throw Self.targetTooLong() }
        guard !target.isEmpty, bytes[target.lowerBound] == UInt8(ascii: "/") else {
            throw .malformed("invalid_target", "The request's target must begin with '/'.")
        }
        guard target.allSatisfy({ 0x21...0x7E ~= bytes[$0] && bytes[$0] != UInt8(ascii: "#") }) else {
            throw .malformed("invalid_target", "The request's target contains a character that is not allowed.")
        }
        let mark = bytes.firstOffset(of: UInt8(ascii: "?"), in: target)
        path = target.lowerBound..<(mark ?? target.upperBound)
        query = mark.map { $0 + 1..<target.upperBound }
    }

    /// Whether the version is 1.1; else it is 1.0.
    private static func readVersion(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>
    ) throws(HTTPFault) -> Bool {
        if bytes.matches(range, "HTTP/1.1") { return true }
        if bytes.matches(range, "HTTP/1.0") { return false }
        let (major, point, minor) = (range.upperBound - 3, range.upperBound - 2, range.upperBound - 1)
        guard bytes.matches(range.lowerBound..<major, "HTTP/"), bytes[major].isDigit, bytes[point] == 0x2E,
            bytes[minor].isDigit
        else { throw .malformed("invalid_request_line", "The request's first line is not of HTTP/1.1.") }
        throw HTTPFault(
            status: 505, code: "http.unknown_version", message: "Only HTTP/1.1 and HTTP/1.0 are understood.")
    }

    /// Decides what only the whole head can tell.
    private mutating func settle() throws(HTTPFault) {
        if isHTTP11, framingFields.hosts == 0 { throw .malformed("missing_host", "The request has no Host.") }
        framing = try framingFields.framing(isHTTP11: isHTTP11) ?? .none
        keepsAlive = framingFields.keepsAlive(isHTTP11: isHTTP11)
        let hasBody = framing != .none && framing != .length(0)
        expectsContinue = framingFields.expectsContinue && isHTTP11 && hasBody
    }

    /// Room for a method of 32 bytes, two spaces, the version and CRLF.
    private static let lineOverhead = 44

    private static func targetTooLong() -> HTTPFault {
        HTTPFault(status: 414, code: "http.target_too_long", message: "The request's target is too long.")
    }
}
