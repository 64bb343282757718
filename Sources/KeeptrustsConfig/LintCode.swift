import KeeptrustsCore

/// The short names of mistakes and warnings in reports; `docs/reference/lint.md` explains each.
public enum LintCode: String, Sendable, CaseIterable {
    /// The first three are those that other tools know.
    case unknownKind = "E001"
    case unknownKey = "E002"
    case policyLacksKey = "E003"
    case missingKey = "E004"
    case wrongType = "E005"
    case outOfRange = "E006"
    case unknownValue = "E007"
    case duplicate = "E008"
    case conflict = "E009"
    case notYAML = "E010"
    case limit = "E011"
    case disabled = "E012"

    case packDisabled = "W001"
    case chainEmpty = "W002"
    case blockUnused = "W003"
    case noEffect = "W004"
    case secretInClear = "W005"
    case timeoutUnreachable = "W006"
    case modelUnknown = "W007"
    case policyUnreachable = "W008"
    case policyOverruled = "W009"
    case policyRepeated = "W010"
    case patternRepeated = "W011"
    case chainOrder = "W012"
    case nothingEnforced = "W013"
    case noTargetPermitted = "W014"
    case mock = "W015"
    case variableWithheld = "W016"
    case routeUnreachable = "W017"
    case routeOpen = "W018"
    case selectionIdle = "W019"

    /// A warning that has no code of its own yet.
    case other = "W099"

    /// The code of a mistake, given the keys that lead to it.
    init(_ problem: ConfigError, path: String) {
        let isPolicy = path.hasPrefix("policies.chain") || path.hasPrefix("policy.")
        let parts = path.split(separator: ".")
        let isKind = path.hasPrefix("policies.chain.") && (parts.count == 3 || parts.last == "kind")
        self =
            switch problem.kind {
            case .unknownValue where isKind: .unknownKind
            case .unknownKey, .retired, .unsupported: .unknownKey
            case .missingKey: isPolicy ? .policyLacksKey : .missingKey
            case .wrongType: .wrongType
            case .outOfRange: .outOfRange
            case .unknownValue: .unknownValue
            case .duplicate: .duplicate
            case .conflict: .conflict
            case .notYAML: .notYAML
            case .limit: .limit
            case .disabled: .disabled
            }
    }

    /// The code of a warning.
    init(_ warning: ConfigWarning) {
        self =
            switch warning.code {
            case "config.pack_disabled": .packDisabled
            case "config.chain_empty": .chainEmpty
            case "config.block_unused": .blockUnused
            case "config.no_effect": .noEffect
            case "config.secret_in_clear": .secretInClear
            case "config.timeout_unreachable": .timeoutUnreachable
            case "config.model_unknown": .modelUnknown
            case "config.policy_unreachable": .policyUnreachable
            case "config.policy_overruled": .policyOverruled
            case "config.policy_repeated": .policyRepeated
            case "config.pattern_repeated": .patternRepeated
            case "config.chain_order": .chainOrder
            case "config.nothing_enforced": .nothingEnforced
            case "config.no_target_permitted": .noTargetPermitted
            case "config.mock": .mock
            case "config.variable_withheld": .variableWithheld
            case "config.route_unreachable": .routeUnreachable
            case "config.route_open": .routeOpen
            case "config.selection_idle": .selectionIdle
            default: .other
            }
    }
}
