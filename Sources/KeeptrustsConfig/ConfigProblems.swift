public import KeeptrustsCore

/// The mistakes of a configuration, in the order of its files.
struct ConfigProblems: Error {
    private(set) var all: [ConfigError] = []

    /// Of each place, the mistakes there.
    private var places: [SourceLocation: [Int]] = [:]

    /// Mistakes that are told; nobody reads more, and whoever sends a document must not make us write a thousand times as much.
    static let most = 1_000

    init(_ problems: [ConfigError] = []) { for problem in problems { add(problem) } }

    /// Adds a mistake, unless one at the same place is known: what follows from a mistake says nothing new.
    ///
    /// A mapping may lack several keys.
    mutating func add(_ problem: ConfigError) {
        guard all.count < Self.most else { return }
        let isKnown = places[problem.location, default: []].contains { index in
            let known = all[index]
            return known.kind != .missingKey || problem.kind != .missingKey || known.message == problem.message
        }
        guard !isKnown else { return }
        places[problem.location, default: []].append(all.count)
        all.append(problem)
    }

    /// Runs `body`, and takes note of its mistake.
    mutating func collect<Value>(_ body: () throws(ConfigError) -> Value) -> Value? {
        do throws(ConfigError) {
            return try body()
        } catch {
            add(error)
            return nil
        }
    }

    /// Sorted by layer and place.
    func sorted(by layers: [String]) -> [ConfigError] {
        func key(_ location: SourceLocation) -> (Int, Int, Int) {
            (layers.firstIndex(of: location.file) ?? layers.count, location.line, location.column)
        }
        return all.sorted { key($0.location) < key($1.location) }
    }
}

/// Something in a configuration that works, and probably not as it was meant.
public struct ConfigWarning: Sendable, Equatable, CustomStringConvertible {
    /// A stable name, such as `config.block_unused`.
    public var code: String
    public var location: SourceLocation
    public var message: String
    public var hint: String?

    public init(_ code: String, at location: SourceLocation, _ message: String, hint: String? = nil) {
        self.code = code
        self.location = location
        self.message = message.shown
        self.hint = hint?.shown
    }

    /// The form that editors turn into links: `file:line:column: warning: message`.
    public var description: String {
        let text = "\(location): warning: \(message)"
        return hint.map { "\(text)\n  hint: \($0)" } ?? text
    }
}
