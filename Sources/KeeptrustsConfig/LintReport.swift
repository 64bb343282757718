import Foundation
import KeeptrustsCore
import KeeptrustsPolicy

/// What `kt policy lint` says about a configuration, for people and for programs.
public struct LintReport: Sendable {
    private let reading: ConfigReading
    private let file: String

    /// Reads the files, and compiles the policies.
    ///
    /// - Parameters:
    ///   - layers: At least one file; later ones win.
    ///   - cacheDirectory: Where compiled patterns are kept; nil compiles them anew.
    public init(_ layers: [ConfigLayer], cacheDirectory: String? = nil) {
        var reading = ConfigReading(layers)
        reading.compile(cacheDirectory: cacheDirectory)
        self.reading = reading
        file = layers.map(\.name).joined(separator: ", ")
    }

    public var isValid: Bool { reading.config != nil }
    public var hasWarnings: Bool { reading.config?.warnings.isEmpty == false }

    /// The result, in lines for standard output.
    public var summary: String {
        guard let config = reading.config, let chain = reading.chain else {
            let count = reading.problems.count
            return "\(file): \(count) \(count == 1 ? "error" : "errors")"
        }
        let ids = chain.instances.map(\.id)
        let policies =
            ids.isEmpty
            ? "no policies" : "\(ids.count) \(ids.count == 1 ? "policy" : "policies"): \(ids.joined(separator: " → "))"
        return """
            \(file): ok: \(config.pack.name.shown) \(config.pack.version.shown), \(policies)
            streaming: \(chain.streaming.rawValue) (\(Self.meaning(of: chain.streaming)))
            """
    }

    /// Errors and warnings, in lines for standard error; empty when there are none.
    public var remarks: String {
        let errors = reading.problems.map { problem in
            line(problem.location, "error", problem.message, code(of: problem), problem.hint)
        }
        let warnings = (reading.config?.warnings ?? []).map { warning in
            line(warning.location, "warning", warning.message, LintCode(warning), warning.hint)
        }
        return (errors + warnings).joined(separator: "\n")
    }

    private func line(
        _ place: SourceLocation, _ grade: String, _ message: String, _ code: LintCode, _ hint: String?
    ) -> String {
        let text = "\(place): \(grade): \(message) [\(code.rawValue)]"
        return hint.map { "\(text)\n  hint: \($0)" } ?? text
    }

    private func code(of problem: ConfigError) -> LintCode { LintCode(problem, path: path(problem.location)) }

    /// The whole report as one JSON object.
    public var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let data = (try? encoder.encode(wire)) ?? Data()
        return String(decoding: data, as: UTF8.self)
    }

    private static func meaning(of streaming: PolicyKind.Streaming) -> String {
        switch streaming {
        case .none: "answers pass as they come"
        case .window: "text of an answer waits only while a match may be going on"
        case .whole: "an answer is held until it is complete"
        }
    }

    private var wire: Wire {
        guard let config = reading.config, let chain = reading.chain else {
            return Wire(valid: false, file: file, errors: reading.problems.map(remark))
        }
        return Wire(
            valid: true, file: file, pack: Wire.Pack(name: config.pack.name, version: config.pack.version),
            chain: chain.instances.map(\.id), policy_count: chain.instances.count, streaming: chain.streaming.rawValue,
            digest: config.digest, warnings: config.warnings.map(remark))
    }

    private func remark(_ problem: ConfigError) -> Wire.Remark {
        remark(code(of: problem), problem.code, problem.location, problem.message, problem.hint)
    }

    private func remark(_ warning: ConfigWarning) -> Wire.Remark {
        remark(LintCode(warning), warning.code, warning.location, warning.message, warning.hint)
    }

    private func remark(
        _ code: LintCode, _ name: String, _ place: SourceLocation, _ message: String, _ hint: String?
    ) -> Wire.Remark {
        Wire.Remark(
            code: code.rawValue, name: name, path: path(place), message: message, suggestion: hint, file: place.file,
            line: place.line, column: place.column)
    }

    private func path(_ place: SourceLocation) -> String { reading.document?.path(at: place) ?? "" }

    private struct Wire: Encodable {
        struct Pack: Encodable {
            var name: String
            var version: String
        }

        struct Remark: Encodable {
            var code: String
            var name: String
            var path: String
            var message: String
            var suggestion: String?
            var file: String
            var line: Int
            var column: Int
        }

        var valid: Bool
        var file: String
        var pack: Pack?
        var chain: [String]?
        var policy_count: Int?
        var streaming: String?
        var digest: String?
        var warnings: [Remark]?
        var errors: [Remark]?
    }
}
