"""The chat's server before a real gateway and control plane, for a person who may chat and nothing else."""

import json
import urllib.parse

import pytest

import raw_http
import texts
from raw_http import eventually
from stack import Up, redeem

PASSWORD = "right horse battery staple"


@pytest.fixture(scope="module")
def up(tmp_path_factory):
    with Up(tmp_path_factory.mktemp("chat")) as up:
        up.api = up.sign_in()
        yield up


class Person:
    """Somebody with the role `chat_user`, signed in to the chat."""

    def __init__(self, up, email):
        self.up, self.url = up, up.urls["chat"]
        self.id = up.api.ask("POST", "/v1/users", {"email": email, "name": "Kim", "roles": ["chat_user"]})["id"]
        code = up.api.ask("POST", f"/v1/users/{self.id}/sign-in-link", {})["code"]
        self.session = redeem(up.urls["api"], code)
        changed = raw_http.call(up.urls["api"], "POST", "/v1/auth/password", {"new_password": PASSWORD}, key=self.session)
        assert changed.status == 204, changed.body
        form = urllib.parse.urlencode({"email": email, "password": PASSWORD}).encode()
        headers = {"content-type": "application/x-www-form-urlencoded", "origin": self.url}
        entered = raw_http.call(self.url, "POST", "/sign-in", form, headers)
        self.headers = {"cookie": entered.header("set-cookie").split(";")[0], "origin": self.url, "x-keeptrusts-request": "1"}
        eventually(lambda: self.ask("GET", "models").status == 200, 15)

    def ask(self, method, path, body=None):
        return raw_http.call(self.url, method, f"/api/chat/{path}", body, self.headers)

    def say(self, text, conversation=None):
        """Sends a message, and returns what happens: [(name, data)]."""
        place = {"conversation": conversation} if conversation else {}
        answer = self.ask("POST", "turns", {"text": text, "model": "demo", **place})
        assert answer.status == 200, answer.body
        blocks = (block.split("\n", 1) for block in answer.body.decode().strip().split("\n\n"))
        return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in blocks]


def test_a_chat_user_sees_the_facts_of_his_own_exchanges(up):
    kim, lee = Person(up, "kim@example.com"), Person(up, "lee@example.com")

    news = dict(kim.say(f"Write to {texts.EMAIL}."))
    event = news["decision"]["event"]

    assert (event["verdict"], event["user_id"]) == ("redact", kim.id)
    assert event["usage"]["input_tokens"] > 0 and event["policies"]
    record = kim.ask("GET", f"conversations/{news['conversation']['id']}").json
    assert record["turns"][0]["decision"]["id"] == event["id"]
    assert lee.ask("GET", f"decisions/{event['request_id']}").status == 404
    assert lee.ask("GET", f"conversations/{news['conversation']['id']}").status == 404
    assert raw_http.call(up.urls["api"], "GET", "/v1/events", key=kim.session).status == 403


def test_what_was_said_before_does_not_label_the_next_message(up):
    kim = Person(up, "ann@example.com")
    first = dict(kim.say(f"Write to {texts.EMAIL}."))
    news = dict(kim.say("And now something else.", first["conversation"]["id"]))
    segment = news["decision"]["segment"]

    assert news["conversation"] == {"id": first["conversation"]["id"], "turn": 1}
    assert news["started"]["segment"] == segment == 2
    assert news["decision"]["event"]["findings"]
    assert all(finding["segment"] < segment for finding in news["decision"]["event"]["findings"] if finding["phase"] == "request")


def test_who_is_suspended_is_told_that_the_access_has_ended(up):
    kim = Person(up, "bob@example.com")
    kim.say("Hello.")
    up.api.ask("PATCH", f"/v1/users/{kim.id}", {"state": "suspended"})

    def refused():
        answer = kim.ask("POST", "turns", {"text": "Hello.", "model": "demo"})
        return answer.body if b"event: refused" in answer.body else None

    assert b"auth.access_ended" in eventually(refused, 15, 1)
    assert kim.ask("GET", "conversations").status == 401
