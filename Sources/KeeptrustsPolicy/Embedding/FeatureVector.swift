/// A whole text as a vector of ``Features``.
struct FeatureVector: Sendable {
    /// What stands at its places, by place; nothing at all others.
    private var values: [Int: Int] = [:]
    private let length: Double

    init(_ text: [UInt8]) {
        var counts: [Int: Int] = [:]
        text.withUnsafeBytes { bytes in
            var reader = FeatureReader(bytes)
            while reader.next({ counts[$0, default: 0] += 1 }) != nil {}
        }
        for (place, count) in counts {
            values[place] = Int(Features.values[Features.row(of: place) + min(count, Features.mostCounted)])
        }
        length = values.values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }

    /// The cosine of the angle between two, 0...1; 0 for a text without a word.
    func cosine(to other: Self) -> Double {
        guard length > 0, other.length > 0 else { return 0 }
        let product = values.reduce(0.0) { $0 + Double($1.value) * Double(other.values[$1.key] ?? 0) }
        return product / (length * other.length)
    }
}
