import KeeptrustsCore

/// What the scores of an answer must be: `industry`, `benchmarks`, `weights`, `thresholds` and `pass_policy` of `quality-scorer`.
struct QualityDemands: Sendable {
    /// The dimensions that are scored, with what each counts in the average and the least that it may be.
    private(set) var dimensions: [QualityDimension: (weight: Double, least: Double?)] = [:]

    /// The least average; nil where none is asked for.
    let leastAverage: Double?

    /// The sections that it is read from; nil where they are missing.
    struct Sections {
        var industry: ConfigNode?
        var benchmarks: ConfigNode?
        var weights: ConfigNode?
        var thresholds: ConfigNode?
        var pass: ConfigNode?
    }

    private enum PassKey: String, ConfigKey { case strategy, threshold }
    private enum Strategy: String, CaseIterable { case average = "weighted_average" }
    private enum BenchmarkKey: String, ConfigKey {
        case faithfulness = "ragas_faithfulness"
        case relevancy = "ragas_relevancy"
        case coherence, completeness
    }
    private enum WeightKey: String, ConfigKey { case faithfulness, relevancy, coherence, completeness, accuracy }
    private enum ThresholdKey: String, ConfigKey {
        case aggregate = "min_aggregate"
        case faithfulness = "min_faithfulness"
        case relevancy = "min_relevancy"
        case coherence = "min_coherence"
        case completeness = "min_completeness"
        case accuracy = "min_accuracy"
    }

    /// Reads the sections; what they say goes before what the industry would.
    init(_ sections: Sections) throws(ConfigError) {
        let industry = try sections.industry?.choice(of: IndustryPreset.self)
        let thresholds = try sections.thresholds?.mapping(ThresholdKey.self)
        let pass = try sections.pass?.mapping(PassKey.self)
        if let node = pass?[.strategy] { _ = try node.choice(of: Strategy.self) }
        let least = try thresholds?[.aggregate]?.number(in: 0...1)
        if let node = thresholds?[.aggregate], pass != nil {
            throw ConfigError(
                .conflict, at: node.location, "'\(node.path)' stands beside 'pass_policy'.", hint: "Say one of the two."
            )
        }
        leastAverage =
            try pass.map { pass throws(ConfigError) in try pass.required(.threshold).number(in: 0...1) } ?? least
            ?? industry?.leastAverage
        let weights = try sections.weights?.mapping(WeightKey.self)
        let benchmarks = try sections.benchmarks?.mapping(BenchmarkKey.self)
        let keys: [(QualityDimension, WeightKey, ThresholdKey, BenchmarkKey?)] = [
            (.faithfulness, .faithfulness, .faithfulness, .faithfulness),
            (.relevancy, .relevancy, .relevancy, .relevancy),
            (.coherence, .coherence, .coherence, .coherence),
            (.completeness, .completeness, .completeness, .completeness), (.accuracy, .accuracy, .accuracy, nil),
        ]
        for (dimension, weightKey, thresholdKey, benchmarkKey) in keys {
            let part = industry?.part(of: dimension)
            let weight = try weights?[weightKey]?.number(in: 0...10) ?? part?.weight
            let least = try thresholds?[thresholdKey]?.number(in: 0...1) ?? part?.least
            let isOn = try benchmarkKey.flatMap { benchmarks?[$0] }?.boolean()
            guard isOn != false, isOn == true || weight != nil || least != nil else { continue }
            dimensions[dimension] = (weight ?? (isOn == true || weights == nil && industry == nil ? 1 : 0), least)
        }
    }
}
