"""Providers: another dialect, and all the ways in which a provider fails."""

import json
import time

import openai
import pytest

import configs
import raw_http
import replies
import texts
from replies import Answer
from simulator import Simulator

WEATHER = [{
    "type": "function",
    "function": {"name": "get_weather", "description": "d", "parameters": {"type": "object", "properties": {}}},
}]


# Anthropic, behind the OpenAI SDK


@pytest.fixture
def anthropic_client(gateways, simulator):
    target = configs.target(simulator.url, "claude", "claude-sonnet", "anthropic")
    return gateways(configs.policy_config(target)).client(max_retries=0)


MESSAGES = [
    {"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi."},
    {"role": "assistant", "content": "Hello."}, {"role": "user", "content": "Who are you?"},
]


def test_anthropic_whole(anthropic_client, simulator):
    answer = anthropic_client.chat.completions.create(
        model="claude-sonnet", messages=MESSAGES, max_tokens=50, temperature=0.5, stop=["END"]
    )

    assert answer.choices[0].message.content == "Hello from the simulator."
    assert (answer.choices[0].finish_reason, answer.object) == ("stop", "chat.completion")
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (12, 5, 17)
    seen = simulator.received()[0]
    assert seen.path == "/v1/messages"
    assert seen.header("x-api-key") == configs.UPSTREAM_KEY and seen.header("authorization") is None
    assert seen.header("anthropic-version")
    assert seen.json["model"] == "claude-sonnet"
    assert "Be brief." in json.dumps(seen.json["system"])
    assert [message["role"] for message in seen.json["messages"]] == ["user", "assistant", "user"]
    assert (seen.json["max_tokens"], seen.json["temperature"], seen.json["stop_sequences"]) == (50, 0.5, ["END"])


def test_anthropic_streamed(anthropic_client, simulator):
    chunks = list(anthropic_client.chat.completions.create(
        model="claude-sonnet", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    ))

    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "Hello from the simulator."
    assert [c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason] == ["stop"]
    assert (chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens) == (12, 5)
    assert simulator.received()[0].json["stream"] is True
    assert simulator.received()[0].json["max_tokens"] > 0


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_anthropic_tools(anthropic_client, simulator, stream):
    simulator.script("", Answer(tool_calls=[("get_weather", '{"city": "Paris"}')]))
    called = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Rome"}'}}
    messages = [
        {"role": "user", "content": "Weather?"}, {"role": "assistant", "content": None, "tool_calls": [called]},
        {"role": "tool", "tool_call_id": "c1", "content": "Sunny."},
    ]

    answer = anthropic_client.chat.completions.create(
        model="claude-sonnet", messages=messages, tools=WEATHER, tool_choice="auto", stream=stream
    )

    if stream:
        parts = [call for c in answer if c.choices for call in c.choices[0].delta.tool_calls or []]
        name, arguments = parts[0].function.name, "".join(part.function.arguments or "" for part in parts)
    else:
        call = answer.choices[0].message.tool_calls[0]
        name, arguments = call.function.name, call.function.arguments
        assert answer.choices[0].finish_reason == "tool_calls"
    assert (name, json.loads(arguments)) == ("get_weather", {"city": "Paris"})
    sent = simulator.received()[0].json
    assert sent["tools"][0]["name"] == "get_weather" and sent["tools"][0]["input_schema"]["type"] == "object"
    blocks = [block for message in sent["messages"] if isinstance(message["content"], list) for block in message["content"]]
    assert {"city": "Rome"} in [block.get("input") for block in blocks]
    assert "tool_result" in [block["type"] for block in blocks]


def test_anthropic_streams_are_judged(anthropic_client, simulator):
    simulator.script("", Answer(pieces=["Pay with 4111 11", "11 1111 1", "111 today."]))

    chunks = anthropic_client.chat.completions.create(model="claude-sonnet", messages=MESSAGES, stream=True)

    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text.startswith("Pay with [") and text.endswith("] today.") and texts.longest_digit_run(text, texts.CARD) == 0


def test_anthropic_errors_are_translated(anthropic_client, simulator):
    body = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    simulator.script("", replies.Steps([replies.response(529, json.dumps(body))]))

    with pytest.raises(openai.APIStatusError) as failure:
        anthropic_client.chat.completions.create(model="claude-sonnet", messages=MESSAGES)

    assert failure.value.status_code in (502, 503)
    assert failure.value.response.json()["error"]["type"] == "upstream_error"


# Another attempt, another target

QUICK = {"retry": {"max_attempts": 2, "backoff_ms": 10}}
ONCE = {"retry": {"max_attempts": 1}}


def two_targets(first, second, **more):
    return configs.policy_config(
        configs.target(first, "first"), configs.target(second, "second"), providers={**QUICK, **more}
    )


@pytest.mark.parametrize("fault", [
    replies.error(500), replies.error(503), replies.error(529), replies.rate_limited(0),
    replies.reset_connection(), replies.Steps([replies.CLOSE]), replies.wrong_length(50), replies.Steps([b"garbage\r\n\r\n"]),
], ids=["500", "503", "529", "429", "reset", "closed", "cut", "garbage"])
def test_a_passing_failure_is_tried_again(gateways, simulator, fault):
    gateway = gateways(configs.policy_config(configs.target(simulator.base_url()), providers=QUICK))
    simulator.script("", fault, Answer("second try"))

    answer = gateway.chat()

    assert answer.status == 200, answer
    assert answer.json["choices"][0]["message"]["content"] == "second try"
    assert len(simulator.received()) == 2


def test_retry_after_is_obeyed(gateways, simulator):
    gateway = gateways(configs.policy_config(configs.target(simulator.base_url()), providers=QUICK))
    simulator.script("", replies.rate_limited(1), Answer())

    answer = gateway.chat()

    first, second = simulator.received()
    assert answer.status == 200
    assert second.at - first.at >= 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_lasting_failure_is_not(gateways, simulator, status):
    gateway = gateways(configs.policy_config(configs.target(simulator.base_url()), providers=QUICK))
    simulator.script("", replies.error(status, "No.", "invalid_request_error"))

    answer = gateway.chat()

    assert answer.status in (400, 422) if status in (400, 422) else answer.status == 502
    assert answer.error["message"]
    assert len(simulator.received()) <= 2 if status in (401, 403, 404) else len(simulator.received()) == 1


def test_the_next_target_stands_in(gateways, simulator):
    with Simulator(reply=Answer("from the second")) as second:
        gateway = gateways(two_targets(simulator.base_url(), second.base_url()))
        simulator.script("", replies.error(500))

        answer = gateway.chat()

        assert answer.json["choices"][0]["message"]["content"] == "from the second"
        assert (len(simulator.received()), len(second.received())) == (2, 1)


def test_a_refused_connection_goes_to_the_next_target(stacks, simulator):
    closed = Simulator()
    closed.stop()
    stack = stacks(two_targets(closed.base_url(), simulator.base_url()))

    answer = stack.chat(stream=True)

    assert raw_http.streamed_text(answer) == "Hello from the simulator."
    event = stack.event_of(answer.header("x-request-id"))
    assert event["target"] == "second"
    assert [attempt["target"] for attempt in event["attempts"]] == ["first", "first", "second"]
    assert event["attempts"][0]["error"] and event["attempts"][-1]["status"] == 200


def test_a_broken_target_is_left_alone_for_a_while(gateways, simulator):
    with Simulator() as second:
        gateway = gateways(two_targets(
            simulator.base_url(), second.base_url(), **ONCE, circuit_breaker={"failure_threshold": 3, "cooldown_seconds": 2}
        ), flags=["--event-loops", "1"])  # Each loop counts for itself.
        simulator.script("", replies.error(500))

        answers = [gateway.chat().status for _ in range(8)]
        asked = len(simulator.received())
        simulator.script("", Answer("healthy again"))
        healed = raw_http.eventually(
            lambda: gateway.chat().json["choices"][0]["message"]["content"] == "healthy again", 10, 0.2
        )

    assert answers == [200] * 8
    assert asked == 3
    assert healed


def test_a_policy_block_is_not_asked_for_elsewhere(gateways, simulator):
    with Simulator() as second:
        gateway = gateways(two_targets(simulator.base_url(), second.base_url()))

        answer = gateway.chat(texts.INJECTION)

        assert answer.status == 409
        assert (simulator.received(), second.received()) == ([], [])


# Time


def with_timeouts(simulator, **timeouts):
    return configs.policy_config(configs.target(simulator.base_url(), timeouts=timeouts), providers=ONCE)


def test_late_headers(gateways, simulator):
    gateway = gateways(with_timeouts(simulator, first_byte_ms=300))
    simulator.script("", replies.late(5))
    began = time.monotonic()

    answer = gateway.chat()

    assert (answer.status, answer.error["code"]) == (504, "upstream_timeout")
    assert 0.3 <= time.monotonic() - began < 3
    simulator.wait_for(lambda requests: requests[0].cancelled_at)


def test_a_stalled_stream(gateways, simulator):
    gateway = gateways(with_timeouts(simulator, idle_ms=300))
    simulator.script("", replies.stalled(4))
    began = time.monotonic()

    answer = gateway.chat(stream=True)

    assert time.monotonic() - began < 5
    assert_broken_off(answer)
    simulator.wait_for(lambda requests: requests[0].cancelled_at)


def test_a_stalled_body(gateways, simulator):
    gateway = gateways(with_timeouts(simulator, idle_ms=300))
    simulator.script("", replies.Steps([replies.response(200, b'{"id":', length=500), replies.HANG]))

    answer = gateway.chat()

    assert (answer.status, answer.error["code"]) == (504, "upstream_timeout")


def test_a_slow_drip_arrives(gateways, simulator):
    gateway = gateways(configs.policy_config(configs.target(simulator.base_url())))
    simulator.script("", replies.dripping(0.0005, 3))

    assert raw_http.streamed_text(gateway.chat(stream=True)) == "Hello from the simulator."
    assert gateway.chat().json["choices"][0]["message"]["content"] == "Hello from the simulator."


# Broken streams


def assert_broken_off(answer):
    """A stream that began well and could not go on says so, and is not taken for complete."""
    data = raw_http.events(answer)
    assert answer.status == 200
    assert "[DONE]" not in data
    errors = [json.loads(item)["error"] for item in data if "error" in json.loads(item)]
    assert [error["type"] for error in errors] == ["upstream_error"], data


@pytest.mark.parametrize("fault", [
    lambda rest: [rest[0][:len(rest[0]) // 2], replies.CLOSE],
    lambda rest: [replies.broken_event(), *rest],
    lambda rest: [replies.RESET],
    lambda rest: [replies.CLOSE],
    lambda rest: [b"zz\r\n", *rest],
], ids=["cut in an event", "malformed", "reset", "closed", "bad chunk"])
def test_a_stream_that_breaks_says_so(gateways, simulator, fault):
    """The fault comes when the caller has the beginning: before that, an answer that says no is as good."""
    gateway = gateways(configs.policy_config(configs.target(simulator.base_url())))
    gate = replies.Gate()
    simulator.script("", replies.Changed(Answer(), lambda steps: [*steps[:4], gate, *fault(steps[4:])]))

    with gateway.connect() as connection:
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Say hello."}], "stream": True}
        connection.send(raw_http.request_bytes("x", "POST", "/v1/chat/completions", body, key=gateway.key))
        answer = connection.read_head()
        pieces = connection.chunks()
        answer.body = next(pieces)
        gate.open()
        answer.body += b"".join(pieces)

    assert_broken_off(answer)
    simulator.script("", Answer())
    assert gateway.chat().status == 200


def test_a_stream_without_an_end_mark_is_complete_or_says_so(gateways, simulator):
    """All events but [DONE]: the caller must be able to tell."""
    gateway = gateways(configs.policy_config(configs.target(simulator.base_url())))
    simulator.script("", replies.Changed(Answer(), lambda steps: [*steps[:-2], steps[-1]]))

    answer = gateway.chat(stream=True)

    assert raw_http.streamed_text(answer) == "Hello from the simulator."
    assert "[DONE]" in raw_http.events(answer) or b'"error"' in answer.body


def test_a_huge_event_is_refused(gateways, simulator):
    gateway = gateways(configs.policy_config(
        configs.target(simulator.base_url()), size_limits={"max_response_bytes": 1 << 20}
    ))
    simulator.script("", replies.huge_event(8 << 20))

    assert_broken_off_or_refused(gateway.chat(stream=True))
    assert resident_megabytes(gateway.pid) < 200


def test_a_huge_answer_is_refused(gateways, simulator):
    gateway = gateways(configs.policy_config(
        configs.target(simulator.base_url()), size_limits={"max_response_bytes": 1 << 20}, providers=ONCE
    ))
    simulator.script("", Answer("x" * (4 << 20)))

    answer = gateway.chat()

    assert (answer.status, answer.error["code"]) == (502, "response_too_large")


def assert_broken_off_or_refused(answer):
    if answer.status == 200:
        assert_broken_off(answer)
    else:
        assert (answer.status, answer.error["type"]) == (502, "upstream_error")


def resident_megabytes(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


def test_a_reader_who_does_not_read_holds_the_provider_back(gateways, simulator):
    """Nobody reads: the gateway stops reading, too, and does not grow."""
    gateway = gateways(configs.policy_config(configs.target(simulator.base_url())))
    simulator.script("", replies.Endless(gap=0.0, text="word " * 200))
    with gateway.connect() as connection:
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "x"}], "stream": True}
        connection.send(raw_http.request_bytes("x", "POST", "/v1/chat/completions", body, key=gateway.key))
        connection.read_some()
        time.sleep(1)
        before = resident_megabytes(gateway.pid)
        time.sleep(2)
        after = resident_megabytes(gateway.pid)

    assert after - before < 20
    simulator.wait_for(lambda requests: requests[0].cancelled_at)


def test_demo_says_that_it_is_one(gateways):
    target = {"id": "demo", "provider": "demo", "model": "demo"}
    gateway = gateways(configs.policy_config(target))

    whole, again, streamed = gateway.chat(model="demo"), gateway.chat(model="demo"), gateway.chat(model="demo", stream=True)
    blocked = gateway.chat(texts.INJECTION, model="demo")

    text = whole.json["choices"][0]["message"]["content"]
    assert "demo" in text.lower()
    assert text == again.json["choices"][0]["message"]["content"] == raw_http.streamed_text(streamed)
    assert blocked.status == 409
