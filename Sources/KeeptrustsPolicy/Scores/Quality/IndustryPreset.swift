/// What answers of an industry are scored by, where the configuration itself does not say.
enum IndustryPreset: String, CaseIterable, Sendable {
    case finance, healthcare, legal, education, government, general

    /// A dimension's part in the preset.
    struct Part: Sendable, Equatable {
        /// What it counts in the average.
        var weight: Double

        /// The least score; nil where the average alone decides.
        var least: Double?
    }

    /// The least average.
    var leastAverage: Double {
        switch self {
        case .healthcare: 0.65
        case .finance, .legal: 0.6
        case .government: 0.55
        case .education: 0.5
        case .general: 0.4
        }
    }

    /// The part of a dimension; nil where the preset does not score it.
    func part(of dimension: QualityDimension) -> Part? {
        let (weight, least) = row[dimension] ?? (0, nil)
        return weight > 0 ? Part(weight: weight, least: least) : nil
    }

    private var row: [QualityDimension: (Double, Double?)] {
        switch self {
        case .finance:
            [
                .faithfulness: (0.3, 0.7), .relevancy: (0.15, nil), .coherence: (0.1, nil), .completeness: (0.15, nil),
                .accuracy: (0.3, 0.85),
            ]
        case .healthcare:
            [
                .faithfulness: (0.3, 0.8), .relevancy: (0.15, 0.3), .coherence: (0.1, nil), .completeness: (0.15, nil),
                .accuracy: (0.3, 0.9),
            ]
        case .legal:
            [
                .faithfulness: (0.35, 0.8), .relevancy: (0.15, nil), .coherence: (0.1, nil), .completeness: (0.2, nil),
                .accuracy: (0.2, 0.85),
            ]
        case .education:
            [.relevancy: (0.3, 0.3), .coherence: (0.3, 0.7), .completeness: (0.2, nil), .accuracy: (0.2, nil)]
        case .government:
            [
                .faithfulness: (0.25, 0.7), .relevancy: (0.2, nil), .coherence: (0.15, nil), .completeness: (0.2, nil),
                .accuracy: (0.2, 0.8),
            ]
        case .general: [.relevancy: (0.4, nil), .coherence: (0.4, 0.5), .accuracy: (0.2, nil)]
        }
    }
}
