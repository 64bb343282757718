"""Attack class 8: no bytes are one message to the gateway and another to its neighbour."""

import json
import time

import pytest

import configs
import raw_http
import replies
from gateways import Gateway
from replies import Answer
from simulator import Simulator

BODY = b'{"model":"gpt-4o","messages":[{"role":"user","content":"first"}]}'

#: What an attacker wants to be taken for a request of somebody else.
HIDDEN_BODY = b'{"model":"gpt-4o","messages":[{"role":"user","content":"smuggled"}]}'
HIDDEN = (
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer kt_gk_test\r\n"
    b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(HIDDEN_BODY), HIDDEN_BODY)
)

CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)

LENGTH = b"content-length: %d\r\n" % len(BODY)


def request(fields, body=BODY, line=b"POST /v1/chat/completions HTTP/1.1", host=b"host: x\r\n", end=b"\r\n"):
    return (
        line + b"\r\n" + host + b"authorization: Bearer kt_gk_test\r\ncontent-type: application/json\r\n" + fields + end
        + body
    )


def chunks(framed, more=b""):
    return request(b"transfer-encoding: chunked\r\n" + more, framed)


REFUSED = {
    "length and chunked": request(LENGTH + b"transfer-encoding: chunked\r\n", CHUNKED),
    "chunked and length": request(b"transfer-encoding: chunked\r\n" + LENGTH, CHUNKED),
    "zero length and chunked": request(b"content-length: 0\r\ntransfer-encoding: chunked\r\n", CHUNKED),
    "two lengths": request(LENGTH + b"content-length: 5\r\n"),
    "the same length twice": request(LENGTH + LENGTH),
    "a list of lengths": request(b"content-length: %d, %d\r\n" % (len(BODY), len(BODY))),
    "empty length": request(b"content-length: \r\n"),
    "length with plus": request(b"content-length: +%d\r\n" % len(BODY)),
    "negative length": request(b"content-length: -1\r\n"),
    "hexadecimal length": request(b"content-length: 0x%x\r\n" % len(BODY)),
    "length with inner space": request(b"content-length: 6 6\r\n"),
    "length beyond all integers": request(b"content-length: 99999999999999999999999\r\n"),
    "length with an underscore": request(b"content-length: 6_6\r\n"),
    "length in other digits": request("content-length: ６６\r\n".encode()),
    "unknown coding": request(b"transfer-encoding: xchunked\r\n", CHUNKED),
    "identity coding": request(b"transfer-encoding: identity\r\n", CHUNKED),
    "chunked is not last": request(b"transfer-encoding: chunked, identity\r\n", CHUNKED),
    "chunked twice": request(b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n", CHUNKED),
    "chunked twice in a list": request(b"transfer-encoding: chunked, chunked\r\n", CHUNKED),
    "gzip before chunked": request(b"transfer-encoding: gzip, chunked\r\n", CHUNKED),
    "quoted coding": request(b'transfer-encoding: "chunked"\r\n', CHUNKED),
    "vertical tab before the coding": request(b"transfer-encoding: \x0bchunked\r\n", CHUNKED),
    "empty coding": request(b"transfer-encoding: \r\n", CHUNKED),
    "chunked in HTTP/1.0": request(
        b"transfer-encoding: chunked\r\n", CHUNKED, line=b"POST /v1/chat/completions HTTP/1.0"
    ),
    "space before the colon": request(b"transfer-encoding : chunked\r\n", CHUNKED),
    "folded field": request(LENGTH + b"x-fold: a\r\n b\r\n"),
    "folded coding": request(b"transfer-encoding:\r\n chunked\r\n", CHUNKED),
    "bare line feed after a field": request(b"x-a: b\n" + LENGTH),
    "bare line feed ends the head": request(LENGTH, end=b"\n"),
    "bare carriage return in a value": request(b"x-a: b\rtransfer-encoding: chunked\r\n" + LENGTH),
    "null in a value": request(b"x-a: b\x00c\r\n" + LENGTH),
    "null in a name": request(b"x\x00a: b\r\n" + LENGTH),
    "empty name": request(b": b\r\n" + LENGTH),
    "space in a name": request(b"x a: b\r\n" + LENGTH),
    "line without a colon": request(b"nothing\r\n" + LENGTH),
    "space before the first field": request(LENGTH, host=b" host: x\r\n"),
    "no host": request(LENGTH, host=b""),
    "two hosts": request(LENGTH, host=b"host: x\r\nhost: y\r\n"),
    "host with a path": request(LENGTH, host=b"host: x/../y\r\n"),
    "host with userinfo": request(LENGTH, host=b"host: x@y\r\n"),
    "unknown version": request(LENGTH, line=b"POST /v1/chat/completions HTTP/1.2x"),
    "version 2": request(LENGTH, line=b"POST /v1/chat/completions HTTP/2.0"),
    "no version": request(LENGTH, line=b"POST /v1/chat/completions"),
    "two spaces in the request line": request(LENGTH, line=b"POST  /v1/chat/completions HTTP/1.1"),
    "tab in the request line": request(LENGTH, line=b"POST\t/v1/chat/completions HTTP/1.1"),
    "lower-case version": request(LENGTH, line=b"POST /v1/chat/completions http/1.1"),
    "chunk size with a prefix": chunks(b"0x%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)),
    "chunk size with plus": chunks(b"+%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)),
    "negative chunk size": chunks(b"-1\r\n\r\n0\r\n\r\n"),
    "chunk size beyond all integers": chunks(b"ffffffffffffffffff1\r\n%s\r\n0\r\n\r\n" % BODY),
    "empty chunk size": chunks(b"\r\n%s\r\n0\r\n\r\n" % BODY),
    "chunk line ends with a line feed": chunks(b"%x\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)),
    "chunk data without its line end": chunks(b"%x\r\n%s0\r\n\r\n" % (len(BODY), BODY)),
    "more chunk data than said": chunks(b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY) - 3, BODY)),
    "line feed in a chunk extension": chunks(b"%x;a\nb\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)),
    "target in absolute form": request(LENGTH, line=b"POST http://x/v1/chat/completions HTTP/1.1"),
    "target of an authority": request(LENGTH, line=b"CONNECT x:443 HTTP/1.1"),
    "target without a slash": request(LENGTH, line=b"POST v1/chat/completions HTTP/1.1"),
    "space in the target": request(LENGTH, line=b"POST /v1/chat/completions?a b HTTP/1.1"),
    "fragment in the target": request(LENGTH, line=b"POST /v1/chat/completions?a#b HTTP/1.1"),
    "bytes beyond ASCII in the target": request(LENGTH, line=b"POST /v1/chat/completions?\xc3\xa9 HTTP/1.1"),
    "control character in the target": request(LENGTH, line=b"POST /v1/chat/completions?a\x01 HTTP/1.1"),
    "host with a space": request(LENGTH, host=b"host: x y\r\n"),
    "host with a port that is none": request(LENGTH, host=b"host: x:99999\r\n"),
    "empty host": request(LENGTH, host=b"host:\r\n"),
    "bare carriage return before the request": b"\rX" + request(LENGTH),
    "chunk extension without end": chunks(b"%x;%s\r\n%s\r\n0\r\n\r\n" % (len(BODY), b"a" * 300, BODY)),
    "trailer that is no field": chunks(b"%x\r\n%s\r\n0\r\nnothing\r\n\r\n" % (len(BODY), BODY)),
    "trailer with a null": chunks(b"%x\r\n%s\r\n0\r\na: \x00\r\n\r\n" % (len(BODY), BODY)),
    "trailers without end": chunks(b"%x\r\n%s\r\n0\r\n%s\r\n" % (len(BODY), BODY, b"a: b\r\n" * 2000)),
    "chunk size ends in a bare carriage return": chunks(b"%x\r%s\r\n0\r\n\r\n" % (len(BODY), BODY)),
    "length that wraps around": request(b"content-length: %d\r\n" % (2**64 + len(BODY))),
    "chunk size that wraps around": chunks(b"1%016x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)),
    "empty last chunk size": chunks(b"%x\r\n%s\r\n\r\n\r\n" % (len(BODY), BODY)),
    "extension without a chunk size": chunks(b"%x\r\n%s\r\n;a\r\n\r\n" % (len(BODY), BODY)),
    "no carriage return behind chunk data": chunks(b"%x\r\n%sX\n0\r\n\r\n" % (len(BODY), BODY)),
    "no line feed behind chunk data": chunks(b"%x\r\n%s\rX0\r\n\r\n" % (len(BODY), BODY)),
    "no line feed behind a chunk size": chunks(b"%x\rX%s\r\n0\r\n\r\n" % (len(BODY), BODY)),
    "no line feed at the end": chunks(b"%x\r\n%s\r\n0\r\n\rX" % (len(BODY), BODY)),
    "fields without end": request(b"x: y\r\n" * 200 + LENGTH),
    "head without end": request(b"x: %s\r\n" % (b"y" * 70_000) + LENGTH),
    "many large fields": request(b"x: %s\r\n" % (b"y" * 1_000) * 100 + LENGTH),
    "target without end": request(LENGTH, line=b"POST /v1/chat/completions?%s HTTP/1.1" % (b"y" * 9_000)),
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "not HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 and so on and on\r\n\r\n",
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with Simulator() as simulator:
        # No second attempt may hide what became of the first; no breaker may end the test early.
        providers = {"retry": {"max_attempts": 1}, "circuit_breaker": {"failure_threshold": 1000}}
        config = configs.policy_config(configs.target(simulator.base_url()), providers=providers)
        with Gateway(tmp_path_factory.mktemp("smuggling"), config) as gateway:
            yield gateway, simulator


@pytest.fixture
def gateway(shared):
    return shared[0]


@pytest.fixture
def simulator(shared):
    shared[1].forget()
    shared[1].script("", Answer())
    return shared[1]


@pytest.mark.parametrize("case", REFUSED)
def test_an_ambiguous_request_ends_the_connection(gateway, simulator, case):
    with gateway.connect() as connection:
        connection.send(REFUSED[case] + HIDDEN)
        answer = connection.read()

        assert answer.status in (400, 413, 414, 431, 501, 505), answer
        assert answer.error["type"] == "validation_error"
        assert answer.header("connection") == "close"
        assert connection.is_closed()
    assert simulator.received() == []


def test_an_empty_coding_is_no_unknown_one(gateway):
    with gateway.connect() as connection:
        connection.send(REFUSED["empty coding"])
        assert connection.read().error["code"] == "http.invalid_transfer_encoding"


@pytest.mark.parametrize("start", [b"\x16\x03\x01", b" ", b"\x00", b"(", b"{"])
def test_what_is_no_http_is_answered_at_its_first_byte(gateway, start):
    with gateway.connect(timeout=3) as connection:
        connection.send(start)
        assert connection.read().status == 400


@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"OPTIONS", b"DELETE"])
def test_a_body_where_none_belongs_is_no_request(gateway, simulator, method):
    """0.CL: what stands behind the head is that request's body, or the connection ends."""
    with gateway.connect() as connection:
        connection.send(method + b" /health HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN)
        connection.read(head_only=method == b"HEAD")
        connection.send(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        try:
            second = connection.read().body
        except ConnectionError:
            second = b""

    assert second in (b"", b'{"status":"alive"}')
    assert simulator.received("smuggled") == []


def test_an_early_refusal_takes_no_body_for_a_request(gateway, simulator):
    """The gateway answers before the body is there, which then must not be read as a request."""
    with gateway.connect() as connection:
        head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer wrong\r\n"
        connection.send(head + b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(HIDDEN))
        assert connection.read().status == 401
        try:
            connection.send(HIDDEN)
            assert connection.is_closed()
        except (BrokenPipeError, ConnectionResetError):
            pass

    assert simulator.received() == []


def test_pipelined_requests_are_answered_in_order(gateway, simulator):
    bodies = [b'{"model":"gpt-4o","messages":[{"role":"user","content":"[[p%d]]"}]}' % n for n in range(5)]
    for number in range(5):
        reply = Answer(f"answer {number}")
        simulator.script(f"p{number}", replies.late((4 - number) * 0.02, reply))

    with gateway.connect() as connection:
        connection.send(b"".join(request(b"content-length: %d\r\n" % len(body), body) for body in bodies))
        texts = [connection.read().json["choices"][0]["message"]["content"] for _ in bodies]

    assert texts == [f"answer {number}" for number in range(5)]


def test_trailers_go_nowhere(gateway, simulator):
    framed = b"%x\r\n%s\r\n0\r\nx-trailer: evil\r\nauthorization: Bearer other\r\n\r\n" % (len(BODY), BODY)
    with gateway.connect() as connection:
        connection.send(chunks(framed))
        answer = connection.read()

    assert answer.status in (200, 400)
    assert all(b"x-trailer" not in seen.raw and b"Bearer other" not in seen.raw for seen in simulator.received())


@pytest.mark.parametrize("size", [1, 2, 7, 64])
def test_a_request_may_come_in_any_pieces(gateway, simulator, size):
    data = chunks(b"".join(b"%x;x=y\r\n%s\r\n" % (len(BODY[at:at + 9]), BODY[at:at + 9]) for at in range(0, len(BODY), 9))
                  + b"0\r\n\r\n")
    with gateway.connect() as connection:
        for at in range(0, len(data), size):
            connection.send(data[at:at + size])
        answer = connection.read()

    assert answer.status == 200
    assert simulator.received()[0].json["messages"][0]["content"] == "first"


def test_what_goes_upstream_is_one_plain_request(gateway, simulator):
    """The caller's head does not travel: neither its framing, nor its hop-by-hop fields, nor its credential."""
    fields = (
        b"transfer-encoding: chunked\r\nconnection: keep-alive, x-secret\r\nx-secret: 1\r\nte: trailers\r\n"
        b"cookie: a=b\r\nx-forwarded-for: 1.2.3.4\r\nx-user-id: u\r\nx-keeptrusts-agent-id: a\r\nforwarded: for=x\r\n"
    )
    with gateway.connect() as connection:
        connection.send(request(fields, CHUNKED))
        assert connection.read().status == 200

    seen = simulator.received()[0]
    names = [name.lower() for name, _ in seen.headers]
    assert len(names) == len(set(names))
    assert seen.header("content-length") == str(len(seen.body)) and "transfer-encoding" not in names
    assert seen.header("authorization") == f"Bearer {configs.UPSTREAM_KEY}"
    assert not {"x-secret", "te", "cookie", "x-forwarded-for", "x-user-id", "x-keeptrusts-agent-id", "forwarded"} & set(names)


def test_expect_continue(gateway, simulator):
    with gateway.connect() as connection:
        connection.send(request(LENGTH + b"expect: 100-continue\r\n", b""))
        interim = connection.read_head()
        connection.send(BODY)
        answer = connection.read()
    with gateway.connect() as connection:
        connection.send(request(LENGTH + b"expect: something\r\n"))
        refused = connection.read()

    assert (interim.status, answer.status, refused.status) == (100, 200, 417)


OK = json.dumps(replies.openai_answer(Answer("good"), {"model": "gpt-4o"})).encode()
EVIL = json.dumps(replies.openai_answer(Answer("evil"), {"model": "gpt-4o"})).encode()
EVIL_ANSWER = replies.response(200, EVIL)


def answer_bytes(fields, body=OK):
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n" + fields + b"\r\n" + body


OK_LENGTH = b"content-length: %d\r\n" % len(OK)

#: Answers of a provider (or of what stands before it) that are two things at once.
SPLIT_ANSWERS = {
    "a second answer behind the first": (answer_bytes(OK_LENGTH) + EVIL_ANSWER, True),
    "length and chunked": (answer_bytes(OK_LENGTH + b"transfer-encoding: chunked\r\n", replies.chunk(OK) + b"0\r\n\r\n")
                           + EVIL_ANSWER, False),
    "two lengths": (answer_bytes(b"content-length: 5\r\n" + OK_LENGTH) + EVIL_ANSWER, False),
    "signed length": (answer_bytes(b"content-length: +%d\r\n" % len(OK)) + EVIL_ANSWER, False),
    "unknown coding": (answer_bytes(b"transfer-encoding: xchunked\r\n", replies.chunk(OK) + b"0\r\n\r\n"), False),
    "bad chunk": (answer_bytes(b"transfer-encoding: chunked\r\n", b"zz\r\n" + OK + b"\r\n0\r\n\r\n"), False),
    "folded field": (answer_bytes(b"x-a: b\r\n c\r\n" + OK_LENGTH), False),
    "null in a value": (answer_bytes(b"x-a: b\x00\r\n" + OK_LENGTH), False),
    "a status beyond all statuses": (b"HTTP/1.1 999 Well\r\n" + OK_LENGTH + b"\r\n" + OK, False),
    "an interim answer with a body": (b"HTTP/1.1 103 Early Hints\r\ncontent-length: 5\r\n\r\nhello" + answer_bytes(OK_LENGTH), False),
    "chunked in HTTP/1.0": (answer_bytes(b"transfer-encoding: chunked\r\n", replies.chunk(OK) + b"0\r\n\r\n")
                            .replace(b"HTTP/1.1", b"HTTP/1.0"), False),
    "fields without end": (answer_bytes(b"x: y\r\n" * 200 + OK_LENGTH), False),
    "a bare line feed": (answer_bytes(b"x-a: b\n" + OK_LENGTH), False),
    "half an answer": ([answer_bytes(b"content-length: %d\r\n" % (len(OK) + 5)), replies.CLOSE], False),
    "half a chunked answer": ([answer_bytes(b"transfer-encoding: chunked\r\n", replies.chunk(OK)), replies.CLOSE], False),
    "a hundred interim answers": (b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" * 100 + answer_bytes(OK_LENGTH), False),
    "a head without end": (b"HTTP/1.1 200 OK\r\n" + b"x-filler: %s\r\n" % (b"a" * 1000) * 200 + b"\r\n", False),
    "not HTTP": (b"ICY 200 OK\r\n\r\n" + OK, False),
    "another protocol": (b"XTTP/1.1 200 OK\r\n" + OK_LENGTH + b"\r\n" + OK, False),
    "HTTP/2.0": (b"HTTP/2.0 200 OK\r\n" + OK_LENGTH + b"\r\n" + OK, False),
    "no space before the status": (b"HTTP/1.1X200 OK\r\n" + OK_LENGTH + b"\r\n" + OK, False),
    "an interim answer with an answer in it": (
        b"HTTP/1.1 103 Early Hints\r\ncontent-length: %d\r\n\r\n" % len(EVIL_ANSWER) + EVIL_ANSWER
        + answer_bytes(OK_LENGTH), False),
    "switching protocols": (b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n" + EVIL_ANSWER, False),
}


@pytest.mark.parametrize("case", SPLIT_ANSWERS)
def test_a_split_answer_reaches_nobody_else(gateway, simulator, case):
    data, is_good = SPLIT_ANSWERS[case]
    simulator.script("", replies.Steps(data if isinstance(data, list) else [data]))
    first = gateway.chat()
    simulator.script("", Answer("the next one"))

    following = [gateway.chat() for _ in range(3)]

    if is_good:
        assert first.json["choices"][0]["message"]["content"] == "good"
    else:
        assert (first.status, first.error["type"]) == (502, "upstream_error"), first
    for answer in following:
        assert answer.json["choices"][0]["message"]["content"] == "the next one"


def test_an_answer_to_nothing_is_for_nobody(gateway, simulator):
    simulator.script("", replies.Steps([answer_bytes(OK_LENGTH), 0.1, EVIL_ANSWER]))
    assert gateway.chat().json["choices"][0]["message"]["content"] == "good"
    simulator.script("", Answer("the next one"))
    time.sleep(0.3)

    texts = [gateway.chat().json["choices"][0]["message"]["content"] for _ in range(3)]

    assert texts == ["the next one"] * 3


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("more", [0, 2], ids=["nothing more", "more text"])
def test_what_comes_late_belongs_to_nobody_else(gateway, simulator, stream, more):
    """Behind [DONE] a provider ends its body, or says more, when the same caller's next exchange has begun."""
    evil = replies.chunk(replies.event(replies.openai_chunk({"model": "gpt-4o"}, {"content": "evil"})))
    simulator.script("first", replies.Changed(
        Answer("one"), lambda steps: [*steps[:-1], 0.2, *[evil] * more, steps[-1]]
    ))
    simulator.script("second", replies.late(0.5, Answer("two")))

    with gateway.connect() as connection:
        first, second = (
            connection.request("POST", "/v1/chat/completions", body, key=gateway.key)
            for body in (
                {**json.loads(BODY), "stream": is_stream, "user": f"[[{name}]]"}
                for name, is_stream in (("first", True), ("second", stream))
            )
        )

    assert raw_http.streamed_text(first) == "one"
    assert second.status == 200, second
    text = raw_http.streamed_text(second) if stream else second.json["choices"][0]["message"]["content"]
    assert text == "two"


def test_interim_answers_are_skipped(gateway, simulator):
    simulator.script("", replies.Steps([b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + answer_bytes(OK_LENGTH)]))

    assert gateway.chat().json["choices"][0]["message"]["content"] == "good"


@pytest.mark.parametrize("name", ["a b", 'a"b', "a\\b", "\u00e9", "x" * 129, "a,\tb", ""])
def test_a_caller_names_its_request_plainly_or_not_at_all(gateway, simulator, name):
    answer = gateway.call("GET", "/v1/models", headers={"x-request-id": name})

    assert answer.header("x-request-id").startswith("req_")
    assert gateway.call("GET", "/v1/models", headers={"x-request-id": "my-own"}).header("x-request-id") == "my-own"


def test_a_provider_sets_no_header_of_ours(gateway, simulator):
    simulator.script("", Answer(headers={
        "set-cookie": "session=evil", "x-request-id": "evil", "access-control-allow-origin": "*", "location": "http://e/",
        "x-keeptrusts-verdict": "block",
    }))

    answer = gateway.chat()

    names = [name for name, _ in answer.headers]
    assert not {"set-cookie", "access-control-allow-origin", "location"} & set(names)
    assert names.count("x-request-id") == 1 and answer.header("x-request-id") != "evil"
    assert names.count("x-keeptrusts-verdict") == 1 and answer.header("x-keeptrusts-verdict") == "allow"
