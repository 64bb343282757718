/// The places of a JSON text that somebody wants to know, compiled once.
///
/// A place is a path such as `messages.*.content.*.text`: keys, and `*` for each element of an array. `aws_*` is every key
/// that begins so, in any case, and that no other path names. The empty path is the text's root.
public struct JSONShape: Sendable {
    /// The ``JSONValue/field`` of a string that stands at a place without a path.
    public static let other = -1

    /// The ``JSONValue/field`` of a key that no path names.
    public static let otherKey = -2

    /// The paths, in the order of ``JSONValue/field``.
    public let paths: [String]
    let trie: JSONTrie

    /// - Parameters:
    ///   - paths: The places to report.
    ///   - reportsOthers: Whether strings at other places are reported too, and the keys of objects to which no path, nor
    ///     the beginning of one, leads.
    ///   - reportsUnknownKeys: Whether every other key that no path names is reported as well: those that stand beside
    ///     named keys.
    ///   - leastNumber: The bytes that a number without a path must have at least to be reported as well.
    ///   - reportsPlaces: Whether every value without a path bears its ``JSONValue/place``.
    ///   - mostValues: The values that a scan reports at most; a text with more is refused, since each takes 56 bytes.
    public init(
        _ paths: [String], reportsOthers: Bool, reportsUnknownKeys: Bool = false, leastNumber: Int = .max,
        reportsPlaces: Bool = false, mostValues: Int = .max
    ) {
        self.paths = paths
        let rest = JSONRest(
            others: reportsOthers, unknownKeys: reportsUnknownKeys, leastNumber: leastNumber, places: reportsPlaces,
            mostValues: mostValues)
        trie = JSONTrie(paths, rest: rest)
    }
}

/// What a scan reports of values without a path.
struct JSONRest: Sendable {
    var others = false
    var unknownKeys = false
    var leastNumber = Int.max
    var places = false
    var mostValues = Int.max
}
