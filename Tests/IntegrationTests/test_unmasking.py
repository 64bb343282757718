"""Markers of a request that its answer says again: the caller reads the values, and nobody else does."""

import json
import re

import pytest

import configs
import raw_http
import texts
from replies import Answer

REVERSIBLE = {"pii-detector": {"redaction": {"marker_format": "numbered", "reversible": True}}}

ALL_PHASES = ["request", "response", "tool_call", "tool_result"]

#: Two values of the caller's.
ASKED = f"Mail {texts.EMAIL}, then ana@example.org."


@pytest.fixture
def gateway(gateways, simulator):
    chain = [{"id": "pii-detector", "kind": "pii-detector", "on": ALL_PHASES}, "audit-logger"]
    return gateways(configs.policy_config(configs.target(simulator.base_url()), chain=chain, policy=REVERSIBLE))


def is_nowhere(gateway, *values):
    """Whether no file of the gateway's has any of these, nor what it says."""
    files = [path for path in gateway.folder.rglob("*") if path.is_file()]
    assert any(path.is_relative_to(gateway.state) for path in files)
    return not any(value.encode() in path.read_bytes() for path in files for value in values)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_the_caller_reads_what_was_sent_and_the_provider_does_not(gateway, simulator, stream):
    text = "To [EMAIL_1] and [EMAIL_2], not [EMAIL_3] or eve@example.net."
    simulator.script("", Answer(text, pieces=list(text)))

    response = gateway.chat(ASKED, stream=stream)

    [request] = simulator.received()
    assert "Mail [EMAIL_1], then [EMAIL_2]." in request.body.decode()
    said = raw_http.streamed_text(response, 0) if stream else response.json["choices"][0]["message"]["content"]
    # The last address is the model's own: the output chain takes it out, and it gets the next number.
    assert said == f"To {texts.EMAIL} and ana@example.org, not [EMAIL_3] or [EMAIL_3]."
    assert is_nowhere(gateway, texts.EMAIL, "ana@example.org", "eve@example.net")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_tool_is_called_with_what_was_sent(gateway, simulator, stream):
    arguments = json.dumps({"to": "[EMAIL_1]", "note": "for [EMAIL_9] and [EMAIL_2]"})
    simulator.script("", Answer(tool_calls=[("send", arguments)]))

    response = gateway.chat(ASKED, stream=stream)

    seen = raw_http.called_with(response, stream)
    assert json.loads(seen) == {"to": texts.EMAIL, "note": "for [EMAIL_9] and ana@example.org"}


def test_the_conversation_goes_on_with_the_same_markers(gateway, simulator):
    simulator.script("", Answer("Mailed [EMAIL_2] and [EMAIL_1]."))
    client = gateway.client()
    messages = [{"role": "user", "content": ASKED}]

    first = client.chat.completions.create(model="gpt-4o", messages=messages).choices[0].message.content
    messages += [{"role": "assistant", "content": first}, {"role": "user", "content": "And bob@example.com?"}]
    client.chat.completions.create(model="gpt-4o", messages=messages)

    assert first == f"Mailed ana@example.org and {texts.EMAIL}."
    sent = [message["content"] for message in simulator.received()[-1].json["messages"]]
    assert sent == ["Mail [EMAIL_1], then [EMAIL_2].", "Mailed [EMAIL_2] and [EMAIL_1].", "And [EMAIL_3]?"]


def test_a_marker_of_one_caller_says_nothing_to_another(gateway, simulator):
    simulator.script("", Answer("So [EMAIL_1]."))
    gateway.chat(ASKED)

    response = gateway.chat("What is [EMAIL_1]?")

    assert response.json["choices"][0]["message"]["content"] == "So [EMAIL_1]."
    assert not re.search(rb"@example", response.body)
