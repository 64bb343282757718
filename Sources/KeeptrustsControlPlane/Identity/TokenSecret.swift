import Crypto
import Foundation
import KeeptrustsCore

/// The text of a credential: a prefix that says what it is, 32 random bytes, and a checksum for scanners.
///
/// Nothing is authorised by the prefix or the checksum: what counts is the row that the text's hash leads to.
enum TokenSecret {
    enum Kind: String {
        case gatewayKey = "kt_gk_"
        case gatewayRuntime = "kt_rt_"
        case integration = "kt_ak_"
        case session = "kt_st_"
        case signInCode = "kt_sl_"
        case handoffCode = "kt_hc_"
    }

    static func mint(_ kind: Kind) -> Secret {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<4).flatMap { _ in withUnsafeBytes(of: generator.next() as UInt64) { Array($0) } }
        let body = kind.rawValue + Base62.encode(bytes, digits: 43)
        let sum = withUnsafeBytes(of: CRC32.checksum(of: body.utf8).bigEndian) { Array($0) }
        return Secret(body + Base62.encode(sum, digits: 6))
    }

    /// The part of a secret that lists show: its start and its end, never more than a third of it.
    static func preview(_ secret: Secret) -> String {
        let text = secret.reveal()
        guard text.count >= 24 else { return "\(text.prefix(min(4, text.count / 3)))…" }
        return "\(text.prefix(10))…\(text.suffix(4))"
    }
}

/// Numbers written with the digits 0-9, A-Z, a-z.
enum Base62 {
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")

    /// A big-endian number in a fixed count of digits, which must suffice.
    static func encode(_ bytes: [UInt8], digits: Int) -> String {
        var number = bytes
        var text: [Character] = []
        for _ in 0..<digits {
            var remainder = 0
            for index in number.indices {
                let value = remainder << 8 | Int(number[index])
                number[index] = UInt8(value / 62)
                remainder = value % 62
            }
            text.append(alphabet[remainder])
        }
        return String(text.reversed())
    }
}

/// The checksum of ISO-HDLC, as in zip and PNG.
enum CRC32 {
    static func checksum(of bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 0 ? 0 : 0xEDB8_8320) }
        }
    }
}
