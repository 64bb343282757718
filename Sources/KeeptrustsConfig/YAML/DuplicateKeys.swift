import KeeptrustsCore
import Yams

/// Finds where a mapping repeats a key.
///
/// The parser only says where such a key stands first, and gives no tree. So that first one is renamed, by a character
/// that the file does not hold, and the parser is asked again: when the key occurs a third time, it names the second
/// place now; otherwise, once no key is repeated, the second place is in the tree.
struct DuplicateKeys {
    /// How many repeated keys are reported; more are not looked for.
    static let maxProblems = 20

    private let text: YAMLText

    init(_ text: YAMLText) { self.text = text }

    static func problem(_ key: String, at place: SourceLocation) -> ConfigError {
        ConfigError(.duplicate, at: place, "the key \(quoted(key)) stands twice in this mapping.")
    }

    /// The problems of a text in which the parser has found a repeated key.
    ///
    /// - Parameter mark: Where the parser says that the key stands first.
    /// - Returns: At least one problem.
    func problems(from mark: Mark) -> [ConfigError] {
        var renamed: [SourceLocation] = []
        var current = text.location(mark)
        for _ in 0..<Self.maxProblems {
            renamed.append(original(current, renamed))
            switch parse(renamed) {
            case .repeated(let next): current = text.location(next)
            case .tree(let root): return problems(in: root, renamed)
            case .unreadable: return [fallback(mark)]
            }
        }
        return [fallback(mark)]
    }

    private func fallback(_ mark: Mark) -> ConfigError {
        ConfigError(.duplicate, at: text.location(mark), "this key stands more than once in its mapping.")
    }

    private enum Outcome {
        case repeated(Mark)
        case tree(Node)
        case unreadable
    }

    private func parse(_ renamed: [SourceLocation]) -> Outcome {
        do {
            let parser = try Parser(yaml: renaming(renamed), resolver: .basic, encoding: .utf8)
            return try parser.singleRoot().map(Outcome.tree) ?? .unreadable
        } catch YamlError.duplicatedKeysInMapping(_, let context) {
            return .repeated(context.mark)
        } catch {
            return .unreadable
        }
    }

    /// The text with a character of its own before each of these keys.
    private func renaming(_ keys: [SourceLocation]) -> String {
        var lines = text.masked.split(omittingEmptySubsequences: false) { $0.isNewline }.map {
            Array($0.unicodeScalars)
        }
        let sorted = zip(keys, text.unused).sorted { ($0.0.line, $0.0.column) > ($1.0.line, $1.0.column) }
        for (mark, scalar) in sorted where mark.line <= lines.count {
            let index = mark.column - 1
            guard index < lines[mark.line - 1].count else { continue }
            let isQuoted = lines[mark.line - 1][index] == "\"" || lines[mark.line - 1][index] == "'"
            lines[mark.line - 1].insert(scalar, at: isQuoted ? index + 1 : index)
        }
        return lines.map { String(String.UnicodeScalarView($0)) }.joined(separator: "\n")
    }

    /// Where a place of the renamed text is in the text.
    private func original(_ mark: SourceLocation, _ renamed: [SourceLocation]) -> SourceLocation {
        var shift = 0
        for column in renamed.filter({ $0.line == mark.line }).map(\.column).sorted() where column + shift < mark.column
        {
            shift += 1
        }
        return SourceLocation(file: mark.file, line: mark.line, column: mark.column - shift)
    }

    /// For each mapping of the tree, the renamed keys and the keys that bear the same name.
    private func problems(in root: Node, _ renamed: [SourceLocation]) -> [ConfigError] {
        var problems: [ConfigError] = []
        var open = [root]
        while let node = open.popLast() {
            switch node {
            case .sequence(let sequence): open.append(contentsOf: sequence)
            case .scalar, .alias: break
            case .mapping(let mapping):
                open.append(contentsOf: mapping.map(\.value))
                var names: Set<String> = []
                for (key, _) in mapping {
                    guard let written = key.scalar?.string, let mark = key.mark else { continue }
                    let name = String(
                        String.UnicodeScalarView(written.unicodeScalars.filter { !text.unused.contains($0) }))
                    if names.insert(name).inserted { continue }
                    let place = original(text.location(mark), renamed)
                    problems.append(Self.problem(text.unmasked(name), at: place))
                }
            }
        }
        return problems.sorted { ($0.location.line, $0.location.column) < ($1.location.line, $1.location.column) }
    }
}
