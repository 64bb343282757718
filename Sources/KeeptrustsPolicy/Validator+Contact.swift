// Numbers and names by which a person is reached, and the number of social security.
extension Validator {
    /// Area, group and serial number as the Social Security Administration gives them out, without those of advertisements.
    static func isSSN(_ value: UnsafeRawBufferPointer) -> Bool {
        let digits = digits(value)
        guard digits.count == 9, countDigits(value).different > 1 else { return false }
        let number = digits.reduce(0) { $0 * 10 + $1 }
        let area = number / 1_000_000
        return area != 0 && area != 666 && area < 900 && number / 10_000 % 100 != 0 && number % 10_000 != 0
            && number != 078_051_120 && number != 219_099_999
    }

    static func isPhone(
        _ value: UnsafeRawBufferPointer, after before: Slice<UnsafeRawBufferPointer>,
        before after: Slice<UnsafeRawBufferPointer>
    ) -> Bool {
        // An extension comes after a letter or a number sign.
        let number = value.prefix { $0 != 0x23 && !(0x61...0x7A).contains($0 | 0x20) }
        let count = countDigits(number)
        guard (7...15).contains(count.all), count.different > 2 else { return false }
        if value.first == 0x2B, !isDialled(digits(number)) { return false }
        if let last = before.last, last == 0x2E || last == 0x2D || (last == 0x2F && !endsInNumber(before.dropLast())) {
            return false
        }
        if endsInWord(before) || isDate(number) { return false }
        guard let next = after.first else { return true }
        return !beginsWord(after) && !((next == 0x2D || next == 0x2E) && beginsWord(after.dropFirst()))
    }

    /// Whether four digits stand at the end: what comes after is another number, not the rest of a date or a fraction.
    private static func endsInNumber(_ text: Slice<UnsafeRawBufferPointer>) -> Bool {
        text.count >= 4 && text.suffix(4).allSatisfy { (0x30...0x39).contains($0) }
    }

    /// A country code that is given out, and for the North American plan an area and as many digits as it has.
    private static func isDialled(_ digits: [Int]) -> Bool {
        let two = digits[0] * 10 + digits[1]
        return switch digits[0] {
        case 0: false
        case 1: digits.count == 11 && digits[1] > 1
        case 7: digits.count == 11
        default: ![28, 83, 89].contains(two)
        }
    }

    /// Whether a number begins with a date, or is made of years.
    static func isDate(_ value: some Collection<UInt8>) -> Bool {
        let parts = value.split { !(0x30...0x39).contains($0) }.prefix(4)
        let numbers = parts.map { $0.reduce(0) { min($0 * 10 + Int($1) - 0x30, 99_999) } }
        let lengths = parts.map(\.count)
        if numbers.allSatisfy({ (1_900...2_100).contains($0) }) { return true }
        guard parts.count >= 3 else { return false }
        let isShort = lengths[1] <= 2 && numbers[1] <= 31
        if lengths[0] == 4, isShort, lengths[2] <= 2 { return (1_900...2_100).contains(numbers[0]) && numbers[2] <= 31 }
        guard lengths[0] <= 2, numbers[0] <= 31, isShort, lengths[2] == 4 else { return false }
        return (1_900...2_100).contains(numbers[2])
    }

    /// RFC 5321 §4.5.3.1: 64 bytes before the `@`, 255 after it; no part of a URL, no name of a file.
    static func isEmail(
        _ value: UnsafeRawBufferPointer, after before: Slice<UnsafeRawBufferPointer>,
        before after: Slice<UnsafeRawBufferPointer>
    ) -> Bool {
        guard let at = value.lastIndex(of: 0x40) else { return false }
        let domain = value[(at + 1)...]
        guard at <= 64, domain.count <= 255, let last = lastLabel(of: domain), last != domain.startIndex else {
            return false
        }
        // What stands before an `@` in a URL, or in the address of a repository, is no mailbox.
        if after.first == 0x3A || after.first == 0x2F, value.starts(with: "git@".utf8) { return false }
        return !isUserInfo(before) && !files.contains(packed(domain[last...]))
    }

    /// Where the last label of a domain begins; nil when a label is empty or has more than 63 bytes.
    private static func lastLabel(of domain: Slice<UnsafeRawBufferPointer>) -> Int? {
        var start = domain.startIndex
        for place in domain.indices where domain[place] == 0x2E {
            guard (1...63).contains(place - start) else { return nil }
            start = place + 1
        }
        return (1...63).contains(domain.endIndex - start) ? start : nil
    }

    /// Up to four bytes, folded, as one number; 0 for more.
    private static func packed(_ name: some Collection<UInt8>) -> UInt32 {
        name.count > 4 ? 0 : name.reduce(0) { $0 << 8 | UInt32($1 | 0x20) }
    }

    /// Whether what comes next is the user of a URL: a scheme stands before it, in the same word.
    private static func isUserInfo(_ text: Slice<UnsafeRawBufferPointer>) -> Bool {
        var word = text.suffix(128)
        while let last = word.last, isWord(last) || [0x2D, 0x2E, 0x25, 0x2B].contains(last) { word = word.dropLast() }
        guard let last = word.last, last == 0x2F || last == 0x3A else { return false }
        var slashes = 0
        for byte in word.reversed() {
            guard byte > 0x20, byte != 0x22, byte != 0x27, byte != 0x3C else { return false }
            if slashes == 2 { return byte == 0x3A }
            guard slashes == 0 || byte == 0x2F else { return false }
            slashes = byte == 0x2F ? slashes + 1 : 0
        }
        return false
    }

    /// Endings of files that are no domains.
    private static let files: [UInt32] = [
        "png", "jpg", "jpeg", "gif", "svg", "webp", "bmp", "ico", "css", "scss", "js", "jsx", "ts", "tsx", "json",
        "yaml", "yml", "xml", "html", "htm", "php", "gz", "tgz", "tar", "whl", "jar", "dll", "exe", "pdf", "txt", "log",
    ].map { packed($0.utf8) }
}
