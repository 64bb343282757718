import Crypto

extension Checksums {
    /// What an address in base 58 holds, when the four bytes of SHA-256 at its end are right (Base58Check).
    ///
    /// - Parameters:
    ///   - text: The address, at most 128 bytes.
    ///   - alphabet: The 58 characters in their order.
    /// - Returns: The bytes without the four; nil when they are wrong, or the text is not in base 58.
    public static func base58Check(
        _ text: UnsafeRawBufferPointer, alphabet: String = Checksums.bitcoinAlphabet
    ) -> [UInt8]? {
        guard text.count <= 128, let bytes = base58(text, Array(alphabet.utf8)), bytes.count > 4 else { return nil }
        let body = bytes.dropLast(4)
        let digest = SHA256.hash(data: Array(SHA256.hash(data: Array(body))))
        return digest.prefix(4).elementsEqual(bytes.suffix(4)) ? Array(body) : nil
    }

    public static let bitcoinAlphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    public static let rippleAlphabet = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"

    private static func base58(_ text: UnsafeRawBufferPointer, _ alphabet: [UInt8]) -> [UInt8]? {
        var bytes: [UInt8] = []
        for character in text {
            guard let value = alphabet.firstIndex(of: character) else { return nil }
            var carry = value
            for index in bytes.indices.reversed() {
                carry += Int(bytes[index]) * 58
                bytes[index] = UInt8(carry & 0xFF)
                carry >>= 8
            }
            while carry > 0 {
                bytes.insert(UInt8(carry & 0xFF), at: 0)
                carry >>= 8
            }
        }
        let zeros = text.prefix { $0 == alphabet[0] }.count
        return Array(repeating: 0, count: zeros) + bytes
    }

    /// Whether the six characters at the end of an address are right (Bech32 of BIP 173, or Bech32m of BIP 350).
    ///
    /// - Parameter text: The address in one case, at most 128 bytes: a readable part, a `1`, and the data.
    /// - Returns: False also for a text that is no such address.
    public static func bech32(_ text: UnsafeRawBufferPointer) -> Bool {
        guard text.count <= 128, let one = text.lastIndex(of: 0x31), one >= 1, text.count - one > 6 else {
            return false
        }
        let hasUpper = text.contains { (0x41...0x5A).contains($0) }
        guard !hasUpper || !text.contains(where: { (0x61...0x7A).contains($0) }) else { return false }
        let readable = text[..<one].map { hasUpper && (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        var values = readable.map { Int($0 >> 5) } + [0] + readable.map { Int($0 & 31) }
        for byte in text[(one + 1)...] {
            guard let value = bech32Alphabet.firstIndex(of: hasUpper ? byte | 0x20 : byte) else { return false }
            values.append(value)
        }
        let check = polymod(values)
        return check == 1 || check == 0x2BC8_30A3
    }

    private static let bech32Alphabet = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)

    private static func polymod(_ values: [Int]) -> Int {
        let generators = [0x3B6A_57B2, 0x2650_8E6D, 0x1EA1_19FA, 0x3D42_33DD, 0x2A14_62B3]
        var check = 1
        for value in values {
            let top = check >> 25
            check = (check & 0x1FF_FFFF) << 5 ^ value
            for (bit, generator) in generators.enumerated() where top >> bit & 1 == 1 { check ^= generator }
        }
        return check
    }
}
