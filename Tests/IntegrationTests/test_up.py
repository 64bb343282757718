"""`kt up`: everything in one process, from nothing."""

import json
import os
import re
import shlex
import signal
import stat
import subprocess
import threading

import pytest

import configs
import raw_http
import texts
from processes import Process
from raw_http import eventually
from replies import Answer
from stack import Up, files_that_hold


def test_from_nothing_to_a_working_system(tmp_path):
    with Up(tmp_path) as up:
        pasted = subprocess.run(shlex.split(up.curl), capture_output=True, text=True, timeout=30)
        api = up.sign_in()
        answer = json.loads(pasted.stdout)

        assert "demo" in answer["choices"][0]["message"]["content"].lower()
        events = eventually(lambda: api.events(), 5)
        # The command that it offers has an e-mail address in its prompt, so that there is something to see.
        assert (events[0]["verdict"], events[0]["outcome"], events[0]["provider"]) == ("redact", "completed", "demo")
        assert api.ask("GET", "/v1/whoami")["user"]["roles"]
        for component in Up.COMPONENTS:
            assert raw_http.call(up.urls[component], "GET", "/health").status == 200
    assert up.process.returncode == 0


def test_a_sign_in_link_works_once(tmp_path):
    with Up(tmp_path) as up:
        code = up.sign_in_link.split("code=")[1]
        # A scanner of links, or a preview, follows it first.
        for _ in range(2):
            page = raw_http.call(up.urls["console"], "GET", f"/sign-in?code={code}")
            assert page.status == 200 and page.header("set-cookie") is None
        assert raw_http.call(up.urls["console"], "HEAD", f"/sign-in?code={code}").status == 405
        form = {"content-type": "application/x-www-form-urlencoded", "origin": up.urls["console"]}
        pressed = raw_http.call(up.urls["console"], "POST", "/sign-in/link", f"code={code}".encode(), form)
        assert pressed.status == 303 and "kt_console=" in pressed.header("set-cookie")

        again = raw_http.call(up.urls["api"], "POST", "/v1/auth/sign-in-link/redeem", {"code": code})

        assert again.status in (400, 401, 404, 410)


def test_a_second_start_keeps_the_first_ones_data(tmp_path, simulator):
    config = configs.policy_config(configs.target(simulator.base_url()), keys=False)
    up = Up(tmp_path, config).start()
    try:
        key, api = up.key, up.sign_in()
        raw_http.chat(up.url, key, "Say hello.")
        eventually(lambda: len(api.events()) == 1)
        session = api.session
        assert up.stop() == 0

        up.start()
        api.url = up.urls["api"]

        assert api.session == session and len(api.events()) == 1
        assert eventually(lambda: raw_http.chat(up.url, key, "Say hello.").status == 200)
        eventually(lambda: len(api.events()) == 2)
    finally:
        up.stop()


def test_a_first_start_that_fails_does_not_take_the_key_with_it(tmp_path, simulator):
    """The key, and the command that works, are shown by the first start that succeeds, and by no other."""
    config = configs.policy_config(configs.target(simulator.base_url()), keys=False)
    up = Up(tmp_path, config)
    configs.write(tmp_path / "up.yaml", {**config, "polices": {}})
    Process.start(up)
    assert up.process.wait(60) != 0 and "kt_gk_" not in up.output

    configs.write(tmp_path / "up.yaml", config)
    with up:
        key = up.key
        assert raw_http.chat(up.url, key, "Say hello.").status == 200
        change = {"new_password": "a pass phrase of seven odd words"}
        reply = raw_http.call(up.urls["api"], "POST", "/v1/auth/password", change, key=up.sign_in().session)
        assert reply.status == 204
    with up:
        up.wait_for("earlier start")
        assert "kt_gk_" not in up.output and "code=" not in up.output
        assert raw_http.chat(up.url, key, "Say hello.").status == 200


def test_a_config_comes_through_a_pipe(tmp_path, simulator):
    """Which gives it once: what was looked at is what runs, and SIGHUP reads anew."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writers = []

    def send(version):
        # More than a pipe holds, so that it is read piece by piece.
        config = configs.policy_config(configs.target(simulator.base_url()), keys=False, version=version)
        text = json.dumps(config) + "\n# rest" * 20_000
        writers.append(threading.Thread(target=pipe.write_text, args=(text,)))
        writers[-1].start()

    send("1.0.0")
    with Up(tmp_path, flags=["--policy-config", pipe]) as up:
        def version():
            return raw_http.chat(up.url, up.key, "Say hello.").header("x-keeptrusts-config-version")

        assert version() == "1.0.0"
        send("2.0.0")
        up.signal(signal.SIGHUP)
        eventually(lambda: version() == "2.0.0", 10)
    for writer in writers:
        writer.join(10)
        assert not writer.is_alive()


def test_the_provider_of_the_environment_is_live(tmp_path, simulator):
    """With a provider's credential in the environment its targets are there."""
    with Up(tmp_path, environment={"OPENAI_API_KEY": "sk-something"}) as up:
        models = {model["id"] for model in raw_http.call(up.url, "GET", "/v1/models", key=up.key).json["data"]}

    assert {"demo", "gpt-4o"} <= models
    assert not any(model.startswith("claude") for model in models)


def test_what_has_no_credential_is_no_model_of_ours(tmp_path):
    with Up(tmp_path) as up:
        models = [model["id"] for model in raw_http.call(up.url, "GET", "/v1/models", key=up.key).json["data"]]
        refused = raw_http.chat(up.url, up.key, "Say hello.", model="gpt-4o")

    assert models == ["demo"]
    assert (refused.status, refused.error["code"]) == (503, "no_target_available")


@pytest.mark.parametrize("umask", [0o022, 0], ids=["umask 022", "umask 0"])
def test_what_is_kept_is_for_its_owner_alone(tmp_path, umask):
    """Files and folders of the data directory, also those of patterns and of a second start."""
    environment = {"KEEPTRUSTS_PATTERN_DIR": ""}
    for _ in range(2):
        up = Up(tmp_path, environment=environment)
        up.umask = umask
        with up:
            assert raw_http.call(up.url, "GET", "/health").status == 200
            if "kt_gk_" in up.output:
                assert raw_http.chat(up.url, up.key, "Say hello.", model="demo").status == 200
            found = {path for path in up.data.rglob("*")}
            open_to_others = {
                str(path.relative_to(up.data)): oct(path.stat().st_mode)
                for path in [up.data, *found]
                if path.exists() and stat.S_IMODE(path.stat().st_mode) != (0o700 if path.is_dir() else 0o600)
            }
            assert open_to_others == {}

    names = {str(path.relative_to(up.data)) for path in found}
    assert {"keeptrusts.sqlite", "keeptrusts.sqlite-wal", "server.key", "policy-config.yaml", "gateway/token"} <= names
    assert any(name.startswith("gateway/patterns/patterns-") for name in names)
    assert any(name.startswith("gateway/spool/") for name in names)


#: Names that are not ours, and addresses of others; a name that begins or ends as ours does.
FOREIGN_HOSTS = [
    "evil.example", "evil.example:3000", "EVIL.example.", "localhost.evil.example", "ai.corp.example.evil.example",
    "xai.corp.example", "203.0.113.9", "[2001:db8::9]:3001",
]


def test_a_host_that_is_not_ours_is_in_no_link(tmp_path):
    """Whatever a request says in Host: console and chat lead to each other, and nowhere else."""
    with Up(tmp_path, flags=["--host-name", "ai.corp.example"]) as up:
        form = {"content-type": "application/x-www-form-urlencoded", "origin": up.urls["console"]}
        code = up.sign_in_link.split("code=")[1]
        pressed = raw_http.call(up.urls["console"], "POST", "/sign-in/link", f"code={code}".encode(), form)
        cookie = pressed.header("set-cookie").split(";")[0]
        console, chat = (up.urls[name].rsplit(":", 1)[1] for name in ("console", "chat"))
        hand_off = f"/handoff?challenge={'A' * 43}&state={'A' * 43}"

        def links(host):
            headers = {"host": host, "cookie": cookie}
            page = raw_http.call(up.urls["console"], "GET", "/", headers=headers)
            there = raw_http.call(up.urls["console"], "GET", hand_off, headers=headers)
            back = raw_http.call(up.urls["chat"], "GET", "/sign-in/console", headers={"host": host})
            first = raw_http.call(up.urls["console"], "GET", "/events", headers={"host": host})
            assert (page.status, there.status, back.status, first.status) == (200, 303, 303, 303)
            assert first.header("location") == "/sign-in?next=%2Fevents"
            assert "evil" not in page.body.decode().lower()
            return [
                re.search(r'href="([^"]+)/sign-in/console"', page.body.decode()).group(1),
                there.header("location").split("/sign-in/")[0], back.header("location").split("/handoff")[0],
            ]

        for host in FOREIGN_HOSTS:
            ours = "http://127.0.0.1"
            assert links(host) == [f"{ours}:{chat}", f"{ours}:{chat}", f"{ours}:{console}"], host
        for host in ["ai.corp.example", "AI.corp.example:3000", "localhost:3000", "10.1.2.3", "[fd00::1]:3000"]:
            ours = "http://" + re.sub(r":\d{4}$", "", host)
            assert links(host) == [f"{ours}:{chat}", f"{ours}:{chat}", f"{ours}:{console}"], host


def test_secrets_stay_where_they_belong(tmp_path, simulator):
    """Prompts, answers, keys and credentials are in no log, spool or database."""
    config = configs.policy_config(configs.target(simulator.base_url()))
    simulator.script("", Answer(f"canary-in-answer for {texts.EMAIL} and {texts.CARD}"))
    with Up(tmp_path, config) as up:
        api = up.sign_in()
        _, integration = api.make_token("reader", "integration")
        key = up.key
        prompt = f"Write to {texts.EMAIL}, charge {texts.CARD}, about {texts.PROJECT}."
        for stream in (False, True):
            assert raw_http.chat(up.url, key, prompt, stream=stream).status == 200
        raw_http.chat(up.url, key, f"{texts.INJECTION} {texts.EMAIL}")
        raw_http.chat(up.url, "kt_gk_wrong_canary", prompt)
        raw_http.call(up.url, "POST", "/v1/chat/completions", b'{"model": "gpt-4o", "broken canary-in-json', key=key)
        eventually(lambda: len(api.events()) >= 3)
        session = api.session

    secrets = [
        texts.EMAIL, texts.CARD, texts.PROJECT, texts.digits(texts.CARD), "previous instructions", "canary-in-json",
        "canary-in-answer", configs.UPSTREAM_KEY, session, integration, key, "kt_gk_wrong_canary",
    ]
    # What the first start shows its administrator stands in the output by intention.
    shown_once = [(str(up.log), key)]
    assert [found for found in files_that_hold(tmp_path, secrets) if found not in shown_once] == []


def test_a_database_holds_no_secret(stacks, simulator, postgres):
    url = postgres.create_database("secrets")
    stack = stacks(configs.policy_config(configs.target(simulator.base_url())), database=url)
    answer = stack.chat(f"Write to {texts.EMAIL}, charge {texts.CARD}.")
    stack.event_of(answer.header("x-request-id"))

    dump = postgres.dump("secrets").decode()

    for secret in (texts.EMAIL, texts.CARD, stack.key, stack.api.session, configs.UPSTREAM_KEY):
        assert secret not in dump
    assert answer.header("x-request-id") in dump
