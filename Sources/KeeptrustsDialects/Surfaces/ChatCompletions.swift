extension Surface {
    /// OpenAI's chat completions, as callers and compatible vendors speak them.
    public static let chatCompletions = Surface(
        name: "chat_completions",
        path: "/v1/chat/completions",
        request: FieldTable(
            ChatCompletions.request, reportsOthers: true, mostValues: 4 * LocatedText.mostInBody),
        // The log probabilities of a long answer have millions of values, which are no texts of their own.
        answer: FieldTable(
            ChatCompletions.answer, reportsOthers: true, reportsPlaces: true, mostValues: 64 * LocatedText.mostInBody)
    )
}

/// The tables of the surface `chat_completions`.
private enum ChatCompletions {
    static let request: [(String, RequestField)] =
        [
            settings, messages, toolCalls, definitions, SteeringFields.preferences,
            SteeringFields.all.map { ($0, .refused) },
        ].flatMap(\.self)

    private static let settings: [(String, RequestField)] = [
        ("model", .model), ("stream", .stream), ("n", .choices),
        ("max_tokens", .maxTokens), ("max_completion_tokens", .maxTokens),
        ("stream_options", .streamOptions), ("stream_options.include_usage", .includeUsage),
        ("stream_options.include_obfuscation", .plain),
        ("temperature", .figure), ("top_p", .figure), ("top_k", .figure), ("seed", .seed), ("store", .plain),
        ("frequency_penalty", .figure), ("presence_penalty", .figure), ("logprobs", .plain), ("top_logprobs", .figure),
        ("logit_bias", .plain), ("parallel_tool_calls", .plain), ("metadata", .plain),
        ("stop", .text), ("stop.*", .text), ("user", .text), ("safety_identifier", .text), ("prompt_cache_key", .text),
        ("prompt_cache_retention", .name), ("service_tier", .name), ("reasoning_effort", .name), ("verbosity", .name),
        ("modalities", .plain), ("modalities.*", .name),
        ("audio", .plain), ("audio.voice", .name), ("audio.format", .name),
        ("prediction", .plain), ("prediction.type", .name), ("prediction.content", .text),
        ("prediction.content.*", .predicted), ("prediction.content.*.type", .name),
        ("prediction.content.*.text", .predicted),
        ("thinking", .plain), ("thinking.type", .name), ("thinking.budget_tokens", .figure),
        ("web_search_options", .plain),
    ]

    private static let messages: [(String, RequestField)] = [
        ("messages", .turns), ("messages.*", .turn), ("messages.*.role", .role), ("messages.*.name", .speaker),
        ("messages.*.content", .content), ("messages.*.content.*", .part), ("messages.*.content.*.type", .name),
        ("messages.*.content.*.text", .part), ("messages.*.content.*.refusal", .part),
        ("messages.*.content.*.image_url", .media), ("messages.*.content.*.image_url.url", .media),
        ("messages.*.content.*.image_url.detail", .name),
        ("messages.*.content.*.input_audio", .plain), ("messages.*.content.*.input_audio.data", .media),
        ("messages.*.content.*.input_audio.format", .name),
        ("messages.*.content.*.file", .plain), ("messages.*.content.*.file.file_id", .fileID),
        ("messages.*.content.*.file.filename", .text), ("messages.*.content.*.file.file_data", .media),
        ("messages.*.content.*.thinking", .part), ("messages.*.content.*.content", .part),
        ("messages.*.content.*.content.*", .part), ("messages.*.content.*.content.*.type", .name),
        ("messages.*.content.*.content.*.text", .part),
        // Parts of other dialects that compatible vendors take as well.
        ("messages.*.content.*.file_id", .fileID), ("messages.*.content.*.file_data", .media),
        ("messages.*.content.*.file_url", .media), ("messages.*.content.*.filename", .text),
        ("messages.*.content.*.video_url", .media), ("messages.*.content.*.video_url.url", .media),
        ("messages.*.content.*.audio_url", .media), ("messages.*.content.*.audio_url.url", .media),
        ("messages.*.content.*.cache_control", .plain), ("messages.*.content.*.cache_control.type", .name),
        ("messages.*.content.*.cache_control.ttl", .name),
        ("messages.*.refusal", .text), ("messages.*.reasoning", .text), ("messages.*.reasoning_content", .text),
        ("messages.*.audio", .plain), ("messages.*.audio.id", .name), ("messages.*.tool_call_id", .answeredCall),
    ]

    private static let toolCalls: [(String, RequestField)] = [
        ("messages.*.tool_calls", .calls), ("messages.*.tool_calls.*", .call),
        ("messages.*.tool_calls.*.id", .callID), ("messages.*.tool_calls.*.type", .name),
        ("messages.*.tool_calls.*.index", .figure), ("messages.*.tool_calls.*.function", .plain),
        ("messages.*.tool_calls.*.function.name", .toolName),
        ("messages.*.tool_calls.*.function.arguments", .toolArguments),
        // Forms of others, in which the members stand beside the type.
        ("messages.*.tool_calls.*.name", .toolName), ("messages.*.tool_calls.*.arguments", .toolArguments),
        ("messages.*.tool_calls.*.input", .toolArguments), ("messages.*.content.*.input", .oddCall),
        ("messages.*.tool_calls.*.mcp", .plain), ("messages.*.tool_calls.*.mcp.name", .toolName),
        ("messages.*.tool_calls.*.mcp.arguments", .toolArguments),
        ("messages.*.tool_calls.*.custom", .plain), ("messages.*.tool_calls.*.custom.name", .toolName),
        ("messages.*.tool_calls.*.custom.input", .toolArguments),
        ("messages.*.function_call", .calls), ("messages.*.function_call.name", .toolName),
        ("messages.*.function_call.arguments", .toolArguments),
    ]

    private static let definitions: [(String, RequestField)] = [
        ("tools", .plain), ("tools.*", .tool), ("tools.*.type", .name), ("tools.*.function", .plain),
        ("tools.*.function.name", .declaredName), ("tools.*.function.description", .text),
        ("tools.*.function.parameters", .declaredSchema), ("tools.*.function.strict", .plain),
        ("tools.*.custom", .plain), ("tools.*.custom.name", .declaredName), ("tools.*.custom.description", .text),
        ("tools.*.custom.format", .plain), ("tools.*.custom.format.type", .name),
        ("functions", .plain), ("functions.*", .tool), ("functions.*.name", .declaredName),
        ("functions.*.description", .text), ("functions.*.parameters", .declaredSchema),
        ("tool_choice", .name), ("tool_choice.type", .name), ("tool_choice.function", .plain),
        ("tool_choice.function.name", .name), ("tool_choice.custom", .plain), ("tool_choice.custom.name", .name),
        ("function_call", .name), ("function_call.name", .name),
        ("response_format", .plain), ("response_format.type", .name), ("response_format.json_schema", .plain),
        ("response_format.json_schema.name", .text), ("response_format.json_schema.description", .text),
        ("response_format.json_schema.schema", .plain), ("response_format.json_schema.strict", .plain),
    ]

    static let answer: [(String, AnswerField)] =
        [envelope, message("choices.*.message", .message), message("choices.*.delta", .delta)].flatMap(\.self)

    private static let envelope: [(String, AnswerField)] = [
        ("id", .id), ("object", .name), ("created", .created), ("model", .model), ("system_fingerprint", .name),
        ("service_tier", .name), ("provider", .name), ("obfuscation", .padding), ("p", .padding),
        ("choices", .choices), ("choices.*", .choice), ("choices.*.index", .choiceIndex),
        ("choices.*.finish_reason", .finishReason), ("choices.*.native_finish_reason", .name),
        ("choices.*.logprobs", .logprobs), ("choices.*.text", .text(.completion, nil)),
        ("usage", .usage), ("usage.prompt_tokens", .inputTokens), ("usage.completion_tokens", .outputTokens),
        ("usage.total_tokens", .figure), ("usage.prompt_tokens_details", .plain),
        ("usage.prompt_tokens_details.cached_tokens", .cachedTokens), ("usage.prompt_cache_hit_tokens", .cachedTokens),
        ("usage.prompt_cache_miss_tokens", .figure), ("usage.prompt_tokens_details.audio_tokens", .figure),
        ("usage.completion_tokens_details", .plain), ("usage.completion_tokens_details.reasoning_tokens", .figure),
        ("usage.completion_tokens_details.audio_tokens", .figure),
        ("usage.completion_tokens_details.accepted_prediction_tokens", .figure),
        ("usage.completion_tokens_details.rejected_prediction_tokens", .figure),
        ("error", .error), ("error.message", .errorMessage), ("error.type", .errorType), ("error.code", .errorCode),
    ]

    private static func message(_ place: String, _ part: ChoicePart) -> [(String, AnswerField)] {
        let rows: [(String, AnswerField)] = [
            ("", .plain), (".role", .name), (".content", .text(.content, part)), (".content.*", .text(.content, part)),
            (".content.*.type", .name), (".content.*.text", .text(.content, part)), (".refusal", .text(.refusal, part)),
            (".reasoning", .text(.reasoning, part)), (".reasoning_content", .text(.reasoningContent, part)),
            (".reasoning_details", .plain), (".reasoning_details.*", .plain), (".reasoning_details.*.type", .name),
            (".reasoning_details.*.id", .name), (".reasoning_details.*.format", .name),
            (".reasoning_details.*.index", .figure), (".reasoning_details.*.text", .text(.reasoningDetails, part)),
            (".reasoning_details.*.summary", .text(.reasoningDetails, part)), (".reasoning_details.*.data", .media),
            (".reasoning_details.*.signature", .media),
            (".audio", .plain), (".audio.id", .name), (".audio.data", .sound), (".audio.expires_at", .time),
            (".audio.transcript", .text(.transcript, part)), (".annotations", .plain),
            (".content.*.input", .oddCall), (".tool_calls", .calls), (".tool_calls.*", .call),
            (".tool_calls.*.index", .callIndex),
            (".tool_calls.*.id", .name), (".tool_calls.*.type", .name), (".tool_calls.*.function", .plain),
            (".tool_calls.*.function.name", .toolName),
            (".tool_calls.*.function.arguments", .text(.toolArguments(0), part)), (".tool_calls.*.custom", .plain),
            // Forms of others, in which the members stand beside the type.
            (".tool_calls.*.name", .toolName), (".tool_calls.*.arguments", .text(.toolArguments(0), part)),
            (".tool_calls.*.input", .text(.toolArguments(0), part)), (".tool_calls.*.mcp", .plain),
            (".tool_calls.*.mcp.name", .toolName), (".tool_calls.*.mcp.arguments", .text(.toolArguments(0), part)),
            (".tool_calls.*.custom.name", .toolName), (".tool_calls.*.custom.input", .text(.toolArguments(0), part)),
            (".function_call", .call), (".function_call.name", .toolName),
            (".function_call.arguments", .text(.functionArguments, part)),
        ]
        return rows.map { (place + $0.0, $0.1) }
    }
}
