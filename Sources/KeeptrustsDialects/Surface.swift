import KeeptrustsCore
import KeeptrustsWire
import NIOCore

/// A wire dialect that a caller may speak: a table of where texts, tools and usage stand in its bodies.
///
/// How a body is read is the same for all surfaces; what is at which place is the surface's own (`Surfaces/`).
public final class Surface: Sendable {
    /// The name in decision events and metrics, such as `chat_completions`.
    public let name: String

    /// The path of its requests, such as `/v1/chat/completions`.
    public let path: StaticString

    let request: FieldTable<RequestField>
    let answer: FieldTable<AnswerField>

    /// Every surface that the gateway serves.
    public static let all: [Surface] = [.chatCompletions]

    init(name: String, path: StaticString, request: FieldTable<RequestField>, answer: FieldTable<AnswerField>) {
        self.name = name
        self.path = path
        self.request = request
        self.answer = answer
    }

    public static func named(_ name: String) -> Surface? { all.first { $0.name == name } }
}

extension Surface: Equatable, CustomStringConvertible {
    public static func == (a: Surface, b: Surface) -> Bool { a === b }
    public var description: String { name }
}

/// What a place of a request means to the gateway.
enum RequestField: Sendable {
    case model, stream, streamOptions, includeUsage, choices, maxTokens

    /// The list of messages, a message, its role.
    case turns, turn, role

    /// A text to judge, like every string that no row names; named so that its key is known.
    case text

    /// What a message says: a text or a list of parts; only an assistant's may be missing.
    case content

    /// A text that is a part of its message: what is spread over several is found, too.
    case part

    /// A part of what the answer is foretold to be.
    case predicted

    /// A list of calls that the model has made, or a single one; the strings below it belong to them.
    case calls

    /// A call, its id, the tool's name, what it is given.
    case call, callID, toolName, toolArguments

    /// What is a call, but not in the form of one.
    case oddCall

    /// The id of the call that a message answers.
    case answeredCall

    /// The name of who speaks: of a tool, in the old form of its answers.
    case speaker

    /// A tool that the model may call, its name, the schema of its arguments.
    case tool, declaredName, declaredSchema

    /// An id, an enum, a type; a text only when it is not a plain name.
    case name

    /// A file in base64, or a URL of one; a text only when it is not base64.
    case media

    /// The id of a file that lies at the provider; a text only when it is not a plain name.
    case fileID

    /// By this the caller could choose the upstream, its credentials or another model.
    case refused

    /// An object by which the caller chooses among the providers behind a target; only one vendor's targets know it.
    case preferences

    /// A member of that object, or of one in it; ``Preference`` says what it may be.
    case preference

    /// A number that sets something, such as the temperature; a text only when it is a string.
    case figure

    /// A number that randomness begins with; no model reads it.
    case seed

    /// Named so that its key is known.
    case plain

    /// The most digits before its point of a number there that is not judged; ``Int/max`` where any other is a fault.
    var mostDigits: Int {
        switch self {
        case .stream, .streamOptions, .includeUsage, .choices, .maxTokens, .model, .turns, .turn, .role, .refused: .max
        case .figure, .seed, .preferences, .preference, .text, .content, .part, .predicted, .calls, .call, .callID,
            .toolName,
            .toolArguments, .oddCall, .answeredCall, .speaker, .tool, .declaredName, .declaredSchema, .name, .media,
            .fileID, .plain:
            ByteBuffer.mostDigits
        }
    }
}

/// What a place of an answer, or of a piece of a streamed answer, means to the gateway.
enum AnswerField: Sendable {
    case id, created, model
    case choices, choice, choiceIndex, finishReason

    /// The tokens of the texts once more; replaced by null when a text, or what they say, is edited.
    case logprobs
    case text(Channel, ChoicePart?)

    /// A tool call, its number when the position in the list does not tell, and the tool's name.
    case call, callIndex, toolName

    /// The list of calls; and what is a call, but not in the form of one.
    case calls, oddCall
    case usage, inputTokens, outputTokens, cachedTokens
    case error, errorMessage, errorType, errorCode
    case name, media, plain

    /// What a spoken answer sounds like.
    case sound

    /// Random characters that hide how long a text is: no two events have the same, and they are no pieces of a text.
    case padding

    /// A number that counts something, such as tokens; a text only when it is a string.
    case figure

    /// A number that says when.
    case time

    /// The most digits before its point of a number there that is not judged.
    ///
    /// Of times, what a time looks like tells instead.
    var mostDigits: Int {
        switch self {
        // With an error, the answer does not pass at all.
        case .errorMessage, .errorType, .errorCode: .max
        case .inputTokens, .outputTokens, .cachedTokens, .figure: 9
        case .created, .time, .choiceIndex, .callIndex, .logprobs, .error, .id, .model, .choices, .choice,
            .finishReason, .text, .call, .calls, .oddCall, .toolName, .usage, .name, .media, .sound, .plain, .padding:
            ByteBuffer.mostDigits
        }
    }

    var isTime: Bool {
        switch self {
        case .created, .time: true
        case .id, .model, .choices, .choice, .choiceIndex, .finishReason, .logprobs, .text, .call, .callIndex,
            .calls, .oddCall, .toolName, .usage, .inputTokens, .outputTokens, .cachedTokens, .error, .errorMessage,
            .errorType,
            .errorCode, .name, .media, .sound, .plain, .padding, .figure:
            false
        }
    }
}

/// Where in a choice its texts stand; in a stream all of them stand at one of these.
enum ChoicePart: Sendable { case message, delta }

/// Which text of an answer a piece continues.
public enum Channel: Sendable, Hashable {
    case content, refusal

    /// What stands beside an answer's message, as completions that are no chats had it; some servers say both.
    case completion

    /// The model's thinking, under each of the names in use; an upstream may send it under several at once.
    case reasoning, reasoningContent, reasoningDetails

    /// What a spoken answer says.
    case transcript

    /// The arguments of the tool call with this number.
    case toolArguments(Int)

    /// The arguments of a call in the old form, `function_call`.
    case functionArguments

    /// What the log probabilities say, put together; which of their texts it is.
    case logprobs(Int)

    /// In an event, a string at a place that has no channel of its own: it may go on in later events.
    case field(FieldPlace)

    /// What is complete by itself: a name, a number, a string of a whole answer without a channel of its own.
    case other

    /// Whether it is a text that may go on in later events and is nowhere named.
    public var isField: Bool {
        if case .field = self { true } else { false }
    }

    /// Whether it stands in no body as it is: when something must be taken out of it, the log probabilities go.
    public var isLogprobs: Bool {
        if case .logprobs = self { true } else { false }
    }

    /// Whether it is what a tool is called with.
    public var isToolCall: Bool {
        switch self {
        case .toolArguments, .functionArguments: true
        case .content, .completion, .refusal, .reasoning, .reasoningContent, .reasoningDetails, .transcript, .logprobs,
            .field, .other:
            false
        }
    }
}

/// Where in a choice a value stands that has no channel of its own; the same in each event of a stream.
public struct FieldPlace: Sendable, Hashable {
    /// The row that names it, or less than 0.
    let row: Int

    /// The way to it from what rows name.
    let way: UInt32

    /// The number of the tool call, or of the part of a list, that it belongs to.
    var number: Int
}
