"""What the end-to-end tests share. Everything runs on loopback, on free ports, and ends with the test."""

import sys

import pytest

import configs
from gateways import Gateway
from litellm_proxy import LiteLLM
from postgres import PostgreSQL, free_port
from processes import kt_binary
from simulator import Simulator
from stack import Stack


@pytest.fixture(scope="session", autouse=True)
def binary():
    """No test here is worth anything without the program under test."""
    return kt_binary()


@pytest.fixture
def simulator():
    with Simulator() as server:
        yield server


@pytest.fixture
def gateways(tmp_path):
    """Starts gateways that end with the test: `gateways(config, ...)`."""
    started = []

    def start(config, **options):
        options.setdefault("name", f"gateway{len(started) or ''}")
        gateway = Gateway(tmp_path, config, **options)
        started.append(gateway)
        return gateway.start()

    yield start
    end(started)


@pytest.fixture
def gateway(gateways, simulator):
    """A gateway by itself, before the simulator."""
    return gateways(configs.policy_config(configs.target(simulator.base_url())))


@pytest.fixture(scope="session")
def litellm(tmp_path_factory):
    server = LiteLLM(tmp_path_factory.mktemp("litellm"), free_port())
    try:
        yield server.start()
    finally:
        server.kill()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    server = PostgreSQL(tmp_path_factory.mktemp("postgres"))
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request):
    """The URL of an empty database, or None for the stack's own SQLite; and how to read all that is in it."""
    if request.param == "sqlite":
        return None
    name = f"test_{abs(hash(request.node.name)) % 10**9}"
    return request.getfixturevalue("postgres").create_database(name)


@pytest.fixture
def stacks(tmp_path):
    """Starts stacks that end with the test: `stacks(config, database=...)`."""
    started = []

    def start(config, **options):
        stack = Stack(tmp_path, config, **options)
        started.append(stack)
        return stack.start()

    yield start
    end(started)


def end(started):
    """Ends what a test started, and fails it when one of them did not end well."""
    failures = []
    for part in reversed(started):
        try:
            part.stop()
        except AssertionError as failure:
            failures.append(str(failure))
    assert not failures, "\n".join(failures)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Shows the logs of a failed test's processes."""
    report = (yield).get_result()
    if report.failed and "tmp_path" in getattr(item, "funcargs", {}):
        for log in sorted(item.funcargs["tmp_path"].glob("*.log")):
            text = log.read_text(errors="replace")
            if (crash := text.find("*** Signal")) >= 0:
                report.sections.append((f"crash in {log.name}", text[max(0, crash - 1500):crash + 3000]))
            report.sections.append((f"last lines of {log.name}", text[-3000:]))


sys.setswitchinterval(0.001)
