import Foundation
import HTTPTypes
public import Hummingbird
import KeeptrustsCore
import NIOCore
import NIOFoundationCompat

extension Request {
    /// Reads the body as JSON, strictly: the media type, the size, the syntax, the fields' types, no field that
    /// `Value` does not have.
    ///
    /// - Throws: ``RequestFault``: 415, 413, 400 for what is not JSON, 422 with `param` for a wrong field.
    public func json<Value: Decodable>(_: Value.Type, upTo limit: Int = 1 << 20) async throws -> Value {
        try JSONBody.decode(Value.self, from: await jsonBytes(upTo: limit))
    }

    /// Reads a body that must be declared as JSON, without looking into it.
    ///
    /// - Throws: ``RequestFault``: 415, 413, 400.
    public func jsonBytes(upTo limit: Int) async throws -> ByteBuffer {
        let media = headers[.contentType]?.split(separator: ";").first.map { $0.trimmingCharacters(in: .whitespaces) }
        guard media?.lowercased() == "application/json" else {
            throw RequestFault(
                .invalidInput, code: "http.not_json", "The body must be JSON.",
                hint: "Send the header 'Content-Type: application/json'.", status: .unsupportedMediaType)
        }
        return try await bytes(upTo: limit)
    }

    /// Reads the whole body.
    ///
    /// - Throws: ``RequestFault``: 413 when the body is larger than `limit`, 400 when it ends early.
    public func bytes(upTo limit: Int) async throws -> ByteBuffer {
        if let length = headers[.contentLength].flatMap({ Int($0) }), length > limit { throw RequestFault.tooLarge }
        do {
            return try await body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw RequestFault.tooLarge
        } catch let error as CancellationError {
            throw error
        } catch {
            throw RequestFault(.invalidInput, code: "http.body_unreadable", "The body could not be read.")
        }
    }
}

/// Decodes JSON of outside origin.
public enum JSONBody {
    /// Decodes a value that has every key of the outermost object.
    ///
    /// - Throws: ``RequestFault``: 400 for what is not JSON, 422 with `param` for a wrong field.
    public static func decode<Value: Decodable>(
        _: Value.Type, from body: ByteBuffer, allowingNUL: Bool = false
    ) throws -> Value {
        guard allowingNUL || !holdsEscapedNUL(body) else {
            throw RequestFault(.unprocessable, code: "request.nul", "A text holds the character U+0000.")
        }
        do {
            return try JSONDecoder().decode(Strict<Value>.self, from: body).value
        } catch let error as DecodingError {
            throw fault(of: error)
        }
    }

    private static func fault(of error: DecodingError) -> RequestFault {
        switch error {
        case .dataCorrupted(let context) where context.codingPath.isEmpty:
            RequestFault(.invalidInput, code: "http.malformed_json", "The body is not valid JSON.")
        case .dataCorrupted(let context):
            .field(path(context.codingPath), "The field '\(path(context.codingPath))' has a value that is not valid.")
        case .keyNotFound(let key, let context):
            .field(
                path(context.codingPath + [key]), "The field '\(path(context.codingPath + [key]))' is missing.",
                code: "request.missing_field")
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            .field(
                path(context.codingPath), "The field '\(path(context.codingPath))' has the wrong type.",
                code: "request.wrong_type")
        @unknown default:
            RequestFault(.invalidInput, code: "http.malformed_json", "The body is not valid JSON.")
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.isEmpty ? "$" : keys.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
    }

    /// Whether a string holds `\u0000`, which PostgreSQL cannot store.
    private static func holdsEscapedNUL(_ body: ByteBuffer) -> Bool {
        body.withUnsafeReadableBytes { bytes in
            var index = 0
            while index < bytes.count {
                guard bytes[index] == UInt8(ascii: "\\") else {
                    index += 1
                    continue
                }
                if bytes[(index + 1)...].prefix(5).elementsEqual("u0000".utf8) { return true }
                index += 2
            }
            return false
        }
    }
}

/// A value none of whose object's keys is unknown to it.
private struct Strict<Value: Decodable>: Decodable {
    var value: Value

    init(from decoder: any Decoder) throws {
        value = try Value(from: StrictDecoder(base: decoder))
    }
}

/// Passes everything to another decoder, and refuses objects with keys that the asking type does not name.
private struct StrictDecoder: Decoder {
    let base: any Decoder

    var codingPath: [any CodingKey] { base.codingPath }
    var userInfo: [CodingUserInfoKey: Any] { base.userInfo }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        for key in try base.container(keyedBy: AnyKey.self).allKeys where Key(stringValue: key.stringValue) == nil {
            let name = String(key.stringValue.prefix(64))
            throw RequestFault.field(name, "There is no field '\(name)' here.", code: "request.unknown_field")
        }
        return try base.container(keyedBy: type)
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { try base.unkeyedContainer() }
    func singleValueContainer() throws -> any SingleValueDecodingContainer { try base.singleValueContainer() }
}

private struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
