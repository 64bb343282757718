"""Attack classes 1, 4 and 5: who is asked with whose credential, and which route it is."""

import json
import socket

import pytest

import configs
import raw_http
import replies
from gateways import Gateway
from simulator import Simulator


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with Simulator() as simulator, Simulator() as elsewhere:
        # No breaker may end the tests early that follow those of a provider's errors.
        providers = {"retry": {"max_attempts": 1}, "circuit_breaker": {"failure_threshold": 1000}}
        config = configs.policy_config(configs.target(simulator.base_url()), providers=providers)
        environment = {"KT_OTHER_KEY": "kt_gk_other"}
        config["consumer_groups"].append({"name": "others", "key_ref": {"env": "KT_OTHER_KEY"}})
        with Gateway(tmp_path_factory.mktemp("attacks"), config, environment=environment) as gateway:
            yield gateway, simulator, elsewhere


@pytest.fixture
def gateway(shared):
    return shared[0]


@pytest.fixture
def simulator(shared):
    shared[1].forget()
    return shared[1]


@pytest.fixture
def elsewhere(shared):
    """A server that nobody has configured: it must never hear from the gateway."""
    yield shared[2]
    assert shared[2]._connections == 0


BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}


# 1. Caller-controlled upstream


@pytest.mark.parametrize(
    "field", ["api_base", "base_url", "api_url", "custom_host", "proxy", "api_key", "organization", "provider", "url"]
)
def test_no_field_names_an_upstream(gateway, simulator, elsewhere, field):
    answer = gateway.call("POST", "/v1/chat/completions", {**BODY, field: f"{elsewhere.url}/v1"})

    assert answer.status in (200, 400, 422)
    assert all(seen.path == "/v1/chat/completions" for seen in simulator.received())


@pytest.mark.parametrize("field", [
    "api_base", "base_url", "api_key", "organization", "proxy", "headers", "extra_headers", "extra_body", "fallbacks",
    "models", "model_list", "deployment_id", "custom_llm_provider", "mock_response", "webhook_url", "mcp_servers",
    "provider_options", "user_config", "vertex_ai_project", "vertex_ai_location", "aws_region_name", "AWS_Region_Name",
])
def test_what_would_steer_a_proxy_behind_us_is_refused(gateway, simulator, field):
    """The upstream may be a proxy that obeys such fields."""
    answer = gateway.call("POST", "/v1/chat/completions", {**BODY, field: "x"})

    family = field.partition("_")[0].lower() + "_*"
    assert answer.status == 422 and answer.error["param"] in (field, family), answer
    assert simulator.received() == []


def test_a_tool_names_no_server(gateway, simulator, elsewhere):
    tool = {"type": "mcp", "server_label": "x", "server_url": elsewhere.url, "headers": {"authorization": "x"}}

    answer = gateway.call("POST", "/v1/chat/completions", {**BODY, "tools": [tool]})

    assert answer.status == 422
    assert simulator.received() == []


@pytest.mark.parametrize(
    "header",
    ["host", "x-forwarded-host", "x-forwarded-server", "x-original-url", "x-rewrite-url", "x-portkey-custom-host",
     "x-upstream", "api-base", "x-openai-base-url", "forwarded", "x-http-destination"],
)
def test_no_header_names_an_upstream(gateway, simulator, elsewhere, header):
    address = elsewhere.url.removeprefix("http://")

    answer = gateway.call("POST", "/v1/chat/completions", BODY, headers={header: address})

    assert answer.status in (200, 400)
    for seen in simulator.received():
        assert seen.header("host") == simulator.url.removeprefix("http://")
        assert address.encode() not in seen.raw


@pytest.mark.parametrize(
    "model", ["openai/gpt-4o", "gpt-4o@{address}", "http://{address}/v1#gpt-4o", "../gpt-4o", "main/../../x", "gpt-4o\r\nx: y",
              "gpt-4o\u0000", "GPT-4O", " gpt-4o", ""],
)
def test_no_model_names_an_upstream(gateway, simulator, elsewhere, model):
    name = model.format(address=elsewhere.url.removeprefix("http://"))

    answer = gateway.call("POST", "/v1/chat/completions", {**BODY, "model": name})

    assert answer.status in (400, 404, 422), answer
    assert simulator.received() == []


@pytest.mark.parametrize("target", ["http://{address}/v1/chat/completions", "//{address}/v1/chat/completions", "{address}"])
def test_no_request_target_names_an_upstream(gateway, simulator, elsewhere, target):
    address = elsewhere.url.removeprefix("http://")
    for method in ("POST", "CONNECT"):
        with gateway.connect() as connection:
            data = raw_http.request_bytes(address, method, target.format(address=address), BODY, key=gateway.key)
            connection.send(data)
            answer = connection.read()
        assert answer.status in (200, 400, 404, 405, 421, 501)
    assert all(seen.path == "/v1/chat/completions" for seen in simulator.received())


def test_a_redirect_is_not_followed(gateway, simulator, elsewhere):
    simulator.script("moved", replies.Steps([replies.response(307, b"", {"location": f"{elsewhere.url}/v1/chat/completions"})]))

    answer = gateway.chat("[[moved]]")

    assert (answer.status, answer.error["type"]) == (502, "upstream_error")


def test_the_credentials_do_not_meet(gateway, simulator):
    answer = gateway.chat()

    seen = simulator.received()[0]
    assert seen.header("authorization") == f"Bearer {configs.UPSTREAM_KEY}"
    assert gateway.key.encode() not in seen.raw
    assert configs.UPSTREAM_KEY not in str(answer)


def test_an_upstreams_error_tells_no_credential(gateway, simulator):
    simulator.script("echo", replies.error(401, f"Incorrect API key provided: {configs.UPSTREAM_KEY}."))

    answer = gateway.chat("[[echo]]")

    # The caller's own key is fine: this failure is not theirs to mend.
    assert answer.status == 502
    assert configs.UPSTREAM_KEY.encode() not in answer.body
    assert configs.UPSTREAM_KEY not in gateway.output


@pytest.mark.parametrize("status", [400, 422, 500, 503])
def test_what_a_provider_says_tells_no_credential(gateway, simulator, status):
    simulator.script("told", replies.error(status, f"Key {configs.UPSTREAM_KEY} is not good for this."))

    answer = gateway.chat("[[told]]")

    assert answer.status in (400, 422, 502, 503)
    assert configs.UPSTREAM_KEY.encode() not in answer.body
    assert configs.UPSTREAM_KEY not in gateway.output


# 4. Route confusion


@pytest.mark.parametrize("path", [
    "//v1/chat/completions", "/v1//chat/completions", "/v1/chat/completions/", "/v1/./chat/completions",
    "/v1/x/../chat/completions", "/v1/chat/completions/.", "/v1/chat/completions/..", "/v1%2fchat/completions",
    "/v1/chat%2Fcompletions", "/v1/chat/completions%00", "/v1/chat/completions;a=b", "/v1;/chat/completions",
    "/V1/chat/completions", "/v1/chat/Completions", "/%76%31/chat/completions", "\\v1\\chat\\completions",
    "/v1/chat/completions%20", "/v1/chat/completions.", "/health/../v1/chat/completions", "/health/v1/chat/completions",
    "/v1/chat/completions%23", "/v1/chat/completions%3f", "*", "v1/chat/completions", "/v1/chat/completions#x",
])
def test_only_the_very_path_is_the_route(gateway, simulator, path):
    for key in (gateway.key, None):
        answer = raw_http.call(gateway.url, "POST", path, BODY, key=key)
        assert answer.status in (400, 404), answer
    assert simulator.received() == []


@pytest.mark.parametrize("path", ["/keeptrusts/config", "/keeptrusts/config/reload", "/metrics", "/keeptrusts/", "/debug", "/"])
def test_admin_routes_are_not_on_the_data_port(gateway, path):
    for method in ("GET", "POST"):
        assert gateway.call(method, path).status == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "post"])
def test_other_methods_are_refused(gateway, simulator, method):
    override = {"x-http-method-override": "POST", "x-method-override": "POST", "x-http-method": "POST"}

    answer = gateway.call(method, "/v1/chat/completions", BODY, headers=override)

    assert answer.status in (400, 404, 405, 501)
    assert simulator.received() == []


def test_a_query_changes_nothing(gateway, simulator):
    answer = gateway.call("POST", "/v1/chat/completions?api-version=1&path=/evil", BODY)

    assert answer.status == 200
    assert simulator.received()[0].path == "/v1/chat/completions"


# 5. Credential carriers


@pytest.mark.parametrize("headers", [
    {"authorization": "Bearer {key}"}, {"authorization": "bearer {key}"}, {"x-api-key": "{key}"},
    {"authorization": "Bearer {key}", "x-api-key": "{key}"},
])
def test_carriers_that_are_taken(gateway, headers):
    headers = {name: value.format(key=gateway.key) for name, value in headers.items()}

    assert raw_http.call(gateway.url, "POST", "/v1/chat/completions", BODY, headers).status == 200


@pytest.mark.parametrize("headers", [
    {"authorization": "Basic {key}"}, {"authorization": "{key}"}, {"authorization": "Bearer"},
    {"authorization": "Bearer "}, {"authorization": "Bearer {key} extra"}, {"authorization": "Bearer {key},kt_gk_other"},
    {"authorization": "Bearer Bearer {key}"}, {"cookie": "key={key}; authorization=Bearer {key}"},
    {"x-goog-api-key": "{key}"}, {"sec-websocket-protocol": "openai-insecure-api-key.{key}"},
    {"proxy-authorization": "Bearer {key}"}, {"x-api-key": ""}, {"authorization": "Bearer {key}x"},
    {"authorization": "Bearer " + "x" * 4000},
])
def test_carriers_that_are_not(gateway, simulator, headers):
    headers = {name: value.format(key=gateway.key) for name, value in headers.items()}

    for path in ("/v1/chat/completions", f"/v1/chat/completions?api_key={gateway.key}&key={gateway.key}"):
        answer = raw_http.call(gateway.url, "POST", path, BODY, headers)
        assert answer.status == 401, answer
    assert simulator.received() == []


@pytest.mark.parametrize("lines", [
    ["authorization: Bearer kt_gk_test", "x-api-key: kt_gk_other"],
    ["authorization: Bearer kt_gk_test", "x-api-key: wrong"],
    ["authorization: Bearer wrong", "x-api-key: kt_gk_test"],
    ["authorization: Bearer kt_gk_test", "authorization: Bearer kt_gk_other"],
    ["x-api-key: kt_gk_test", "x-api-key: kt_gk_other"],
    ["authorization: Bearer kt_gk_test", "api-key: kt_gk_other"],
    ["api-key: kt_gk_test", "x-api-key: kt_gk_other"],
])
def test_two_credentials_are_none(gateway, simulator, lines):
    payload = json.dumps(BODY)
    with gateway.connect() as connection:
        head = ["POST /v1/chat/completions HTTP/1.1", "host: x", "content-type: application/json", *lines]
        head.append(f"content-length: {len(payload)}")
        connection.send("\r\n".join(head).encode() + b"\r\n\r\n" + payload.encode())
        answer = connection.read()

    assert (answer.status, answer.error["code"]) == (400, "conflicting_credentials")
    assert simulator.received() == []


@pytest.mark.parametrize("lines", [
    ["authorization: Basic a3Q6a3Q=", "x-api-key: kt_gk_test"], ["authorization: ", "x-api-key: kt_gk_test"],
    ["authorization: kt_gk_test", "api-key: kt_gk_test"], ["authorization: Bearer kt_gk_test", "x-api-key: "],
    ["authorization: Bearer kt_gk_test", "authorization: Negotiate x"],
])
def test_a_carrier_that_cannot_be_read_is_not_passed_over(gateway, simulator, lines):
    payload = json.dumps(BODY).encode()
    with gateway.connect() as connection:
        head = ["POST /v1/chat/completions HTTP/1.1", "host: x", "content-type: application/json", *lines]
        connection.send("\r\n".join([*head, f"content-length: {len(payload)}"]).encode() + b"\r\n\r\n" + payload)
        assert connection.read().status == 401
    assert simulator.received() == []


def test_without_a_key_only_the_machine_itself_is_served(gateways, simulator):
    """And only where it is allowed, and no proxy has passed the request on."""
    config = configs.policy_config(configs.target(simulator.base_url()), keys=False)
    closed, opened = (
        gateways(config, name=f"keyless{len(flags)}", listen="0.0.0.0:0", flags=flags)
        for flags in ([], ["--allow-anonymous"])
    )

    def ask(gateway, host="127.0.0.1", **headers):
        url = gateway.url.replace("0.0.0.0", host)
        return raw_http.call(url, "POST", "/v1/chat/completions", BODY, headers).status

    assert (ask(closed), ask(opened)) == (401, 200)
    for header in (
        "x-forwarded-for", "x-real-ip", "forwarded", "x-forwarded-host", "via", "x-forwarded-proto", "x-forwarded-port",
        "cf-connecting-ip", "true-client-ip", "x-client-ip", "x-original-forwarded-for", "x-envoy-external-address",
    ):
        assert ask(opened, **{header: "127.0.0.1"}) == 401
    for address in own_addresses():
        assert ask(opened, address) == 401
    assert len(simulator.received()) == 1


@pytest.fixture
def keyless(gateways, simulator):
    config = configs.policy_config(configs.target(simulator.base_url()), keys=False)
    return gateways(config, name="keyless", flags=["--allow-anonymous"])


@pytest.mark.parametrize("headers", [
    # Without a preflight, a page may send a body of these types, or of none.
    {"content-type": "text/plain"}, {"content-type": "application/x-www-form-urlencoded"}, {"content-type": None},
    {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://evil.example"},
    {"origin": "null"}, {"origin": "http://localhost:3000"},
    # A page's own name may lead here by now.
    {"host": "evil.example"}, {"host": "localhost.evil.example"}, {"host": "192.0.2.1"}, {"host": "evil.example:{port}"},
    {"host": "evil.example", "origin": "http://evil.example", "sec-fetch-site": "same-origin"},
])
def test_no_web_page_uses_a_gateway_without_keys(keyless, simulator, headers):
    port = keyless.url.rpartition(":")[2]
    fields = {"host": f"127.0.0.1:{port}", "content-type": "application/json", **headers}
    fields = {name: value.format(port=port) for name, value in fields.items() if value}
    payload = json.dumps(BODY).encode()
    lines = [f"{name}: {value}" for name, value in fields.items()]
    with keyless.connect() as connection:
        head = ["POST /v1/chat/completions HTTP/1.1", *lines, f"content-length: {len(payload)}"]
        connection.send("\r\n".join(head).encode() + b"\r\n\r\n" + payload)
        answer = connection.read()

    expected = {"content-type": 415, "host": 403}.get(next(iter(headers)), 403)
    assert answer.status == expected, answer
    assert answer.error["code"] in ("unsupported_media_type", "anonymous_web_page", "anonymous_host")
    assert answer.error["request_id"] and answer.header("access-control-allow-origin") is None
    assert simulator.received() == []


@pytest.mark.parametrize("headers", [{"host": "evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}])
def test_no_web_page_reads_the_models_of_a_gateway_without_keys(keyless, headers):
    answer = raw_http.call(keyless.url, "GET", "/v1/models", headers=headers)

    assert (answer.status, "hint" in answer.error) == (403, True)


@pytest.mark.parametrize("headers", [
    {}, {"host": "localhost"}, {"host": "[::1]:41002"}, {"sec-fetch-site": "none"}, {"sec-fetch-site": "same-origin"},
    {"content-type": "application/json; charset=utf-8"},
])
def test_programs_of_the_machine_use_a_gateway_without_keys(keyless, simulator, headers):
    assert raw_http.call(keyless.url, "POST", "/v1/chat/completions", BODY, headers).status == 200
    assert raw_http.call(keyless.url, "GET", "/v1/models", headers=headers).status == 200


def test_with_a_key_it_does_not_matter_whose_page_asks(gateway):
    headers = {"origin": "https://app.example", "sec-fetch-site": "cross-site", "host": "gateway.example"}

    assert gateway.call("POST", "/v1/chat/completions", BODY, headers).status == 200


def own_addresses():
    """Addresses by which this machine reaches itself, and is no loopback peer then."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))
            return [probe.getsockname()[0]]
    except OSError:
        return []
