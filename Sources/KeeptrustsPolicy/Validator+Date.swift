extension Validator {
    /// Whether a date exists and somebody alive may have been born on it.
    ///
    /// Year, month and day in any order that is written, months as numbers or by their names, years in two digits or four.
    static func isDateOfBirth(_ value: UnsafeRawBufferPointer) -> Bool {
        let parts = value.split { !(0x30...0x39).contains($0) }
        let numbers = parts.map { $0.reduce(0) { min($0 * 10 + Int($1) - 0x30, 99_999_999) } }
        let lengths = parts.map(\.count)
        switch parts.count {
        case 1 where lengths[0] == 8: return isCompact(numbers[0])
        case 2: return isNamed(numbers, lengths)
        case 3: return isNumeric(numbers, lengths)
        default: return false
        }
    }

    private static let years = 1_900...2_029

    /// `19900716`, or with the day first.
    private static func isCompact(_ number: Int) -> Bool {
        let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100)
        if years.contains(year) { return Numeral.isDay(day, month) }
        return years.contains(number % 10_000) && Numeral.isDay(number / 1_000_000, number / 10_000 % 100)
    }

    /// A month by its name: a day and a year are left.
    private static func isNamed(_ numbers: [Int], _ lengths: [Int]) -> Bool {
        let (day, year) = lengths[0] == 4 ? (1, 0) : (0, 1)
        guard (1...31).contains(numbers[day]) else { return false }
        return lengths[year] == 2 || (lengths[year] == 4 && years.contains(numbers[year]))
    }

    private static func isNumeric(_ numbers: [Int], _ lengths: [Int]) -> Bool {
        if lengths[0] == 4 { return years.contains(numbers[0]) && Numeral.isDay(numbers[2], numbers[1]) }
        guard lengths[2] == 2 || (lengths[2] == 4 && years.contains(numbers[2])) else { return false }
        return Numeral.isDay(numbers[0], numbers[1]) || Numeral.isDay(numbers[1], numbers[0])
    }
}
