"""The gateway's way out: TLS that is verified, and forward proxies."""

import pytest

import configs
import raw_http
import replies
from certificates import Authority
from forward_proxy import ForwardProxy
from simulator import Simulator

ONCE = {"retry": {"max_attempts": 1}}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


def tls_config(server, **more):
    return configs.policy_config(configs.target(server.base_url()), providers=ONCE, **more)


def test_a_known_authority_is_accepted(gateways, authority):
    with Simulator(ssl=authority.server_context("localhost")) as server:
        gateway = gateways(
            tls_config(server), environment={"SSL_CERT_FILE": str(authority.path)}, flags=["--event-loops", "1"]
        )

        answers = [gateway.chat(), gateway.chat(), gateway.chat(stream=True)]

        assert [answer.status for answer in answers] == [200, 200, 200], gateway.output
        assert len({request.connection for request in server.received()}) == 1


def test_an_unknown_authority_is_not(gateways, authority):
    with Simulator(ssl=authority.server_context("localhost")) as server:
        answer = gateways(tls_config(server)).chat()

        assert (answer.status, answer.error["code"]) == (502, "upstream_tls_failed")
        assert server.received() == []


@pytest.mark.parametrize("case", ["another name", "expired", "another authority"])
def test_a_certificate_must_be_right(gateways, authority, tmp_path, case):
    if case == "another name":
        context = authority.server_context("other.example.com")
    elif case == "expired":
        context = authority.server_context("localhost", expired=True)
    else:
        context = Authority(tmp_path / "other").server_context("localhost")
    with Simulator(ssl=context) as server:
        gateway = gateways(tls_config(server), environment={"SSL_CERT_FILE": str(authority.path)})

        answer = gateway.chat()

        assert (answer.status, answer.error["code"]) == (502, "upstream_tls_failed")
        assert server.received() == []


def proxied(proxy, **more):
    return {"HTTPS_PROXY": proxy.url, "HTTP_PROXY": proxy.url, **more}


def test_https_goes_through_a_tunnel(gateways, authority):
    with Simulator(ssl=authority.server_context("localhost")) as server, ForwardProxy() as proxy:
        gateway = gateways(
            tls_config(server), environment=proxied(proxy, SSL_CERT_FILE=str(authority.path)),
            flags=["--event-loops", "1"],
        )

        answers = [gateway.chat().status, gateway.chat(stream=True).status]

        assert answers == [200, 200]
        assert proxy.tunnels == [f"localhost:{server.port}"]
        assert len(server.received()) == 2


def test_a_tunnel_does_not_weaken_verification(gateways, authority):
    with Simulator(ssl=authority.server_context("localhost")) as server, ForwardProxy() as proxy:
        answer = gateways(tls_config(server), environment=proxied(proxy)).chat()

        assert (answer.status, answer.error["code"]) == (502, "upstream_tls_failed")


def test_a_proxy_may_want_a_password(gateways, authority):
    with Simulator(ssl=authority.server_context("localhost")) as server, ForwardProxy("user:p%40ss") as proxy:
        proxy._expected = "Basic dXNlcjpwQHNz"
        gateway = gateways(tls_config(server), environment=proxied(proxy, SSL_CERT_FILE=str(authority.path)))

        assert gateway.chat().status == 200
        assert proxy.refused == 0
        assert "p%40ss" not in gateway.output and "p@ss" not in gateway.output


@pytest.mark.parametrize("exceptions", ["localhost", "127.0.0.1,localhost", ".localhost,localhost", "*"])
def test_exceptions_go_directly(gateways, authority, exceptions):
    with Simulator(ssl=authority.server_context("localhost")) as server, ForwardProxy() as proxy:
        environment = proxied(proxy, NO_PROXY=exceptions, SSL_CERT_FILE=str(authority.path))

        assert gateways(tls_config(server), environment=environment).chat().status == 200
        assert proxy.used == []


@pytest.mark.parametrize("exceptions", ["127.0.0.1", "10.0.0.0/8,127.0.0.0/8", "127.0.0.1:1,127.0.0.1"])
def test_addresses_may_be_exceptions(gateways, simulator, exceptions):
    with ForwardProxy() as proxy:
        gateway = gateways(
            configs.policy_config(configs.target(simulator.base_url())), environment=proxied(proxy, NO_PROXY=exceptions)
        )

        assert gateway.chat().status == 200
        assert proxy.used == []


def test_plain_http_uses_the_proxy_too(gateways, simulator):
    with ForwardProxy() as proxy:
        gateway = gateways(
            configs.policy_config(configs.target(simulator.base_url())), environment={"HTTP_PROXY": proxy.url}
        )

        assert gateway.chat().status == 200
        assert len(proxy.used) >= 1
        assert simulator.received()[0].path == "/v1/chat/completions"


@pytest.mark.parametrize("greeting", [
    b"HTTP/1.1 200 Connected\r\n\r\n" + replies.response(200, replies.openai_text("evil")),
    b"HTTP/1.1 200 Connected\r\n\r\nx", b"HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n", b"HTTP/1.1 200 Connected\n\n",
], ids=["an answer of its own", "a byte too many", "no", "bare line feeds"])
def test_a_proxy_says_nothing_in_a_providers_name(gateways, authority, greeting):
    """What stands behind its answer to CONNECT was said without TLS."""
    with Simulator(ssl=authority.server_context("localhost")) as server, ForwardProxy(greeting=greeting) as proxy:
        gateway = gateways(tls_config(server), environment=proxied(proxy, SSL_CERT_FILE=str(authority.path)))

        answer = gateway.chat()

        assert (answer.status, answer.error["type"]) == (502, "upstream_error")
        assert b"evil" not in answer.body and server.received() == []


def test_a_dead_proxy_is_no_way_around(gateways, authority):
    with Simulator(ssl=authority.server_context("localhost")) as server:
        proxy = ForwardProxy()
        proxy.stop()
        environment = proxied(proxy, SSL_CERT_FILE=str(authority.path))

        answer = gateways(tls_config(server), environment=environment).chat()

        assert (answer.status, answer.error["type"]) == (502, "upstream_error")
        assert server.received() == []


def test_a_new_address_is_followed(gateways, simulator):
    """A provider's address is looked up again; both families are tried."""
    gateway = gateways(configs.policy_config(
        configs.target(simulator.base_url().replace("127.0.0.1", "localhost")), providers=ONCE
    ))

    assert gateway.chat().status == 200


def test_tls_towards_callers(gateways, simulator, authority):
    certificate, key = authority.server("localhost")
    gateway = gateways(
        configs.policy_config(configs.target(simulator.base_url())), listen="localhost:0",
        flags=["--tls-cert", certificate, "--tls-key", key],
    )
    url = f"https://localhost:{gateway.url.rsplit(':', 1)[1]}"
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}

    answer = raw_http.call(url, "POST", "/v1/chat/completions", body, key=gateway.key, authority=authority.path)

    assert gateway.url.startswith("https://")
    assert answer.status == 200
