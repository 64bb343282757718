import KeeptrustsClient
import Logging

/// Tells the operator of calls to the control plane that fail: one line in the log when it begins, and one when it is over.
///
/// For calls of one kind, which are made one after the other.
struct ControlPlaneWatch {
    private let call: String
    private let logger: Logger
    private var began = ContinuousClock.now
    private var said: Logger.Message?

    /// Calls that failed since the last that did not.
    private(set) var failures = 0

    init(_ call: String, _ logger: Logger) {
        self.call = call
        self.logger = logger
    }

    /// Takes in a failure; what fails in another way than before is news, too.
    mutating func failed(_ error: any Error, at now: ContinuousClock.Instant = .now) {
        if failures == 0 { began = now }
        failures += 1
        let (message, cause) = Self.words(error)
        guard message != said else { return }
        said = message
        logger.warning(message, metadata: ["call": "\(call)", "error": "\(cause)"])
    }

    /// Takes in an answer.
    mutating func answered(at now: ContinuousClock.Instant = .now) {
        guard failures > 0 else { return }
        let seconds = (now - began).components.seconds
        logger.info(
            "the control plane answers again",
            metadata: ["call": "\(call)", "failures": "\(failures)", "after_seconds": "\(seconds)"])
        (failures, said) = (0, nil)
    }

    private static func words(_ error: any Error) -> (Logger.Message, cause: String) {
        switch error {
        case let error as ControlPlaneError:
            if case .unavailable = error { return ("the control plane is silent", error.cause) }
            return ("the control plane refuses this gateway", error.cause)
        default:
            return ("what the control plane says cannot be used", "\(error)")
        }
    }
}
