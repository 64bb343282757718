// Addresses of networks and of what is connected to them.
extension Validator {
    static func isIPv4(
        _ value: UnsafeRawBufferPointer, after before: Slice<UnsafeRawBufferPointer>,
        before after: Slice<UnsafeRawBufferPointer>
    ) -> Bool {
        guard let numbers = quad(value[...]), numbers[0] != 0, numbers[0] != 255 else { return false }
        if let last = before.last, last == 0x2E || last == 0x2D { return false }
        return !endsInWord(before) && !(after.first == 0x2E && beginsWord(after.dropFirst()))
    }

    /// Four numbers up to 255 without needless zeros.
    private static func quad(_ text: Slice<UnsafeRawBufferPointer>) -> [Int]? {
        let parts = text.split(separator: 0x2E, omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var numbers: [Int] = []
        for part in parts {
            guard (1...3).contains(part.count), part.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            let number = part.reduce(0) { $0 * 10 + Int($1) - 0x30 }
            guard number <= 255, part.count == 1 || part.first != 0x30 else { return nil }
            numbers.append(number)
        }
        return numbers
    }

    /// RFC 4291 §2.2; what is short enough to be code (`a::b`) is none, unless it is the loopback address.
    static func isIPv6(_ value: UnsafeRawBufferPointer, after before: Slice<UnsafeRawBufferPointer>) -> Bool {
        let address = value.prefix { $0 != 0x25 }
        if address.elementsEqual("::1".utf8) { return !isSlice(before) }
        var groups = 0
        var isTelling = false
        var gaps = 0
        let parts = address.split(separator: 0x3A, omittingEmptySubsequences: false)
        guard parts.count >= 3 else { return false }
        for (index, part) in parts.enumerated() {
            let isLast = index == parts.count - 1
            switch part.count {
            case 0 where index == 0 || isLast: gaps += 1
            case 0: gaps += 2
            case 1...4:
                groups += 1
                isTelling = isTelling || part.count > 2
            default:
                guard isLast, quad(part) != nil else { return false }
                groups += 2
                isTelling = true
            }
        }
        // `::` leaves one empty part within the address, two at either end.
        guard gaps > 0 else { return groups == 8 }
        guard gaps == 2 || (gaps == 3 && (parts[0].isEmpty || parts[parts.count - 1].isEmpty)) else { return false }
        return groups <= 7 && groups >= 2 && isTelling
    }

    /// Whether what comes next is the step of a slice, such as `list[::1]`.
    private static func isSlice(_ text: Slice<UnsafeRawBufferPointer>) -> Bool {
        text.last == 0x5B && endsInWord(text.dropLast())
    }

    static func isMAC(_ value: UnsafeRawBufferPointer) -> Bool {
        let number = Numeral(value)
        return number.count == 12 && Set(number.characters).count > 1
    }
}
