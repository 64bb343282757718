"""Broken bytes by the thousand, and minutes of load: the gateway stays up, and stays small."""

import os
import random
import re
import time

import pytest

import configs
import raw_http
import replies
from load import Load
from replies import Answer
from test_providers import resident_megabytes

BODY = (
    b'{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"caf\\u00e9 \\ud83d\\ude00 4111 1111 1111 1111"},'
    b'{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]}]}'
)

REQUEST = (
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer kt_gk_test\r\n"
    b"content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
)

#: The card, where it stands by itself: what is glued to a letter or digit is none.
CARD = re.compile(rb"(?<![\w\\])4111 1111 1111 1111(?!\w)")


def mutated(data, chance):
    """The data with a few bytes changed, dropped, doubled or cut off."""
    data = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data))
        kind = chance.randrange(5)
        if kind == 0:
            data[at] = chance.randrange(256)
        elif kind == 1:
            del data[at:at + chance.randint(1, 8)]
        elif kind == 2:
            data[at:at] = data[at:at + chance.randint(1, 32)]
        elif kind == 3:
            data[at:at] = chance.choice([b"\r\n", b"\n", b"\x00", b'"', b"\\u", b"\xff", b"99999999999", b"{", b"]"])
        else:
            del data[max(at, 16):]
        if not data:
            data += b"\r\n"
    return bytes(data)


@pytest.mark.parametrize("count", [2_000, pytest.param(20_000, marks=[pytest.mark.long, pytest.mark.timeout(1200)])])
def test_broken_requests_break_nothing(gateways, simulator, count):
    gateway = gateways(configs.policy_config(configs.target(simulator.base_url())))
    chance = random.Random(os.environ.get("KT_TEST_SEED", "seven"))
    for number in range(count):
        data = mutated(REQUEST, chance)
        with gateway.connect(timeout=5) as connection:
            try:
                connection.send(data)
                connection.socket.shutdown(1)
                while connection.read_some():
                    pass
            except (OSError, TimeoutError):
                pass
        status = connection.buffer[9:12]
        assert status in (b"", b"200") or status[:1] in (b"4", b"5") and status != b"500", (number, data, connection.buffer)
        assert gateway.is_running, (number, data)
    assert not any(CARD.search(request.raw) for request in simulator.received())
    assert gateway.chat().status == 200


@pytest.mark.parametrize("count", [1_000, pytest.param(10_000, marks=[pytest.mark.long, pytest.mark.timeout(1200)])])
def test_broken_answers_break_nothing(gateways, simulator, count):
    gateway = gateways(configs.policy_config(
        configs.target(simulator.base_url(), timeouts={"first_byte_ms": 300, "idle_ms": 300}),
        providers={"retry": {"max_attempts": 1}, "circuit_breaker": {"failure_threshold": 1000}},
    ))
    chance = random.Random(os.environ.get("KT_TEST_SEED", "eleven"))
    for number in range(count):
        stream = number % 2 == 0
        change = lambda steps: [mutated(b"".join(steps), chance), replies.CLOSE]
        simulator.script("", replies.Changed(Answer("Pay 4111 1111 1111 1111 now."), change))
        try:
            answer = gateway.chat(stream=stream, timeout=10)
        except ConnectionError:
            continue
        finally:
            assert gateway.is_running, number
        assert answer.status in (200, 400, 422, 429, 502, 503, 504), (number, answer)
        assert not CARD.search(answer.body), (number, answer)
    simulator.script("", Answer())
    assert gateway.chat().status == 200


@pytest.mark.long
@pytest.mark.timeout(900)
def test_minutes_of_load_leave_no_trace(stacks, simulator):
    """Memory after five minutes is what it was after one."""
    stack = stacks(configs.policy_config(configs.target(simulator.base_url())))
    levels = []
    for minute in range(5):
        began = time.monotonic()
        for stream in (False, True):
            load = Load(stack.url, stack.key, 6_000, connections=32, seconds=28, stream=stream)
            load.start()
            assert load.finish(120).failures == []
        time.sleep(max(0, began + 60 - time.monotonic()))
        levels.append(resident_megabytes(stack.gateway.pid))

    assert levels[-1] - levels[0] < 10, levels


@pytest.mark.parametrize("connections", [500, pytest.param(4_000, marks=pytest.mark.long)])
def test_many_open_streams(gateways, simulator, connections):
    gateway = gateways(configs.policy_config(configs.target(simulator.base_url())))
    simulator.script("", replies.Changed(Answer("one two three"), lambda steps: [*steps[:3], replies.HANG]))
    before = resident_megabytes(gateway.pid)
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "x"}], "stream": True}
    open_streams = []
    try:
        for _ in range(connections):
            connection = gateway.connect()
            connection.send(raw_http.request_bytes("x", "POST", "/v1/chat/completions", body, key=gateway.key))
            open_streams.append(connection)
        for connection in open_streams:
            assert connection.read_head().status == 200
        each = (resident_megabytes(gateway.pid) - before) * 1024 / connections
    finally:
        for connection in open_streams:
            connection.close()

    assert each < 100, f"{each:.1f} KB for a stream"
    simulator.wait_for(lambda requests: all(request.cancelled_at for request in requests), 30)
