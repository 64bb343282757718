"""Nothing that was decided is lost or counted twice, whatever is killed."""

import json
import time

import configs
from load import Load
from picky_relay import PickyRelay
from postgres import PostgreSQL
from raw_http import eventually

EXCHANGES = 2_000


def config(simulator, **sections):
    return configs.policy_config(configs.target(simulator.base_url()), **sections)


def is_gapless(events):
    """Whether a gateway's events are numbered one by one."""
    numbers = sorted(event["sequence"] for event in events)
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_the_api_may_die_under_load(stacks, simulator, database):
    stack = stacks(config(simulator), database=database)
    load = Load(stack.url, stack.key, EXCHANGES, seconds=14)
    load.start()
    load.wait_until(EXCHANGES // 4)

    stack.api.kill()
    died = time.monotonic()
    load.wait_until(EXCHANGES // 2)
    time.sleep(max(0, died + 10 - time.monotonic()))
    stack.api.restart()
    load.finish()

    assert load.failures == []
    eventually(lambda: len(stack.events()) >= EXCHANGES, 60, 0.5)
    time.sleep(1)
    events = stack.events()
    assert len(events) == EXCHANGES
    assert {event["request_id"] for event in events} == {outcome.request_id for outcome in load.outcomes}
    assert len({event["id"] for event in events}) == EXCHANGES
    assert is_gapless(events)


def test_the_gateway_may_die_under_load(stacks, simulator):
    stack = stacks(config(simulator))
    load = Load(stack.url, stack.key, EXCHANGES)
    load.start()
    load.wait_until(EXCHANGES // 3)

    stack.gateway.kill()
    load.finish()
    stack.gateway.restart()

    completed = {outcome.request_id for outcome in load.completed}
    assert EXCHANGES // 3 <= len(completed) < EXCHANGES
    eventually(lambda: completed <= {event["request_id"] for event in stack.events()}, 60, 0.5)
    stack.wait_for_key()
    assert stack.chat().status == 200
    eventually(lambda: len(stack.events()) > len(completed), 30, 0.5)
    events = stack.events()
    assert len({event["id"] for event in events}) == len(events)
    assert is_gapless(events)


def test_streams_are_recorded_before_their_end(stacks, simulator):
    """The gateway dies in a load of streams: whatever had its last byte has its event."""
    stack = stacks(config(simulator))
    load = Load(stack.url, stack.key, 600, stream=True)
    load.start()
    load.wait_until(200)

    stack.gateway.kill()
    load.finish()
    stack.gateway.restart()

    completed = {outcome.request_id for outcome in load.completed}
    assert 200 <= len(completed) < 600
    eventually(lambda: completed <= {event["request_id"] for event in stack.events()}, 60, 0.5)


def test_strict_mode_records_first(stacks, simulator):
    stack = stacks(config(simulator, record={"mode": "strict"}))
    load = Load(stack.url, stack.key, 300)
    load.start()
    load.wait_until(100)

    stack.gateway.kill()
    load.finish()
    stack.gateway.restart()

    # Every answer of which a client saw the head was on disk before.
    seen = {outcome.request_id for outcome in load.outcomes if outcome.request_id}
    assert len(seen) >= 100
    eventually(lambda: seen <= {event["request_id"] for event in stack.events()}, 60, 0.5)


def test_the_database_may_be_away(stacks, simulator, tmp_path):
    server = PostgreSQL(tmp_path).start()
    try:
        stack = stacks(config(simulator), database=server.create_database("away"))
        assert stack.chat().status == 200
        eventually(lambda: len(stack.events()) == 1, 30, 0.2)

        server.kill()
        answers = [stack.chat().status for _ in range(20)]
        error = stack.api.ask("GET", "/v1/events", expect=(500, 503))["error"]
        server.start()

        assert answers == [200] * 20
        assert error["code"] and "postgres" not in error["message"].lower()
        # The API answers 503 until it has found the database again.
        everything = lambda: stack.api.ask("GET", "/v1/events?limit=200", expect=(200, 503)).get("events", [])
        eventually(lambda: len(everything()) == 21, 60, 0.5)
    finally:
        server.stop()


def test_a_restart_of_everything_keeps_everything(stacks, simulator):
    stack = stacks(config(simulator))
    load = Load(stack.url, stack.key, 100)
    load.start()
    load.finish()

    assert stack.gateway.stop() == 0
    assert stack.api.stop() == 0
    stack.api.restart()
    stack.gateway.restart()
    stack.wait_for_key()
    stack.chat()

    assert load.failures == []
    eventually(lambda: len(stack.events()) == 101, 30, 0.5)
    assert is_gapless(stack.events())
    assert len(stack.api.ask("GET", "/v1/gateways")["gateways"]) == 1


def test_an_event_that_is_refused_does_not_stop_the_others(stacks, gateways, simulator):
    stack = stacks(config(simulator))
    _, runtime = stack.api.make_token("relayed", "gateway_runtime")
    with PickyRelay(stack.api.url, b"never-take-me") as relay:
        gateway = gateways(
            config(simulator), name="relayed", key=stack.key, flags=["--api-url", relay.url, "--api-token", runtime]
        )
        eventually(lambda: gateway.call("GET", "/v1/models").status == 200, 30)
        ids = ["good-1", "never-take-me", "good-2", "good-3", "never-take-me-either", "good-4"]
        assert [gateway.chat(headers={"x-request-id": id}).header("x-request-id") for id in ids] == ids
        good = {id for id in ids if id.startswith("good")}
        eventually(lambda: good <= {event["request_id"] for event in stack.events()}, 30, 0.2)
        eventually(lambda: (gateway.state / "spool" / "refused.jsonl").read_text().count("\n") == 2, 10)

    lines = [json.loads(line) for line in (gateway.state / "spool" / "refused.jsonl").read_text().splitlines()]
    assert [line["event"]["request_id"] for line in lines] == ["never-take-me", "never-take-me-either"]
    assert {line["reason"]["code"] for line in lines} == {"json.malformed"}
    assert gateway.output.count("set aside") == 2
    assert {event["request_id"] for event in stack.events()} == good


def test_what_was_decided_before_the_first_registration_is_recorded(stacks, gateways, simulator):
    """A gateway with keys of its own serves before it has ever heard from the API."""
    stack = stacks(config(simulator))
    _, runtime = stack.api.make_token("early", "gateway_runtime")
    stack.api.kill()
    gateway = gateways(config(simulator), name="early", flags=["--api-url", stack.api.url, "--api-token", runtime])
    early = [gateway.chat() for _ in range(3)]
    assert [answer.status for answer in early] == [200] * 3

    stack.api.restart()

    events = [stack.event_of(answer.header("x-request-id")) for answer in early]
    assert {event["gateway_id"][:3] for event in events} == {"gw_"}
    assert len({event["gateway_id"] for event in events}) == 1
    assert not (gateway.state / "spool" / "refused.jsonl").exists()
