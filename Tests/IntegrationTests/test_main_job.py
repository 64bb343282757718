"""The main job: an official SDK, through the gateway, to a server that nobody here wrote."""

import json

import openai
import pytest

import configs
import litellm_proxy
import raw_http
import texts
from stack import Stack
from tap import Tap

QUESTION = [{"role": "user", "content": "What is the capital of France?"}]

WEATHER = [{
    "type": "function",
    "function": {
        "name": "get_weather", "description": "Tells the weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}]


class System:
    """A stack between two taps: one before the gateway, one before LiteLLM."""

    def __init__(self, stack, upstream):
        self.stack, self.upstream = stack, upstream
        host, port = stack.url.removeprefix("http://").split(":")
        self.front = Tap(host, int(port))
        self.client = openai.OpenAI(api_key=stack.key, base_url=f"{self.front.url}/v1", timeout=60)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def whole_system(request, tmp_path_factory, litellm):
    database = None
    if request.param == "postgres":
        database = request.getfixturevalue("postgres").create_database("main_job")
    with Tap("127.0.0.1", litellm.port) as upstream:
        config = configs.policy_config(
            configs.target(f"{upstream.url}/v1"), configs.target(f"{upstream.url}/v1", "tools", "gpt-4o-tools")
        )
        environment = {configs.UPSTREAM_VARIABLE: litellm_proxy.KEY}
        folder = tmp_path_factory.mktemp(f"main-{request.param}")
        with Stack(folder, config, database, environment=environment) as stack:
            system = System(stack, upstream)
            yield system
            system.front.stop()


@pytest.fixture
def system(whole_system):
    whole_system.front.forget()
    whole_system.upstream.forget()
    return whole_system


def test_plain_chat(system):
    answer = system.client.chat.completions.with_raw_response.create(model="gpt-4o", messages=QUESTION)

    assert answer.parse().choices[0].message.content == litellm_proxy.TEXT
    event = system.stack.event_of(answer.headers["x-request-id"])
    usage = answer.parse().usage
    assert (event["verdict"], event["outcome"], event["status"]) == ("allow", "completed", 200)
    assert event["usage"]["input_tokens"] == usage.prompt_tokens
    assert event["usage"]["output_tokens"] == usage.completion_tokens
    cost = usage.prompt_tokens * 2.50 + usage.completion_tokens * 10.00
    assert event["cost"] == {"micros": round(cost), "currency": "USD"}
    assert event["key_id"] == system.stack.key_id
    assert event["timings"]["total_us"] > 0


def test_streamed_chat(system):
    with system.client.chat.completions.with_streaming_response.create(
        model="gpt-4o", messages=QUESTION, stream=True
    ) as answer:
        request_id = answer.headers["x-request-id"]
        chunks = list(answer.parse())

    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == litellm_proxy.TEXT
    assert [c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason] == ["stop"]
    event = system.stack.event_of(request_id)
    assert (event["stream"], event["outcome"]) == (True, "completed")
    assert event["usage"]["output_tokens"] > 0


def test_tools(system):
    answer = system.client.chat.completions.create(
        model="gpt-4o-tools", messages=[{"role": "user", "content": "How is the weather in Paris?"}], tools=WEATHER
    )

    call = answer.choices[0].message.tool_calls[0]
    assert call.function.name == "get_weather"
    assert json.loads(call.function.arguments) == {"city": "Paris"}
    assert b"Tells the weather in a city." in system.upstream.sent


def test_models(system):
    assert {model.id for model in system.client.models.list()} == {"gpt-4o", "gpt-4o-tools"}


def holds_no_secret(text):
    return all(secret not in text for secret in (texts.EMAIL, texts.CARD, texts.IBAN))


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_personal_data_arrives_redacted(system, stream):
    prompt = f"Write to {texts.EMAIL}, charge {texts.CARD} and refund {texts.IBAN}, then stop."
    answer = system.client.chat.completions.with_raw_response.create(
        model="gpt-4o", messages=[{"role": "user", "content": prompt}], stream=stream
    )
    if stream:
        list(answer.parse())

    sent = texts.decoded(system.upstream.sent)
    assert "Write to [" in sent and ", then stop." in sent
    assert holds_no_secret(sent)
    event = system.stack.event_of(answer.headers["x-request-id"])
    assert event["verdict"] == "redact"
    assert {"EMAIL", "CREDIT_CARD", "IBAN"} <= {finding["category"] for finding in event["findings"]}
    assert holds_no_secret(json.dumps(event))


def test_escapes_hide_nothing(system):
    prompt = f"Write to {texts.EMAIL}, charge {texts.CARD} and refund {texts.IBAN}, then stop."
    body = '{"model":"gpt-4o","messages":[{"role":"user","content":"%s"}]}' % texts.escaped(prompt)

    response = raw_http.call(
        system.stack.url, "POST", "/v1/chat/completions", body.encode(), key=system.stack.key, timeout=60
    )

    assert response.status == 200, response.body
    sent = texts.decoded(system.upstream.sent)
    assert "Write to [" in sent and ", then stop." in sent
    assert holds_no_secret(sent)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_an_injection_is_answered_once_and_goes_nowhere(system, stream):
    with pytest.raises(openai.ConflictError) as refusal:
        system.client.chat.completions.create(
            model="gpt-4o", messages=[{"role": "user", "content": texts.INJECTION}], stream=stream
        )

    error = refusal.value.response.json()["error"]
    assert (error["type"], error["policy"]) == ("policy_violation", "prompt-injection")
    assert refusal.value.response.headers["x-should-retry"] == "false"
    assert system.front.answered.count(b"HTTP/1.1 409") == 1
    assert b"previous instructions" not in system.upstream.sent
    event = system.stack.event_of(error["request_id"])
    assert (event["verdict"], event["outcome"], event["status"]) == ("block", "blocked", 409)
    assert event["reason_code"] == error["code"]
    assert "attempts" not in event or event["attempts"] == []
