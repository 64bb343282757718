/// How much of what is held back of a text may be read again, so that many small pieces do not cost the square of it.
///
/// What holds back some words is read with every piece. Where more is held back, pieces must have earned it, or wait
/// unread, and unsent, until there is enough of them. So a text costs no more than a multiple of its length, however it is
/// cut, and a long value that ends is let go a little later than at once only where many small pieces made it.
struct RereadingAllowance: Sendable {
    /// Bytes held back that are read again with every piece: what patterns of several words hold back of clean text.
    static let free = 224

    /// Bytes that may be read again for each byte that comes.
    static let earnedByByte = 16

    /// Bytes that may be saved up for later, and are there at first.
    static let most = 32_768

    private var left = most

    /// Takes in how much has come.
    mutating func earn(_ bytes: Int) { left += bytes * Self.earnedByByte }

    /// Takes off what it costs to read held text again; false, and nothing taken, when it is too much.
    mutating func afford(_ held: Int) -> Bool {
        let cost = max(0, held - Self.free)
        guard cost <= left else { return false }
        left = min(left - cost, Self.most)
        return true
    }
}
