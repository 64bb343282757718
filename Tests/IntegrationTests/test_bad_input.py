"""Bad input gets one clear line or the documented envelope, the right status, and loses nothing."""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile

import httpx
import openai
import pytest

import configs
import raw_http
from processes import kt_binary, run_kt
from raw_http import eventually
from stack import Up

VALID = """\
pack: {name: tests, version: 1.0.0, enabled: true}
policies: {chain: [audit-logger]}
providers:
  targets:
    - {id: main, provider: demo, model: demo}
"""

BROKEN_CONFIGS = {
    "broken YAML": (VALID + "policy: {a: [1, 2\n", r"policy-config.yaml:\d+:\d+: "),
    "unknown key": (VALID + "polices: {}\n", r"policy-config.yaml:6:1: .*'polices'.*\n.*'policies'"),
    "unknown nested key": (VALID.replace("model: demo", "modell: demo"), r"policy-config.yaml:5:34: .*modell'.*\n.*'model'"),
    "unknown kind": (VALID.replace("audit-logger", "prompt-injektion"), r"policy-config.yaml:2:20: .*\n.*'prompt-injection'"),
    "wrong type": (VALID.replace("enabled: true", "enabled: perhaps"), r"policy-config.yaml:1:\d+: "),
    "duplicate key": (VALID + "pack: {name: again, version: 2.0.0}\n", r"policy-config.yaml:6:1: "),
    "no YAML at all": ("\x00\x01\x02", r"policy-config.yaml:1:\d+: |policy-config.yaml"),
    "empty": ("", r"policy-config.yaml"),
    "pattern that does not compile": (
        VALID.replace("audit-logger", "dlp-filter") + "policy: {dlp-filter: {detect_patterns: ['(']}}\n",
        r"policy-config.yaml:6:\d+: ",
    ),
}


def one_line(text):
    """The one line that a failed command writes for its reader, with its hint; the log's lines do not count."""
    lines = read_by_people(text)
    assert 1 <= len(lines) <= 2, f"not one clear line:\n{text}"
    return "\n".join(lines)


def mistakes(text):
    """The lines about the mistakes of a config, each with its place, and their hints."""
    lines = read_by_people(text)
    assert lines and all(re.match(r"\S+:\d+:\d+: error: |  hint: ", line) for line in lines), f"not clear:\n{text}"
    return "\n".join(lines)


def read_by_people(text):
    assert "Fatal error" not in text and "Thread 0" not in text and "Stack dump" not in text
    return [line for line in text.splitlines() if line.strip() and not re.match(r"\d{4}-\d\d-\d\dT", line)]


def run_gateway(folder, config_path, *flags, listen="127.0.0.1:0"):
    return run_kt(
        "gateway", "run", "--listen", listen, "--policy-config", config_path, "--state-dir", folder / "state", *flags,
        folder=folder, environment=configs.ENVIRONMENT,
    )


@pytest.mark.parametrize("case", BROKEN_CONFIGS)
def test_a_broken_config_is_refused_with_its_place(tmp_path, case):
    text, expected = BROKEN_CONFIGS[case]
    path = tmp_path / "policy-config.yaml"
    path.write_text(text)

    status, _, errors = run_gateway(tmp_path, path)
    lint_status, lint_output, lint_errors = run_kt("policy", "lint", "--file", path, folder=tmp_path)

    assert status in (1, 2)
    assert re.search(expected, mistakes(errors)), errors
    assert lint_status in (1, 2)
    assert re.search(expected, lint_output + lint_errors), lint_output + lint_errors


def test_a_start_tells_all_mistakes_of_a_config(tmp_path):
    path = tmp_path / "policy-config.yaml"
    path.write_text(
        VALID.replace("model: demo", "modell: demo").replace("audit-logger", "audit-loger, pii-detector")
        + "policy: {pii-detector: {actoin: redact}}\npolices: {}\n"
    )

    status, _, errors = run_gateway(tmp_path, path)

    assert status == 1
    assert re.findall(r"policy-config\.yaml:(\d+:\d+): error: .*", errors) == ["2:20", "5:34", "6:25", "7:1"]


def test_a_reload_tells_all_mistakes_of_a_config(gateway):
    config = json.loads(gateway.config_path.read_text())
    config["providers"]["targets"][0]["modell"] = "gpt-4o"
    gateway.reload({**config, "polices": {}, "policies": {"chain": ["audit-loger", "pii-detector", "dlp-filter"]}})

    gateway.wait_for("mistakes=3 .*the config was not reloaded")
    lines = re.findall(r"^.* error .*gateway\.yaml:\d+:\d+: error: .*'(\S+)'\.$", gateway.output, re.MULTILINE)

    assert lines == ["audit-loger", "providers.targets.0.modell", "polices"]
    assert gateway.chat().status == 200


def test_a_key_that_is_not_there_is_named_with_its_place(tmp_path, gateways, simulator):
    gateway = gateways(
        configs.policy_config(configs.target(simulator.base_url())), environment={configs.KEY_VARIABLE: ""}
    )

    place = [
        f"{number}:{line.index('{') + 1}"
        for number, line in enumerate(gateway.config_path.read_text().splitlines(), 1) if '"key_ref"' in line
    ]
    assert re.search(
        rf"warning.*gateway\.yaml:{place[0]}: warning: the consumer group 'tests' has no key: "
        rf"the variable {configs.KEY_VARIABLE} is not set", gateway.output,
    )
    assert gateway.chat().status == 401


def test_a_missing_config_is_named(tmp_path):
    status, _, errors = run_gateway(tmp_path, tmp_path / "absent.yaml")

    assert status == 2
    assert "absent.yaml" in one_line(errors)


def test_wrong_usage_ends_with_2(tmp_path):
    status, _, errors = run_kt("gateway", "run", "--lisen", "x", folder=tmp_path)

    assert status == 2
    assert "--lisen" in errors


@pytest.mark.parametrize("arguments, words, usage", [
    (["up", "--gateway", "127.0.0.1"], "--gateway: '127.0.0.1' is not a host and port: the port is missing", "kt up "),
    (["up", "--chat", "127.0.0.1:http"], "--chat: '127.0.0.1:http' is not a host and port", "kt up "),
    (["up", "--event-loops", "0"], "--event-loops must be above 0", "kt up "),
    (["up", "--database", "mysql://a/b"], "--database must begin with", "kt up "),
    (["gateway", "run", "--listen", "x"], "--listen: 'x' is not a host and port", "kt gateway run "),
    (["gateway", "run", "--drain-timeout", "-1"], "--drain-timeout", "kt gateway run "),
    (["gateway", "run", "--max-concurrency", "0"], "--max-concurrency must be above 0", "kt gateway run "),
    (["gateway", "run", "--tls-cert", "absent", "--tls-key", "absent"], "'absent' cannot be read: there is no such file", "kt gateway run "),
    (["api", "run", "--listen", "x"], "--listen: 'x' is not a host and port", "kt api run "),
    (["api", "run", "--tls-cert", "absent", "--tls-key", "absent"], "'absent' cannot be read: there is no such file", "kt api run "),
    (["api", "migrate", "--database", "mysql://a/b"], "--database must begin with", "kt api migrate "),
    (["console", "run", "--listen", "x"], "--listen: 'x' is not a host and port", "kt console run "),
    (["chat", "run", "--listen", "x"], "--listen: 'x' is not a host and port", "kt chat run "),
    (["run"], "Say `kt run --managed`", "kt run "),
    (["run", "--managed", "--allow-env", "A-B"], "--allow-env: 'A-B' must be letters, digits, '_' and '*'", "kt run "),
    (["run", "--managed", "--allow-env", "KEEPTRUSTS_*"], "--allow-env: 'KEEPTRUSTS_*' must be", "kt run "),
    (["policy", "replay", "--since", "soon", "--config", "a"], "--since must be an age", "kt policy replay "),
])
def test_an_argument_that_is_not_right_is_said_before_anything_begins(tmp_path, arguments, words, usage):
    home = tmp_path / "home"
    home.mkdir()

    status, output, errors = run_kt(*arguments, folder=tmp_path, environment={"HOME": str(home)})

    assert (status, output) == (2, ""), errors
    assert errors.startswith("error: ") and words in errors.splitlines()[0]
    assert f"\nUsage: {usage}" in errors and f"See '{usage}--help'" in errors
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("case", ["absent", "directory", "mistakes"])
@pytest.mark.parametrize("command", ["up", "gateway"])
def test_a_config_is_read_before_anything_begins(tmp_path, command, case):
    path = tmp_path / "policy-config.yaml"
    if case == "directory":
        path.mkdir()
    elif case == "mistakes":
        path.write_text(VALID.replace("audit-logger", "pii-detector") + "policy: {pii-detector: {action: a, pci_mode: b}}\n")
    listen = [word for name in Up.COMPONENTS for word in (f"--{name}", "127.0.0.1:0")]
    flags = ["up", "--data-dir", tmp_path / "data", *listen] if command == "up" else [
        "gateway", "run", "--listen", "127.0.0.1:0", "--state-dir", tmp_path / "state"]

    status, output, errors = run_kt(*flags, "--policy-config", path, folder=tmp_path)

    assert output == "" and "started" not in errors and not (tmp_path / "data").exists()
    if case == "mistakes":
        assert status == 1
        assert re.findall(r"policy-config\.yaml:(\d+:\d+): error", errors) == ["6:33", "6:46"]
    else:
        assert status == 2
        reason = {"absent": "there is no such file", "directory": "it is a directory"}[case]
        assert one_line(errors) == f"error: '{path}' cannot be read: {reason}"


def test_a_certificate_that_does_not_fit_takes_no_credential_along(tmp_path):
    """What `kt api run` shows once is not shown by a start that fails."""
    (tmp_path / "pem").write_text("no certificate")
    flags = ["--listen", "127.0.0.1:0", "--data-dir", tmp_path / "data"]

    status, output, errors = run_kt(
        "api", "run", *flags, "--tls-cert", tmp_path / "pem", "--tls-key", tmp_path / "pem", folder=tmp_path)

    assert (status, output) == (1, "")
    assert "cannot be used" in one_line(errors)


@pytest.mark.parametrize("component", ["gateway", "api"])
def test_a_port_in_use_is_named(tmp_path, component):
    path = tmp_path / "policy-config.yaml"
    path.write_text(VALID)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        if component == "gateway":
            status, _, errors = run_gateway(tmp_path, path, listen=address)
        else:
            status, _, errors = run_kt(
                "api", "run", "--listen", address, "--database", f"sqlite:{tmp_path / 'db'}", "--data-dir", tmp_path,
                folder=tmp_path,
            )

    assert status == 1
    assert address in errors and "in use" in errors


@pytest.mark.parametrize("component", Up.COMPONENTS)
def test_a_port_in_use_is_named_with_its_flag(tmp_path, component):
    """Of the four parts of `kt up`, the one whose port is taken, and what changes it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        flags = [word for name in Up.COMPONENTS for word in (f"--{name}", address if name == component else "127.0.0.1:0")]
        status, output, errors = run_kt("up", "--data-dir", tmp_path / "data", *flags, folder=tmp_path)

    assert status == 1
    line = one_line(errors)
    assert line.startswith(f"error: The {component} cannot listen on {address}: Address already in use.")
    assert f"--{component} of kt up" in line
    # The kernel chose the port, as it may for a client.
    assert "how to reserve it" in line
    # Nothing was started that would have had to be stopped, so nothing else is said.
    assert errors == line + "\n" and not (tmp_path / "data").exists()
    assert "kt_gk_" not in output


def test_two_parts_on_one_port_are_named(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    flags = ["--gateway", "127.0.0.1:0", "--api", "127.0.0.1:0", "--console", address, "--chat", address]
    status, _, errors = run_kt("up", "--data-dir", tmp_path / "data", *flags, folder=tmp_path)

    assert status == 1
    assert errors.startswith(f"error: The chat cannot listen on {address}: Address already in use.")


def test_a_state_directory_has_one_owner(gateway, tmp_path):
    status, _, errors = run_kt(
        "gateway", "run", "--listen", "127.0.0.1:0", "--policy-config", gateway.config_path, "--state-dir",
        gateway.state, folder=tmp_path, environment=configs.ENVIRONMENT,
    )

    assert status == 1
    assert str(gateway.pid) in one_line(errors)
    assert gateway.chat().status == 200


@pytest.fixture
def read_only():
    """A folder that the program may read and not write, and a way to run `kt` as somebody who is not root."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="kt-readonly-"))
    folder.chmod(0o755)
    shutil.copy2(kt_binary(), folder / "kt")
    (folder / "data").mkdir()
    (folder / "data").chmod(0o555)
    (folder / "policy-config.yaml").write_text(VALID)
    yield folder
    shutil.rmtree(folder)


def as_nobody(folder, *arguments):
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    result = subprocess.run(
        [*user, folder / "kt", *map(str, arguments)], capture_output=True, text=True, timeout=30, cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder / "data")},
    )
    return result.returncode, result.stderr


def test_a_read_only_directory_is_named(read_only):
    data = read_only / "data"

    gateway = as_nobody(
        read_only, "gateway", "run", "--listen", "127.0.0.1:0", "--policy-config", read_only / "policy-config.yaml",
        "--state-dir", data / "state",
    )
    api = as_nobody(
        read_only, "api", "run", "--listen", "127.0.0.1:0", "--database", f"sqlite:{data / 'db.sqlite'}",
        "--data-dir", data / "api",
    )
    up = as_nobody(
        read_only, "up", "--data-dir", data / "up", "--gateway", "127.0.0.1:0", "--api", "127.0.0.1:0",
        "--console", "127.0.0.1:0", "--chat", "127.0.0.1:0",
    )

    for (status, errors), folder in ((gateway, "state"), (api, "api"), (up, "up")):
        assert status == 1
        line = one_line(errors)
        assert f"directory '{data / folder}' cannot be used: '{data / folder}': Permission denied." in line
        assert "Make it writable for the user that kt runs as (uid " in line
        assert re.search("--(state|data)-dir", line)


def test_a_file_in_the_place_of_a_directory_is_named(tmp_path):
    (tmp_path / "file").write_text("")

    free = [part for name in ("gateway", "api", "console", "chat") for part in (f"--{name}", "127.0.0.1:0")]
    for flags in (["api", "run", "--listen", "127.0.0.1:0"], ["up", *free]):
        status, _, errors = run_kt(*flags, "--data-dir", tmp_path / "file" / "data", folder=tmp_path)
        assert status == 1
        assert f"'{tmp_path / 'file'}': Not a directory. A file stands there; move it away." in one_line(errors)


@pytest.mark.parametrize("lack", ["directory", "key", "database", "schema"])
def test_a_sign_in_link_makes_nothing_where_nothing_is(tmp_path, lack):
    data = tmp_path / "data"
    if lack != "directory":
        data.mkdir()
    if lack in ("database", "schema"):
        (data / "server.key").write_bytes(b"k" * 32)
        (data / "server.key").chmod(0o600)
    if lack == "schema":
        (data / "keeptrusts.sqlite").write_bytes(b"")
    before = sorted(data.rglob("*"))

    status, _, errors = run_kt("api", "sign-in-link", "--data-dir", data, folder=tmp_path)

    assert status == 4
    assert f"There is no data directory of an API at '{data}'" in one_line(errors) and "--data-dir" in errors
    assert data.exists() == (lack != "directory")
    assert lack == "schema" or sorted(data.rglob("*")) == before


@pytest.mark.parametrize("url", ["postgres://nobody:nothing@127.0.0.1:1/none", "sqlite:/proc/none/db.sqlite"])
def test_an_unreachable_database_is_named(tmp_path, url):
    status, _, errors = run_kt(
        "api", "run", "--listen", "127.0.0.1:0", "--database", url, "--data-dir", tmp_path, folder=tmp_path, timeout=60
    )

    assert status == 1
    line = one_line(errors)
    assert "127.0.0.1" in line or "/proc/none" in line
    assert "nothing" not in errors


def test_wrong_credentials(gateway, simulator):
    answers = {key: gateway.chat(key=key) for key in ("kt_gk_wrong", "x", "'; DROP TABLE tokens; --")}
    none = raw_http.chat(gateway.url, None, "Say hello.")

    for answer in (*answers.values(), none):
        assert (answer.status, answer.error["type"]) == (401, "authentication_error")
        assert answer.error["request_id"] == answer.header("x-request-id")
    assert simulator.received() == []


def test_a_key_may_be_limited_to_models(gateways, simulator):
    config = configs.policy_config(
        configs.target(simulator.base_url()), configs.target(simulator.base_url(), "other", "gpt-4o-mini"),
        consumer_groups=[
            {"name": "few", "key_ref": {"env": configs.KEY_VARIABLE}, "allowed_models": ["gpt-4o-mini"]}
        ],
    )
    gateway = gateways(config)

    refused, allowed = gateway.chat(), gateway.chat(model="gpt-4o-mini")

    assert (refused.status, refused.error["code"]) == (403, "model_not_allowed")
    assert refused.error["hint"] == "Did you mean 'gpt-4o-mini'? This key may use gpt-4o-mini."
    assert allowed.status == 200
    client = gateway.client()
    assert client.models.retrieve("gpt-4o-mini").id == "gpt-4o-mini"
    for model in ("gpt-4o", "no/such:model"):
        with pytest.raises(openai.NotFoundError) as caught:
            client.models.retrieve(model)
        assert caught.value.code == "model_not_found" and "gpt-4o-mini" in caught.value.response.text
    assert [model["id"] for model in gateway.call("GET", "/v1/models").json["data"]] == ["gpt-4o-mini"]


def test_an_unknown_model(gateway, simulator):
    answer = gateway.chat(model="gpt-none")

    assert (answer.status, answer.error["code"], answer.error["param"]) == (404, "model_not_found", "model")
    assert simulator.received() == []


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_body_that_is_too_large(gateways, simulator, chunked):
    gateway = gateways(configs.policy_config(
        configs.target(simulator.base_url()), size_limits={"max_body_bytes": 4096}
    ))
    body = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "x" * 5000}]}).encode()

    with gateway.connect() as connection:
        framing = "transfer-encoding: chunked" if chunked else f"content-length: {len(body)}"
        connection.send(
            f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {gateway.key}\r\n"
            f"content-type: application/json\r\n{framing}\r\n\r\n".encode()
        )
        connection.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body)
        answer = connection.read()

    assert (answer.status, answer.error["code"]) == (413, "body_too_large")
    assert simulator.received() == []


@pytest.mark.parametrize("host, error", [("127.0.0.1", "unreachable"), ("nowhere.invalid", "name_not_resolved")])
def test_an_unreachable_provider(gateways, host, error):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        gateway = gateways(configs.policy_config(
            configs.target(f"http://{host}:{closed.getsockname()[1]}/v1"),
            providers={"retry": {"max_attempts": 1}},
        ))

        answer = gateway.chat()

    assert (answer.status, answer.error["type"], answer.error["code"]) == (502, "upstream_error", "upstream_unreachable")
    assert f"error={error} " in next(line + " " for line in gateway.output.splitlines() if "a target fails" in line)


def test_a_provider_without_its_credential(gateways, simulator):
    gateway = gateways(
        configs.policy_config(configs.target(simulator.base_url())), environment={configs.UPSTREAM_VARIABLE: ""}
    )

    answer = gateway.chat()

    assert configs.UPSTREAM_VARIABLE in gateway.output
    assert (answer.status, answer.error["code"]) == (503, "no_target_available")
    assert simulator.received() == []

    # The official SDK, which tries again after a 503, does not here.
    asked = []
    client = gateway.client(http_client=httpx.Client(event_hooks={"request": [asked.append]}))
    with pytest.raises(openai.InternalServerError):
        client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "Say hello."}])
    assert len(asked) == 1


def test_a_path_with_nothing_names_those_that_are_served(gateway):
    answer = gateway.call("POST", "/chat/completions", {"model": "gpt-4o", "messages": []})

    assert (answer.status, answer.error["code"]) == (404, "not_found")
    for path in ("POST /v1/chat/completions", "GET /v1/models", "/health", "/v1"):
        assert path in answer.error["hint"]


def test_a_full_spool_stops_new_exchanges_and_loses_none(stacks, simulator):
    stack = stacks(configs.policy_config(configs.target(simulator.base_url()), record={"max_bytes": 1 << 20}))
    stack.api.kill()

    answers = []
    with stack.gateway.connect() as connection:
        while not answers or answers[-1].status == 200:
            body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Say hello."}]}
            answers.append(connection.request("POST", "/v1/chat/completions", body, key=stack.key))
            assert len(answers) < 10_000
    full, health = answers[-1], stack.gateway.call("GET", "/readyz")
    stack.api.restart()

    assert (full.status, full.error["code"]) == (503, "spool_full")
    assert int(full.header("retry-after")) > 0
    assert health.status == 503
    served = {answer.header("x-request-id") for answer in answers[:-1]}
    assert len(served) > 100
    eventually(lambda: served <= {event["request_id"] for event in stack.events()}, 60, 0.5)
    eventually(lambda: stack.chat().status == 200, 30, 0.2)


def test_an_unknown_gateway_token_is_said(gateways, simulator, stacks):
    stack = stacks(configs.policy_config(configs.target(simulator.base_url())))
    gateway = gateways(
        configs.policy_config(configs.target(simulator.base_url()), keys=False), name="stranger",
        flags=["--api-url", stack.api.url, "--api-token", "kt_rt_wrong"], key=stack.key,
    )

    answer = gateway.chat()

    # It cannot tell whether the key is good, and nothing else may be claimed.
    assert (answer.status, answer.error["code"]) == (503, "keys_unavailable")
    eventually(lambda: re.search("warning.*credential", gateway.output), 15)


def test_without_a_control_plane_at_its_start(gateways, simulator):
    gateway = gateways(
        configs.policy_config(configs.target(simulator.base_url())),
        flags=["--api-url", "http://127.0.0.1:1", "--api-token", "kt_rt_any"],
    )

    assert gateway.chat().status == 200
    assert gateway.call("GET", "/readyz").status == 200
