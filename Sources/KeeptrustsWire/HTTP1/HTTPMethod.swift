/// A request's method; `other` is any that we do not know (RFC 9110 §9).
public enum HTTPMethod: Sendable, Equatable, CaseIterable {
    case get, head, post, put, patch, delete, options, connect, trace, other

    /// Methods are case-sensitive.
    init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        self =
            switch range.count {
            case 3 where bytes.matches(range, "GET"): .get
            case 3 where bytes.matches(range, "PUT"): .put
            case 4 where bytes.matches(range, "POST"): .post
            case 4 where bytes.matches(range, "HEAD"): .head
            case 5 where bytes.matches(range, "PATCH"): .patch
            case 5 where bytes.matches(range, "TRACE"): .trace
            case 6 where bytes.matches(range, "DELETE"): .delete
            case 7 where bytes.matches(range, "OPTIONS"): .options
            case 7 where bytes.matches(range, "CONNECT"): .connect
            default: .other
            }
    }
}
