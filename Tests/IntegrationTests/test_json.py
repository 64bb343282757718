"""Attack class 10: JSON that two readers may read differently, and secrets in every corner of a request."""

import json

import pytest

import configs
import texts
from gateways import Gateway
from simulator import Simulator

BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with Simulator() as simulator:
        config = configs.policy_config(configs.target(simulator.base_url()))
        with Gateway(tmp_path_factory.mktemp("json"), config) as gateway:
            yield gateway, simulator


@pytest.fixture
def gateway(shared):
    return shared[0]


@pytest.fixture
def simulator(shared):
    shared[1].forget()
    return shared[1]


def chat_with(inner):
    return b'{"model":"gpt-4o","messages":[{"role":"user","content":%s}]}' % inner


NOT_JSON = {
    "nothing": b"",
    "not JSON": b"model=gpt-4o",
    "cut": b'{"model":"gpt-4o","messages":[',
    "data behind the end": chat_with(b'"x"') + b"{}",
    "byte order mark": b"\xef\xbb\xbf" + chat_with(b'"x"'),
    "UTF-16": chat_with(b'"x"').decode().encode("utf-16"),
    "duplicate key": b'{"model":"gpt-4o","model":"other","messages":[{"role":"user","content":"x"}]}',
    "duplicate key in escapes": b'{"model":"gpt-4o","mod\\u0065l":"other","messages":[{"role":"user","content":"x"}]}',
    "duplicate messages": b'{"messages":[],"model":"gpt-4o","messages":[{"role":"user","content":"x"}]}',
    "duplicate content": b'{"model":"gpt-4o","messages":[{"role":"user","content":"x","content":"y"}]}',
    "key in another case": b'{"model":"gpt-4o","Messages":[],"messages":[{"role":"user","content":"x"}]}',
    "only a key in another case": b'{"Model":"gpt-4o","messages":[{"role":"user","content":"x"}]}',
    "key with a long s": '{"model":"gpt-4o","me\u017f\u017fages":[],"messages":[{"role":"user","content":"x"}]}'.encode(),
    "key with a Kelvin sign": '{"model":"gpt-4o","max_to\u212aens":5,"messages":[{"role":"user","content":"x"}]}'.encode(),
    "duplicate of a key that nobody knows": b'{"model":"gpt-4o","x":1,"x":2,"messages":[{"role":"user","content":"x"}]}',
    "duplicate key far below": b'{"model":"gpt-4o","metadata":{"a":{"b":1,"b":2}},"messages":[{"role":"user","content":"x"}]}',
    "duplicate among many keys": b'{"model":"gpt-4o","metadata":{%s,"k7":0},"messages":[{"role":"user","content":"x"}]}'
    % b",".join(b'"k%d":1' % number for number in range(40)),
    "lone high surrogate": chat_with(b'"\\ud800"'),
    "lone low surrogate": chat_with(b'"a\\udc00b"'),
    "surrogates in the wrong order": chat_with(b'"\\udc00\\ud800"'),
    "overlong UTF-8": chat_with(b'"\xc0\xaf"'),
    "surrogate in UTF-8": chat_with(b'"\xed\xa0\x80"'),
    "cut UTF-8": chat_with(b'"\xe2\x82"'),
    "byte that is never UTF-8": chat_with(b'"\xff"'),
    "beyond Unicode": chat_with(b'"\xf4\x90\x80\x80"'),
    "control character": chat_with(b'"a\nb"'),
    "null byte": chat_with(b'"a\x00b"'),
    "unknown escape": chat_with(b'"\\x41"'),
    "number beyond all doubles": b'{"model":"gpt-4o","temperature":1e400,"messages":[{"role":"user","content":"x"}]}',
    "NaN": b'{"model":"gpt-4o","temperature":NaN,"messages":[{"role":"user","content":"x"}]}',
    "leading zero": b'{"model":"gpt-4o","n":01,"messages":[{"role":"user","content":"x"}]}',
    "trailing comma": b'{"model":"gpt-4o","messages":[{"role":"user","content":"x"},]}',
    "comment": b'{"model":"gpt-4o",/* x */"messages":[{"role":"user","content":"x"}]}',
    "single quotes": b"{'model':'gpt-4o','messages':[]}",
    "too deep": chat_with(b"[" * 70 + b"]" * 70),
    "objects too deep": chat_with(b'{"a":' * 70 + b"1" + b"}" * 70),
    "literal with an error": b'{"model":"gpt-4o","store":trve,"messages":[{"role":"user","content":"x"}]}',
    "very deep": chat_with(b"[" * 100_000),
    "an array": b'[{"model":"gpt-4o"}]',
}


@pytest.mark.parametrize("case", NOT_JSON)
def test_what_two_readers_may_read_differently_is_refused(gateway, simulator, case):
    answer = gateway.call("POST", "/v1/chat/completions", NOT_JSON[case])

    assert (answer.status, answer.error["type"]) == (400, "validation_error"), answer
    assert answer.error["message"] and answer.error["code"]
    assert simulator.received() == []


def test_a_byte_order_mark_is_called_so(gateway):
    answer = gateway.call("POST", "/v1/chat/completions", NOT_JSON["byte order mark"])

    assert answer.error["code"] == "json.byte_order_mark"


@pytest.mark.parametrize(
    "body", [b"null", b'"x"', b"1", b"[]", b'[{"model":"gpt-4o","messages":[]}]', b"{}", b'{"model":"gpt-4o"}']
)
def test_what_is_no_request_is_refused(gateway, simulator, body):
    answer = gateway.call("POST", "/v1/chat/completions", body)

    code = "request.missing_field" if body.startswith(b"{") else "request.wrong_type"
    assert (answer.status, answer.error["code"]) == (400, code)
    assert simulator.received() == []


@pytest.mark.parametrize("headers", [
    {"content-type": "text/plain"}, {"content-type": "application/x-www-form-urlencoded"},
    {"content-type": "application/jsonx"}, {"content-encoding": "gzip"}, {"content-encoding": "deflate, gzip"},
])
def test_a_body_in_another_form_is_refused(gateway, simulator, headers):
    assert gateway.call("POST", "/v1/chat/completions", BODY, headers).status == 415
    assert simulator.received() == []


def test_what_is_unusual_and_right_passes_unchanged(gateway, simulator):
    inner = json.dumps("nul \u0000, emoji 😀, slash \\/, tab\t, é, \u2028, \ufeff").encode()
    body = b' \r\n{ "seed" : 12345678901234567890 ,"n":1,"model":"gpt-4o" , "x":-0.0e-0,"messages":[{"role":"user","content":' \
        + inner + b"}]}\n"

    answer = gateway.call("POST", "/v1/chat/completions", body)

    assert answer.status == 200, answer
    assert simulator.received()[0].body == body


def secret_bodies():
    """A secret at every place of a request where text may stand."""
    def body(**fields):
        return {**BODY, **fields}

    def message(**fields):
        return body(messages=[{"role": "user", "content": "hello"}, fields])

    secret = texts.EMAIL
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": json.dumps({"to": secret})}}
    tool = {"type": "function", "function": {"name": "f", "description": f"for {secret}", "parameters": {}}}
    schema = {"type": "object", "properties": {"to": {"type": "string", "enum": [secret]}}}
    return {
        "content": message(role="user", content=secret),
        "system": message(role="system", content=f"You serve {secret}."),
        "a part": message(role="user", content=[{"type": "text", "text": f"to {secret}"}]),
        "an image's address": message(
            role="user", content=[{"type": "image_url", "image_url": {"url": f"http://x/?to={secret}"}}]
        ),
        "name": message(role="user", content="x", name=secret),
        "an earlier answer": message(role="assistant", content=f"It is {secret}."),
        "a tool call's arguments": message(role="assistant", content=None, tool_calls=[call]),
        "a tool's result": message(role="tool", tool_call_id="c1", content=f"found {secret}"),
        "a tool's description": body(tools=[tool]),
        "a schema": body(tools=[{"type": "function", "function": {"name": "f", "parameters": schema}}]),
        "metadata": body(metadata={"note": secret}),
        "user": body(user=secret),
        "stop": body(stop=[secret]),
        "prediction": body(prediction={"type": "content", "content": secret}),
        "an unknown field": body(something={"deep": [{"er": secret}]}),
    }


@pytest.mark.parametrize("case", secret_bodies())
def test_no_place_of_a_request_is_overlooked(gateway, simulator, case):
    """The secret is redacted or the request refused; it never arrives."""
    answer = gateway.call("POST", "/v1/chat/completions", secret_bodies()[case])

    assert answer.status in (200, 400, 409, 422), answer
    assert len(simulator.received()) == (1 if answer.status == 200 else 0)
    for seen in simulator.received():
        assert texts.EMAIL not in texts.decoded(seen.raw)


def test_a_secret_as_a_key_goes_nowhere(gateway, simulator):
    body = {**BODY, "metadata": {texts.EMAIL: "x"}}

    gateway.call("POST", "/v1/chat/completions", body)

    assert all(texts.EMAIL not in texts.decoded(seen.raw) for seen in simulator.received())


#: The secret behind escapes, of the text, of its key, and of JSON that is a text itself.
HIDDEN = {
    "in a text": rb'{"model":"gpt-4o","messages":[{"role":"user","content":"to jane.doe\u0040\u0065xample.com"}]}',
    "under a key": rb'{"model":"gpt-4o","messages":[{"role":"user","c\u006fntent":"to jane.doe@example.com"}]}',
    "below a key": rb'{"model":"gpt-4o","m\u0065ssages":[{"r\u006fle":"user","content":"to jane.doe@example.com"}]}',
    "in a call's arguments": rb'{"model":"gpt-4o","messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":'
    rb'[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"to\":\"jane.doe\\u0040example.com\"}"}}]}]}',
    "in a name": rb'{"model":"gpt-4o","messages":[{"role":"user","content":[{"type":"to jane.doe@example.com","text":"x"}]}]}',
    "in an image's address": rb'{"model":"gpt-4o","messages":[{"role":"user","content":[{"type":"image_url","image_url":'
    rb'{"url":"data:text/plain,jane.doe@example.com"}}]}]}',
    "as a key": rb'{"model":"gpt-4o","metadata":{"jane.doe@example.com":"x"},"messages":[{"role":"user","content":"x"}]}',
    "as a key far below": rb'{"model":"gpt-4o","x":{"y":{"jane.doe@example.com":"x"}},"messages":[{"role":"user","content":"x"}]}',
}


@pytest.mark.parametrize("case", HIDDEN)
def test_escapes_hide_no_secret(gateway, simulator, case):
    answer = gateway.call("POST", "/v1/chat/completions", HIDDEN[case])

    assert answer.status in (200, 400, 409, 422), answer
    for seen in simulator.received():
        once = texts.decoded(seen.raw.replace(b"\\\\", b"\\"))
        assert "jane.doe@example.com" not in once + texts.decoded(seen.raw)
