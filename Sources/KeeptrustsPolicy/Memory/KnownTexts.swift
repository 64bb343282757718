/// Texts in which a chain saw nothing, so that it need not look at them again: each request of a conversation brings the same
/// history.
///
/// No rule has a match in such a text, and the classifier, if it read it, found too little: whatever stands beside it, the
/// chain says nothing of it, whichever of its policies an exchange leaves out. (What it would add to the score that a
/// policy reports beside its verdict is left out.)
///
/// Keeps no text, but a hash of it with its caller, phase and role: SipHash-1-3 of 64 bits under the key that `Hasher` has
/// in each process. Whoever does not know that key can make no text that is taken for a known one; a guess succeeds
/// once in 2⁴⁹ times. A text is known to the caller alone who has sent it, so that nobody can find out by the time
/// that it takes what others have sent.
struct KnownTexts {
    /// Texts that are remembered; one that comes new takes the place of another.
    static let most = 16_384

    /// Shorter texts are looked at each time (bytes).
    static let shortest = 128

    private var hashes = [UInt64](repeating: 0, count: Self.most)

    /// What a text is known by, which is never 0; nil for a short one.
    func hash(_ text: UnsafeRawBufferPointer, _ place: SegmentPlace, of caller: Int) -> UInt64? {
        guard text.count >= Self.shortest else { return nil }
        var hasher = Hasher()
        hasher.combine(caller)
        hasher.combine(place.phase.index << 8 | Int(place.role.bit))
        hasher.combine(bytes: text)
        return UInt64(bitPattern: Int64(hasher.finalize())) | 1
    }

    func contains(_ hash: UInt64) -> Bool { hashes[Self.place(of: hash)] == hash }

    mutating func insert(_ hash: UInt64) { hashes[Self.place(of: hash)] = hash }

    private static func place(of hash: UInt64) -> Int { Int(hash >> 1) & (most - 1) }
}
