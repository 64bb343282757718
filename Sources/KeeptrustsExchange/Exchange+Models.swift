import KeeptrustsCore
import KeeptrustsDialects
import KeeptrustsWire
import NIOCore

// What a caller may ask for: the list of models, one of them, and what a refusal says of them.
extension Exchange {
    /// The models that this key may ask for and that a target serves, each once, in the order of the targets.
    func models(for key: CallerKey) -> ModelList {
        var seen: Set<String> = []
        var entries: [ModelList.Entry] = []
        for target in snapshot.targets where target.isAvailable && key.may(use: target.model) {
            guard seen.insert(target.model).inserted else { continue }
            entries.append(ModelList.Entry(id: target.model, owner: target.provider.id))
        }
        return ModelList(entries)
    }

    /// One model of that list.
    func model(_ id: String, for key: CallerKey) throws(Refusal) -> ByteBuffer {
        let models = models(for: key)
        guard let body = models.body(of: id) else { throw .modelNotFound(id, among: models) }
        return body
    }
}

extension Refusal {
    static func modelNotFound(_ model: String, among models: ModelList) -> Refusal {
        Refusal(
            404, type: "validation_error", code: "model_not_found", "There is no model '\(model)' here.",
            hint: models.hint(instead: model), param: "model")
    }

    static func modelNotAllowed(_ model: String, among models: ModelList) -> Refusal {
        Refusal(
            403, type: "permission_error", code: "model_not_allowed", "This key may not use the model '\(model)'.",
            hint: models.hint(instead: model), param: "model")
    }
}

extension ModelList {
    /// Which models are named at most, and among how many the nearest name is looked for.
    private static let (mostNamed, mostCompared) = (10, 200)

    /// What a caller may say instead of a name: models of its own key, and no others.
    fileprivate func hint(instead name: String) -> String {
        guard !entries.isEmpty else { return "No model that this key may use is served at present." }
        let meant = nearestName(to: name, among: entries.prefix(Self.mostCompared).map(\.id))
        let named = entries.prefix(Self.mostNamed).map(\.id).joined(separator: ", ")
        let more = entries.count - min(entries.count, Self.mostNamed)
        return (meant.map { "Did you mean '\($0)'? " } ?? "") + "This key may use \(named)"
            + (more > 0 ? " and \(more) more, which GET /v1/models lists." : ".")
    }
}

extension HTTPRequestHead {
    /// The model that a path below `/v1/models/` names, its escapes undone; nil for another path, and for what is no name.
    ///
    /// A name may hold slashes. Of 1 to 256 bytes, valid UTF-8, without control characters.
    var model: String? {
        let prefix: StaticString = "/v1/models/"
        let length = prefix.utf8CodeUnitCount
        guard path.count > length, path.count <= length + 3 * 256 else { return nil }
        let name: [UInt8]? = bytes.withUnsafeReadableBytes { bytes in
            let path = bytes[self.path]
            let begins = path.prefix(length).elementsEqual(UnsafeBufferPointer(start: prefix.utf8Start, count: length))
            return begins ? Array(path.dropFirst(length)).percentDecoded : nil
        }
        guard let name, name.count <= 256, !name.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return nil }
        return String(validating: name, as: UTF8.self)
    }
}

extension [UInt8] {
    /// The bytes with `%41` and the like undone (RFC 3986 §2.1); nil when one is cut or no escape.
    fileprivate var percentDecoded: [UInt8]? {
        var decoded: [UInt8] = []
        var index = 0
        while index < count {
            guard self[index] == UInt8(ascii: "%") else {
                decoded.append(self[index])
                index += 1
                continue
            }
            guard index + 2 < count, let high = self[index + 1].hexDigit, let low = self[index + 2].hexDigit else {
                return nil
            }
            decoded.append(high << 4 | low)
            index += 3
        }
        return decoded
    }
}

extension UInt8 {
    fileprivate var hexDigit: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
