"""Streamed answers: what a policy forbids is not in them, wherever they were cut; the rest is."""

import concurrent.futures
import json
import re

import openai
import pytest

import configs
import raw_http
import replies
import texts
from replies import Answer
from tap import Tap

BEFORE, AFTER = "Pay é with ", " today, or call Ana. Room 4112 is free."
TEXT = BEFORE + texts.CARD + AFTER

EXPECTED = re.compile(re.escape(BEFORE) + texts.MARKER + re.escape(AFTER))

#: Everything that policies can look at.
ALL_PHASES = ["request", "response", "tool_call", "tool_result"]

QUESTION = [{"role": "user", "content": "Which card is on file?"}]


@pytest.fixture
def config(simulator):
    return configs.policy_config(configs.target(simulator.base_url()))


def cuts():
    """The answer in two pieces at each offset, in three around the card, and in single characters."""
    first, last = len(BEFORE) - 1, len(BEFORE) + len(texts.CARD) + 1
    for at in range(1, len(TEXT)):
        yield [TEXT[:at], TEXT[at:]]
    for start in range(first, last):
        for stop in range(start + 1, last + 1):
            yield [TEXT[:start], TEXT[start:stop], TEXT[stop:]]
    yield list(TEXT)


def test_no_byte_of_a_card_gets_out_at_any_cut(gateways, simulator, config):
    gateway = gateways(config)
    host, port = gateway.url.removeprefix("http://").split(":")
    with Tap(host, int(port)) as front:
        client = openai.OpenAI(api_key=gateway.key, base_url=f"{front.url}/v1", max_retries=0)
        for pieces in cuts():
            simulator.script("", Answer(pieces=pieces))
            front.forget()

            chunks = list(client.chat.completions.create(
                model="gpt-4o", messages=QUESTION, stream=True, extra_headers={"x-request-id": "cut"}
            ))

            text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
            assert EXPECTED.fullmatch(text), (pieces, text)
            wire = front.answered
            assert b"4111" not in wire and b"1111" not in wire, (pieces, wire)
            assert b"data: [DONE]" in wire
            assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"


def test_bytes_may_be_cut_anywhere(gateways, simulator, config):
    """The provider's bytes, framing included, come in two writes, cut at each offset."""
    gateway = gateways(config)
    answer = Answer(pieces=[BEFORE, texts.CARD[:9], texts.CARD[9:], AFTER])
    request = simulator_request()
    size = sum(len(step) for step in answer.steps(request))
    for offset in range(1, size):
        simulator.script(f"cut-{offset}", replies.split_bytes(offset, answer, gap=0.002))

    def ask(offset):
        response = gateway.chat(f"[[cut-{offset}]]", stream=True)
        return offset, response.status, raw_http.streamed_text(response)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        wrong = [seen for seen in pool.map(ask, range(1, size)) if seen[1] != 200 or not EXPECTED.fullmatch(seen[2])]

    assert wrong == []


def simulator_request():
    class Request:
        path, json = "/v1/chat/completions", {"model": "gpt-4o", "stream": True, "stream_options": {"include_usage": True}}
    return Request


def test_a_whole_answer_is_redacted(gateways, simulator, config):
    simulator.script("", Answer(TEXT))

    response = gateways(config).chat()

    assert EXPECTED.fullmatch(response.json["choices"][0]["message"]["content"])


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_tool_calls_are_redacted(gateways, simulator, stream):
    chain = [{"id": "pii-detector", "kind": "pii-detector", "on": ALL_PHASES}]
    gateway = gateways(configs.policy_config(configs.target(simulator.base_url()), chain=chain))
    arguments = json.dumps({"card": texts.CARD, "note": f"for {texts.EMAIL}", "amount": 12})
    simulator.script("", Answer(tool_calls=[("charge", arguments)]))

    response = gateway.chat(stream=stream)

    assert response.status == 200, response.body
    seen = raw_http.called_with(response, stream)
    parsed = json.loads(seen)
    assert re.fullmatch(texts.MARKER, parsed["card"]) and parsed["amount"] == 12
    assert re.fullmatch(f"for {texts.MARKER}", parsed["note"])


def test_a_late_block_ends_the_stream(gateways, simulator):
    chain = [{"id": "dlp-filter", "kind": "dlp-filter", "on": ["response"]}]
    policy = {"dlp-filter": {"detect_patterns": [r"PROJECT-[A-Z]{3}-\d{4}"], "action": "block"}}
    gateway = gateways(configs.policy_config(configs.target(simulator.base_url()), chain=chain, policy=policy))
    simulator.script("", Answer(pieces=["The secret is ", "PROJECT-", "XRY-", "2041", ", as you know."]))

    response = gateway.chat(stream=True)

    data = raw_http.events(response)
    assert response.status == 200
    assert "[DONE]" not in data
    assert b"PROJECT" not in response.body and b"2041" not in response.body and b"as you know" not in response.body
    errors = [json.loads(item)["error"] for item in data if "error" in json.loads(item)]
    assert [error["type"] for error in errors] == ["policy_violation"]
    finishes = [choice["finish_reason"] for item in data for choice in json.loads(item).get("choices", [])]
    assert finishes[-1] == "content_filter"


def test_a_whole_answer_may_be_blocked(gateways, simulator):
    chain = [{"id": "dlp-filter", "kind": "dlp-filter", "on": ["response"]}]
    policy = {"dlp-filter": {"detect_patterns": [r"PROJECT-[A-Z]{3}-\d{4}"], "action": "block"}}
    gateway = gateways(configs.policy_config(configs.target(simulator.base_url()), chain=chain, policy=policy))
    simulator.script("", Answer(f"It is {texts.PROJECT}."))

    response = gateway.chat()

    assert (response.status, response.error["type"], response.error["policy"]) == (409, "policy_violation", "dlp-filter")
    assert texts.PROJECT.encode() not in response.body


def test_usage_of_a_stream_is_asked_for_and_hidden(gateways, simulator, config):
    """The record needs the provider's usage; a caller who did not ask for it does not see it."""
    gateway = gateways(config)

    plain = gateway.chat(stream=True)
    asked = gateway.chat(stream=True, stream_options={"include_usage": True})

    assert all(request.json["stream_options"] == {"include_usage": True} for request in simulator.received())
    assert not any("usage" in json.loads(data) and json.loads(data)["usage"] for data in raw_http.events(plain)[:-1])
    assert json.loads(raw_http.events(asked)[-2])["usage"]["total_tokens"] == 17


def test_choices_do_not_mix(gateways, simulator, config):
    """Two choices whose texts come interleaved are judged each by itself."""
    def chunk(index, text):
        payload = replies.openai_chunk({"model": "gpt-4o"}, {"content": text})
        payload["choices"][0]["index"] = index
        return replies.event(payload)

    halves = [chunk(0, "A 4111 1111 "), chunk(1, "B 4111 1111 "), chunk(0, "1111 1111 a"), chunk(1, "and more b")]
    ends = []
    for index in (0, 1):
        payload = replies.openai_chunk({"model": "gpt-4o"}, {}, "stop")
        payload["choices"][0]["index"] = index
        ends.append(replies.event(payload))
    simulator.script("", replies.Steps(replies.stream([*halves, *ends, replies.event("[DONE]")])))

    response = gateways(config).chat(stream=True, n=2)

    assert re.fullmatch(f"A {texts.MARKER} a", raw_http.streamed_text(response, 0))
    assert raw_http.streamed_text(response, 1) == "B 4111 1111 and more b"
