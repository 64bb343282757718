public enum JSONKind: UInt8, Sendable {
    case string, number, `true`, `false`, null, object, array
}

/// A value of a JSON text, located.
public struct JSONValue: Sendable, Equatable {
    /// Which path of the shape leads here, or ``JSONShape/other``, or ``JSONShape/otherKey``.
    public var field: Int

    /// The bytes of the token, counted from the text's first byte; a string's quotes are included.
    public var span: Range<Int>

    /// The position in the outermost array on the way here; -1 when there is none.
    public var index: Int32

    /// The position in the next array on the way here; -1 when there is none.
    public var inner: Int32
    public var kind: JSONKind

    /// Whether a string's bytes differ from its text; see ``Unescaped``.
    public var hasEscapes: Bool

    /// The same for values at one place of texts of one form, and hardly for others, where the shape asks for it.
    ///
    /// Stands for the keys and positions that lead from the last place that the shape knows to a value without a path. Two
    /// processes give different ones; nobody outside can choose keys that lead to an equal one.
    public var place: UInt32

    public init(
        field: Int, kind: JSONKind, span: Range<Int>, hasEscapes: Bool = false, index: Int32 = -1, inner: Int32 = -1,
        place: UInt32 = 0
    ) {
        self.field = field
        self.kind = kind
        self.span = span
        self.hasEscapes = hasEscapes
        self.place = place
        self.index = index
        self.inner = inner
    }
}
