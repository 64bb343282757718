extension JSONWalk {
    mutating func number() throws(JSONFault) {
        let start = offset
        var end = start + (bytes[start] == UInt8(ascii: "-") ? 1 : 0)
        let isZero = end < bytes.count && bytes[end] == UInt8(ascii: "0")
        let whole = try digits(&end)
        guard !isZero || whole == 1 else { throw JSONFault(.invalidNumber, at: start) }
        var mayBeTooLarge = whole > 300
        if end < bytes.count, bytes[end] == UInt8(ascii: ".") {
            end += 1
            _ = try digits(&end)
        }
        if end < bytes.count, bytes[end] | 0x20 == UInt8(ascii: "e") {
            end += 1
            if end < bytes.count, bytes[end] == UInt8(ascii: "+") || bytes[end] == UInt8(ascii: "-") { end += 1 }
            _ = try digits(&end)
            mayBeTooLarge = true
        }
        if mayBeTooLarge, !isFinite(start..<end) { throw JSONFault(.numberOutOfRange, at: start) }
        offset = end
    }

    /// Moves `end` behind the digits there, of which there must be one; returns how many there are.
    private func digits(_ end: inout Int) throws(JSONFault) -> Int {
        let start = end
        while end < bytes.count, bytes[end].isDigit { end += 1 }
        guard end > start else {
            throw JSONFault(end < bytes.count ? .invalidNumber : .unexpectedEnd, at: end)
        }
        return end - start
    }

    /// Whether a number in valid form is one that a `Double` can come near to.
    ///
    /// Written as 0.d₁d₂… × 10ᵉ, with d₁ not 0, it is for certain when e < 309, and is not when e > 309.
    private func isFinite(_ range: Range<Int>) -> Bool {
        let mark = range.first { bytes[$0] | 0x20 == UInt8(ascii: "e") } ?? range.upperBound
        let point = bytes.firstOffset(of: UInt8(ascii: "."), in: range.lowerBound..<mark) ?? mark
        guard let first = (range.lowerBound..<mark).first(where: { 0x31...0x39 ~= bytes[$0] }) else { return true }
        let magnitude = first < point ? point - first : point + 1 - first
        let exponent = magnitude + self.exponent(mark..<range.upperBound)
        guard exponent == 309 else { return exponent < 309 }
        return isBelowLimit(first..<mark)
    }

    /// The value of `e…`, or a number as large as no text's length when it is larger.
    private func exponent(_ range: Range<Int>) -> Int {
        var value = 0
        for offset in range where bytes[offset].isDigit {
            value = min(value * 10 + Int(bytes[offset] &- 0x30), 1 << 50)
        }
        return range.contains { bytes[$0] == UInt8(ascii: "-") } ? -value : value
    }

    /// Whether the digits in `range` come before those of 2¹⁰²⁴ − 2⁹⁷⁰, where rounding to infinity begins.
    private func isBelowLimit(_ range: Range<Int>) -> Bool {
        let limit: StaticString = """
            1797693134862315807937289714053034150799341327100378269361737789804449682927647509466490179775872070963\
            3028641669288791094655554785194040263065748867150582068190890200070838367627385484581771153176447573027\
            0069855571366959622842914819860834936475292719074168444365510704342711559699508093042880177904174497792
            """
        var position = 0
        for offset in range where bytes[offset] != UInt8(ascii: ".") {
            guard position < limit.utf8CodeUnitCount else { return false }
            let (digit, bound) = (bytes[offset], limit.utf8Start[position])
            guard digit == bound else { return digit < bound }
            position += 1
        }
        return position < limit.utf8CodeUnitCount
    }
}
