import KeeptrustsCore
import KeeptrustsExchange
import KeeptrustsPolicy
import Logging

/// Tells the operator what a policy saw, where its settings ask for that: one line for each, and no word of a text.
struct DetectionLog: Sendable {
    let logger: Logger

    func write(_ detection: Detection) {
        logger.log(
            level: Self.level(detection.level), "a policy saw something",
            metadata: [
                "policy": "\(detection.policy)", "verdict": "\(detection.verdict.rawValue)",
                "reason_code": "\(detection.code)", "request_id": "\(detection.requestID)",
            ])
    }

    private static func level(_ level: DetectionLevel) -> Logger.Level {
        switch level {
        case .debug: .debug
        case .info: .info
        case .warn: .warning
        case .error: .error
        }
    }
}
