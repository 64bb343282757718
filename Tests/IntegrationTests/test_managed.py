"""Configs from the control plane: what they may have of the environment of a gateway that they are deployed to."""

import copy
import re

import pytest

import configs
import raw_http
from processes import PATIENCE, Process, run_kt
from raw_http import eventually
from stack import API, Fleet, files_that_hold

#: What the editor of a config is after, and must never get.
SECRET = "canary-of-the-environment-7Qx2"

#: Names of variables that hold it; none of them is allowed, whatever the operator says of the last ones.
NAMES = ["DATABASE_URL", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN"]
OWN_NAMES = ["KEEPTRUSTS_GATEWAY_TOKEN", "KEEPTRUSTS_CANARY_API_KEY"]


@pytest.fixture
def fleet(tmp_path):
    """An API with a key for callers."""
    with_key = API(tmp_path)
    with_key.start().sign_in()
    fleet = Fleet(with_key)
    _, fleet.key = with_key.make_token("application", "general")
    yield fleet
    with_key.stop()


def base(simulator, version, variable="MAIN_API_KEY"):
    """A config whose target is the editor's own server."""
    target = configs.target(simulator.base_url(), secret_key_ref={"env": variable})
    return configs.policy_config(target, version=version, keys=False, chain=["audit-logger"])


def naming(variable, place, simulator, version):
    """A config that names a variable at one of all places where a config can."""
    config = copy.deepcopy(base(simulator, version))
    reference, server = {"env": variable}, simulator.base_url()
    if place == "target":
        config["providers"]["targets"][0]["secret_key_ref"] = reference
    elif place == "key of a group":
        config["consumer_groups"] = [{"name": "mine", "key_ref": reference}]
    else:
        kind, settings = POLICIES[place](reference, server)
        config["policies"]["chain"].append(kind)
        config.setdefault("policy", {})[kind] = settings
    return config


GUARDRAIL = {"id": "abc", "version": "1", "region": "eu-central-1"}
KEY = {"env": "MAIN_API_KEY"}

POLICIES = {
    "service": lambda secret, server: ("external-moderation", {"endpoint": server, "secret_key_ref": secret}),
    "id of a signing key": lambda secret, server: ("external-moderation", {
        "provider": "bedrock-apply-guardrail", "endpoint": server, "guardrail": GUARDRAIL, "access_key_ref": secret,
        "secret_key_ref": KEY}),
    "signing key": lambda secret, server: ("external-moderation", {
        "provider": "bedrock-apply-guardrail", "endpoint": server, "guardrail": GUARDRAIL, "access_key_ref": KEY,
        "secret_key_ref": secret}),
    "token of a signing key": lambda secret, server: ("external-moderation", {
        "provider": "bedrock-apply-guardrail", "endpoint": server, "guardrail": GUARDRAIL, "access_key_ref": KEY,
        "secret_key_ref": KEY, "session_token_ref": secret}),
    "embeddings": lambda secret, server: ("embedding-detector", {
        "backend": "external", "endpoint": server, "categories": [{"label": "bad", "reference_text": "something bad"}], "secret_key_ref": secret}),
    "judging model": lambda secret, server: ("quality-scorer", {
        "providers": [{"id": "judge", "model": "m", "endpoint": server, "secret_key_ref": secret}],
        "assertions": [{"type": "llm-rubric", "value": "kind"}]}),
    "calls of tools": lambda secret, server: ("tool-validation", {
        "semantic_validation": {"enabled": True, "model": "m", "endpoint": server, "secret_key_ref": secret}}),
    "firewall of tools": lambda secret, server: ("tool-security", {
        "analysis_mode": "external", "firewall_endpoint": server, "secret_key_ref": secret}),
    "consent": lambda secret, server: ("gdpr-compliance", {
        "consent_verification_endpoint": server, "secret_key_ref": secret}),
    "erasure": lambda secret, server: ("gdpr-compliance", {"erasure_webhook": server, "secret_key_ref": secret}),
    "references": lambda secret, server: ("citation-verifier", {
        "external_resolver": {"endpoint": server, "secret_key_ref": secret}}),
}
PLACES = ["target", "key of a group", *POLICIES]


def environment():
    return {"MAIN_API_KEY": "sk-main", **dict.fromkeys(NAMES + OWN_NAMES[1:], SECRET)}


def version_of(gateway):
    return gateway.chat().header("x-keeptrusts-config-version")


def test_a_config_gets_no_variable_that_the_operator_did_not_allow(fleet, simulator, tmp_path):
    """Wherever it names one: it is refused as a whole, the API is told why, and the config before it stays in force."""
    fleet.deploy(base(simulator, "1.0.0"))
    with fleet.gateway(tmp_path, fleet.key, environment=environment()) as gateway:
        eventually(lambda: gateway.chat().status == 200, PATIENCE, 0.2)
        for number, place in enumerate(PLACES):
            variable = NAMES[number % len(NAMES)]
            fleet.deploy(naming(variable, place, simulator, f"2.0.{number}"))

            def failure():
                message = fleet.listed().get("config_failure", {}).get("message", "")
                return message if f"the variable '{variable}'" in message else None

            message = eventually(failure, PATIENCE, 0.1)
            line = rf"assigned-config:\d+:\d+: error: this gateway gives no config from the control plane the variable '{variable}'\."
            assert re.fullmatch(line + r"\n  hint: it allows \*_API_KEY; .*", message), (place, message)
            assert len(re.findall(line, gateway.output)) == number // len(NAMES) + 1, place
            assert version_of(gateway) == "1.0.0", place
        assert fleet.listed()["status"] == "degraded"

        fleet.deploy(base(simulator, "3.0.0"))
        eventually(lambda: version_of(gateway) == "3.0.0", PATIENCE, 0.2)
        eventually(lambda: "config_failure" not in fleet.listed(), PATIENCE, 0.2)
        assert raw_http.chat(gateway.url, SECRET, "Say hello.").status == 401
    assert simulator.received() and simulator.received(containing=SECRET) == []
    assert files_that_hold(tmp_path, [SECRET]) == []


@pytest.mark.parametrize("variable", OWN_NAMES)
def test_our_own_variables_are_never_given(fleet, simulator, tmp_path, variable):
    fleet.deploy(base(simulator, "1.0.0"))
    flags = ["--allow-env", "*", "--allow-env", "*_API_KEY"]
    with fleet.gateway(tmp_path, fleet.key, environment=environment(), flags=flags) as gateway:
        eventually(lambda: gateway.chat().status == 200, PATIENCE, 0.2)
        fleet.deploy(base(simulator, "2.0.0", variable))
        message = eventually(lambda: fleet.listed().get("config_failure"), PATIENCE, 0.1)["message"]

        assert f"'{variable}'.\n  hint: variables of Keeptrusts itself are never allowed" in message
        assert version_of(gateway) == "1.0.0"


@pytest.mark.parametrize("flags, more", [
    (["--allow-env", "OTHER", "--allow-env", "GIT*_TOKEN"], {}),
    ([], {"KEEPTRUSTS_ALLOW_ENV": "OTHER, GITHUB_*"}),
    (["--allow-env", "GITHUB_TOKEN"], {"KEEPTRUSTS_ALLOW_ENV": "OTHER"}),
], ids=["options", "variable", "options win"])
def test_the_operator_says_what_a_config_may_have(fleet, simulator, tmp_path, flags, more):
    """In the place of the default."""
    fleet.deploy(base(simulator, "1.0.0", "GITHUB_TOKEN"))
    with fleet.gateway(tmp_path, fleet.key, environment={**environment(), **more}, flags=flags) as gateway:
        eventually(lambda: gateway.chat().status == 200, PATIENCE, 0.2)
        assert simulator.received(containing=f"Bearer {SECRET}")

        fleet.deploy(base(simulator, "2.0.0"))
        message = eventually(lambda: fleet.listed().get("config_failure"), PATIENCE, 0.1)["message"]
        assert "'MAIN_API_KEY'" in message and version_of(gateway) == "1.0.0"


def test_a_gateway_that_cannot_run_what_is_assigned_starts_with_what_it_had(fleet, simulator, tmp_path):
    fleet.deploy(base(simulator, "1.0.0"))
    with fleet.gateway(tmp_path, fleet.key, environment=environment()) as gateway:
        eventually(lambda: gateway.chat().status == 200, PATIENCE, 0.2)
        gateway.stop()
        fleet.deploy(base(simulator, "2.0.0", "DATABASE_URL"))
        for _ in range(2):
            gateway.restart()
            assert version_of(gateway) == "1.0.0"
            gateway.wait_for("the assigned config is not in force; the last good one is")
            gateway.wait_for(r"assigned-config:\d+:\d+: error: .*'DATABASE_URL'")
            eventually(lambda: "'DATABASE_URL'" in fleet.listed().get("config_failure", {}).get("message", ""), PATIENCE, 0.1)
            gateway.stop()


def test_a_first_start_that_cannot_run_what_is_assigned_says_so(fleet, simulator, tmp_path):
    fleet.deploy(base(simulator, "1.0.0", "DATABASE_URL"))
    gateway = fleet.gateway(tmp_path, fleet.key, environment=environment())
    Process.start(gateway)

    assert gateway.wait(PATIENCE) == 1
    assert re.search(r"^assigned-config:\d+:\d+: error: .*'DATABASE_URL'\.$", gateway.output, re.MULTILINE)
    assert "'DATABASE_URL'" in fleet.listed()["config_failure"]["message"]
    assert not list(gateway.state.glob("last-good*"))


@pytest.mark.parametrize("purpose", [None, "general"], ids=["unknown", "another purpose"])
def test_a_token_that_is_refused_at_a_start_is_named(fleet, tmp_path, purpose):
    token = fleet.api.make_token("wrong", purpose)[1] if purpose else "kt_rt_wrong"
    status, _, errors = run_kt(
        "run", "--managed", "--listen", "127.0.0.1:0", "--state-dir", tmp_path / "state", "--api-url", fleet.api.url,
        "--api-token", token, folder=tmp_path)

    assert status == 3
    assert "--api-token" in errors and token not in errors
