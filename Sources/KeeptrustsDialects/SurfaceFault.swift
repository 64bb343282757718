public import KeeptrustsCore
import KeeptrustsWire

/// A caller's request cannot be served as it is.
///
/// The category is `invalidInput` (400) when bytes or types are wrong, `unprocessable` (422) when a well-formed request
/// says something impossible.
public struct SurfaceFault: UserFacingError, Equatable {
    public var category: ErrorCategory
    public var code: String
    public var message: String

    /// Where in the request, such as `messages[0].role`; nil when it is the body as a whole.
    public var param: String?
    public var hint: String?

    public init(
        _ category: ErrorCategory, code: String, _ message: String, param: String? = nil, hint: String? = nil
    ) {
        self.category = category
        self.code = code
        self.message = message
        self.param = param
        self.hint = hint
    }

    init(_ fault: JSONFault) {
        self.init(
            .invalidInput, code: "json.\(fault.reason.rawValue)",
            "The body is not acceptable JSON: \(fault.reason.rawValue.replacing("_", with: " ")) at byte \(fault.offset)."
        )
    }

    static func missing(_ param: String) -> Self {
        Self(.invalidInput, code: "request.missing_field", "The field '\(param)' is missing.", param: param)
    }

    static func wrongType(_ param: String, _ expected: String) -> Self {
        Self(.invalidInput, code: "request.wrong_type", "The field '\(param)' must be \(expected).", param: param)
    }

    static func invalid(_ param: String, _ expected: String) -> Self {
        Self(.unprocessable, code: "request.invalid_value", "The field '\(param)' must be \(expected).", param: param)
    }

    static func refused(_ param: String) -> Self {
        Self(
            .unprocessable, code: "request.field_not_allowed",
            "The field '\(param)' is not allowed here: the gateway alone chooses where a request goes.", param: param)
    }

    static let tooManyTexts = Self(
        .invalidInput, code: "request.too_many_texts",
        "The body holds more than \(LocatedText.mostInBody) texts: strings, keys and long numbers.")

    /// What stands in `provider` is more than a choice among those behind OpenRouter.
    ///
    /// `member` is the key that is not known there; nil when it is none that can be shown, or there is none.
    static func notPreferences(_ member: String? = nil) -> Self {
        let what = member.map { ", and '\($0)' is none of them" } ?? ""
        return Self(
            .unprocessable, code: "request.field_not_allowed",
            "The field 'provider' may hold an object of OpenRouter's preferences and nothing else\(what): the gateway alone "
                + "chooses where a request goes.", param: member.map { "provider.\($0)" } ?? "provider",
            hint: Preference.hint)
    }
}
