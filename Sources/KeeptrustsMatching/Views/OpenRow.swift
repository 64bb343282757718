/// A row of characters that stand apart, at the end of a text that goes on: see ``Disguises/joined(_:)``.
struct OpenRow {
    /// From here on, more text may change how the row is read.
    private(set) var pending: Int?

    /// It has characters enough to be one, however it goes on.
    private(set) var isSure = false

    private let text: UnsafeRawBufferPointer

    /// Bytes of a row that are looked at, from its end.
    private static let longest = 64

    /// Characters of a row that are enough to know that it is one.
    private static let enough = 4

    init(_ text: UnsafeRawBufferPointer) {
        self.text = text
        let rows = [spaced(), separated()].compactMap(\.self)
        pending = rows.map(\.pending).min()
        isSure = rows.contains(where: \.isSure)
    }

    /// From where on more text may change how a row is read, and whether it is one however it goes on.
    private typealias Row = (pending: Int, isSure: Bool)

    /// A row with one space between any two, or with three; among the characters may be some signs.
    private func spaced() -> Row? {
        var place = text.count
        while place > 0, text[place - 1] == 0x20, text.count - place < 3 { place -= 1 }
        // Whether the last character stands alone is not known before the next.
        let isSure = place < text.count
        var (first, known): (Int?, Int) = (nil, 0)
        var sure: Int?
        while isSingle(before: place), Disguises.isAlphanumeric(text[place - 1]) || Disguises.isInner(text[place - 1]) {
            place -= 1
            if Disguises.isAlphanumeric(text[place]) {
                (first, known) = (place, known + 1)
                if sure == nil, isSure || place < text.count - 1 { sure = place + 1 }
            }
            let begin = place
            while place > 0, text[place - 1] == 0x20, begin - place < 3 { place -= 1 }
            guard begin > place, text.count - place < Self.longest else { break }
        }
        guard known <= Self.enough else { return (sure ?? first).map { ($0, true) } }
        return first.map { (beginOfRow($0), false) }
    }

    /// A row with the same sign between any two.
    private func separated() -> Row? {
        guard let last = text.last, text.count >= 2 else { return nil }
        var place = Disguises.isAlphanumeric(last) ? text.count : text.count - 1
        let separator = place < text.count ? last : text[text.count - 2]
        guard Disguises.isSeparator(separator) else { return nil }
        let sure = place < text.count ? place : place - 2
        var (first, known, letters): (Int?, Int, Int) = (nil, 0, 0)
        while isSingle(before: place), Disguises.isAlphanumeric(text[place - 1]) {
            place -= 1
            (first, known) = (place, known + 1)
            if Disguises.isLetter(text[place]), place < sure { letters += 1 }
            guard place > 0, text[place - 1] == separator else { break }
            // Digits alone are a list, however long.
            guard text.count - place < Self.longest else { return letters >= 3 ? (sure, true) : nil }
            place -= 1
        }
        guard known <= Self.enough || letters < 3 else { return (sure, true) }
        return first.map { (beginOfRow($0), false) }
    }

    /// Where a row with any signs begins of which the character at `place` may be the last.
    private func beginOfRow(_ place: Int) -> Int {
        var first = place
        while first >= 2, Disguises.isSeparator(text[first - 1]), Disguises.isAlphanumeric(text[first - 2]),
            isSingle(before: first - 1), text.count - first < Self.longest
        {
            first -= 2
        }
        return first
    }

    private func isSingle(before place: Int) -> Bool {
        place == 1 || place > 1 && !Disguises.isAlphanumeric(text[place - 2])
    }
}
