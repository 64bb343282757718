"""The control plane's API: attack class 3, its errors, and its description held against its answers."""

import json
import re
from urllib.parse import urlencode

import pytest

import configs
import raw_http
import texts
from raw_http import eventually
from simulator import Simulator
from stack import Stack, files_that_hold

#: Texts that end a statement, a literal, a line of COPY or a C string early when somebody forgot to bind them.
HOSTILE = [
    "x'; DROP TABLE tokens; --", "x' OR '1'='1", '"x" OR 1=1', "x%' --", "_%", "$1", "$1::text", ":x", "?",
    "\\'; SELECT pg_sleep(5); --", "\\N", "\\.", "a\tb", "a\nb", "a\\", "{x}", "a,b", "😀", "\u2028", "x" * 3000,
]


PRINTABLE = [text for text in HOSTILE if text.isascii() and text.isprintable()]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def stack(request, tmp_path_factory):
    database = None
    if request.param == "postgres":
        database = request.getfixturevalue("postgres").create_database("api")
    with Simulator() as simulator:
        config = configs.policy_config(configs.target(simulator.base_url()))
        with Stack(tmp_path_factory.mktemp(f"api-{request.param}"), config, database) as stack:
            yield stack


def test_hostile_texts_are_kept_as_they_are(stack):
    """What a gateway delivers arrives in the database as text, whatever it looks like."""
    answer = stack.chat()
    event = stack.event_of(answer.header("x-request-id"))
    _, runtime = stack.api.make_token("hostile", "gateway_runtime")
    body = {"instance_id": "i", "version": "1", "advertise_addr": "a:1", "listen_addr": "a:1", "mode": "local",
            "config": {"name": "c", "version": "1", "digest": "d"}}
    stack.api.ask("POST", "/v1/gateway/register", body, token=runtime)
    sent = {f"evt_hostile{number}": text for number, text in enumerate(HOSTILE)}
    events = [
        {**event, "id": id, "sequence": number, "model": text, "reason_code": text}
        for number, (id, text) in enumerate(sent.items())
    ]

    receipt = stack.api.ask("POST", "/v1/gateway/events", {"events": events}, token=runtime)

    assert receipt == {"accepted": len(HOSTILE), "duplicates": 0}
    for id, text in sent.items():
        kept = stack.api.ask("GET", f"/v1/events/{id}")
        assert (kept["model"], kept["reason_code"]) == (text, text)
    assert stack.api.ask("GET", "/v1/tokens")["tokens"]


@pytest.mark.parametrize("name", [texts.EMAIL, texts.CARD, "sk-proj-0123456789abcdefghij", "y'; DROP TABLE audit_record; --"])
def test_a_secret_in_place_of_a_model_reaches_no_record(stack, name):
    """The name of a model that no config knows is the caller's own text, and may be anything."""
    answers = [stack.chat(model=name) for _ in range(2)]

    events = [stack.event_of(answer.header("x-request-id")) for answer in answers]
    assert [answer.error["code"] for answer in answers] == ["model_not_found"] * 2
    assert re.fullmatch(r"unknown:[0-9a-f]{8}", events[0]["model"]) and events[0]["model"] == events[1]["model"]
    # No policy has judged it.
    assert (events[0].get("verdict"), events[0]["outcome"], events[0]["policies"]) == (None, "refused", [])
    assert files_that_hold(stack.folder, [name]) == []
    assert all(name not in json.dumps(event) for event in stack.events())


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_filters_find_nothing_and_break_nothing(stack, text):
    everything = len(stack.events())
    for field in ("model", "verdict", "gateway_id", "cursor", "limit", "request_id", "q", "sort", "order", "key_id", "user_id"):
        response = raw_http.call(
            stack.api.url, "GET", f"/v1/events?{urlencode({field: text})}", key=stack.api.session
        )
        assert response.status in (200, 400, 422), (field, response)
        if response.status == 200 and field in ("model", "gateway_id", "request_id", "key_id", "user_id"):
            assert len(response.json["events"]) <= (1 if field == "model" else 0), field
    assert len(stack.events()) == everything


@pytest.mark.parametrize("text", PRINTABLE, ids=range(len(PRINTABLE)))
def test_hostile_credentials_are_unknown_ones(stack, text):
    for path in ("/v1/whoami", "/v1/tokens", "/v1/events"):
        assert raw_http.call(stack.api.url, "GET", path, key=text).status == 401
    body = {"email": text, "password": text}
    assert raw_http.call(stack.api.url, "POST", "/v1/auth/login", body).status in (400, 401, 413, 422, 429)
    assert raw_http.call(stack.api.url, "POST", "/v1/auth/sign-in-link/redeem", {"code": text}).status in (400, 401, 404, 410, 413, 422, 429)


def test_hostile_names_come_back(stack):
    for text in HOSTILE:
        response = raw_http.call(
            stack.api.url, "POST", "/v1/tokens", {"name": text, "purpose": "general"}, key=stack.api.session
        )
        assert response.status in (200, 201, 400, 422), response
        if response.status in (200, 201):
            assert response.json["token"]["name"] == text
            token = response.json["token"]["id"]
            stack.api.ask("DELETE", f"/v1/tokens/{token}", expect=(200, 204))


@pytest.mark.parametrize("path", ["/v1/events", "/v1/tokens", "/v1/gateways", "/v1/configurations", "/v1/users", "/v1/whoami"])
def test_nothing_is_for_strangers(stack, path):
    for key in (None, "wrong", stack.key):
        answer = raw_http.call(stack.api.url, "GET", path, key=key)
        assert answer.status in (401, 403), (key, answer)
        assert answer.error["code"] and answer.error["message"] and answer.error["request_id"]


def test_a_gateways_token_opens_only_its_own_door(stack):
    _, runtime = stack.api.make_token("narrow", "gateway_runtime")
    _, general = stack.api.make_token("caller", "general")

    assert raw_http.call(stack.api.url, "GET", "/v1/events", key=runtime).status == 403
    assert raw_http.call(stack.api.url, "POST", "/v1/tokens", {"name": "x", "purpose": "general"}, key=runtime).status == 403
    for token in (general, stack.api.session, None):
        answer = raw_http.call(stack.api.url, "POST", "/v1/gateway/events", {"events": []}, key=token)
        assert answer.status in (401, 403)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b'{"name": 1}', b"\xff", b'{"purpose": "none", "name": "x"}'])
def test_a_bad_body_gets_the_envelope(stack, body):
    answer = raw_http.call(stack.api.url, "POST", "/v1/tokens", body, key=stack.api.session)

    assert answer.status in (400, 422)
    assert answer.error["code"] and answer.error["message"] and answer.error["request_id"]


def test_an_unknown_path_and_method_get_the_envelope(stack):
    for method, path, expected in (("GET", "/v1/nothing", 404), ("PUT", "/v1/events", 405)):
        answer = raw_http.call(stack.api.url, method, path, key=stack.api.session)
        assert answer.status in (expected, 404)
        assert answer.error["code"]


def test_events_page_by_keyset(stack):
    for _ in range(5):
        stack.event_of(stack.chat().header("x-request-id"))

    pages, cursor = [], None
    while True:
        page = stack.api.ask("GET", "/v1/events?limit=2" + (f"&cursor={cursor}" if cursor else ""))
        pages.append([event["id"] for event in page["events"]])
        cursor = page.get("next_cursor")
        if not cursor:
            break

    ids = [id for page in pages for id in page]
    assert all(len(page) == 2 for page in pages[:-1])
    assert len(ids) == len(set(ids)) == len(stack.events())
    times = [stack.api.ask("GET", f"/v1/events/{id}")["time"] for id in ids[:6]]
    assert times == sorted(times, reverse=True)


# The description is held against real answers.


def resolve(document, schema):
    while "$ref" in schema:
        node = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            node = node[part]
        schema = node
    return schema


KINDS = {
    "string": str, "integer": int, "number": (int, float), "boolean": bool, "object": dict, "array": list,
    "null": type(None),
}


def mismatches(document, schema, value, place="$"):
    """Where a value is not what a JSON Schema says, as far as the description uses JSON Schema."""
    schema = resolve(document, schema)
    for part in schema.get("allOf", []):
        yield from mismatches(document, part, value, place)
    if options := schema.get("oneOf") or schema.get("anyOf"):
        if not any(not list(mismatches(document, option, value, place)) for option in options):
            yield f"{place}: none of the alternatives"
        return
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    is_number_for_bool = isinstance(value, bool) and "boolean" not in kinds
    if kinds and (is_number_for_bool or not any(isinstance(value, KINDS[kind]) for kind in kinds)):
        yield f"{place}: {value!r} is not {kinds}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{place}: {value!r} is not in {schema['enum']}"
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        yield f"{place}: {value!r} is not like {schema['pattern']}"
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        for name in schema.get("required", []):
            if name not in value:
                yield f"{place}.{name} is missing"
        for name, member in value.items():
            if name in properties:
                yield from mismatches(document, properties[name], member, f"{place}.{name}")
            elif schema.get("additionalProperties") is False or (properties and "additionalProperties" not in schema):
                yield f"{place}.{name} is not described"
            elif isinstance(schema.get("additionalProperties"), dict):
                yield from mismatches(document, schema["additionalProperties"], member, f"{place}.{name}")
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield from mismatches(document, schema["items"], item, f"{place}[{index}]")


def test_the_description_says_what_the_api_does(stack):
    assert stack.chat().status == 200
    eventually(lambda: stack.events(), 30, 0.3)
    document = raw_http.call(stack.api.url, "GET", "/openapi.json").json
    assert document["openapi"].startswith("3.1")

    wrong, checked = [], 0
    for path, item in document["paths"].items():
        if "get" not in item or path.startswith("/v1/gateway/"):
            continue
        real = re.sub(r"/v1/events/\{[a-z_]+\}", f"/v1/events/{stack.events()[0]['id']}", path)
        if "{" in real:
            continue
        if "/summary" in real:
            real += "?since=2020-01-01T00:00:00Z"
        answer = raw_http.call(stack.api.url, "GET", real, key=stack.api.session)
        described = item["get"]["responses"].get(str(answer.status))
        if described is None:
            wrong.append(f"{real} answers {answer.status}, which is not described: {answer.body[:300]!r}")
            continue
        content = resolve(document, described).get("content", {}).get("application/json")
        if content and answer.body:
            wrong += [f"{real} {what}" for what in mismatches(document, content["schema"], answer.json)]
        checked += 1
    assert wrong == []
    assert checked >= 6


def test_the_description_names_every_route_that_is_used_here(stack):
    paths = raw_http.call(stack.api.url, "GET", "/openapi.json").json["paths"]

    for path in (
        "/v1/auth/login", "/v1/auth/sign-in-link/redeem", "/v1/auth/logout", "/v1/whoami", "/v1/tokens", "/v1/gateways",
        "/v1/configurations", "/v1/events", "/v1/users", "/v1/gateway/register", "/v1/gateway/heartbeat",
        "/v1/gateway/config", "/v1/gateway/keys", "/v1/gateway/events",
    ):
        assert path in paths
