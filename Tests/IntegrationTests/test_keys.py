"""Keys: whom they stand for, and while the API is away, what a gateway still trusts, for how long, after a restart."""

import stat
import time

import pytest

import configs
from raw_http import eventually


def config(simulator, **more):
    return configs.policy_config(configs.target(simulator.base_url()), **more)


def kept(stack):
    """The file in which the gateway keeps keys, once it is there."""
    path = stack.gateway.state / "keys"
    eventually(path.exists, 10)
    return path


def test_known_keys_work_while_the_api_is_away(stacks, simulator):
    stack = stacks(config(simulator))

    stack.api.kill()

    assert stack.chat().status == 200
    assert stack.chat(key="kt_gk_never_seen").status in (401, 503)
    stack.gateway.stop()
    stack.gateway.restart()
    assert stack.chat().status == 200
    assert stack.chat(key="kt_gk_never_seen").status in (401, 503)


def test_known_keys_outlive_a_crash_of_all(stacks, simulator):
    stack = stacks(config(simulator))
    path = kept(stack)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stack.key not in path.read_text()

    stack.api.kill()
    stack.gateway.kill()
    stack.gateway.restart()

    assert stack.chat().status == 200


def test_a_key_that_was_revoked_meanwhile_goes_when_the_api_is_back(stacks, simulator):
    stack = stacks(config(simulator))
    token, key = stack.api.make_token("short-lived", "general")
    stack.wait_for_key(key)
    eventually(lambda: token["id"] in kept(stack).read_text(), 10)
    stack.gateway.kill()
    stack.api.ask("DELETE", f"/v1/tokens/{token['id']}", expect=(200, 204))
    stack.api.kill()
    stack.gateway.restart()
    # Nobody could tell it so far.
    assert stack.chat(key=key).status == 200

    stack.api.restart()

    eventually(lambda: stack.chat(key=key).status == 401, 10, 0.02)
    assert stack.chat().status == 200
    eventually(lambda: token["id"] not in kept(stack).read_text(), 10)
    stack.api.kill()
    stack.gateway.kill()
    stack.gateway.restart()
    assert (stack.chat(key=key).status, stack.chat().status) == (401, 200)


def test_kept_keys_grow_old(stacks, simulator):
    sections = {"keys": {"max_staleness_seconds": 5}}
    stack = stacks({**config(simulator, keys=False), **sections})
    stack.api.kill()
    stack.gateway.kill()
    time.sleep(5.5)
    stack.gateway.restart()

    answer = stack.chat()

    assert (answer.status, answer.error["code"]) == (503, "keys_unavailable")
    assert stack.gateway.output.count("the kept keys are not used") == 1
    stack.api.restart()
    eventually(lambda: stack.chat().status == 200, 10, 0.1)


def flip(data):
    return data[:100] + bytes([data[100] ^ 1]) + data[101:]


def of_tomorrow(data):
    return data.replace(b'"heard_at":"20', b'"heard_at":"21')


@pytest.mark.parametrize(
    "change", [flip, of_tomorrow, lambda data: data[:-1], lambda data: b"", lambda data: data + data],
    ids=["flipped bit", "from the future", "cut", "empty", "doubled"],
)
def test_a_changed_file_of_keys_opens_nothing(stacks, simulator, change):
    stack = stacks(config(simulator))
    path = kept(stack)
    stack.api.kill()
    stack.gateway.kill()
    path.write_bytes(change(path.read_bytes()))
    stack.gateway.restart()

    answer = stack.chat()

    assert (answer.status, answer.error["code"]) == (503, "keys_unavailable")
    assert stack.gateway.output.count("the kept keys are not used") == 1


def test_a_caller_is_believed_about_itself_only_with_the_grant(stacks, simulator):
    stack = stacks(config(simulator))
    _, trusted = stack.api.make_token("front end", "general", may_assert_identity=True)
    stack.wait_for_key(trusted)
    said = {"x-user-id": "someone-else", "x-team-id": "another-team"}

    plain = stack.event_of(stack.chat(headers=said).header("x-request-id"))
    granted = stack.event_of(stack.chat(headers=said, key=trusted).header("x-request-id"))

    assert (plain.get("user_id"), plain.get("team_id")) == (None, None)
    assert (granted["user_id"], granted["team_id"]) == ("someone-else", "another-team")
