"""The tests' own servers do what the other tests rely on."""

import json
import time

import anthropic
import openai
import pytest

import litellm_proxy
import raw_http
import replies
import texts
from certificates import Authority
from forward_proxy import ForwardProxy
from replies import Answer
from simulator import Simulator
from tap import Tap


@pytest.fixture
def binary():
    """These need no `kt`."""


def ask(url, path="/v1/chat/completions", content="hi", timeout=10, **fields):
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": content}], **fields}
    return raw_http.call(url, "POST", path, body, timeout=timeout)


def test_the_openai_sdk_reads_the_simulator(simulator):
    client = openai.OpenAI(api_key="x", base_url=simulator.base_url(), max_retries=0)
    simulator.script("tools", Answer(tool_calls=[("get_weather", '{"city": "Paris"}')]))

    def messages(text):
        return [{"role": "user", "content": text}]

    whole = client.chat.completions.create(model="gpt-4o", messages=messages("hi"))
    stream = client.chat.completions.create(
        model="gpt-4o", messages=messages("hi"), stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    call = client.chat.completions.create(model="gpt-4o", messages=messages("[[tools]]"))
    streamed = list(client.chat.completions.create(model="gpt-4o", messages=messages("[[tools]]"), stream=True))

    assert whole.choices[0].message.content == "Hello from the simulator."
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "Hello from the simulator."
    assert chunks[-1].usage.total_tokens == 17
    assert call.choices[0].message.tool_calls[0].function.arguments == '{"city": "Paris"}'
    parts = [c.choices[0].delta.tool_calls for c in streamed]
    assert "".join(p[0].function.arguments or "" for p in parts if p) == '{"city": "Paris"}'
    assert [model.id for model in client.models.list()] == ["gpt-4o"]


def test_the_anthropic_sdk_reads_the_simulator(simulator):
    client = anthropic.Anthropic(api_key="x", base_url=simulator.url, max_retries=0)
    simulator.script("tools", Answer(tool_calls=[("get_weather", '{"city": "Paris"}')]))

    def create(text):
        return dict(model="claude", max_tokens=99, messages=[{"role": "user", "content": text}])

    whole = client.messages.create(**create("hi"))
    with client.messages.stream(**create("hi")) as stream:
        streamed = stream.get_final_message()
    with client.messages.stream(**create("[[tools]]")) as stream:
        call = stream.get_final_message()

    assert whole.content[0].text == streamed.content[0].text == "Hello from the simulator."
    assert streamed.usage.output_tokens == 5
    assert call.content[0].input == {"city": "Paris"} and call.stop_reason == "tool_use"


def test_faults_are_what_they_say(simulator):
    answer = Answer("one two three four")
    simulator.script("retry", replies.rate_limited(7), answer)
    simulator.script("cut", replies.cut(3, answer))
    simulator.script("reset", replies.reset_connection())
    simulator.script("length", replies.wrong_length(50))
    simulator.script("late", replies.late(0.3, answer))
    simulator.script("drip", replies.dripping(0, 7, answer))
    simulator.script("bad", replies.malformed_event(answer))

    limited, allowed = ask(simulator.url, content="[[retry]]"), ask(simulator.url, content="[[retry]]")
    began = time.monotonic()
    ask(simulator.url, content="[[late]]")
    waited = time.monotonic() - began

    assert (limited.status, limited.header("retry-after"), allowed.status) == (429, "7", 200)
    assert waited >= 0.3
    with pytest.raises(ConnectionError):
        ask(simulator.url, content="[[cut]]", stream=True)
    with pytest.raises(ConnectionError):
        ask(simulator.url, content="[[reset]]")
    with pytest.raises(ConnectionError):
        ask(simulator.url, content="[[length]]")
    assert raw_http.streamed_text(ask(simulator.url, content="[[drip]]", stream=True)) == "one two three four"
    with pytest.raises(json.JSONDecodeError):
        raw_http.streamed_text(ask(simulator.url, content="[[bad]]", stream=True))


def test_the_simulator_sees_callers_leave(simulator):
    simulator.script("", replies.Endless())
    connection = raw_http.Connection(simulator.url)
    body = {"model": "gpt-4o", "messages": [], "stream": True}
    connection.send(raw_http.request_bytes("simulator", "POST", "/v1/chat/completions", body))
    connection.read_some()
    left = time.monotonic()
    connection.close()

    simulator.wait_for(lambda requests: requests and requests[0].cancelled_at)

    assert 0 <= simulator.requests[0].cancelled_at - left < 1


def test_a_script_can_stand_in_the_path(simulator):
    simulator.script("other", Answer("from the other"))

    response = ask(simulator.url, "/other/v1/chat/completions")

    assert response.json["choices"][0]["message"]["content"] == "from the other"


def test_the_tap_keeps_both_directions(simulator):
    with Tap("127.0.0.1", simulator.port) as tap:
        ask(tap.url, content=f"mail {texts.EMAIL}")

    assert texts.EMAIL.encode() in tap.sent
    assert b"Hello from the simulator." in tap.answered


def test_tunnels_and_certificates(tmp_path):
    authority = Authority(tmp_path)
    with Simulator(ssl=authority.server_context("localhost", "127.0.0.1")) as server, ForwardProxy() as proxy:
        direct = raw_http.call(server.url, "GET", "/v1/models", authority=authority.path)
        with raw_http.Connection(proxy.url) as tunnel:
            tunnel.send(f"CONNECT localhost:{server.port} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
            assert tunnel.read_head().status == 200

    assert direct.status == 200
    assert proxy.tunnels == [f"localhost:{server.port}"]


def test_postgresql_runs(postgres):
    url = postgres.create_database("kit")

    assert url.startswith("postgres://")
    assert postgres.query("kit", "SELECT 1 + 1, 'x'") == [["2", "x"]]
    assert b"PostgreSQL database dump" in postgres.dump("kit")


def test_litellm_answers(litellm):
    client = openai.OpenAI(api_key=litellm_proxy.KEY, base_url=f"{litellm.url}/v1", max_retries=0)
    question = [{"role": "user", "content": "What is the capital of France?"}]

    whole = client.chat.completions.create(model="gpt-4o", messages=question)
    chunks = list(client.chat.completions.create(model="gpt-4o", messages=question, stream=True))
    call = client.chat.completions.create(model="gpt-4o-tools", messages=question)

    assert whole.choices[0].message.content == litellm_proxy.TEXT
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == litellm_proxy.TEXT
    assert call.choices[0].message.tool_calls[0].function.arguments == litellm_proxy.TOOL_ARGUMENTS


def test_escapes_and_digit_runs():
    assert json.loads(f'"{texts.escaped("a@é😀")}"') == "a@é😀"
    assert texts.longest_digit_run("x 4111-1111 y", texts.CARD) == 8
    assert texts.longest_digit_run("nothing here", texts.CARD) == 0
