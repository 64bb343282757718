"""Attack classes 3, 4 and 5 against the API: each text that it takes, from its own description, and who is believed."""

import json
import threading
import time
import urllib.parse

import pytest

import configs
import raw_http
from simulator import Simulator
from stack import Stack

#: Texts that end a literal, a statement, a pattern or an array early when somebody forgot to bind them.
HOSTILE = [
    "x'", "'; DROP TABLE token; --", "' OR '1'='1", "x' AND pg_sleep(4) IS NULL AND '1'='1", '"', "\\'", "$1", "{'x'}", "%'",
    "');",
]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def stack(request, tmp_path_factory):
    database = None
    if request.param == "postgres":
        database = request.getfixturevalue("postgres").create_database("api_attacks")
    with Simulator() as simulator:
        config = configs.policy_config(configs.target(simulator.base_url()))
        with Stack(tmp_path_factory.mktemp(f"attacks-{request.param}"), config, database) as stack:
            stack.event_of(stack.chat().header("x-request-id"))
            stack.document = raw_http.call(stack.api.url, "GET", "/openapi.json").json
            stack.runtime = stack.api.make_token("attacker", "gateway_runtime")[1]
            register(stack)
            yield stack


def register(stack):
    body = {
        "instance_id": "i", "version": "1", "advertise_addr": "a:1", "listen_addr": "a:1", "mode": "local",
        "config": {"name": "c", "version": "1", "digest": "d"},
    }
    stack.gateway_id = stack.api.ask("POST", "/v1/gateway/register", body, token=stack.runtime)["gateway_id"]


def resolve(document, schema):
    while "$ref" in schema:
        for part in schema["$ref"].removeprefix("#/").split("/"):
            document_part = (document if part == "components" else document_part)[part]
        schema = document_part
    return schema


def sample(document, schema):
    """A value that a schema allows, with everything in it."""
    schema = resolve(document, schema)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for word in ("oneOf", "anyOf"):
        if word in schema:
            return sample(document, schema[word][0])
    kinds = schema.get("type", "object")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    if kind == "object":
        value = {name: sample(document, member) for name, member in schema.get("properties", {}).items()}
        for part in schema.get("allOf", []):
            value |= sample(document, part)
        return value
    if kind == "array":
        return [sample(document, schema.get("items", {"type": "string"}))]
    return {"string": "2026-01-01T00:00:00.000000Z" if schema.get("format") == "date-time" else "x", "integer": 1,
            "number": 1, "boolean": True, "null": None}[kind]


def places(value, place=()):
    """Where texts stand in a value."""
    if isinstance(value, str):
        yield place
    elif isinstance(value, (dict, list)):
        for key, member in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(member, (*place, key))


def replaced(value, place, text):
    copy = json.loads(json.dumps(value))
    if not place:
        return text
    inner = copy
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = text
    return copy


def operations(stack, *methods):
    """The routes with these methods: (method, path, operation, credential)."""
    for path, item in stack.document["paths"].items():
        for method in methods:
            if method in item and path not in ("/v1/auth/logout", "/v1/auth/password", "/v1/gateway/register"):
                key = stack.runtime if path.startswith("/v1/gateway/") else stack.api.session
                yield method.upper(), path, item[method], key


def ask(stack, method, path, body, key):
    """One call, which must be answered at once and without a fault of ours."""
    began = time.monotonic()
    answer = raw_http.call(stack.api.url, method, path, body, key=key)
    assert answer.status < 500, (method, path, body, answer)
    assert time.monotonic() - began < 3.5, (method, path, body)
    return answer


def check(stack):
    """What was there is there, and works."""
    names = {token["name"] for token in stack.api.ask("GET", "/v1/tokens?limit=500")["tokens"]}
    assert {"gateway", "application", "attacker"} <= names
    assert stack.api.events()
    assert stack.api.ask("GET", "/v1/whoami", token=stack.api.session)


def test_quotes_in_every_text_of_a_body(stack):
    tried = taken = 0
    for method, path, operation, key in operations(stack, "post", "patch"):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if not content:
            continue
        body = sample(stack.document, content["schema"])
        if path == "/v1/gateway/events":
            event = stack.api.events()[0]
            body = {"events": [{**event, "id": "evt_quoted", "sequence": 1_000_000}]}
        if path == "/v1/gateway/heartbeat":
            body["gateway_id"] = stack.gateway_id
        for place in places(body):
            for text in HOSTILE:
                # What is a name must not be taken already; what is an address must look like one.
                shown = f"{tried}{text}@x.yz" if place[-1] == "email" else f"{tried}{text}"
                real = path.replace("{id}", existing(stack, path))
                answer = ask(stack, method, real, replaced(body, place, shown), key)
                tried += 1
                taken += answer.status < 300
    assert tried > 300 and taken > 50
    check(stack)


def existing(stack, path):
    """The id of a thing of the kind that a path names."""
    for kind in ("gateways", "tokens", "users"):
        if path.startswith(f"/v1/{kind}/"):
            things = stack.api.ask("GET", f"/v1/{kind}")[kind]
            return next((thing["id"] for thing in things if thing.get("name") == "attacker"), things[0]["id"])
    return "cfg_none"


def test_quotes_in_every_parameter(stack):
    tried = 0
    for method, path, operation, key in operations(stack, "get", "delete", "patch"):
        real = path.replace("{id}", "none").replace("{version}", "1")
        for parameter in operation.get("parameters", []):
            parameter = resolve(stack.document, parameter)
            for text in HOSTILE:
                tried += 1
                if parameter["in"] == "query":
                    query = urllib.parse.urlencode({parameter["name"]: text})
                    answer = ask(stack, method, f"{real}?{query}", None, key)
                    if answer.status == 200 and "events" in answer.json:
                        assert answer.json["events"] == [], (path, parameter["name"], text)
                elif parameter["in"] == "path":
                    for quoted in (urllib.parse.quote(text), urllib.parse.quote(text, safe="'();=,$").replace("%20", "+")):
                        target = path.replace("{" + parameter["name"] + "}", quoted).replace("{id}", "x").replace("{version}", "1")
                        answer = ask(stack, method, target, {} if method == "PATCH" else None, key)
                        assert answer.status in (400, 404, 412, 422, 428), (method, target, answer)
    assert tried > 300
    check(stack)


def test_a_wildcard_finds_only_itself(stack):
    for text in ("%", "_", "%%", "!", "gpt_4o", "gpt%", "g%o"):
        found = stack.api.ask("GET", f"/v1/events?{urllib.parse.urlencode({'q': text})}")["events"]
        assert all(text in event["model"] + event["id"] + event["request_id"] for event in found), text
    assert stack.api.ask("GET", "/v1/events?q=GPT-4O")["events"]


def test_a_null_character_is_refused_or_kept(stack):
    """PostgreSQL's texts have none; a caller or a gateway who sends one must not stop the record of anybody's exchange."""
    request_id = stack.chat(model="a\x00b").header("x-request-id")
    event = stack.event_of(request_id)
    assert event["model"].startswith("unknown:")
    batch = {"events": [{**event, "id": "evt_null", "sequence": 2_000_000, "model": "a\x00b"}]}
    assert stack.api.ask("POST", "/v1/gateway/events", batch, token=stack.runtime)["accepted"] == 1
    assert stack.api.ask("GET", "/v1/events/evt_null")["model"] == "a\x00b"
    for field, value in (("name", "a\x00b"), ("allowed_models", ["a\x00b"])):
        body = {"name": "x", "purpose": "general", field: value}
        assert ask(stack, "POST", "/v1/tokens", body, stack.api.session).status == 422
    assert ask(stack, "GET", "/v1/events?model=a%00b", None, stack.api.session).status in (400, 404)


@pytest.mark.parametrize("query", ["sort=name", "order=name'--", "limit=1&limit=2", "fields=*", "limit=1%3B", "org_id=x"])
def test_what_a_list_does_not_know_is_refused(stack, query):
    assert ask(stack, "GET", f"/v1/events?{query}", None, stack.api.session).status in (400, 422)


# 4. Route confusion


@pytest.mark.parametrize("target", [
    "//v1/tokens", "/v1//tokens", "/v1/tokens/", "/v1/./tokens", "/v1/x/../tokens", "/v1/%74okens", "/v1%2ftokens",
    "/v1/tokens;a=b", "/v1/tokens%00", "/v1/tokens%20", "/V1/tokens", "/v1/Tokens", "/health/../v1/tokens",
    "//x/v1/tokens", "http://x//v1/tokens", "http:/v1/tokens", "/v1/tokens#x", "\\v1\\tokens", "/v1/tokens\\",
])
def test_only_the_very_path_is_the_route(stack, target):
    assert raw_http.call(stack.api.url, "GET", target, key=stack.api.session).status in (400, 404)


def test_an_absolute_target_is_the_same_route_with_the_same_guard(stack):
    """RFC 9112 section 3.2.2: a server must take it."""
    for key, expected in ((stack.api.session, 200), ("wrong", 401), (None, 401), (stack.runtime, 403)):
        assert raw_http.call(stack.api.url, "GET", "http://x/v1/tokens", key=key).status == expected


def test_methods_are_not_overridden(stack):
    override = {"x-http-method-override": "POST", "x-method-override": "POST", "x-http-method": "POST"}

    answer = raw_http.call(
        stack.api.url, "GET", "/v1/tokens", {"name": "made by GET", "purpose": "general"}, override, stack.api.session
    )

    assert answer.status in (200, 400)
    assert "made by GET" not in str(stack.api.ask("GET", "/v1/tokens?limit=500"))


def test_an_integration_does_what_its_roles_say_and_is_no_gateway(stack):
    _, viewer = stack.api.make_token("viewer", "integration", roles=["viewer"])

    assert ask(stack, "GET", "/v1/events", None, viewer).status == 200
    assert ask(stack, "POST", "/v1/tokens", {"name": "x", "purpose": "general"}, viewer).status == 403
    for method, path in (("GET", "/v1/gateway/keys"), ("GET", "/v1/gateway/config"), ("POST", "/v1/gateway/register")):
        assert ask(stack, method, path, None if method == "GET" else {}, viewer).status == 403


def test_a_gateway_cannot_keep_out_another_ones_event(stack):
    """An id that a gateway gave to an event says nothing about another gateway's events, and the log says who tried."""
    event = stack.event_of(stack.chat().header("x-request-id"))
    forged = {**event, "id": "evt_wanted", "sequence": 3_000_000, "model": "forged"}
    real = {**event, "id": "evt_wanted", "sequence": 3_000_001, "model": "real"}
    token = stack.api.make_token("other", "gateway_runtime")[1]
    body = {
        "instance_id": "j", "version": "1", "advertise_addr": "b:1", "listen_addr": "b:1", "mode": "local",
        "config": {"name": "c", "version": "1", "digest": "d"},
    }
    gateway = stack.api.ask("POST", "/v1/gateway/register", body, token=token)["gateway_id"]

    def deliver(event, key):
        return stack.api.ask("POST", "/v1/gateway/events", {"events": [event]}, token=key)

    assert deliver(forged, stack.runtime) == {"accepted": 1, "duplicates": 0}
    assert deliver(real, token) == {"accepted": 1, "duplicates": 0}
    assert deliver(real, token) == {"accepted": 0, "duplicates": 1}
    assert deliver(forged, stack.runtime) == {"accepted": 0, "duplicates": 1}

    found = {(event["gateway_id"], event["model"]) for event in stack.api.events(q="evt_wanted")}
    assert found == {(stack.gateway_id, "forged"), (gateway, "real")}
    assert stack.api.ask("GET", f"/v1/events/evt_wanted.of.{gateway}")["model"] == "real"
    records = stack.api.ask("GET", "/v1/audit-records?action=event.claim")["audit_records"]
    assert [record["details"]["gateway"] for record in records] == [gateway]


def lint(stack, policy, key, chain="[dlp-filter]"):
    yaml = (
        f"pack: {{name: a, version: 1.0.0}}\npolicies: {{chain: {chain}}}\n"
        f"providers: {{targets: [{{id: a, provider: demo, model: demo}}]}}\npolicy:\n{policy}"
    )
    return raw_http.call(stack.api.url, "POST", "/v1/configurations/validate", {"yaml": yaml}, key=key)


LETTERS = "abcdefghijklmnopqrstuvwxyz"

#: Settings of `dlp-filter` that took Hyperscan, PCRE2 or our own automata many seconds.
HEAVY = {
    "a class of Unicode": r"""['\p{L}{64}']""",
    "many classes of Unicode": "['" + r"\p{L}" * 500 + "']",
    "optional letters": "['x" + "[a-c]?" * 512 + "y']",
    "alternatives again and again": "['(?:" + "|".join(f"a{n:03}" for n in range(700)) + ")*x']",
    "nested counts": "['" + "(" * 8 + "a" + "{60000})" * 8 + "']",
    "a syntax that is not read": r"""['(?s)(?:(?:a.?b){60}c){60}']""",
    "other cases of wide ranges": r"""['(?i)""" + r"[\x{80}-\x{10FFFF}]" * 150 + "']",
    "no neighbouring characters": "[" + ", ".join(f"'[{c}{d}].{{0,9}}{d}.*z'" for c in LETTERS for d in LETTERS[:8]) + "]",
    "too many": "[" + ", ".join(f"'k{n}[0-9]'" for n in range(2_001)) + "]",
    "too much in all": "[" + ", ".join(f"'k{n}{chr(92)}p{{L}}{{4}}'" for n in range(60)) + "]",
}


@pytest.mark.parametrize("patterns", HEAVY.values(), ids=HEAVY)
def test_a_config_of_heavy_patterns_is_refused_before_it_is_compiled(stack, patterns):
    _, viewer = stack.api.make_token("viewer", "integration", roles=["viewer"])

    answer = lint(stack, f"  dlp-filter: {{detect_patterns: {patterns}}}\n", viewer)

    assert answer.status == 200
    assert {(each["code"], each["severity"]) for each in answer.json["diagnostics"]} == {("config.limit", "error")}


def test_while_a_config_is_checked_everything_else_is_answered(stack):
    _, viewer = stack.api.make_token("viewer", "integration", roles=["viewer"])
    patterns = ", ".join(f"'k{n}-?[0-9][a-f]?x'" for n in range(1_800))
    answers = []

    def check():
        answers.append(lint(stack, f"  dlp-filter: {{detect_patterns: [{patterns}]}}\n", viewer))

    threads = [threading.Thread(target=check) for _ in range(3)]
    for thread in threads:
        thread.start()
    raw_http.eventually(lambda: answers, 30)
    for _ in range(5):
        assert ask(stack, "GET", "/v1/events", None, stack.api.session).status == 200
    # The first is the one that found the queue full; the two before it are still checked, or wait.
    assert [answer.status for answer in answers] == [503]
    assert answers[0].json["error"]["code"] == "configuration.check_busy"
    assert answers[0].header("retry-after") == "2"
    for thread in threads:
        thread.join()
    assert [answer.status for answer in answers] == [503, 200, 200]
    assert all(answer.json["valid"] for answer in answers[1:])


def test_guesses_keep_out_only_whoever_makes_them(stack):
    """The API believes its console, a peer on this machine, where a person is."""
    change = {"new_password": "correct horse battery"}
    assert ask(stack, "POST", "/v1/auth/password", change, stack.api.session).status in (204, 422)

    def attempt(password, address):
        body = {"email": "admin@localhost", "password": password}
        return raw_http.call(stack.api.url, "POST", "/v1/auth/login", body, {"x-forwarded-for": address}).status

    for _ in range(5):
        assert attempt("wrong wrong wrong", "2001:db8:0:1::1") == 401
    assert attempt(change["new_password"], "2001:db8:0:1:ffff::9") == 429
    assert attempt(change["new_password"], "2001:db8:0:2::1") == 200
    assert attempt(change["new_password"], "192.0.2.1") == 200


# 5. Credential carriers


@pytest.mark.parametrize("lines", [
    ["authorization: Bearer {key}", "authorization: Bearer {key}"], ["authorization: Bearer {key}", "authorization: Bearer x"],
    ["authorization: Bearer x", "authorization: Bearer {key}"],
])
def test_two_credentials_are_none(stack, lines):
    with raw_http.Connection(stack.api.url) as connection:
        head = ["GET /v1/whoami HTTP/1.1", "host: x", *(line.format(key=stack.api.session) for line in lines)]
        connection.send("\r\n".join(head).encode() + b"\r\n\r\n")
        assert connection.read().status in (400, 401)


@pytest.mark.parametrize("headers", [
    {"authorization": "Basic {key}"}, {"authorization": "{key}"}, {"authorization": "Token {key}"},
    {"authorization": "Bearer  {key}"}, {"authorization": "Bearer {key} x"}, {"x-api-key": "{key}"}, {"api-key": "{key}"},
    {"cookie": "session={key}; token={key}"}, {"proxy-authorization": "Bearer {key}"}, {"x-actor-id": "{key}"},
])
def test_carriers_that_are_none(stack, headers):
    headers = {name: value.format(key=stack.api.session) for name, value in headers.items()}
    for path in ("/v1/whoami", f"/v1/whoami?token={stack.api.session}", f"/v1/whoami?access_token={stack.api.session}"):
        assert raw_http.call(stack.api.url, "GET", path, headers=headers).status in (400, 401, 422)
