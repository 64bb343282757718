"""More connections than a process can have: it may have 256 files open here."""

import contextlib
import json
import socket
import time
import urllib.parse

import pytest

import configs
import raw_http
from gateways import Gateway
from processes import Process, kt_binary
from raw_http import eventually
from stack import API, Up

FILES = 256

#: More than all files.
FLOOD = 300

HEALTH = b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n"

BODY = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}).encode()


def connect(url, source="127.0.0.1", data=b""):
    """A connection from one of this machine's loopback addresses, on which some bytes were sent."""
    parts = urllib.parse.urlsplit(url)
    connection = socket.create_connection((parts.hostname, parts.port), 10, (source, 0))
    with contextlib.suppress(OSError):
        connection.sendall(data)
    return connection


@contextlib.contextmanager
def flood(url, count=FLOOD, source="127.0.0.1", data=b""):
    """Many connections that do no more than this, while the block runs."""
    connections = []
    try:
        for _ in range(count):
            connections.append(connect(url, source, data))
        yield connections
    finally:
        for connection in connections:
            connection.close()


def is_open(connection):
    """Whether the other side has left a connection, on which it has said nothing, open."""
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def answers(url, timeout=15):
    """Whether a server says that it is well."""
    try:
        return raw_http.call(url, "GET", "/health", timeout=timeout).status == 200
    except OSError:
        return False


def cpu_share(process, seconds=1.0):
    """How much of one core a process takes."""
    before, began = process.cpu_seconds, time.monotonic()
    time.sleep(seconds)  # what is measured: the CPU time of this while
    return (process.cpu_seconds - before) / (time.monotonic() - began)


@contextlib.contextmanager
def few_files(process):
    """Lets a process run with few files; it must live as long as the block does, and end well."""
    process.open_files = (FILES, FILES)
    try:
        yield process.start()
        assert process.is_running
    finally:
        status = process.stop()
    assert status == 0


@pytest.fixture
def up(tmp_path):
    with few_files(Up(tmp_path)) as process:
        yield process


@pytest.fixture
def gateway(tmp_path, simulator):
    with few_files(Gateway(tmp_path, configs.policy_config(configs.target(simulator.base_url())))) as process:
        yield process


@pytest.fixture
def api(tmp_path):
    with few_files(API(tmp_path)) as process:
        yield process


@pytest.mark.parametrize("data", [b"", b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"], ids=["silent", "half a head"])
@pytest.mark.parametrize("flooded", Up.COMPONENTS)
def test_a_flood_of_one_port_leaves_the_others_open(up, flooded, data):
    with flood(up.urls[flooded], data=data):
        for component in set(Up.COMPONENTS) - {flooded}:
            assert answers(up.urls[component]), component
        assert up.is_running and up.files < FILES
        assert cpu_share(up) < 0.5
        # Those without a request make room.
        eventually(lambda: answers(up.urls[flooded]), 30)
    eventually(lambda: answers(up.urls[flooded]))
    # Said once, not for each connection.
    assert 1 <= up.output.count(f"server={flooded}") <= 4


def test_a_flood_of_all_ports_ends_nothing(up):
    with contextlib.ExitStack() as floods:
        for url in up.urls.values():
            floods.enter_context(flood(url))
        assert up.is_running and up.files < FILES
        assert cpu_share(up) < 0.5
    for url in up.urls.values():
        eventually(lambda: answers(url))
    assert raw_http.chat(up.url, up.key, "hello", model="demo").status == 200


def half_a_body(server):
    """A request whose body does not come to its end; such a one may take its time."""
    if isinstance(server, API):
        return raw_http.request_bytes("localhost", "POST", "/v1/auth/sign-in-link/redeem", {"code": "x"})[:-1]
    return raw_http.request_bytes("localhost", "POST", "/v1/chat/completions", BODY, key=server.key)[:-1]


@pytest.mark.parametrize("server, most", [("gateway", 36), ("api", 84)])
def test_one_client_does_not_take_the_places_of_others(request, server, most):
    server = request.getfixturevalue(server)
    with flood(server.url, 100, data=half_a_body(server)) as connections:
        eventually(lambda: sum(map(is_open, connections)) <= most)
        assert sum(map(is_open, connections)) == most
        with connect(server.url, "127.0.0.2", HEALTH) as other:
            assert other.recv(12) == b"HTTP/1.1 200"
        assert server.output.count("a client has all connections that one may have") == 1
    eventually(lambda: answers(server.url))


def test_what_finds_no_room_waits_and_is_served_in_its_turn(gateway):
    """And nothing spins meanwhile."""
    with flood(gateway.url, 36, data=half_a_body(gateway)) as first:
        with flood(gateway.url, 12, "127.0.0.2", half_a_body(gateway)):
            eventually(lambda: gateway.output.count("all connections are taken") == 1)
            with connect(gateway.url, "127.0.0.3", HEALTH) as waiting:
                assert cpu_share(gateway) < 0.5
                assert is_open(waiting) and gateway.files < FILES
                waiting.settimeout(0.2)
                with pytest.raises(TimeoutError):
                    waiting.recv(1)
                waiting.settimeout(15)
                first[0].close()
                assert waiting.recv(12) == b"HTTP/1.1 200"
    eventually(lambda: gateway.chat().status == 200)


def test_bodies_that_do_not_come_make_room(gateway):
    half = half_a_body(gateway)
    with flood(gateway.url, 36, data=half) as first, flood(gateway.url, 12, "127.0.0.2", half):
        eventually(lambda: gateway.output.count("all connections are taken") == 1)
        with connect(gateway.url, "127.0.0.3", HEALTH) as waiting:
            waiting.settimeout(30)
            assert waiting.recv(12) == b"HTTP/1.1 200"
        first[0].settimeout(30)
        assert first[0].recv(12) == b"HTTP/1.1 408"


def test_a_gateway_with_few_files_serves_all_its_places(gateway):
    """As many exchanges at a time as there are places, each with a connection to the provider."""
    sources = ["127.0.0.1"] * 36 + ["127.0.0.2"] * 12
    whole = raw_http.request_bytes("localhost", "POST", "/v1/chat/completions", BODY, key=gateway.key)
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(connect(gateway.url, source, whole[:-1])) for source in sources]
        for connection in connections:
            connection.sendall(whole[-1:])
        assert {connection.recv(12) for connection in connections} == {b"HTTP/1.1 200"}
        assert gateway.files < FILES


def test_the_limit_is_raised_as_far_as_it_goes(gateways, tmp_path, simulator):
    process = Gateway(tmp_path, configs.policy_config(configs.target(simulator.base_url())))
    process.open_files = (64, 2_048)
    with process:
        process.wait_for(r"limit=2048\b.*few files may be open")
        assert process.chat().status == 200


def test_too_few_files_stop_the_start_with_what_to_do(tmp_path):
    free = [part for name in ("gateway", "api", "console", "chat") for part in (f"--{name}", "127.0.0.1:0")]
    process = Process([kt_binary(), "up", "--data-dir", tmp_path / "data", *free], tmp_path, "poor")
    process.open_files = (200, 200)

    try:
        assert process.start().wait() == 1
    finally:
        process.kill()
    assert "This process may have 200 files open, and needs 256. Raise the hard limit" in process.output
    assert not (tmp_path / "data").exists()
