"""What whoever runs the servers relies on: limits, signals, certificates, hints, health, and the server's key."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time
import urllib.parse

import pytest

import configs
import raw_http
import replies
from certificates import Authority
from gateways import Gateway
from processes import PATIENCE, Process, kt_binary, run_kt
from raw_http import eventually
from stack import API


CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello."}]}


def config(simulator, **more):
    return configs.policy_config(configs.target(simulator.base_url()), **more)


@contextlib.contextmanager
def running(server):
    """Starts a server, and ends it; that must go well."""
    server.start()
    try:
        yield server
    finally:
        assert server.stop() in (0, None)


# Limits


@pytest.mark.parametrize("most", [1, 2, 3])
def test_exchanges_at_a_time_are_counted_for_all_loops_together(gateways, simulator, most):
    gateway = gateways(config(simulator), flags=["--max-concurrency", most, "--event-loops", "2"])
    simulator.script("", replies.Endless(gap=0.01))
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "go on"}], "stream": True}

    connections, statuses = [], []
    for _ in range(most + 4):
        connections.append(gateway.connect())
        connections[-1].send(raw_http.request_bytes("x", "POST", "/v1/chat/completions", body, key=gateway.key))
        statuses.append(connections[-1].read_head().status)
    for connection in connections:
        connection.close()
    simulator.script("", replies.Answer("Hello."))

    assert statuses == [200] * most + [503] * 4
    eventually(lambda: gateway.chat().status == 200 and "is refused any more" in gateway.output, PATIENCE, 0.5)
    lines = [line for line in gateway.output.splitlines() if "refused" in line]
    assert len(lines) == 2
    assert re.search(rf"warning.*max_concurrency={most} .*as many exchanges as allowed", lines[0])
    assert re.search(r"info.*refused=\d+ .*no exchange is refused any more", lines[1])


def test_bodies_that_do_not_come_hold_no_place(gateways, simulator):
    gateway = gateways(config(simulator), flags=["--max-concurrency", 2])
    whole = raw_http.request_bytes("x", "POST", "/v1/chat/completions", CHAT, key=gateway.key)
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(gateway.connect()) for _ in range(6)]
        for connection in connections:
            connection.send(whole[:-1])

        assert [gateway.chat().status for _ in range(3)] == [200] * 3
        # One after the other, each has a place as soon as it is there.
        for connection in connections:
            connection.send(whole[-1:])
            assert connection.read().status == 200
    assert "refused" not in gateway.output


@pytest.mark.parametrize("status, wait", [(429, "17"), (503, "30")])
def test_a_callers_sdk_reads_how_long_the_provider_wants_to_be_left_alone(gateways, simulator, status, wait):
    gateway = gateways(config(simulator, providers={"retry": {"max_attempts": 1}}))
    simulator.script("", replies.error(status, headers={"retry-after": wait}))

    assert gateway.chat().header("retry-after") == wait


# Signals


@pytest.fixture
def servers(tmp_path):
    """API, console and chat as processes of their own."""
    api = API(tmp_path).start()
    others = [
        Process([kt_binary(), name, "run", "--listen", "127.0.0.1:0", "--api-url", api.url], tmp_path, name).start()
        for name in ("console", "chat")
    ]
    yield {"api": api, **{process.name: process for process in others}}
    for process in (*others, api):
        assert process.stop() == 0


def test_a_hang_up_ends_no_server(servers):
    for name, process in servers.items():
        url = process.wait_to_listen(name)
        for _ in range(2):
            process.signal(signal.SIGHUP)
        process.wait_for("there is nothing to reload")

        assert process.is_running
        assert raw_http.call(url, "GET", "/health" if name == "api" else "/sign-in").status in (200, 302, 303)


def test_servers_that_speak_tls_end_at_once(tmp_path, simulator):
    """Each waits for the other to say that it closes; five seconds, before."""
    authority = Authority(tmp_path / "authority")
    certificate, key = authority.server("127.0.0.1")
    trust = {"SSL_CERT_FILE": str(authority.path)}
    api = API(tmp_path, flags=["--tls-cert", certificate, "--tls-key", key])
    with running(api):
        runtime = api.wait_for(r"runtime token.*: +(\S+)").group(1)
        flags = ["--api-url", api.url, "--api-token", runtime]
        gateway = Gateway(tmp_path, config(simulator), flags=flags, environment=trust).start()
        gateway.wait_for("registered")
        began = time.monotonic()
        assert gateway.stop() == 0
        ended_alone = time.monotonic()
        gateway.start()
        gateway.wait_for("registered")
        # A request for news waits at the API, on a connection that the gateway keeps.
        began_api = time.monotonic()
        assert api.stop() == 0
        ended_api = time.monotonic()
        assert gateway.stop() == 0

    assert ended_alone - began < 4
    assert ended_api - began_api < 4


# Certificates


def certificate_of(url):
    """The certificate that a server shows, whoever signed for it."""
    parts = urllib.parse.urlsplit(url)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((parts.hostname, parts.port), 15) as plain, context.wrap_socket(plain) as secure:
        return secure.getpeercert(binary_form=True)


def test_a_hang_up_takes_a_new_certificate(gateways, simulator, tmp_path):
    files = [tmp_path / "server.pem", tmp_path / "server.key"]

    def put(pair, only=None):
        for index, (path, source) in enumerate(zip(files, pair)):
            if only in (None, index):
                path.write_bytes(source.read_bytes())

    first, second, third = (Authority(tmp_path / name).server("127.0.0.1") for name in ("one", "two", "three"))
    put(first)
    gateway = gateways(config(simulator), flags=["--tls-cert", files[0], "--tls-key", files[1]])
    old = certificate_of(gateway.url)

    put(second)
    gateway.signal(signal.SIGHUP)
    gateway.wait_for("certificate reloaded")
    new = certificate_of(gateway.url)
    put(third, only=0)
    gateway.signal(signal.SIGHUP)
    gateway.wait_for("error.*the key is not that of the certificate.*the certificate was not reloaded")

    assert new != old
    assert certificate_of(gateway.url) == new
    eventually(lambda: gateway.output.count("config reloaded") == 2, PATIENCE)


def test_a_key_of_another_certificate_is_called_that(tmp_path, simulator):
    (certificate, _), (_, key) = (Authority(tmp_path / name).server("127.0.0.1") for name in ("one", "two"))
    path = configs.write(tmp_path / "gateway.yaml", config(simulator))

    status, _, errors = run_kt(
        "gateway", "run", "--listen", "127.0.0.1:0", "--policy-config", path, "--tls-cert", certificate, "--tls-key",
        key, folder=tmp_path, environment=configs.ENVIRONMENT)

    assert status == 1
    assert "the key is not that of the certificate" in errors


# Options


@pytest.mark.parametrize("arguments", [
    ("gateway", "run", "--api-url", "notaurl"),
    ("run", "--managed", "--api-url", "ftp://x"),
    ("console", "run", "--api-url", "notaurl"),
    ("console", "run", "--public-url", "foo"),
    ("console", "run", "--chat-url", "ftp://x"),
    ("chat", "run", "--gateway-url", "notaurl"),
    ("chat", "run", "--console-url", "foo"),
    ("chat", "run", "--public-url", "foo"),
    ("api", "run", "--console-url", "foo"),
    ("api", "sign-in-link", "--console-url", "foo"),
    ("policy", "replay", "--since", "1h", "--config", "a", "--api-url", "notaurl"),
])
def test_an_option_that_is_no_url_ends_the_start(tmp_path, arguments):
    status, _, errors = run_kt(*arguments, folder=tmp_path, environment={"KEEPTRUSTS_API_TOKEN": "kt_rt_x"})

    assert status == 2
    assert arguments[-2] in errors


def test_a_variable_that_is_no_url_ends_the_start(tmp_path):
    status, _, errors = run_kt("console", "run", folder=tmp_path, environment={"KEEPTRUSTS_API_URL": "notaurl"})

    assert status == 2
    assert "KEEPTRUSTS_API_URL is not a URL" in errors


def test_both_ways_to_run_a_gateway_take_the_same_options():
    def options(*command):
        return set(re.findall(r"^  (--[a-z-]+)", run_kt(*command, "--help")[1], re.MULTILINE))

    assert options("gateway", "run") - options("run") == {"--policy-config"}
    assert options("run") - options("gateway", "run") == {"--managed", "--allow-env"}


# The database


def test_what_is_wrong_with_a_database_address_is_said(postgres, tmp_path):
    postgres.create_database("hints")
    address = f"keeptrusts:{postgres.password}@127.0.0.1:{postgres.port}"
    cases = {
        f"postgres://keeptrusts:wrong@127.0.0.1:{postgres.port}/hints": "refuses the user",
        f"postgres://keeptrusts@127.0.0.1:{postgres.port}/hints": "asks for a password",
        f"postgres://{address}/missing": "no such database",
        f"postgres://keeptrusts:{postgres.password}@127.0.0.1:1/hints": "No PostgreSQL answers",
    }

    for url, words in cases.items():
        status, _, errors = run_kt("api", "run", "--database", url, "--data-dir", tmp_path / "data", folder=tmp_path)

        assert status == 1
        assert words in errors and "Try again" not in errors
        assert postgres.password not in errors


def test_the_api_starts_without_the_right_to_make_tables(postgres, tmp_path):
    url = postgres.create_database("rights")
    with running(API(tmp_path, url)):
        pass
    postgres.query("rights", "CREATE ROLE writer LOGIN PASSWORD 'writer'")
    postgres.query("rights", "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO writer")
    postgres.query("rights", "REVOKE CREATE ON SCHEMA public FROM PUBLIC")

    with running(API(tmp_path, f"postgres://writer:writer@127.0.0.1:{postgres.port}/rights")) as api:
        assert raw_http.call(api.url, "GET", "/readyz").status == 200


def health(api):
    return [raw_http.call(api.url, "GET", path).status for path in ("/health", "/readyz", "/healthz")]


def test_health_says_when_the_database_takes_no_write(postgres, tmp_path):
    url = postgres.create_database("writes")
    with running(API(tmp_path, url)) as api:
        assert health(api) == [200, 200, 200]
        for setting, expected in (("on", [503, 503, 200]), ("off", [200, 200, 200])):
            postgres.query("postgres", f"ALTER DATABASE writes SET default_transaction_read_only = {setting}")
            postgres.query(
                "postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'writes'")
            eventually(lambda: health(api) == expected, PATIENCE, 0.3)


def test_health_says_when_the_database_hangs(postgres, tmp_path):
    url = postgres.create_database("hangs")
    with running(API(tmp_path, url)) as api:
        eventually(lambda: health(api) == [200, 200, 200], PATIENCE, 0.3)
        query = "SELECT pid FROM pg_stat_activity WHERE datname = 'hangs'"
        backends = [int(pid) for [pid] in postgres.query("postgres", query)]
        for pid in backends:
            os.kill(pid, signal.SIGSTOP)
        try:
            # A call that gave no answer would end the test by its own time limit.
            eventually(lambda: health(api) == [503, 503, 200], PATIENCE, 0.3)
        finally:
            for pid in backends:
                os.kill(pid, signal.SIGCONT)
        eventually(lambda: health(api) == [200, 200, 200], PATIENCE, 0.3)


def test_an_end_cleans_up_under_no_thread(tmp_path):
    """What libraries free at the end of a process, such as libkrb5 its locks, our threads may still use."""
    source, library = tmp_path / "late.c", tmp_path / "late.so"
    source.write_text("void abort(void);\n__attribute__((destructor)) static void late(void) { abort(); }\n")
    compiler = pathlib.Path(shutil.which("swift")).resolve().parent / "clang"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    environment = {"LD_PRELOAD": str(library)}

    with running(API(tmp_path, environment=environment)) as api:
        assert raw_http.call(api.url, "GET", "/health").status == 200
    assert run_kt("--version", environment=environment)[:2] == (0, run_kt("--version")[1])
    assert run_kt("--unknown", environment=environment)[0] == run_kt("--unknown")[0]


def test_another_server_key_does_not_serve(database, tmp_path):
    """A second data directory with the same database would make a new key, and end every token."""
    with running(API(tmp_path, database)) as api:
        token = api.sign_in().make_token("kept", "integration", roles=["viewer"])[1]
    other = API(tmp_path, database, name="other")

    with pytest.raises(AssertionError, match="The server key in the data directory is not the one of the tokens"):
        other.start()
    assert other.process.returncode == 1

    (other.data / "server.key").write_bytes((api.data / "server.key").read_bytes())
    with running(API(tmp_path, database, name="other")) as replica:
        replica.ask("GET", "/v1/events", token=token)
