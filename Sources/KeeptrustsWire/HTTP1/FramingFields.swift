/// What the fields of a head say about the message itself, gathered while they are read.
///
/// Two readers that disagree about where a message ends are what request smuggling lives on (RFC 9112 §11.2), so
/// whatever could be read in two ways is refused.
struct FramingFields: Sendable {
    private(set) var contentLength: Int?
    private(set) var isChunked = false
    private(set) var hosts = 0
    private(set) var expectsContinue = false
    private var closes = false
    private var staysOpen = false

    /// Takes note of `field` when it is one that matters here.
    mutating func note(_ field: HTTPField, _ bytes: UnsafeRawBufferPointer) throws(HTTPFault) {
        switch field.name.count {
        case 4 where bytes.matchesIgnoringCase(field.name, "host"):
            try noteHost(bytes, field.value)
        case 6 where bytes.matchesIgnoringCase(field.name, "expect"):
            try noteExpectation(bytes, field.value)
        case 10 where bytes.matchesIgnoringCase(field.name, "connection"):
            noteConnection(bytes, field.value)
        case 14 where bytes.matchesIgnoringCase(field.name, "content-length"):
            try noteLength(bytes, field.value)
        case 17 where bytes.matchesIgnoringCase(field.name, "transfer-encoding"):
            try noteEncoding(bytes, field.value)
        default:
            break
        }
    }

    /// The framing that the fields ask for; nil when they say nothing.
    func framing(isHTTP11: Bool) throws(HTTPFault) -> BodyFraming? {
        guard isChunked else { return contentLength.map { .length($0) } }
        guard contentLength == nil else {
            throw .malformed(
                "length_and_transfer_encoding", "A message has both Content-Length and Transfer-Encoding.")
        }
        guard isHTTP11 else {
            throw .malformed("transfer_encoding_in_1_0", "Transfer-Encoding does not exist in HTTP/1.0.")
        }
        return .chunked
    }

    /// Whether another message may follow (RFC 9112 §9.3).
    func keepsAlive(isHTTP11: Bool) -> Bool { !closes && (isHTTP11 || staysOpen) }

    private mutating func noteHost(_ bytes: UnsafeRawBufferPointer, _ value: Range<Int>) throws(HTTPFault) {
        hosts += 1
        guard hosts == 1 else { throw .malformed("duplicate_host", "The request has more than one Host.") }
        guard isHost(bytes, value) else { throw .malformed("invalid_host", "The request's Host is not valid.") }
    }

    private mutating func noteExpectation(_ bytes: UnsafeRawBufferPointer, _ value: Range<Int>) throws(HTTPFault) {
        guard !expectsContinue, bytes.matchesIgnoringCase(value, "100-continue") else {
            throw HTTPFault(
                status: 417, code: "http.unknown_expectation", message: "Only 100-continue can be expected, once.")
        }
        expectsContinue = true
    }

    private mutating func noteConnection(_ bytes: UnsafeRawBufferPointer, _ value: Range<Int>) {
        var start = value.lowerBound
        while start < value.upperBound {
            let end = bytes.firstOffset(of: UInt8(ascii: ","), in: start..<value.upperBound) ?? value.upperBound
            var option = start..<end
            while !option.isEmpty, bytes[option.lowerBound].isBlank {
                option = option.lowerBound + 1..<option.upperBound
            }
            while !option.isEmpty, bytes[option.upperBound - 1].isBlank {
                option = option.lowerBound..<option.upperBound - 1
            }
            if bytes.matchesIgnoringCase(option, "close") { closes = true }
            if bytes.matchesIgnoringCase(option, "keep-alive") { staysOpen = true }
            start = end + 1
        }
    }

    private mutating func noteLength(_ bytes: UnsafeRawBufferPointer, _ value: Range<Int>) throws(HTTPFault) {
        guard contentLength == nil else {
            throw .malformed("duplicate_content_length", "The message has more than one Content-Length.")
        }
        guard !value.isEmpty, value.allSatisfy({ bytes[$0].isDigit }) else {
            throw .malformed("invalid_content_length", "The message's Content-Length is not a number.")
        }
        var length = 0
        for offset in value {
            let (product, overflows) = length.multipliedReportingOverflow(by: 10)
            let (sum, sumOverflows) = product.addingReportingOverflow(Int(bytes[offset] &- 0x30))
            guard !overflows, !sumOverflows, value.count <= 19 else { throw .bodyTooLarge }
            length = sum
        }
        contentLength = length
    }

    private mutating func noteEncoding(_ bytes: UnsafeRawBufferPointer, _ value: Range<Int>) throws(HTTPFault) {
        guard !isChunked else {
            throw .malformed("duplicate_transfer_encoding", "The message has more than one Transfer-Encoding.")
        }
        guard !value.isEmpty else {
            throw .malformed("invalid_transfer_encoding", "The message's Transfer-Encoding is empty.")
        }
        guard bytes.matchesIgnoringCase(value, "chunked") else {
            throw HTTPFault(
                status: 501, code: "http.unknown_transfer_encoding",
                message: "The only transfer encoding that is understood is 'chunked'.")
        }
        isChunked = true
    }
}

/// Whether `range` is a name or address, with a port or without one.
private func isHost(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
    guard !range.isEmpty else { return false }
    var end = range.lowerBound
    if bytes[end] == UInt8(ascii: "[") {
        end += 1
        while end < range.upperBound, bytes[end].hexValue != nil || bytes[end] == 0x3A || bytes[end] == 0x2E {
            end += 1
        }
        guard end > range.lowerBound + 2, end < range.upperBound, bytes[end] == UInt8(ascii: "]") else { return false }
        end += 1
    } else {
        while end < range.upperBound, bytes[end].isHostName { end += 1 }
        guard end > range.lowerBound else { return false }
    }
    guard end < range.upperBound else { return true }
    let port = end + 1..<range.upperBound
    guard bytes[end] == UInt8(ascii: ":"), 1...5 ~= port.count, port.allSatisfy({ bytes[$0].isDigit }) else {
        return false
    }
    return port.reduce(0) { $0 * 10 + Int(bytes[$1] &- 0x30) } <= 65_535
}
