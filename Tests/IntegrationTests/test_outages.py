"""What a gateway does, and says, while its disk or its control plane fails it."""

import contextlib
import http.server
import itertools
import json
import subprocess
import threading
import time

import pytest

import configs
from certificates import Authority
from gateways import Gateway
from processes import PATIENCE, Process, run_kt
from raw_http import eventually

#: The smallest spool: four segments of 256 KiB.
SMALL = {"record": {"max_bytes": 1 << 20}}

HELLO = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Say hello."}]}


def config(simulator, **sections):
    return configs.policy_config(configs.target(simulator.base_url()), **sections)


def statuses(gateway, until, most=10_000):
    """Asks over one connection until `until` says so of an answer; all statuses."""
    found = []
    with gateway.connect() as connection:
        while True:
            answer = connection.request("POST", "/v1/chat/completions", HELLO, key=gateway.key)
            found.append(answer.status)
            if until(answer):
                return found
            assert len(found) < most


def readiness(gateway):
    answer = gateway.call("GET", "/readyz")
    return answer.status, answer.json.get("reason")


def segments(gateway):
    return sorted(path.name for path in (gateway.state / "spool").glob("*.segment"))


def test_without_a_control_plane_the_oldest_records_go(gateways, simulator):
    gateway = gateways(config(simulator, **SMALL))
    first = segments(gateway)[0]

    served = statuses(gateway, lambda _: first not in segments(gateway))
    more = itertools.count()
    served += statuses(gateway, lambda _: next(more) > 300)

    assert set(served) == {200}
    size = sum(path.stat().st_size for path in (gateway.state / "spool").glob("*.segment"))
    assert size <= 1 << 20
    eventually(lambda: "the oldest decision events are dropped from now on" in gateway.output)
    assert gateway.output.count("records are kept, and the oldest go first") == 1
    assert gateway.output.count("limit_bytes=1048576") >= 1
    assert "error" not in gateway.output
    gateway.stop()
    gateway.restart()
    assert gateway.chat().status == 200 and readiness(gateway) == (200, None)


def test_records_that_a_control_plane_waits_for_are_kept(tmp_path, simulator):
    """A start that forgot the API's address must not cost records."""
    gateway = Gateway(tmp_path, config(simulator, **SMALL))
    gateway.state.mkdir(mode=0o700)
    (gateway.state / "gateway-id").write_text("gw_01J00000000000000000000000")
    with gateway:
        first = segments(gateway)[0]

        served = statuses(gateway, lambda answer: answer.status != 200)

        assert served[-1] == 503 and segments(gateway)[0] == first
        assert "records are kept for the one that this gateway knew" in gateway.output


def test_a_full_spool_is_said_once_and_once_more_when_it_is_over(stacks, simulator):
    stack = stacks(config(simulator, **SMALL))
    stack.api.kill()
    statuses(stack.gateway, lambda answer: answer.status == 503)

    refused = [stack.chat() for _ in range(50)]

    assert {(answer.status, answer.error["code"]) for answer in refused} == {(503, "spool_full")}
    assert readiness(stack.gateway) == (503, "spool_full")
    lines = [line for line in stack.gateway.output.splitlines() if "decision events cannot be recorded" in line]
    assert len(lines) == 1 and "record.max_bytes is 1048576" in lines[0] and "disk" not in lines[0]
    stack.api.restart()
    eventually(lambda: stack.gateway.output.count("decision events are recorded again") == 1, PATIENCE, 0.2)
    assert stack.chat().status == 200


@contextlib.contextmanager
def small_disk(folder, mebibytes):
    """A file system of its own."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=700", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("there is no mount")
    if mounted.returncode != 0:
        pytest.skip(f"this user may not mount a file system: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(path):
    """Takes all room that a file system has left."""
    with open(path, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


def test_a_gateway_serves_again_when_its_disk_has_room_again(tmp_path, simulator):
    gateway = Gateway(tmp_path, config(simulator, **SMALL))
    with small_disk(gateway.state, 4), gateway:
        fill(gateway.state / "filler")
        statuses(gateway, lambda answer: answer.status == 503)
        assert readiness(gateway) == (503, "spool_full")

        (gateway.state / "filler").unlink()

        eventually(lambda: gateway.chat().status == 200, PATIENCE, 0.1)
        eventually(lambda: gateway.output.count("decision events are recorded again") == 1, PATIENCE, 0.2)
        lines = [line for line in gateway.output.splitlines() if "decision events cannot be recorded" in line]
        assert len(lines) == 1 and "No space left on device" in lines[0] and "Free space on its disk" in lines[0]


def test_keys_that_may_be_five_seconds_old_are_always_that_young(stacks, simulator):
    stack = stacks(config(simulator, keys=False) | {"keys": {"max_staleness_seconds": 5}})
    token, key = stack.api.make_token("short-lived", "general")
    stack.wait_for_key(key)

    end, found = time.monotonic() + 12, set()
    while time.monotonic() < end:
        found.add(stack.chat().status)
        time.sleep(0.05)  # twenty looks a second find any gap
    stack.api.ask("DELETE", f"/v1/tokens/{token['id']}", expect=(200, 204))

    assert found == {200}
    eventually(lambda: stack.chat(key=key).status == 401, 5, 0.02)
    assert stack.chat().status == 200


def test_a_config_that_trusts_keys_for_less_time_has_them_confirmed_at_once(stacks, simulator):
    stack = stacks(config(simulator, keys=False))
    time.sleep(6)  # The answer about keys that came last is older than the new config allows.

    stack.gateway.reload(config(simulator, keys=False, version="2.0.0") | {"keys": {"max_staleness_seconds": 5}})

    def is_new():
        answer = stack.chat()
        return answer.status == 200 and answer.header("x-keeptrusts-config-version") == "2.0.0"

    eventually(is_new, 10, 0.1)


def test_a_gateway_with_keys_of_no_use_is_not_ready_until_the_api_is_back(stacks, simulator):
    stack = stacks(config(simulator, keys=False) | {"keys": {"max_staleness_seconds": 5}})
    assert readiness(stack.gateway) == (200, None)
    stack.api.kill()

    eventually(lambda: readiness(stack.gateway) == (503, "keys_unavailable"), PATIENCE, 0.1)
    assert stack.chat().error["code"] == "keys_unavailable"
    assert stack.gateway.call("GET", "/healthz").status == stack.gateway.call("GET", "/health").status == 200
    stack.api.restart()

    eventually(lambda: readiness(stack.gateway) == (200, None), PATIENCE, 0.1)
    assert stack.chat().status == 200
    eventually(lambda: "call=keys" in after(stack.gateway, "the control plane answers again"), PATIENCE, 0.2)


def after(process, message):
    """The lines of a log with this message."""
    return "\n".join(line for line in process.output.splitlines() if message in line)


@pytest.mark.parametrize("purpose", [None, "general"], ids=["unknown", "another purpose"])
def test_a_gateway_whose_token_is_refused_is_not_ready(stacks, gateways, simulator, purpose):
    stack = stacks(config(simulator))
    token = stack.api.make_token("wrong", purpose)[1] if purpose else "kt_rt_wrong"
    gateway = gateways(
        config(simulator, keys=False), name="refused", flags=["--api-url", stack.api.url, "--api-token", token]
    )

    assert gateway.chat(key=stack.key).status == 503
    assert readiness(gateway) == (503, "keys_unavailable")
    eventually(lambda: "call=keys" in after(gateway, "the control plane refuses this gateway"), PATIENCE)
    assert "the control plane is silent" not in gateway.output


class Sick(http.server.BaseHTTPRequestHandler):
    """Answers 503, as a proxy does before an API that is away."""

    def do_GET(self):
        self.send_response(503)
        self.send_header("content-length", "0")
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *_):
        pass


def test_why_the_control_plane_is_silent_is_said(gateways, simulator, tmp_path):
    certificate, key = Authority(tmp_path / "authority").server("127.0.0.1")
    secure = gateways(config(simulator), name="secure", flags=["--tls-cert", certificate, "--tls-key", key])
    plain = gateways(config(simulator), name="plain")
    sick = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sick)
    threading.Thread(target=sick.serve_forever, daemon=True).start()
    causes = {
        "http://127.0.0.1:1": "the connection is refused",
        "http://nowhere.invalid:8080": "its name cannot be resolved",
        secure.url: "no authority that is trusted here",
        secure.url.replace("https", "http"): "https:// instead of http://",
        plain.url.replace("http", "https"): "http:// instead of https://",
        f"http://127.0.0.1:{sick.server_port}": "it answers 503",
    }
    try:
        started = [
            (gateways(config(simulator), name=f"cut-off-{index}", flags=["--api-url", url, "--api-token", "x"]), cause)
            for index, (url, cause) in enumerate(causes.items())
        ]
        for gateway, cause in started:
            eventually(lambda: cause in after(gateway, "the control plane is silent"), PATIENCE, 0.2)
            assert gateway.output.count("the control plane is silent") <= 2  # keys and heartbeat
    finally:
        sick.shutdown()
        sick.server_close()


@pytest.mark.parametrize(
    "flags, environment, said",
    [
        (["--api-token", "kt_rt_x"], {}, "--api-url"),
        ([], {"KEEPTRUSTS_GATEWAY_TOKEN": "kt_rt_x"}, "--api-url"),
        (["--api-url", "http://127.0.0.1:8080"], {}, "--api-token"),
        (["--api-url", "api.example.com:8080", "--api-token", "kt_rt_x"], {}, "--api-url is not a URL"),
        ([], {"KEEPTRUSTS_LOG_LEVEL": "verbose"}, "warning"),
    ],
    ids=["token alone", "token in the environment", "address alone", "address without a scheme", "log level"],
)
def test_settings_that_cannot_be_meant_end_the_start(tmp_path, simulator, flags, environment, said):
    path = configs.write(tmp_path / "policy-config.yaml", config(simulator))
    command = ["gateway", "run", "--listen", "127.0.0.1:0", "--state-dir", tmp_path / "state", "--policy-config", path]

    status, _, errors = run_kt(*command, *flags, environment=configs.ENVIRONMENT | environment, folder=tmp_path)

    assert status == 2 and said in errors


def test_a_managed_gateway_starts_with_the_last_good_config(stacks, simulator, tmp_path):
    stack = stacks(config(simulator))
    _, runtime = stack.api.make_token("managed", "gateway_runtime")
    configuration = None

    def deploy(version, enabled=True):
        nonlocal configuration
        document = config(simulator, keys=False, version=version)
        document["pack"]["enabled"] = enabled
        if configuration is None:
            draft = {"name": "fleet", "yaml": json.dumps(document)}
            configuration = stack.api.ask("POST", "/v1/configurations", draft)["id"]
        else:
            stack.api.ask("POST", f"/v1/configurations/{configuration}/versions", {"yaml": json.dumps(document)})
        target = f"/v1/configurations/{configuration}/deploy"
        stack.api.ask("POST", target, {"all": True}, expect=(200, 201, 202))

    def failure():
        """What the API knows of why the managed gateway does not run what it was assigned."""
        for gateway in stack.api.ask("GET", "/v1/gateways")["gateways"]:
            if gateway["mode"] == "managed":
                return gateway.get("config_failure", {}).get("message", "")
        return None

    def serves(version):
        answer = managed.chat()
        return answer.status == 200 and answer.header("x-keeptrusts-config-version") == version

    managed = Gateway(tmp_path, config(simulator), name="managed", key=stack.key)
    managed.arguments = [
        managed.arguments[0], "run", "--managed", "--listen", "127.0.0.1:0", "--state-dir", managed.state,
        "--api-url", stack.api.url, "--api-token", runtime, "--allow-env", configs.UPSTREAM_VARIABLE,
    ]
    deploy("1.0.0", enabled=False)
    Process.start(managed)
    try:
        # There is no good one yet: it ends, and says why where its operator looks.
        assert managed.wait() == 1
        assert "pack.enabled" in managed.output and "pack.enabled" in failure()

        deploy("2.0.0")
        managed.start()
        eventually(lambda: serves("2.0.0"), PATIENCE, 0.1)
        eventually(lambda: failure() == "", PATIENCE, 0.2)
        managed.stop()

        deploy("3.0.0", enabled=False)
        managed.restart()
        eventually(lambda: serves("2.0.0"), PATIENCE, 0.1)
        eventually(lambda: "pack.enabled" in failure(), PATIENCE, 0.2)
        assert managed.output.count("the assigned config is not in force; the last good one is") == 1
        assert "the old one stays" not in managed.output

        deploy("4.0.0")
        eventually(lambda: serves("4.0.0"), PATIENCE, 0.1)
        eventually(lambda: failure() == "", PATIENCE, 0.2)
    finally:
        managed.stop()
