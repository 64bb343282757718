import Foundation
import KeeptrustsCore
import KeeptrustsDialects
import NIOCore
import Testing

/// Puts a marker into one place of a document after another: none may escape judgement.
struct TextCoverageTests {
    private static let marker = "Marker, to be found!"

    /// Where the documents under test have strings, and keys of any name.
    struct Place: Sendable, CustomTestStringConvertible {
        var path: [Step]
        var document: String

        enum Step: Sendable, Hashable {
            case key(String)
            case index(Int)

            /// A member that the document does not have yet; `isKey` puts the marker into its name.
            case newMember(isKey: Bool)
        }

        var testDescription: String {
            path.map { step in
                switch step {
                case .key(let key): key
                case .index(let index): "\(index)"
                case .newMember(let isKey): isKey ? "<new key>" : "<new field>"
                }
            }.joined(separator: ".")
        }
    }

    private static func places(in file: String) -> [Place] {
        guard let bytes = try? Fixture.bytes(file), let root = try? Fixture.object(bytes) else { return [] }
        var places: [[Place.Step]] = []
        func walk(_ value: Any, _ path: [Place.Step]) {
            if let object = value as? [String: Any] {
                for (key, value) in object.sorted(by: { $0.key < $1.key }) { walk(value, path + [.key(key)]) }
                places += [path + [.newMember(isKey: false)], path + [.newMember(isKey: true)]]
            } else if let list = value as? [Any] {
                for (index, value) in list.enumerated() { walk(value, path + [.index(index)]) }
            } else if value is String {
                places.append(path)
            }
        }
        walk(root, [])
        return places.map { Place(path: $0, document: file) }
    }

    private static func document(_ place: Place) throws -> ByteBuffer {
        func put(_ value: Any, _ path: ArraySlice<Place.Step>) -> Any {
            guard let step = path.first else { return marker }
            let rest = path.dropFirst()
            switch step {
            case .key(let key):
                var object = value as? [String: Any] ?? [:]
                object[key] = put(object[key] ?? "", rest)
                return object
            case .index(let index):
                var list = value as? [Any] ?? []
                list[index] = put(list[index], rest)
                return list
            case .newMember(let isKey):
                var object = value as? [String: Any] ?? [:]
                object[isKey ? marker : "x_new_field"] = isKey ? 1 as Any : marker
                return object
            }
        }
        let root = try Fixture.object(Fixture.bytes(place.document))
        return ByteBuffer(bytes: try JSONSerialization.data(withJSONObject: put(root, place.path[...])))
    }

    // The fields that are no text whatever they hold: a model that is not configured, and a role that does not exist,
    // are refused.
    private static let requestPlaces = places(in: "openai/request-maximal.json").filter {
        $0.path != [.key("model")] && $0.path.last != .key("role")
    }

    @Test("Each string of a request is judged, in its phase", arguments: requestPlaces)
    func request(place: Place) throws {
        let request = try Surface.chatCompletions.read(Self.document(place))

        let found = request.texts.filter { $0.string == Self.marker }

        #expect(found.count == 1)
        #expect(found.first?.segment.phase == Self.phase(place.path))
    }

    private static func phase(_ path: [Place.Step]) -> Phase {
        guard path.count > 2, path[0] == .key("messages") else { return .request }
        if path[1] == .index(4) || path[1] == .index(5) { return .toolResult }
        return path[2] == .key("tool_calls") || path[2] == .key("function_call") ? .toolCall : .request
    }

    @Test("The maximal request has every place that is expected of it")
    func isMaximal() {
        #expect(Self.requestPlaces.count > 200)
    }

    private static let answerPlaces = places(in: "openai/answer-maximal.json")

    @Test("Each string of an answer is judged", arguments: answerPlaces)
    func answer(place: Place) throws {
        let answer = try Surface.chatCompletions.readAnswer(Self.document(place))

        let found = answer.texts.filter { $0.text.string == Self.marker }

        #expect(found.count == 1)
        #expect(found.first?.text.segment.phase == found.first.map { $0.channel.isArguments ? .toolCall : .response })
    }

    @Test("Each string of a streamed piece is judged", arguments: answerPlaces)
    func chunk(place: Place) throws {
        var text = String(buffer: try Self.document(place))
        text = text.replacing(#""message":"#, with: #""delta":"#)

        let chunk = try Surface.chatCompletions.readChunk(text.buffer)

        let judged = chunk.deltas + chunk.names.filter { !$0.isPlain }.map(\.text)
        #expect(judged.filter { $0.text.string == Self.marker }.count == 1)
    }
}

extension KeeptrustsDialects.Channel {
    fileprivate var isArguments: Bool {
        switch self {
        case .toolArguments, .functionArguments: true
        default: false
        }
    }
}
