import CHyperscan

/// Some patterns as Hyperscan compiled them: says in one pass which of them may match.
final class HyperscanDatabase: @unchecked Sendable {
    // Immutable after `init`, so threads share it; what a scan writes belongs to the scratch.
    let pointer: OpaquePointer

    /// A pattern for Hyperscan, under the number that it is reported by.
    struct Entry: Hashable {
        var id: UInt32
        var expression: String
        var flags: UInt32
    }

    struct Refused: Error {
        /// Index of the entry, when it is known.
        var entry: Int?
        var message: String
    }

    init(_ entries: [Entry]) throws(Refused) {
        let texts = entries.map { Self.copy($0.expression) }
        defer { texts.forEach { $0.deallocate() } }
        var database: OpaquePointer?
        var failure: UnsafeMutablePointer<hs_compile_error_t>?
        let result = hs_compile_multi(
            texts.map { UnsafePointer<CChar>?($0) }, entries.map(\.flags), entries.map(\.id), UInt32(entries.count),
            UInt32(HS_MODE_BLOCK), nil, &database, &failure
        )
        defer { hs_free_compile_error(failure) }
        guard result == HS_SUCCESS, let database else {
            let entry = failure.map { Int($0.pointee.expression) }
            let message = failure.map { String(cString: $0.pointee.message) } ?? "it cannot be compiled."
            throw Refused(entry: entry.flatMap { $0 >= 0 ? $0 : nil }, message: message)
        }
        pointer = database
    }

    /// Takes up a database that was written by ``serialized()``.
    init?(serialized bytes: UnsafeRawBufferPointer) {
        var database: OpaquePointer?
        let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        guard hs_deserialize_database(start, bytes.count, &database) == HS_SUCCESS, let database else { return nil }
        pointer = database
    }

    deinit { hs_free_database(pointer) }

    func serialized() -> [UInt8]? {
        var bytes: UnsafeMutablePointer<CChar>?
        var length = 0
        guard hs_serialize_database(pointer, &bytes, &length) == HS_SUCCESS, let bytes else { return nil }
        defer { free(bytes) }
        return Array(UnsafeRawBufferPointer(start: bytes, count: length))
    }

    /// Notes each entry that is found.
    func scan(
        _ text: UnsafeRawBufferPointer, _ scratch: OpaquePointer, into sightings: UnsafeMutablePointer<Sightings>
    ) throws(MatchFailure) {
        let data = text.baseAddress?.assumingMemoryBound(to: CChar.self)
        let result = hs_scan(pointer, data, UInt32(clamping: text.count), 0, scratch, note, sightings)
        guard result == HS_SUCCESS else { throw MatchFailure(code: result) }
    }

    /// The same in bytes that are no text of their own, or none at all.
    func scan(
        _ bytes: [UInt8], _ scratch: OpaquePointer, into sightings: UnsafeMutablePointer<Sightings>
    ) throws(MatchFailure) {
        guard !bytes.isEmpty else { return }
        let result: Result<Void, MatchFailure> = bytes.withUnsafeBytes { bytes in
            Result { () throws(MatchFailure) in try scan(bytes, scratch, into: sightings) }
        }
        try result.get()
    }

    private static func copy(_ text: String) -> UnsafeMutablePointer<CChar> {
        let bytes = text.utf8CString
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        bytes.withUnsafeBufferPointer { source in
            guard let base = source.baseAddress else { return }
            copy.initialize(from: base, count: source.count)
        }
        return copy
    }
}

private let note: match_event_handler = { id, _, end, _, context in
    guard let sightings = context?.assumingMemoryBound(to: Sightings.self) else { return 1 }
    sightings.pointee.note(id, endingAt: end)
    return 0
}
