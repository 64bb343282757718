"""What becomes of answers that are not good enough, and of those that a person must see."""

import json
import time

import pytest

import configs
import raw_http
import replies
from raw_http import eventually


def config(simulator, kind, **settings):
    return configs.policy_config(configs.target(simulator.base_url()), chain=[kind], policy={kind: settings})


@pytest.mark.parametrize("stream", [False, True])
def test_another_answer_is_asked_for(stacks, simulator, stream):
    """Over real connections, what is left of the first answer must not end the second."""
    stack = stacks(config(
        simulator, "quality-scorer", min_output_chars=20, failure_action={"action": "retry", "retries": 2}))
    for _ in range(5):
        simulator.forget()
        simulator.script(
            "", replies.Answer("Rye."), replies.Answer("Oats."), replies.Answer("Rye is a grass, as wheat is."))
        answer = stack.chat("What is rye?", stream=stream)

        assert answer.status == 200
        text = raw_http.streamed_text(answer) if stream else answer.json["choices"][0]["message"]["content"]
        assert text == "Rye is a grass, as wheat is."
        assert b"Oats" not in answer.body
        asked = [request.body for request in simulator.received("What is rye?")]
        assert len(asked) == 3 and len(set(asked)) == 1
        event = stack.event_of(answer.header("x-request-id"))
        assert event["verdict"] == "allow" and event["outcome"] == "completed"
        assert [one.get("error") for one in event["attempts"]] == ["answer_rejected"] * 2 + [None]

    simulator.script("", *[replies.Answer("Rye.")] * 3)
    refused = stack.chat("What is rye?", stream=stream)
    assert refused.status == 409 and b"quality_scorer" in refused.body


def test_a_caller_that_leaves_meanwhile_ends_it(stacks, simulator):
    stack = stacks(config(simulator, "quality-scorer", min_output_chars=20, failure_action={"action": "retry"}))
    simulator.script("", replies.Answer("Rye."), replies.late(20))
    with stack.gateway.connect() as connection:
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "What is rye?"}]}
        connection.send(raw_http.request_bytes("x", "POST", "/v1/chat/completions", body, key=stack.gateway.key))
        simulator.wait_for(lambda requests: len(requests) == 2)
    event = eventually(lambda: next(iter(stack.events()), None), 10, 0.2)
    assert event["outcome"] == "cancelled"
    assert [one.get("error") for one in event["attempts"]][:1] == ["answer_rejected"]


def test_an_escalation_says_for_whom_it_waits(stacks, simulator, database):
    stack = stacks(config(
        simulator, "human-oversight", require_human_for=["*"], default_assignee="care@example.com", timeout_seconds=3600,
        on_timeout="block"), database=database)

    answer = stack.chat()

    assert answer.status == 409 and answer.json["error"]["type"] == "escalation_required"
    assert b"care@" not in answer.body
    event = stack.event_of(answer.header("x-request-id"))
    escalation = event["escalation"]
    assert (escalation["assignee"], escalation["on_timeout"]) == ("care@example.com", "block")
    assert event["time"] < escalation["expires_at"] and escalation["expires_at"][:10] >= event["time"][:10]


def paying(text, stream):
    """An answer that says something and calls a tool."""
    answer, asked = replies.Answer(tool_calls=[("pay", '{"amount": 100}')]), {"model": "gpt-4o"}
    if stream:
        events = list(replies.openai_events(answer, asked))
        says = replies.event(replies.openai_chunk(asked, {"content": text}))
        return replies.Steps(replies.stream([events[0], says, *events[1:]]))
    whole = replies.openai_answer(answer, asked)
    whole["choices"][0]["message"]["content"] = text
    return replies.Steps([replies.response(200, json.dumps(whole))])


@pytest.mark.parametrize("stream", [False, True])
def test_nothing_goes_out_beside_the_text_that_stands_for_an_answer(stacks, simulator, stream):
    stack = stacks(config(
        simulator, "quality-scorer", min_sentences=2,
        failure_action={"action": "fallback", "message": "There is no good answer."}))
    for bad in [paying("Rye.", stream), replies.Answer("")]:
        simulator.script("", bad)
        answer = stack.chat("What is rye?", stream=stream)

        assert answer.status == 200
        text = raw_http.streamed_text(answer) if stream else answer.json["choices"][0]["message"]["content"]
        assert text == "There is no good answer."
        assert b"pay" not in answer.body and b"Rye" not in answer.body


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_only_calls_a_tool_waits_for_a_person_and_an_error_does_not(stacks, simulator, stream):
    stack = stacks(config(simulator, "human-oversight", require_human_for=["*"]))
    simulator.script(
        "", replies.Answer("", tool_calls=[("pay", '{"amount": 100}')]),
        replies.error(400, "max_tokens is too large", "invalid_request_error"))

    held, failed = stack.chat(stream=stream), stack.chat(stream=stream)

    assert held.status == 409 and held.json["error"]["code"] == "human_oversight.required"
    assert failed.status == 400 and failed.json["error"]["message"] == "max_tokens is too large"
    assert stack.event_of(failed.header("x-request-id"))["verdict"] == "allow"


@pytest.mark.parametrize("stream", [False, True])
def test_payments_of_answers_that_are_dropped_do_not_count(stacks, simulator, stream):
    stack = stacks(configs.policy_config(
        configs.target(simulator.base_url()), chain=["agent-firewall", "quality-scorer"],
        policy={
            "agent-firewall": {"transaction_limits": {"max_daily_total": 250}},
            "quality-scorer": {"min_sentences": 2, "failure_action": {"action": "retry", "retries": 2}},
        }), gateway_flags=["--event-loops", "1"])
    bad, good = paying("Rye.", stream), paying("It is. I pay.", stream)
    for expected in [200, 200, 409]:
        simulator.script("", bad, bad, good)
        answer = stack.chat(stream=stream)
        assert answer.status == expected, answer.body
    assert answer.json["error"]["code"] == "agent_firewall.daily_limit"


def test_a_policy_that_observes_holds_no_stream_back(stacks, simulator):
    watcher = {"kind": "quality-scorer", "mode": "observe"}
    stack = stacks(configs.policy_config(
        configs.target(simulator.base_url()), chain=[watcher], policy={"quality-scorer": {"min_sentences": 2}}))
    simulator.script("", replies.paced(0.3, replies.Answer("Rye is a grass, as wheat is.")))
    arrived = []

    asked = stack.client().chat.completions.with_raw_response.create(
        model="gpt-4o", messages=[{"role": "user", "content": "What is rye?"}], stream=True)
    for chunk in asked.parse():
        if chunk.choices and chunk.choices[0].delta.content:
            arrived.append(time.monotonic())

    assert len(arrived) > 3 and arrived[-1] - arrived[0] > 0.8
    event = stack.event_of(asked.headers["x-request-id"])
    assert event["flagged"] and (event["verdict"], event["outcome"]) == ("allow", "completed")
    assert [one.get("reason_code") for one in event["policies"]] == [None, "quality_scorer.too_short"]
