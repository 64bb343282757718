import CHyperscan

/// One pass of Hyperscan over a text, with nothing around it: the yardstick for what judging costs.
///
/// The patterns are always the same ones, so a ratio to it can be compared from version to version and from machine to
/// machine.
public final class BareScan {
    private let database: HyperscanDatabase
    private let scratch: OpaquePointer

    /// Compiles the patterns; nil when there is no memory for it.
    public init?() {
        let entries = Self.expressions.enumerated().map { index, expression in
            HyperscanDatabase.Entry(
                id: UInt32(index), expression: expression, flags: UInt32(HS_FLAG_SINGLEMATCH | HS_FLAG_CASELESS))
        }
        guard let database = try? HyperscanDatabase(entries) else { return nil }
        var scratch: OpaquePointer?
        guard hs_alloc_scratch(database.pointer, &scratch) == HS_SUCCESS, let scratch else { return nil }
        self.database = database
        self.scratch = scratch
    }

    deinit { hs_free_scratch(scratch) }

    /// Scans a text.
    ///
    /// - Returns: Whether the scan was finished.
    public func scan(_ text: UnsafeRawBufferPointer) -> Bool {
        let data = text.baseAddress?.assumingMemoryBound(to: CChar.self)
        return hs_scan(database.pointer, data, UInt32(clamping: text.count), 0, scratch, pass, nil) == HS_SUCCESS
    }

    /// Shapes of addresses, numbers, keys and phrases, as packs hold them.
    static let expressions = [
        #"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{2,63}){1,4}"#, #"\b\d{3}-\d{2}-\d{4}\b"#, #"\b\d{4}(?:[ -]?\d{4}){3}\b"#,
        #"\b\d{4}[ -]?\d{6}[ -]?\d{5}\b"#, #"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}\b"#,
        #"\b(?:\d{1,3}\.){3}\d{1,3}\b"#, #"\b(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}\b"#,
        #"\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b"#,
        #"\+\d{1,3}[ .-]?\d{2,4}[ .-]?\d{3,4}[ .-]?\d{3,4}"#, #"\(\d{3}\) ?\d{3}-\d{4}"#, #"\b\d{3}-\d{3}-\d{4}\b"#,
        #"\bAKIA[A-Z0-9]{16}\b"#, #"\bgh[pousr]_[A-Za-z0-9]{36}\b"#, #"\bglpat-[\w-]{20}\b"#,
        #"\bsk-[A-Za-z0-9-]{20,64}"#,
        #"\bxox[baprs]-[\w-]{10,72}"#, #"\bAIza[\w-]{35}\b"#, #"\beyJ[\w-]{10,256}\.[\w-]{10,256}\.[\w-]{10,256}"#,
        #"-----BEGIN (?:[A-Z]+ ){0,2}PRIVATE KEY-----"#, #"://[^\s/:@]{1,64}:[^\s/@]{1,64}@"#,
        #"\b(?:api[_-]?key|secret|token)\s{0,3}[:=]\s{0,3}\S{8,64}"#, #"\bpassword\s{0,3}[:=]\s{0,3}\S{6,64}"#,
        #"\bignore (?:all )?(?:previous|prior) instructions\b"#, #"\bsystem prompt\b"#, #"\byou are now\b"#,
        #"\bconfidential\b"#, #"\binternal use only\b"#, #"\b(?:passport|licen[cs]e) (?:no|number)\b"#,
        #"\bdate of birth\b"#, #"\b(?:mrn|medical record)\b"#,
    ]
}

private let pass: match_event_handler = { _, _, _, _, _ in 0 }
