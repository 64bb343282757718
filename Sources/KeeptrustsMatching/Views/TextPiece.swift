/// What of a text is there to be read.
struct TextPiece {
    /// More text follows.
    var isOpen = false

    /// Text stands before it that is decided, and of which a run may reach into it.
    var isCut = false

    /// Where a part of a run begins that is being read, when it is not the first of its run.
    var part: Int?

    /// A text that is there in full.
    static let whole = TextPiece()
}
