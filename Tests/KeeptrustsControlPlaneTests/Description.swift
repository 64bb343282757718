import Foundation
import HTTPTypes
import KeeptrustsCore
import NIOCore
import Testing

@testable import KeeptrustsControlPlane

/// The API's description, as data: what operations there are, and what their answers must look like.
struct Description: Sendable {
    struct Operation: Sendable, CustomStringConvertible {
        var id: String
        var method: HTTPRequest.Method
        var path: String
        var access: String

        /// The example of a request's body.
        var example: String?

        var description: String { "\(method) \(path)" }
    }

    static let operations: [Operation] = {
        var operations: [Operation] = []
        for (path, methods) in document["paths"].members {
            for (method, operation) in methods.members {
                guard let name = HTTPRequest.Method(method.uppercased()) else { continue }
                let example = operation["requestBody"]["content"]["application/json"]["example"]
                operations.append(
                    Operation(
                        id: operation["operationId"].text ?? "", method: name, path: path,
                        access: operation["x-keeptrusts-access"].text ?? "", example: example.json))
            }
        }
        return operations.sorted { $0.description < $1.description }
    }()

    /// Compares an answer with the description; one that differs is a failure of the test that asked.
    static func check(_ method: HTTPRequest.Method, _ target: String, _ reply: Fixture.Reply) throws {
        let path = String(target.split(separator: "?", maxSplits: 1)[0])
        let isError = reply.status >= 400
        guard let operation = operation(method, path) else {
            #expect(isError, "\(method) \(path) answers but is not described")
            try compare(reply, with: document["components"]["schemas"]["Error"], "\(method) \(path)")
            return
        }
        let responses = operation["responses"]
        let exact = responses["\(reply.status)"]
        let response = exact.isAbsent ? responses["\(reply.status / 100)XX"] : exact
        #expect(!response.isAbsent, "\(method) \(path) answers \(reply.status), which is not described")
        let schema = response["content"]["application/json"]["schema"]
        guard !schema.isAbsent else {
            #expect(reply.body.readableBytes == 0, "\(method) \(path) has a body that is not described")
            return
        }
        try compare(reply, with: schema, "\(method) \(path)")
    }

    private static func compare(_ reply: Fixture.Reply, with schema: JSON, _ name: String) throws {
        #expect(reply.headers[.contentType] == "application/json; charset=utf-8", "\(name)")
        let problems = document.problems(
            of: JSON(try JSONSerialization.jsonObject(with: Data(reply.text.utf8))), schema)
        #expect(problems.isEmpty, "\(name) \(reply.status): \(problems) in \(reply.text.prefix(500))")
    }

    /// The operation whose path fits; a fixed segment fits better than a parameter.
    private static func operation(_ method: HTTPRequest.Method, _ path: String) -> JSON? {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        let fitting = document["paths"].members.filter { template, _ in
            let parts = template.split(separator: "/", omittingEmptySubsequences: false)
            return parts.count == segments.count
                && zip(parts, segments).allSatisfy { $0 == $1 || ($0.hasPrefix("{") && !$1.isEmpty) }
        }
        let best = fitting.min { $0.0.filter { $0 == "{" }.count < $1.0.filter { $0 == "{" }.count }
        guard let operation = best?.1[method.rawValue.lowercased()], !operation.isAbsent else { return nil }
        return operation
    }

    static let document: JSON = {
        let data = Data(Assets.openapi_json.utf8)
        return JSON((try? JSONSerialization.jsonObject(with: data)) ?? NSNull())
    }()
}

/// A piece of a JSON document.
struct JSON: @unchecked Sendable {  // What JSONSerialization makes is never changed.
    private let value: Any?

    init(_ value: Any?) { self.value = value }

    var isAbsent: Bool { value == nil }
    var text: String? { value as? String }
    var items: [JSON] { (value as? [Any] ?? []).map { JSON($0) } }
    var members: [(String, JSON)] { (value as? [String: Any] ?? [:]).map { ($0.key, JSON($0.value)) } }
    var json: String? {
        value.flatMap { try? JSONSerialization.data(withJSONObject: $0) }.map { String(decoding: $0, as: UTF8.self) }
    }

    subscript(key: String) -> JSON { JSON((value as? [String: Any])?[key]) }

    /// What about `instance` is not as `schema` says; this is the document that references lead into.
    ///
    /// Knows the part of JSON Schema that our document uses.
    func problems(of instance: JSON, _ schema: JSON, at place: String = "$") -> [String] {
        if let reference = schema["$ref"].text {
            let target = reference.split(separator: "/").dropFirst().reduce(self) { $0[String($1)] }
            return target.isAbsent ? ["\(reference) is nowhere"] : problems(of: instance, target, at: place)
        }
        let words = schema["enum"].items.compactMap(\.text)
        if !words.isEmpty, !words.contains(instance.text ?? "") { return ["\(place) is not one of \(words)"] }
        switch schema["type"].text {
        case "object": return objectProblems(of: instance, schema, at: place)
        case "array":
            guard let list = instance.value as? [Any] else { return ["\(place) is no array"] }
            return list.enumerated().flatMap { problems(of: JSON($1), schema["items"], at: "\(place)[\($0)]") }
        case "string":
            guard let text = instance.text else { return ["\(place) is no string"] }
            let isTime = schema["format"].text == "date-time"
            return isTime && Timestamp(text) == nil ? ["\(place) is no time"] : []
        case "boolean": return instance.isBoolean ? [] : ["\(place) is no boolean"]
        case "integer": return instance.isNumber && instance.isWhole ? [] : ["\(place) is no integer"]
        case "number": return instance.isNumber ? [] : ["\(place) is no number"]
        default: return ["\(place): the schema has no type that is known here"]
        }
    }

    private func objectProblems(of instance: JSON, _ schema: JSON, at place: String) -> [String] {
        guard instance.value is [String: Any] else { return ["\(place) is no object"] }
        let missing = schema["required"].items.compactMap(\.text).filter { instance[$0].isAbsent }
        var problems = missing.map { "\(place).\($0) is missing" }
        let others = schema["additionalProperties"]
        for (key, member) in instance.members {
            let known = schema["properties"][key]
            if !known.isAbsent {
                problems += self.problems(of: member, known, at: "\(place).\(key)")
            } else if others.value is [String: Any] {
                problems += self.problems(of: member, others, at: "\(place).\(key)")
            } else if others.isBoolean {
                problems.append("\(place).\(key) is not described")
            }
        }
        return problems
    }

    private var isBoolean: Bool { encoding == "c" }
    private var isNumber: Bool { encoding != nil && !isBoolean }
    private var isWhole: Bool { (value as? NSNumber).map { $0.doubleValue.rounded() == $0.doubleValue } ?? false }

    /// How the number is held: `c` for true and false.
    private var encoding: String? { (value as? NSNumber).map { String(cString: $0.objCType) } }
}
