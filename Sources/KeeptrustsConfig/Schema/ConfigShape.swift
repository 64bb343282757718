/// What readers take at one place of a document.
indirect enum ConfigShape: Equatable {
    case string, decimal
    case boolean([Bool])
    case choice([String])
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case list(ConfigShape?)

    /// Certain keys and no other; of each of some lists of keys, one must be there.
    case mapping([Member], oneOf: [[String]])

    /// Free keys; nil when nothing is known of their values.
    case members(ConfigShape?)

    /// Readers look at it in a way that leaves no trace.
    case anything

    struct Member: Equatable {
        var key: String
        var shape: ConfigShape
        var isRequired: Bool
    }
}
