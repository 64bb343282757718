import KeeptrustsCore
import Yams

extension ConfigNode {
    /// Reads one YAML document, as strictly as a configuration needs it.
    ///
    /// - Parameters:
    ///   - layer: The file.
    ///   - limits: What a document may hold.
    /// - Throws: ``ConfigProblems`` with at least one mistake.
    init(yaml layer: ConfigLayer, limits: YAMLLimits = YAMLLimits()) throws(ConfigProblems) {
        let text: YAMLText
        do throws(ConfigError) {
            text = try YAMLText(layer, limits: limits)
        } catch {
            throw ConfigProblems([error])
        }
        do {
            let parser = try Parser(yaml: text.masked, resolver: .basic, encoding: .utf8)
            let root = try parser.singleRoot()
            var reader = YAMLReader(text: text, limits: limits)
            // Nodes hold their anchors weakly; the parser keeps them.
            self = try withExtendedLifetime(parser) { try reader.read(document: root) }
        } catch let error as ConfigError {
            throw ConfigProblems([error])
        } catch YamlError.duplicatedKeysInMapping(_, let context) {
            throw ConfigProblems(DuplicateKeys(text).problems(from: context.mark))
        } catch {
            throw ConfigProblems([Self.syntaxError(error, in: text)])
        }
    }

    private static func syntaxError(_ error: any Error, in text: YAMLText) -> ConfigError {
        switch error {
        case YamlError.scanner(let context, let problem, let mark, _),
            YamlError.parser(let context, let problem, let mark, _):
            var hint = context.map { "\($0.text) that begins in line \($0.mark.line)" }
            if text.line(mark.line).drop(while: { $0 == " " }).hasPrefix("\t") {
                hint = "indent with spaces, not with tabs"
            }
            return ConfigError(.notYAML, at: text.locationInside(mark), "\(problem).", hint: hint)
        case YamlError.composer(_, _, let mark, _):
            let message = "a second document begins here; a configuration is one document."
            return ConfigError(.notYAML, at: text.location(mark), message)
        default:
            return ConfigError(.notYAML, at: text.start, "this is not YAML.")
        }
    }
}

/// What a document may hold, so that no file can occupy a process.
struct YAMLLimits: Sendable {
    var bytes = ConfigLayer.maxBytes

    /// Lines and list items, counted before parsing.
    var marks = 200_000

    /// Values, counted after aliases are replaced by what they stand for.
    var nodes = 200_000
    var aliases = 100
    var depth = 64
    var keyBytes = 128
}
