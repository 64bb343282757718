/// The places of a JSON text that somebody wants to know, compiled once.
///
/// A place is a path such as `messages.*.content.*.text`: keys, and `*` for each element of an array. The empty path is
/// the text's root.
public struct JSONShape: Sendable {
    /// The ``JSONValue/field`` of a string that stands at a place without a path.
    public static let other = -1

    /// The ``JSONValue/field`` of a key that no path names.
    public static let otherKey = -2

    /// The ``JSONValue/field`` of a member of an object, key and value together, to which no path leads.
    public static let member = -3

    /// The paths, in the order of ``JSONValue/field``.
    public let paths: [String]
    let trie: JSONTrie

    /// - Parameters:
    ///   - paths: The places to report.
    ///   - reportsOthers: Whether strings at other places are reported too, and the keys of objects to which no path, nor
    ///     the beginning of one, leads.
    ///   - reportsUnknownKeys: Whether every other key that no path names is reported as well: those that stand beside
    ///     named keys.
    ///   - reportsNumbers: Whether numbers without a path are reported too, those in objects as ``member``; every value
    ///     without a path bears its ``JSONValue/place`` then.
    public init(
        _ paths: [String], reportsOthers: Bool, reportsUnknownKeys: Bool = false, reportsNumbers: Bool = false
    ) {
        self.paths = paths
        let rest = JSONRest(others: reportsOthers, unknownKeys: reportsUnknownKeys, numbers: reportsNumbers)
        trie = JSONTrie(paths, rest: rest)
    }
}

/// What a scan reports of values without a path.
struct JSONRest: Sendable {
    var others = false
    var unknownKeys = false
    var numbers = false
}
