extension JSONWalk {
    /// Moves behind the string that begins here; returns whether it has escapes.
    @inline(__always)
    mutating func string() throws(JSONFault) -> Bool {
        let end = bytes.firstSpecial(from: offset + 1)
        if end < bytes.count, bytes[end] == UInt8(ascii: "\"") {
            offset = end + 1
            return false
        }
        return try unusualString(from: end)
    }

    /// Goes on at `start`, where a string holds what is not plain.
    private mutating func unusualString(from start: Int) throws(JSONFault) -> Bool {
        var end = start
        var hasEscapes = false
        while true {
            guard end < bytes.count else { throw JSONFault(.unexpectedEnd, at: end) }
            switch bytes[end] {
            case UInt8(ascii: "\""):
                offset = end + 1
                return hasEscapes
            case UInt8(ascii: "\\"):
                end += try escapeLength(at: end)
                hasEscapes = true
            case 0x80...:
                repeat { end += try characterLength(at: end) } while end < bytes.count && bytes[end] >= 0x80
            default:
                throw JSONFault(.controlCharacter, at: end)
            }
            end = bytes.firstSpecial(from: end)
        }
    }

    /// The bytes of the escape at `start`; a surrogate pair counts as one.
    private func escapeLength(at start: Int) throws(JSONFault) -> Int {
        guard start + 1 < bytes.count else { throw JSONFault(.unexpectedEnd, at: bytes.count) }
        switch bytes[start + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return 2
        case UInt8(ascii: "u"):
            let unit = try codeUnit(at: start)
            guard unit & 0xF800 == 0xD800 else { return 6 }
            guard unit < 0xDC00 else { throw JSONFault(.loneSurrogate, at: start) }
            let next = start + 6
            guard next < bytes.count else { throw JSONFault(.unexpectedEnd, at: next) }
            guard bytes[next] == UInt8(ascii: "\\") else { throw JSONFault(.loneSurrogate, at: start) }
            guard next + 1 < bytes.count else { throw JSONFault(.unexpectedEnd, at: next + 1) }
            guard bytes[next + 1] == UInt8(ascii: "u"), try codeUnit(at: next) & 0xFC00 == 0xDC00 else {
                throw JSONFault(.loneSurrogate, at: start)
            }
            return 12
        default:
            throw JSONFault(.invalidEscape, at: start)
        }
    }

    /// The code unit of a `\u` escape.
    private func codeUnit(at start: Int) throws(JSONFault) -> UInt32 {
        var unit: UInt32 = 0
        for offset in start + 2..<start + 6 {
            guard offset < bytes.count else { throw JSONFault(.unexpectedEnd, at: offset) }
            guard let digit = bytes[offset].hexValue else { throw JSONFault(.invalidEscape, at: start) }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }

    @inline(__always)
    private func characterLength(at start: Int) throws(JSONFault) -> Int {
        let length = bytes.characterLength(at: start)
        guard length > 0 else { throw JSONFault(.invalidUTF8, at: start) }
        return length
    }
}

extension UnsafeRawBufferPointer {
    /// The bytes of the character at `start`, which is not ASCII; 0 when it is not valid UTF-8 (RFC 3629 §4).
    @inline(__always)
    func characterLength(at start: Int) -> Int {
        let first = self[start]
        switch first {
        case 0xC2...0xDF:
            return start + 1 < count && isContinuation(start + 1) ? 2 : 0
        case 0xE0...0xEF:
            guard start + 2 < count, isContinuation(start + 1), isContinuation(start + 2) else { return 0 }
            let second = self[start + 1]
            // E0: overlong below A0. ED: surrogates from A0 on.
            return first == 0xE0 && second < 0xA0 || first == 0xED && second >= 0xA0 ? 0 : 3
        case 0xF0...0xF4:
            guard start + 3 < count, isContinuation(start + 1), isContinuation(start + 2), isContinuation(start + 3)
            else { return 0 }
            let second = self[start + 1]
            // F0: overlong below 90. F4: beyond U+10FFFF from 90 on.
            return first == 0xF0 && second < 0x90 || first == 0xF4 && second >= 0x90 ? 0 : 4
        default:
            return 0
        }
    }

    @inline(__always)
    private func isContinuation(_ offset: Int) -> Bool { self[offset] & 0xC0 == 0x80 }
}
