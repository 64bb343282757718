import KeeptrustsWire
import NIOCore

/// What log probabilities say: a choice's tokens once more, those that the model weighed besides, and whatever else is there.
///
/// The tokens are put together, as they are written and as their bytes say, and those of each rank likewise, so that a value
/// in several of them is one text. What repeats is said once.
struct LogprobTexts {
    /// A text, and which one it is: the same in each event of a stream.
    typealias Lane = (number: Int, text: ByteBuffer)

    private static let fields = ["content", "refusal"]
    private static let shape = JSONShape(
        fields.flatMap { field in
            ["", ".top_logprobs.*"].flatMap { ["\(field).*\($0).token", "\(field).*\($0).bytes.*"] }
        } + ["tokens.*"],
        reportsOthers: true, reportsUnknownKeys: true, leastNumber: ByteBuffer.leastDigits)

    /// Ranks beside the first that have lanes of their own; others are with what is no token.
    private static let mostRanks = 24

    private var lanes: [Int: ByteBuffer] = [:]

    /// - Parameter json: The log probabilities, which the scanner has accepted.
    init(_ json: ByteBuffer) {
        var values: [JSONValue] = []
        do throws(JSONFault) { try JSONScanner.scan(json, Self.shape, into: &values) } catch {
            lanes[0] = json
            return
        }
        for value in values { take(value, of: json) }
    }

    /// The texts, in the order of their numbers, without those that say the same as one before or as one of `known`.
    func texts(beside known: [ByteBuffer]) -> [Lane] {
        var said = Set(known)
        return lanes.sorted { $0.key < $1.key }.filter { said.insert($0.value).inserted }.map { ($0.key, $0.value) }
    }

    private mutating func take(_ value: JSONValue, of json: ByteBuffer) {
        guard let (lane, isByte) = lane(of: value) else { return takeRest(value, of: json) }
        if isByte, value.kind == .number {
            guard let byte = json.wholeNumber(value).flatMap({ UInt8(exactly: $0) }) else {
                return takeRest(value, of: json)
            }
            lanes[lane, default: ByteBuffer()].writeInteger(byte)
        } else {
            let text = value.kind == .string ? json.text(value) : json.bytes(value.span)
            lanes[lane, default: ByteBuffer()].writeImmutableBuffer(text)
        }
    }

    /// The number of the text that a token or a byte belongs to, and which it is; nil for what is neither, whose text is 0.
    private func lane(of value: JSONValue) -> (number: Int, isByte: Bool)? {
        guard value.field >= 0, value.kind == .string || value.kind == .number else { return nil }
        // Of each field: tokens, their bytes, and the same of each rank.
        let (field, part) = value.field.quotientAndRemainder(dividingBy: 4)
        let base = 1 + field * 2 * (Self.mostRanks + 1)
        guard part > 1 else { return (base + part, part == 1) }
        let rank = Int(value.inner)
        return rank < Self.mostRanks ? (base + 2 * rank + part, part == 3) : nil
    }

    private mutating func takeRest(_ value: JSONValue, of json: ByteBuffer) {
        var piece = json.bytes(value.span)
        switch value.kind {
        case .string:
            guard !json.isPlainName(value, isServers: true) else { return }
            piece = json.text(value)
        case .number: guard !json.isSmallNumber(value) else { return }
        case .true, .false, .null, .object, .array: return
        }
        lanes[0, default: ByteBuffer()].writeStaticString("\n")
        lanes[0, default: ByteBuffer()].writeImmutableBuffer(piece)
    }
}
