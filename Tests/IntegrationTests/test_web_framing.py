"""Attack class 8 at the API, the console and the chat: what they read, everybody before them reads alike, and in time."""

import concurrent.futures
import time

import pytest

import raw_http
from stack import Up
from test_smuggling import REFUSED

SERVERS = ("api", "console", "chat")

#: What an attacker wants to be taken for a request of somebody else.
HIDDEN = b"GET /health HTTP/1.1\r\nhost: x\r\nx-mark: hidden\r\n\r\n"

BODY = b'{"email":"a@b.c","password":"x"}'


def request(fields, body=BODY, host=b"host: x\r\n", line=b"POST /v1/auth/login HTTP/1.1"):
    return line + b"\r\n" + host + b"content-type: application/json\r\n" + fields + b"\r\n" + body


CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
LENGTH = b"content-length: %d\r\n" % len(BODY)

#: The head, and what is answered: as the gateway does.
AMBIGUOUS = {
    "two hosts": (request(LENGTH, host=b"host: x\r\nhost: y\r\n"), 400, "http.duplicate_host"),
    "the same host twice": (request(LENGTH, host=b"Host: x\r\nhost: x\r\n"), 400, "http.duplicate_host"),
    "no host": (request(LENGTH, host=b""), 400, "http.missing_host"),
    "empty host": (request(LENGTH, host=b"host:\r\n"), 400, "http.invalid_host"),
    "host with a path": (request(LENGTH, host=b"host: x/../y\r\n"), 400, "http.invalid_host"),
    "host with userinfo": (request(LENGTH, host=b"host: x@y\r\n"), 400, "http.invalid_host"),
    "host with a port that is none": (request(LENGTH, host=b"host: x:99999\r\n"), 400, "http.invalid_host"),
    "gzip before chunked": (
        request(b"transfer-encoding: gzip, chunked\r\n", CHUNKED), 501, "http.unknown_transfer_encoding"
    ),
    # The decoder refuses these itself.
    "chunked twice in a list": (request(b"transfer-encoding: chunked, chunked\r\n", CHUNKED), 400, "http.malformed"),
    "chunked twice": (
        request(b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n", CHUNKED), 400, "http.malformed"
    ),
    "length and chunked": (request(LENGTH + b"transfer-encoding: chunked\r\n", CHUNKED), 400, "http.malformed"),
    "target of an authority": (request(LENGTH, line=b"CONNECT x:443 HTTP/1.1"), 400, "http.invalid_target"),
    "no HTTP": (b"\x16\x03\x01\r\n\r\n", 400, "http.malformed"),
    "chunked in HTTP/1.0": (
        request(b"transfer-encoding: chunked\r\n", CHUNKED, line=b"POST /v1/auth/login HTTP/1.0"), 400,
        "http.transfer_encoding_in_1_0",
    ),
}

#: What all readers take for the same request, whatever they answer: the next one is served.
PLAIN = {
    "target in absolute form", "two spaces in the request line", "fragment in the target", "target without end",
    "chunk extension without end",
}


@pytest.fixture(scope="module")
def up(tmp_path_factory):
    with Up(tmp_path_factory.mktemp("web-framing")) as up:
        yield up


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("case", AMBIGUOUS)
def test_an_ambiguous_head_is_refused_as_the_gateway_does(up, server, case):
    data, status, code = AMBIGUOUS[case]
    with raw_http.Connection(up.urls[server]) as connection:
        connection.send(data + HIDDEN)
        answer = connection.read()

        assert (answer.status, answer.error["code"]) == (status, code)
        assert answer.header("connection") == "close"
        assert answer.header("x-request-id") == answer.error["request_id"]
        assert answer.header("content-security-policy") and answer.header("x-content-type-options") == "nosniff"
        assert connection.is_closed()


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("case", [case for case in REFUSED if case not in PLAIN])
def test_nothing_behind_an_ambiguous_request_is_another(up, server, case):
    """The gateway's own hostile requests: the connection ends, and what was hidden in them or behind them is not served."""
    with raw_http.Connection(up.urls[server], timeout=8) as connection:
        connection.send(REFUSED[case] + HIDDEN)
        answers = []
        try:
            while True:
                answers.append(connection.read().status)
        except (ConnectionError, ValueError):
            pass

    assert len(answers) <= 1 and not any(200 <= status < 300 for status in answers), answers


@pytest.mark.parametrize("server", SERVERS)
def test_a_refusal_waits_for_the_answers_before_it(up, server):
    with raw_http.Connection(up.urls[server]) as connection:
        connection.send(HIDDEN + HIDDEN + AMBIGUOUS["two hosts"][0] + HIDDEN)

        assert [connection.read().status for _ in range(3)] == [200, 200, 400]
        assert connection.is_closed()


#: Where a body is read whoever sends it.
FORM = b"POST /sign-in HTTP/1.1\r\nhost: x\r\norigin: http://x\r\ncontent-type: application/x-www-form-urlencoded\r\n"
READS = {"api": request(b"", b"")[:-2], "console": FORM, "chat": FORM}


def drip(url, head, pieces):
    """Sends a body in pieces, one each half second, until it is answered: the answer, and how long that took."""
    began = time.monotonic()
    with raw_http.Connection(url, timeout=40) as connection:
        connection.send(head + b"\r\n")
        connection.socket.settimeout(0.5)
        for piece in pieces:
            try:
                if not connection.read_some():
                    break
            except TimeoutError:
                connection.send(piece)
                continue
            break
        connection.socket.settimeout(10)
        answer = connection.read()
        return answer, time.monotonic() - began, connection.is_closed()


def test_a_body_that_drips_is_answered_408_and_the_connection_ends(up):
    """All at once, as it takes as long as a body may take."""
    forms = {
        "length": (b"content-length: 1000\r\n", [b" "] * 100),
        "chunked": (b"transfer-encoding: chunked\r\n", [b"1\r\n \r\n"] * 100),
        "nothing at all": (b"content-length: 10\r\n", [b""] * 100),
    }
    cases = [(server, form) for server in SERVERS for form in forms]
    with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
        results = list(pool.map(
            lambda case: drip(up.urls[case[0]], READS[case[0]] + forms[case[1]][0], forms[case[1]][1]), cases
        ))

    for case, (answer, took, is_closed) in zip(cases, results):
        assert (answer.status, answer.error["code"]) == (408, "http.body_too_slow"), (case, answer)
        assert answer.header("connection") == "close" and is_closed, case
        assert 8 < took < 20, (case, took)


def test_a_body_may_take_its_time_as_long_as_it_moves(up):
    """A large body over a slow line: longer than a dripping one may take, and served."""
    api = up.sign_in()
    url, size = up.urls["api"], 600_000
    with raw_http.Connection(url, timeout=40) as connection:
        head = raw_http.request_bytes("x", "POST", "/v1/configurations/validate", None, {
            "content-type": "application/json", "content-length": size,
        }, api.session)
        connection.send(head)
        body = b'{"yaml":"' + b"a" * (size - 11) + b'"}'
        for start in range(0, size, 25_000):
            connection.send(body[start:start + 25_000])
            # The slow line itself: 24 pieces, 50,000 bytes a second.
            time.sleep(0.5)

        assert connection.read().status == 200
