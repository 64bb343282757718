import Foundation
public import KeeptrustsAPI
public import KeeptrustsCore
import NIOFoundationCompat

/// Why a call to the control plane has no result.
public enum ControlPlaneError: UserFacingError {
    /// The credential is not, or no longer, good (401).
    case unauthorised(ErrorEnvelope.Detail)

    /// The API said no, and why.
    case refused(status: Int, ErrorEnvelope.Detail)

    /// No connection, no answer in time, an answer that is none, or 502, 503, 504, and why: it may work later.
    case unavailable(String)

    init(_ answer: ControlPlaneClient.Answer) {
        let envelope = try? JSONDecoder().decode(ErrorEnvelope.self, from: answer.body)
        let detail =
            envelope?.error
            ?? ErrorEnvelope.Detail(
                type: "internal", code: "http.\(answer.status)", message: "The API answered \(answer.status).")
        self =
            switch answer.status {
            case 401: .unauthorised(detail)
            case 502, 503, 504:
                .unavailable("it answers \(answer.status)" + (envelope.map { ": \($0.error.message)" } ?? ""))
            default: .refused(status: answer.status, detail)
            }
    }

    /// Whether the API read what was sent and will refuse it at every repetition.
    ///
    /// Only an answer in the API's own words counts: a 400 of something between us and the API says nothing about what
    /// was sent.
    public var refusesContent: Bool {
        guard case .refused(let status, let detail) = self else { return false }
        return [400, 413, 422].contains(status) && !detail.code.hasPrefix("http.")
    }

    public var category: ErrorCategory {
        switch self {
        case .unauthorised: .unauthenticated
        case .refused(_, let detail): ErrorCategory(rawValue: detail.type) ?? .upstreamFailed
        case .unavailable: .unavailable
        }
    }

    public var code: String {
        switch self {
        case .unauthorised(let detail), .refused(_, let detail): detail.code
        case .unavailable: "control_plane.unavailable"
        }
    }

    public var message: String {
        switch self {
        case .unauthorised(let detail), .refused(_, let detail): detail.message
        case .unavailable: "The control plane cannot be reached."
        }
    }

    /// What is wrong, for an operator: also why there is no answer, which is nothing for those who only use the product.
    public var cause: String {
        switch self {
        case .unauthorised, .refused: description
        case .unavailable(let cause): "The control plane cannot be reached: \(cause)."
        }
    }

    public var hint: String? {
        switch self {
        case .unauthorised(let detail), .refused(_, let detail): detail.hint
        case .unavailable: nil
        }
    }
}
