"""Whole systems: API and gateway as processes of their own, or everything in one `kt up`."""

import json
import pathlib
import re
import urllib.parse

import configs
import openai
import raw_http
from gateways import Gateway
from processes import PATIENCE, Process, kt_binary
from raw_http import eventually

#: A sign-in link, as it is printed.
LINK = r"(https?://\S*[?&#]code=([A-Za-z0-9._~-]+))"


class API(Process):
    """`kt api run` on a free port; `database` is a URL, or None for SQLite in `folder`."""

    def __init__(self, folder, database=None, name="api", environment=None, flags=()):
        self.data = folder / f"{name}-data"
        self.database = database or f"sqlite:{folder / 'control-plane.sqlite'}"
        super().__init__(
            [
                kt_binary(), "api", "run", "--listen", "127.0.0.1:0", "--database", self.database,
                "--data-dir", self.data, *flags,
            ],
            folder, name, environment,
        )
        self.url = None
        self.session = None

    def start(self):
        super().start()
        self.url = self.wait_to_listen("api", 60)
        return self

    def restart(self):
        """Starts it again on the port it had."""
        self.arguments[self.arguments.index("--listen") + 1] = self.url.split("://")[1]
        return self.start()

    def sign_in(self):
        """Signs in as the first administrator, with the link that the first start prints."""
        self.session = redeem(self.url, self.wait_for(LINK).group(2))
        return self

    def ask(self, method, path, body=None, token=None, expect=(200, 201)):
        """One call as the administrator; returns the answer's JSON."""
        response = raw_http.call(self.url, method, path, body, key=token or self.session)
        assert response.status in expect, f"{method} {path}: {response.status} {response.body[:2000]!r}"
        return response.json if response.body else None

    def make_token(self, name, purpose, **fields):
        """A new token: (its resource, its secret)."""
        issued = self.ask("POST", "/v1/tokens", {"name": name, "purpose": purpose, **fields})
        return issued["token"], issued["secret"]

    def events(self, **filters):
        """All events, over as many pages as it takes, newest first."""
        events, cursor = [], None
        while True:
            query = urllib.parse.urlencode({"limit": 200, **filters, **({"cursor": cursor} if cursor else {})})
            page = self.ask("GET", f"/v1/events?{query}")
            events += page["events"]
            cursor = page.get("next_cursor")
            if not cursor:
                return events

    def event_of(self, request_id, timeout=PATIENCE):
        """The event of one exchange."""
        def find():
            return next((event for event in self.events() if event["request_id"] == request_id), None)
        return eventually(find, timeout, 0.2)


def redeem(url, code):
    response = raw_http.call(url, "POST", "/v1/auth/sign-in-link/redeem", {"code": code})
    assert response.status == 200, response.body
    return response.json["token"]


class Stack:
    """An API and one gateway that reports to it, with a key that it got from there."""

    def __init__(self, folder, config, database=None, gateway_flags=(), environment=None):
        self.folder = folder
        self.api = API(folder, database, environment=environment)
        self._config, self._flags, self._environment = config, gateway_flags, environment or {}
        self.gateway = None
        self.key = self.key_id = None

    def start(self):
        self.api.start().sign_in()
        _, runtime = self.api.make_token("gateway", "gateway_runtime")
        token, self.key = self.api.make_token("application", "general")
        self.key_id = token["id"]
        self.gateway = Gateway(
            self.folder, self._config, key=self.key, environment=self._environment,
            flags=["--api-url", self.api.url, "--api-token", runtime, *self._flags],
        ).start()
        self.wait_for_key()
        return self

    def wait_for_key(self, key=None):
        """Waits until the gateway knows a key."""
        eventually(lambda: self.gateway.call("GET", "/v1/models", key=key or self.key).status == 200, PATIENCE)

    @property
    def url(self):
        return self.gateway.url

    def client(self, **options):
        return self.gateway.client(**options)

    def chat(self, content="Say hello.", **options):
        return self.gateway.chat(content, **options)

    def events(self, **filters):
        return self.api.events(**filters)

    def event_of(self, request_id, timeout=PATIENCE):
        return self.api.event_of(request_id, timeout)

    def stop(self):
        failures = []
        for process in (self.gateway, self.api):
            try:
                status = process.stop() if process else 0
                if status not in (0, None):
                    failures.append(f"{process.name} ended with {status}:\n{process.output[-2000:]}")
            except AssertionError as failure:
                failures.append(str(failure))
        assert not failures, "\n".join(failures)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


class Fleet:
    """A configuration of an API that is deployed to all of its gateways, and gateways that run on it."""

    def __init__(self, api):
        self.api = api
        self._id = None

    def deploy(self, config):
        """A version of its own for each config, put in force everywhere."""
        text = json.dumps(config, indent=2)
        if self._id is None:
            self._id = self.api.ask("POST", "/v1/configurations", {"name": "fleet", "yaml": text})["id"]
        else:
            self.api.ask("POST", f"/v1/configurations/{self._id}/versions", {"yaml": text})
        self.api.ask("POST", f"/v1/configurations/{self._id}/deploy", {"all": True}, expect=(200, 201, 202))

    def gateway(self, folder, key, name="managed", environment=None, flags=()):
        """`kt run --managed`, not started yet."""
        _, runtime = self.api.make_token(name, "gateway_runtime")
        gateway = Gateway(folder, {}, name=name, environment=environment, key=key)
        gateway.arguments = [str(argument) for argument in (
            kt_binary(), "run", "--managed", "--listen", "127.0.0.1:0", "--state-dir", gateway.state, "--name", name,
            "--api-url", self.api.url, "--api-token", runtime, *flags,
        )]
        return gateway

    def listed(self, name="managed"):
        """What the API shows of one gateway."""
        return next(one for one in self.api.ask("GET", "/v1/gateways")["gateways"] if one.get("name") == name)


class Up(Process):
    """`kt up` on free ports, with its data in `folder`."""

    COMPONENTS = ("gateway", "api", "console", "chat")

    def __init__(self, folder, config=None, environment=None, flags=(), name="up"):
        self.folder = folder
        self.data = folder / f"{name}-data"
        arguments = [kt_binary(), "up", "--data-dir", self.data]
        for component in self.COMPONENTS:
            arguments += [f"--{component}", "127.0.0.1:0"]
        if config is not None:
            arguments += ["--policy-config", configs.write(folder / f"{name}.yaml", config)]
        super().__init__([*arguments, *flags], folder, name, {**configs.ENVIRONMENT, **(environment or {})})
        self.urls = {}

    def start(self):
        super().start()
        self.urls = {component: self.wait_to_listen(component, 60) for component in self.COMPONENTS}
        return self

    @property
    def url(self):
        return self.urls["gateway"]

    @property
    def sign_in_link(self):
        return self.wait_for(LINK).group(1)

    @property
    def key(self):
        return self.wait_for(r"\b(kt_gk_[A-Za-z0-9_-]+)").group(1)

    @property
    def curl(self):
        """The command that it offers for pasting, with its continuation lines."""
        text = self.wait_for(r"^\s*(curl (?:.*\\\n)*.*)$").group(1)
        return re.sub(r"\\\n\s*", "", text)

    def client(self, **options):
        return openai.OpenAI(api_key=self.key, base_url=f"{self.url}/v1", timeout=30, **options)

    def sign_in(self):
        """A view of its API as the first administrator."""
        api = API.__new__(API)
        api.url, api.session = self.urls["api"], redeem(self.urls["api"], self.wait_for(LINK).group(2))
        return api

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


def files_that_hold(folder, secrets, skip=()):
    """Which of these secrets stand in clear in which files below a folder: [(path, secret)]."""
    found = []
    for path in sorted(pathlib.Path(folder).rglob("*")):
        if path.is_file() and not path.is_symlink() and path.name not in skip:
            data = path.read_bytes()
            found += [(str(path), secret) for secret in secrets if secret.encode() in data]
    return found
