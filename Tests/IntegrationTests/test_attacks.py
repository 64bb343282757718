"""Attack classes 1, 4, 5 and 10: who is asked with whose credential, which route it is, and what JSON says."""

import json

import pytest

import configs
import raw_http
import replies
import texts
from gateways import Gateway
from simulator import Simulator


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with Simulator() as simulator, Simulator() as elsewhere:
        config = configs.policy_config(configs.target(simulator.base_url()))
        environment = {"KT_OTHER_KEY": "kt_gk_other"}
        config["consumer_groups"].append({"name": "others", "key_ref": {"env": "KT_OTHER_KEY"}})
        with Gateway(tmp_path_factory.mktemp("attacks"), config, environment=environment) as gateway:
            yield gateway, simulator, elsewhere


@pytest.fixture
def gateway(shared):
    return shared[0]


@pytest.fixture
def simulator(shared):
    shared[1].forget()
    return shared[1]


@pytest.fixture
def elsewhere(shared):
    """A server that nobody has configured: it must never hear from the gateway."""
    yield shared[2]
    assert shared[2]._connections == 0


BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}


# 1. Caller-controlled upstream


@pytest.mark.parametrize(
    "field", ["api_base", "base_url", "api_url", "custom_host", "proxy", "api_key", "organization", "provider", "url"]
)
def test_no_field_names_an_upstream(gateway, simulator, elsewhere, field):
    answer = gateway.call("POST", "/v1/chat/completions", {**BODY, field: f"{elsewhere.url}/v1"})

    assert answer.status in (200, 400, 422)
    assert all(seen.path == "/v1/chat/completions" for seen in simulator.received())


@pytest.mark.parametrize(
    "header",
    ["host", "x-forwarded-host", "x-forwarded-server", "x-original-url", "x-rewrite-url", "x-portkey-custom-host",
     "x-upstream", "api-base", "x-openai-base-url", "forwarded", "x-http-destination"],
)
def test_no_header_names_an_upstream(gateway, simulator, elsewhere, header):
    address = elsewhere.url.removeprefix("http://")

    answer = gateway.call("POST", "/v1/chat/completions", BODY, headers={header: address})

    assert answer.status in (200, 400)
    for seen in simulator.received():
        assert seen.header("host") == simulator.url.removeprefix("http://")
        assert address.encode() not in seen.raw


@pytest.mark.parametrize(
    "model", ["openai/gpt-4o", "gpt-4o@{address}", "http://{address}/v1#gpt-4o", "../gpt-4o", "main/../../x", "gpt-4o\r\nx: y",
              "gpt-4o\u0000", "GPT-4O", " gpt-4o", ""],
)
def test_no_model_names_an_upstream(gateway, simulator, elsewhere, model):
    name = model.format(address=elsewhere.url.removeprefix("http://"))

    answer = gateway.call("POST", "/v1/chat/completions", {**BODY, "model": name})

    assert answer.status in (400, 404, 422), answer
    assert simulator.received() == []


@pytest.mark.parametrize("target", ["http://{address}/v1/chat/completions", "//{address}/v1/chat/completions", "{address}"])
def test_no_request_target_names_an_upstream(gateway, simulator, elsewhere, target):
    address = elsewhere.url.removeprefix("http://")
    for method in ("POST", "CONNECT"):
        with gateway.connect() as connection:
            data = raw_http.request_bytes(address, method, target.format(address=address), BODY, key=gateway.key)
            connection.send(data)
            answer = connection.read()
        assert answer.status in (200, 400, 404, 405, 421, 501)
    assert all(seen.path == "/v1/chat/completions" for seen in simulator.received())


def test_a_redirect_is_not_followed(gateway, simulator, elsewhere):
    simulator.script("moved", replies.Steps([replies.response(307, b"", {"location": f"{elsewhere.url}/v1/chat/completions"})]))

    answer = gateway.chat("[[moved]]")

    assert (answer.status, answer.error["type"]) == (502, "upstream_error")


def test_the_credentials_do_not_meet(gateway, simulator):
    answer = gateway.chat()

    seen = simulator.received()[0]
    assert seen.header("authorization") == f"Bearer {configs.UPSTREAM_KEY}"
    assert gateway.key.encode() not in seen.raw
    assert configs.UPSTREAM_KEY not in str(answer)


def test_an_upstreams_error_tells_no_credential(gateway, simulator):
    simulator.script("echo", replies.error(401, f"Incorrect API key provided: {configs.UPSTREAM_KEY}."))

    answer = gateway.chat("[[echo]]")

    # The caller's own key is fine: this failure is not theirs to mend.
    assert answer.status == 502
    assert configs.UPSTREAM_KEY.encode() not in answer.body
    assert configs.UPSTREAM_KEY not in gateway.output


# 4. Route confusion


@pytest.mark.parametrize("path", [
    "//v1/chat/completions", "/v1//chat/completions", "/v1/chat/completions/", "/v1/./chat/completions",
    "/v1/x/../chat/completions", "/v1/chat/completions/.", "/v1/chat/completions/..", "/v1%2fchat/completions",
    "/v1/chat%2Fcompletions", "/v1/chat/completions%00", "/v1/chat/completions;a=b", "/v1;/chat/completions",
    "/V1/chat/completions", "/v1/chat/Completions", "/%76%31/chat/completions", "\\v1\\chat\\completions",
    "/v1/chat/completions%20", "/v1/chat/completions.", "/health/../v1/chat/completions", "/health/v1/chat/completions",
    "/v1/chat/completions%23", "/v1/chat/completions%3f", "*", "v1/chat/completions", "/v1/chat/completions#x",
])
def test_only_the_very_path_is_the_route(gateway, simulator, path):
    for key in (gateway.key, None):
        answer = raw_http.call(gateway.url, "POST", path, BODY, key=key)
        assert answer.status in (400, 404), answer
    assert simulator.received() == []


@pytest.mark.parametrize("path", ["/keeptrusts/config", "/keeptrusts/config/reload", "/metrics", "/keeptrusts/", "/debug", "/"])
def test_admin_routes_are_not_on_the_data_port(gateway, path):
    for method in ("GET", "POST"):
        assert gateway.call(method, path).status == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "post"])
def test_other_methods_are_refused(gateway, simulator, method):
    override = {"x-http-method-override": "POST", "x-method-override": "POST", "x-http-method": "POST"}

    answer = gateway.call(method, "/v1/chat/completions", BODY, headers=override)

    assert answer.status in (400, 404, 405, 501)
    assert simulator.received() == []


def test_a_query_changes_nothing(gateway, simulator):
    answer = gateway.call("POST", "/v1/chat/completions?api-version=1&path=/evil", BODY)

    assert answer.status == 200
    assert simulator.received()[0].path == "/v1/chat/completions"


# 5. Credential carriers


@pytest.mark.parametrize("headers", [
    {"authorization": "Bearer {key}"}, {"authorization": "bearer {key}"}, {"x-api-key": "{key}"},
    {"authorization": "Bearer {key}", "x-api-key": "{key}"},
])
def test_carriers_that_are_taken(gateway, headers):
    headers = {name: value.format(key=gateway.key) for name, value in headers.items()}

    assert raw_http.call(gateway.url, "POST", "/v1/chat/completions", BODY, headers).status == 200


@pytest.mark.parametrize("headers", [
    {"authorization": "Basic {key}"}, {"authorization": "{key}"}, {"authorization": "Bearer"},
    {"authorization": "Bearer "}, {"authorization": "Bearer {key} extra"}, {"authorization": "Bearer {key},kt_gk_other"},
    {"authorization": "Bearer Bearer {key}"}, {"cookie": "key={key}; authorization=Bearer {key}"},
    {"x-goog-api-key": "{key}"}, {"sec-websocket-protocol": "openai-insecure-api-key.{key}"},
    {"proxy-authorization": "Bearer {key}"}, {"x-api-key": ""}, {"authorization": "Bearer {key}x"},
    {"authorization": "Bearer " + "x" * 4000},
])
def test_carriers_that_are_not(gateway, simulator, headers):
    headers = {name: value.format(key=gateway.key) for name, value in headers.items()}

    for path in ("/v1/chat/completions", f"/v1/chat/completions?api_key={gateway.key}&key={gateway.key}"):
        answer = raw_http.call(gateway.url, "POST", path, BODY, headers)
        assert answer.status == 401, answer
    assert simulator.received() == []


@pytest.mark.parametrize("lines", [
    ["authorization: Bearer kt_gk_test", "x-api-key: kt_gk_other"],
    ["authorization: Bearer kt_gk_test", "x-api-key: wrong"],
    ["authorization: Bearer wrong", "x-api-key: kt_gk_test"],
    ["authorization: Bearer kt_gk_test", "authorization: Bearer kt_gk_other"],
    ["x-api-key: kt_gk_test", "x-api-key: kt_gk_other"],
    ["authorization: Bearer kt_gk_test", "api-key: kt_gk_other"],
])
def test_two_credentials_are_none(gateway, simulator, lines):
    payload = json.dumps(BODY)
    with gateway.connect() as connection:
        head = ["POST /v1/chat/completions HTTP/1.1", "host: x", "content-type: application/json", *lines]
        head.append(f"content-length: {len(payload)}")
        connection.send("\r\n".join(head).encode() + b"\r\n\r\n" + payload.encode())
        answer = connection.read()

    assert (answer.status, answer.error["code"]) == (400, "conflicting_credentials")
    assert simulator.received() == []


# 10. JSON


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
    "very deep": chat_with(b"[" * 100_000),
    "an array": b'[{"model":"gpt-4o"}]',
}


@pytest.mark.parametrize("case", NOT_JSON)
def test_what_two_readers_may_read_differently_is_refused(gateway, simulator, case):
    answer = gateway.call("POST", "/v1/chat/completions", NOT_JSON[case])

    assert (answer.status, answer.error["type"]) == (400, "validation_error"), answer
    assert answer.error["message"] and answer.error["code"]
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
