public import NIOCore

/// The head of an upstream's answer, located in the bytes as they came.
///
/// Made to be used again, like ``HTTPRequestHead``, and as strict: an answer that could be read in two ways could hide
/// a second one (response splitting).
public struct HTTPResponseHead: Sendable {
    /// The head from its first line through the empty line; offsets count from its reader index.
    public private(set) var bytes = ByteBuffer()
    public private(set) var status = 0
    public private(set) var fields: [HTTPField] = []
    public private(set) var framing = BodyFraming.none

    /// Whether the connection can carry another request after this answer.
    public private(set) var keepsAlive = false
    public private(set) var isHTTP11 = true

    private var lines = HeadLines()
    private var framingFields = FramingFields()
    private var stage = Stage.line
    private var interimHeads = 0

    private enum Stage: Sendable { case line, fields, done }

    public init() {}

    /// Takes the head of an answer to a request with `method` off the front of `buffer`.
    ///
    /// Call again with more bytes behind the same ones until it returns true; a byte is not read twice for that.
    ///
    /// - Returns: False when bytes are missing; `buffer` is as it was then, but for interim answers (1xx), which are
    ///   dropped.
    /// - Throws: ``HTTPFault`` with status 502 when the bytes are not an answer; the connection must be closed.
    public mutating func parse(
        _ buffer: inout ByteBuffer, toMethod method: HTTPMethod, limits: HTTPLimits
    ) throws(HTTPFault) -> Bool {
        if case .done = stage { reset() }
        do throws(HTTPFault) {
            while true {
                let isComplete = try buffer.withUnsafeReadableBytes { bytes throws(HTTPFault) in
                    try read(bytes, toMethod: method, limits)
                }
                guard isComplete, let head = buffer.readSlice(length: lines.next) else { return false }
                guard status < 200 else {
                    bytes = head
                    stage = .done
                    interimHeads = 0
                    return true
                }
                try skipInterim(limits)
            }
        } catch {
            stage = .done
            interimHeads = 0
            throw error.ofUpstream
        }
    }

    /// The values of all fields called `name`, which is in lower case.
    public func values(of name: StaticString) -> [ByteBuffer] { bytes.fieldValues(name, in: fields) }

    /// The value of the first field called `name`, which is in lower case.
    public func value(of name: StaticString) -> ByteBuffer? {
        bytes.firstField(name, in: fields).map { bytes.bytes(fields[$0].value) }
    }

    /// How many fields are called `name`, which is in lower case.
    public func count(of name: StaticString) -> Int { bytes.fieldCount(name, in: fields) }

    private mutating func reset() {
        bytes = ByteBuffer()
        fields.removeAll(keepingCapacity: true)
        lines = HeadLines()
        framingFields = FramingFields()
        stage = .line
    }

    /// Forgets an interim answer.
    ///
    /// We never ask for an upgrade, so 101 answers a question that was not put.
    private mutating func skipInterim(_ limits: HTTPLimits) throws(HTTPFault) {
        interimHeads += 1
        guard interimHeads <= limits.maxInterimHeads else {
            throw .malformed("too_many_interim_answers", "The upstream sends interim answers without end.")
        }
        guard status != 101 else {
            throw .malformed("unexpected_upgrade", "The upstream changes the protocol without being asked.")
        }
        reset()
    }

    private mutating func read(
        _ bytes: UnsafeRawBufferPointer, toMethod method: HTTPMethod, _ limits: HTTPLimits
    ) throws(HTTPFault) -> Bool {
        if case .line = stage {
            guard let line = try lines.take(bytes, limit: limits.maxHeadBytes, else: .headTooLarge) else {
                return false
            }
            try readStatusLine(bytes, line)
            stage = .fields
        }
        while let line = try lines.take(bytes, limit: limits.maxHeadBytes, else: .headTooLarge) {
            guard !line.isEmpty else {
                try settle(toMethod: method)
                return true
            }
            guard fields.count < limits.maxFields else {
                throw .malformed("too_many_fields", "The head of the message has too many fields.")
            }
            let field = try HTTPField(bytes, line: line)
            try noteFraming(field, bytes)
            fields.append(field)
        }
        return false
    }

    /// An answer's own `Host` or `Expect` means nothing.
    private mutating func noteFraming(_ field: HTTPField, _ bytes: UnsafeRawBufferPointer) throws(HTTPFault) {
        guard field.name.count >= 10 else { return }
        try framingFields.note(field, bytes)
    }

    private mutating func readStatusLine(_ bytes: UnsafeRawBufferPointer, _ line: Range<Int>) throws(HTTPFault) {
        let fault = HTTPFault.malformed("invalid_status_line", "The upstream's answer is not of HTTP/1.1.")
        guard line.count >= 12 else { throw fault }
        let version = line.lowerBound..<line.lowerBound + 8
        isHTTP11 = bytes.matches(version, "HTTP/1.1")
        guard isHTTP11 || bytes.matches(version, "HTTP/1.0"), bytes[version.upperBound] == 0x20 else { throw fault }
        let digits = version.upperBound + 1..<version.upperBound + 4
        guard digits.allSatisfy({ bytes[$0].isDigit }) else { throw fault }
        status = digits.reduce(0) { $0 * 10 + Int(bytes[$1] &- 0x30) }
        guard 100...599 ~= status else { throw fault }
        guard digits.upperBound < line.upperBound else { return }
        guard bytes[digits.upperBound] == 0x20, isFieldContent(bytes, digits.upperBound..<line.upperBound) else {
            throw fault
        }
    }

    /// Decides how the body ends (RFC 9112 §6.3).
    private mutating func settle(toMethod method: HTTPMethod) throws(HTTPFault) {
        let stated = try framingFields.framing(isHTTP11: isHTTP11)
        keepsAlive = framingFields.keepsAlive(isHTTP11: isHTTP11)
        switch status {
        case 100..<200:
            guard stated == nil else {
                throw .malformed("interim_answer_with_body", "The upstream's interim answer announces a body.")
            }
            framing = .none
        case 204:
            framing = .none
            keepsAlive = keepsAlive && (stated == nil || stated == .length(0))
        case 304:
            framing = .none
        default:
            framing = method == .head ? .none : stated ?? .untilClose
            keepsAlive = keepsAlive && framing != .untilClose
        }
    }
}
