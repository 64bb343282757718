import KeeptrustsConfig
import KeeptrustsCore

/// The least that a document needs, with more below it.
func document(_ more: String = "", providers: String = "targets: [{id: demo, provider: demo, model: demo}]") -> String {
    """
    pack: {name: test, version: 1.0.0}
    policies: {chain: [audit-logger]}
    providers:
      \(providers.replacing("\n", with: "\n  "))
    \(more)
    """
}

/// Every mistake of a document, without the file's name.
func problems(_ yaml: String) -> [String] {
    ConfigReading([ConfigLayer(name: "f", text: yaml)]).problems.map { String($0.description.dropFirst(2)) }
}

/// Every warning of a document that has no mistake.
func warnings(_ yaml: String) throws -> [String] {
    try PolicyConfig(yaml: yaml, file: "f").warnings.map { String($0.description.dropFirst(2)) }
}
