"""How long events are kept: what must stay nobody removes, and what is over goes by itself."""

import sqlite3

import pytest

import configs
import raw_http
from raw_http import eventually


class Rows:
    """The store's own SQL, past the API."""

    def __init__(self, stack, database, postgres):
        self._file = stack.folder / "control-plane.sqlite"
        self._server, self._name = postgres, database and database.rsplit("/", 1)[1]

    def refusal(self, statement):
        """What the database says against a statement; None when it has done it."""
        if self._server:
            return self._server.refusal(self._name, statement)
        connection = sqlite3.connect(self._file, timeout=30)
        try:
            with connection:
                connection.execute(statement)
            return None
        except sqlite3.Error as error:
            return str(error)
        finally:
            connection.close()


@pytest.fixture
def server(request, database):
    return database and request.getfixturevalue("postgres")


def config(simulator, version, **settings):
    chain = ["pii-detector", "audit-logger"] if settings else ["pii-detector"]
    return configs.policy_config(
        configs.target(simulator.base_url()), chain=chain, policy={"audit-logger": settings} if settings else {},
        version=version)


def judged_by(stack, version):
    """An event of an exchange that a version of the config judged."""
    def judged():
        event = stack.event_of(stack.chat().header("x-request-id"))
        return event["config"]["version"] == version and event
    return eventually(judged, 30, 0.2)


def test_events_are_kept_as_long_as_they_must_and_no_longer(stacks, simulator, database, server):
    stack = stacks(config(simulator, "1.0.0", retention_days=1, immutable=False), database=database)
    brief = judged_by(stack, "1.0.0")
    stack.gateway.reload(config(simulator, "2.0.0", retention_days=36_500))
    guarded = judged_by(stack, "2.0.0")
    stack.gateway.reload(config(simulator, "3.0.0"))
    free = judged_by(stack, "3.0.0")
    rows = Rows(stack, database, server)

    assert brief["retained_until"] > brief["time"] and "immutable_until" not in brief
    assert guarded["retained_until"] == guarded["immutable_until"] > "2100"
    assert "retained_until" not in free and "immutable_until" not in free

    for statement in (
        f"DELETE FROM decision_event WHERE id = '{guarded['id']}'", "DELETE FROM decision_event",
        f"UPDATE decision_event SET record = '{{}}' WHERE id = '{guarded['id']}'",
        f"UPDATE decision_event SET retained_until = 1, immutable_until = 1 WHERE id = '{guarded['id']}'",
    ):
        assert "may not be changed or removed yet" in (rows.refusal(statement) or ""), statement

    assert rows.refusal(f"UPDATE decision_event SET retained_until = 1 WHERE id = '{brief['id']}'") is None
    left = {event["id"] for event in stack.events()} - {brief["id"]}
    stack.api.stop()
    stack.api.restart()

    eventually(lambda: {event["id"] for event in stack.events()} == left, 30)
    assert {guarded["id"], free["id"]} <= left
    assert next(event for event in stack.events() if event["id"] == guarded["id"]) == guarded
    [record] = stack.api.ask("GET", "/v1/audit-records?action=event.remove")["audit_records"]
    assert record["details"] == {"count": "1", "reason": "retention"}
    assert stack.api.ask("GET", f"/v1/gateways/{free['gateway_id']}/gaps")["gaps"] == []
    assert sum(_numbers(stack.api.ask("GET", "/v1/events/summary")["total"])) == len(left)


def _numbers(total):
    return [number for name, number in total.items() if not name.endswith("_tokens")]


def test_an_access_that_nobody_can_be_named_for_is_refused(gateways, simulator):
    gateway = gateways(config(simulator, "1.0.0", hipaa_audit_controls=True), flags=["--allow-anonymous"])

    refused = raw_http.chat(gateway.url, None, "Say hello.")

    assert (refused.status, refused.json["error"]["code"]) == (409, "audit_logger.no_identity")
    assert gateway.chat().status == 200
