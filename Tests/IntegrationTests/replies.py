"""What the provider simulator answers: whole and streamed, in OpenAI's and Anthropic's wire formats, and faults.

A reply is a list of steps: bytes to write (one write each), a number of seconds to wait, or one of the constants below.
"""

import dataclasses
import json
import threading

#: Ends the connection in order, or by a TCP reset.
CLOSE, RESET = "close", "reset"

#: Waits until the other side goes away.
HANG = "hang"


@dataclasses.dataclass
class Answer:
    """A model's answer, in the dialect and the form that the request asks for."""

    text: str = "Hello from the simulator."
    pieces: list | None = None
    tool_calls: list | None = None
    input_tokens: int = 12
    output_tokens: int = 5
    finish: str = "stop"
    headers: dict = dataclasses.field(default_factory=dict)

    def deltas(self):
        """The text as a stream carries it, by default one word each."""
        if self.pieces is not None:
            return self.pieces
        words = self.text.split(" ")
        return [word + " " for word in words[:-1]] + words[-1:]

    def steps(self, request):
        if request.path.endswith("/messages"):
            events, whole = anthropic_events, anthropic_answer
        else:
            events, whole = openai_events, openai_answer
        if request.json.get("stream"):
            return stream(events(self, request.json), self.headers)
        return [response(200, json.dumps(whole(self, request.json)), headers=self.headers)]


def response(status, body, headers=None, content_type="application/json", length=None):
    """A whole answer with its length."""
    payload = body.encode() if isinstance(body, str) else body
    fields = {"content-type": content_type, "content-length": len(payload) if length is None else length}
    return head(status, {**fields, **(headers or {})}) + payload


def head(status, fields):
    lines = [f"HTTP/1.1 {status} Simulated"] + [f"{name}: {value}" for name, value in fields.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


STREAM_HEAD = {"content-type": "text/event-stream", "transfer-encoding": "chunked", "cache-control": "no-cache"}


def stream(events, headers=None):
    """A chunked event stream: each event is a chunk and a write of its own."""
    return [head(200, {**STREAM_HEAD, **(headers or {})})] + [chunk(event) for event in events] + [b"0\r\n\r\n"]


def event(payload, name=None):
    prefix = f"event: {name}\n" if name else ""
    data = payload if isinstance(payload, str) else json.dumps(payload)
    return f"{prefix}data: {data}\n\n".encode()


# OpenAI chat completions


def openai_usage(answer):
    total = answer.input_tokens + answer.output_tokens
    return {
        "prompt_tokens": answer.input_tokens, "completion_tokens": answer.output_tokens, "total_tokens": total,
    }


def openai_tool_calls(answer):
    return [
        {"id": f"call_{number}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for number, (name, arguments) in enumerate(answer.tool_calls or [])
    ]


def openai_answer(answer, asked):
    message = {"role": "assistant", "content": None if answer.tool_calls else answer.text}
    if answer.tool_calls:
        message["tool_calls"] = openai_tool_calls(answer)
    choice = {
        "index": 0, "message": message, "logprobs": None,
        "finish_reason": "tool_calls" if answer.tool_calls else answer.finish,
    }
    return {
        "id": "chatcmpl-simulated", "object": "chat.completion", "created": 1700000000, "model": asked.get("model"),
        "choices": [choice], "usage": openai_usage(answer),
    }


def openai_text(text, model="gpt-4o"):
    """The body of an answer with this text."""
    return json.dumps(openai_answer(Answer(text), {"model": model})).encode()


def openai_chunk(asked, delta, finish=None, **more):
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return {
        "id": "chatcmpl-simulated", "object": "chat.completion.chunk", "created": 1700000000,
        "model": asked.get("model"), "choices": [choice], **more,
    }


def openai_events(answer, asked):
    yield event(openai_chunk(asked, {"role": "assistant", "content": ""}))
    if answer.tool_calls:
        for number, call in enumerate(openai_tool_calls(answer)):
            arguments = call["function"].pop("arguments")
            opening = {**call, "index": number, "function": {**call["function"], "arguments": ""}}
            yield event(openai_chunk(asked, {"tool_calls": [opening]}))
            for start in range(0, len(arguments), 6):
                piece = {"index": number, "function": {"arguments": arguments[start:start + 6]}}
                yield event(openai_chunk(asked, {"tool_calls": [piece]}))
    else:
        for delta in answer.deltas():
            yield event(openai_chunk(asked, {"content": delta}))
    yield event(openai_chunk(asked, {}, "tool_calls" if answer.tool_calls else answer.finish))
    if (asked.get("stream_options") or {}).get("include_usage"):
        yield event({**openai_chunk(asked, {}), "choices": [], "usage": openai_usage(answer)})
    yield event("[DONE]")


# Anthropic messages

ANTHROPIC_STOP = {"stop": "end_turn", "length": "max_tokens"}


def anthropic_blocks(answer):
    blocks = [] if answer.tool_calls else [{"type": "text", "text": answer.text}]
    for number, (name, arguments) in enumerate(answer.tool_calls or []):
        blocks.append({"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": json.loads(arguments)})
    return blocks


def anthropic_answer(answer, asked):
    return {
        "id": "msg_simulated", "type": "message", "role": "assistant", "model": asked.get("model"),
        "content": anthropic_blocks(answer),
        "stop_reason": "tool_use" if answer.tool_calls else ANTHROPIC_STOP[answer.finish], "stop_sequence": None,
        "usage": {"input_tokens": answer.input_tokens, "output_tokens": answer.output_tokens},
    }


def anthropic_events(answer, asked):
    def named(name, **fields):
        return event({"type": name, **fields}, name)

    started = {**anthropic_answer(answer, asked), "content": [], "stop_reason": None}
    started["usage"] = {"input_tokens": answer.input_tokens, "output_tokens": 1}
    yield named("message_start", message=started)
    yield named("ping")
    if answer.tool_calls:
        for index, (block, (_, arguments)) in enumerate(zip(anthropic_blocks(answer), answer.tool_calls)):
            yield named("content_block_start", index=index, content_block={**block, "input": {}})
            for start in range(0, len(arguments), 6):
                delta = {"type": "input_json_delta", "partial_json": arguments[start:start + 6]}
                yield named("content_block_delta", index=index, delta=delta)
            yield named("content_block_stop", index=index)
    else:
        yield named("content_block_start", index=0, content_block={"type": "text", "text": ""})
        for delta in answer.deltas():
            yield named("content_block_delta", index=0, delta={"type": "text_delta", "text": delta})
        yield named("content_block_stop", index=0)
    stop = "tool_use" if answer.tool_calls else ANTHROPIC_STOP[answer.finish]
    yield named(
        "message_delta", delta={"stop_reason": stop, "stop_sequence": None},
        usage={"output_tokens": answer.output_tokens},
    )
    yield named("message_stop")


# Faults. Each takes what a healthy reply would be, or makes its own.


@dataclasses.dataclass
class Changed:
    """A reply whose steps are made from another's."""

    reply: Answer
    change: object

    def steps(self, request):
        return self.change(self.reply.steps(request))


class Gate:
    """A step that waits until the test lets it pass."""

    def __init__(self):
        self._opened = threading.Event()

    def open(self):
        self._opened.set()

    def wait(self):
        """Waits; not forever, so that a test that fails does not hang."""
        self._opened.wait(30)


@dataclasses.dataclass
class Steps:
    """A reply that is the same for every request."""

    script: list

    def steps(self, request):
        return list(self.script)


def error(status, message="The simulator says no.", kind="server_error", headers=None):
    body = {"error": {"message": message, "type": kind, "param": None, "code": None}}
    return Steps([response(status, json.dumps(body), headers)])


def rate_limited(seconds=1):
    return error(429, "Slow down.", "rate_limit_error", {"retry-after": str(seconds)})


def late(seconds, reply=None):
    """Nothing for a while, then a healthy answer."""
    return Changed(reply or Answer(), lambda steps: [float(seconds), *steps])


def stalled(after, reply=None):
    """The first steps of an answer, then nothing more."""
    return Changed(reply or Answer(), lambda steps: [*steps[:after], HANG])


def cut(after, reply=None):
    """The first steps, half of the next one, then the end of the connection."""
    return Changed(reply or Answer(), lambda s: [*s[:after], s[after][:len(s[after]) // 2], CLOSE])


def broken_event():
    """An event whose data is not JSON."""
    return chunk(b'data: {"choices":[{"delta":{"content":"x"\n\n')


def malformed_event(reply=None):
    """A stream with such an event in its middle."""
    return Changed(reply or Answer(), lambda steps: [*steps[:2], broken_event(), *steps[2:]])


def split_bytes(offset, reply=None, gap=0.005):
    """All bytes of an answer in two writes, cut at an offset."""
    def halves(steps):
        whole = b"".join(steps)
        return [whole[:offset], gap, whole[offset:]] if offset < len(whole) else [whole]
    return Changed(reply or Answer(), halves)


def dripping(gap=0.001, size=1, reply=None):
    """All bytes of an answer, a few at a time."""
    def drops(steps):
        whole = b"".join(steps)
        return [step for at in range(0, len(whole), size) for step in (whole[at:at + size], gap)]
    return Changed(reply or Answer(), drops)


def paced(gap, reply=None):
    """A healthy answer with a pause after each write."""
    return Changed(reply or Answer(), lambda steps: [part for step in steps for part in (step, float(gap))])


def wrong_length(difference, text="short"):
    """A body that is shorter (or longer) than its Content-Length says, then the end of the connection."""
    body = json.dumps(openai_answer(Answer(text), {"model": "gpt-4o"})).encode()
    return Steps([response(200, body, length=len(body) + difference), CLOSE])


def huge_event(size):
    """A stream with one event of this many bytes."""
    payload = openai_chunk({"model": "gpt-4o"}, {"content": "x" * size})
    return Steps(stream([event(payload), event("[DONE]")]))


def reset_connection(reply=None, after=0):
    """A TCP reset after some steps of an answer."""
    return Changed(reply or Answer(), lambda steps: [*steps[:after], RESET])


@dataclasses.dataclass
class Endless:
    """A stream that never ends by itself."""

    gap: float = 0.001
    text: str = "word "

    def steps(self, request):
        yield head(200, STREAM_HEAD)
        piece = chunk(event(openai_chunk(request.json, {"content": self.text})))
        while True:
            yield piece
            yield self.gap
