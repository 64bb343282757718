/// A linear classifier of windows of words: what scripts/train-injection has learned, as its model file holds it.
///
/// The file is a plain text. Lines `key: value` come first, `#` begins a remark, and after the line `weights:` stands the
/// base64 of one byte for each weight: those of words and pairs, then those of runs of five bytes. A weight is its signed
/// byte times the scale of its sort.
struct LinearModel: Sendable {
    /// Weights of either sort (a power of two: an index is the top bits of a hash).
    static let bits = 15

    private(set) var version = ""
    private(set) var words: [Int8] = []
    private(set) var grams: [Int8] = []
    private(set) var wordScale: Float = 0
    private(set) var gramScale: Float = 0

    /// What a window without any feature scores, as a logarithm of odds.
    private(set) var bias: Float = 0

    /// Reads the model that was built into the binary under `name`.
    init(named name: String) throws(PackError) {
        guard let text = Assets.all[name] else { throw PackError(pack: name, line: 0, message: "it is not built in") }
        try self.init(name, text: text)
    }

    init(_ name: String, text: String) throws(PackError) {
        var rest = text[...]
        var number = 0
        while let end = rest.firstIndex(of: "\n") {
            let line = rest[..<end]
            rest = rest[rest.index(after: end)...]
            number += 1
            guard line != "weights:" else { break }
            guard line.isEmpty || line.hasPrefix("#") || take(line) else {
                throw PackError(pack: name, line: number, message: "'\(line)' is not known or malformed")
            }
        }
        guard let weights = Self.weights(rest), weights.count == 2 << Self.bits, wordScale > 0, gramScale > 0 else {
            throw PackError(pack: name, line: number, message: "its weights are not complete")
        }
        words = Array(weights[..<(1 << Self.bits)])
        grams = Array(weights[(1 << Self.bits)...])
    }

    /// The bytes of a base64 text in lines; nil when there is anything else in it.
    private static func weights(_ text: Substring) -> [Int8]? {
        var weights: [Int8] = []
        weights.reserveCapacity(2 << bits)
        var (value, count): (UInt32, UInt32) = (0, 0)
        for byte in text.utf8 where byte != UInt8(ascii: "\n") && byte != UInt8(ascii: "=") {
            guard let six = sixBits(of: byte) else { return nil }
            value = value << 6 | six
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            weights.append(Int8(truncatingIfNeeded: value >> count))
        }
        return weights
    }

    private static func sixBits(of byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte) - 0x41
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte) - 0x61 + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte) - 0x30 + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }

    private mutating func take(_ line: Substring) -> Bool {
        let parts = line.split(separator: ":", maxSplits: 1)
        guard parts.count == 2 else { return false }
        let value = parts[1].drop { $0 == " " }
        switch parts[0] {
        case "version":
            version = String(value)
            return !version.isEmpty
        case "word-scale": return Self.read(value, into: &wordScale)
        case "gram-scale": return Self.read(value, into: &gramScale)
        case "bias": return Self.read(value, into: &bias)
        default: return parts[0] == "source"
        }
    }

    private static func read(_ value: Substring, into number: inout Float) -> Bool {
        guard let read = Float(value), read.isFinite else { return false }
        number = read
        return true
    }
}
