import KeeptrustsWire

/// What the gateway itself has to know of a request.
extension RequestReader {
    mutating func takeModel(_ value: JSONValue) throws(SurfaceFault) {
        guard value.kind == .string else { throw .wrongType("model", "a string") }
        guard value.span.count > 2, let model = request.body.string(value, limit: 256) else {
            throw .invalid("model", "a name of 1 to 256 bytes")
        }
        (request.model, request.modelToken) = (model, value.span)
    }

    mutating func takeOptions(_ value: JSONValue) throws(SurfaceFault) {
        switch value.kind {
        case .null: request.usageSwitch = .replace(value.span, isOptions: true)
        case .object:
            let start = value.span.lowerBound + 1
            let isEmpty = request.body.offsetAfterSpace(from: start) == value.span.upperBound - 1
            request.usageSwitch = .insertFlag(at: start, isOnlyOne: isEmpty)
        case .string, .number, .true, .false, .array: throw .wrongType("stream_options", "an object")
        }
    }

    mutating func takePreferences(_ value: JSONValue) throws(SurfaceFault) {
        guard value.kind != .null else { return }
        guard value.kind == .object else { throw .notPreferences() }
        (request.vendor, preferencesEnd) = ("openrouter", value.span.upperBound)
    }

    mutating func takePreference(_ value: JSONValue) throws(SurfaceFault) {
        let form = Preference(atPath: table.path(of: value))
        guard form.takes(value.kind) else { throw .invalid(table.place(of: value), form.text) }
        takeName(value)
    }

    /// A member that no row names: by its key, where that is a plain one.
    func unknownPreference(_ value: JSONValue) -> SurfaceFault {
        let isName = value.kind == .string && request.body.isPlainName(value)
        return .notPreferences(isName ? request.body.string(value, limit: 64).flatMap { $0.isEmpty ? nil : $0 } : nil)
    }

    mutating func takeUsageFlag(_ value: JSONValue) throws(SurfaceFault) {
        request.includesUsage = try flag(value)
        request.usageSwitch = .replace(value.span, isOptions: false)
    }

    mutating func takeMaxTokens(_ value: JSONValue) throws(SurfaceFault) {
        let number = try wholeNumber(value, 1...100_000_000)
        request.maxTokens = [request.maxTokens, number].compactMap { $0 }.min()
    }

    func flag(_ value: JSONValue) throws(SurfaceFault) -> Bool {
        guard [.true, .false, .null].contains(value.kind) else {
            throw .wrongType(table.place(of: value), "true or false")
        }
        return value.kind == .true
    }

    func wholeNumber(_ value: JSONValue, _ range: ClosedRange<Int>) throws(SurfaceFault) -> Int? {
        if value.kind == .null { return nil }
        guard value.kind == .number else { throw .wrongType(table.place(of: value), "a whole number") }
        guard let number = request.body.wholeNumber(value), range.contains(number) else {
            throw .invalid(table.place(of: value), "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
