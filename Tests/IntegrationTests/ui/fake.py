"""Stands for the console's and the chat's servers, with everything behind them, so that pages can be tested alone.

Serves web/ under the policy that the product sends. `Fake.state` says how the API behaves: "ok", "empty", "down",
"forbidden", "expired" or "unloaded" (a gateway has a config that it could not load).
"""

import http.server
import json
import pathlib
import re
import threading
import time
import urllib.parse

import fake_data as data

WEB = pathlib.Path(__file__).resolve().parents[3] / "web"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
TYPES = {".js": "text/javascript", ".css": "text/css"}
DECISIONS = {"allow": "allowed", "redact": "redacted", "escalate": "escalated", "block": "blocked"}


def render(template, values):
    """Just enough of Mustache for our pages."""
    def section(match):
        kind, name, inner = match.groups()
        value = values.get(name)
        if kind == "^":
            return "" if value else render(inner, values)
        if isinstance(value, list):
            return "".join(inner.replace("{{.}}", one) for one in value)
        return render(inner, values) if value else ""

    text = re.sub(r"\{\{([#^])(\w+)\}\}(.*?)\{\{/\2\}\}", section, template, flags=re.S)
    return re.sub(r"\{\{(\w+)\}\}", lambda match: str(values.get(match.group(1)) or ""), text)


def decision(event):
    if event["verdict"] not in ("block", "escalate") and event["outcome"] != "completed":
        return event["outcome"]
    return "flagged" if event["verdict"] == "allow" and event["flagged"] else DECISIONS[event["verdict"]]


class Fake:
    """One app on a free port. Tests read and change `events`, `tokens` and `state`."""

    def __init__(self, app):
        self.app = app
        self.state = "ok"
        self.delay = 0.0

        #: How long it takes until a record is given up (seconds).
        self.record_delay = 0.0
        self.chunk_delay = 0.004
        self.answer = data.ANSWER
        self.events = data.history()
        self.gateways = data.gateways()
        self.tokens = [
            data.token("support-portal", allowed_models=["gpt-4o", "gpt-4o-mini"], last_used=data.stamp(data.now())),
            data.token("claims-assistant", consumer_group="claims"),
            data.token("gw-eu-1", "gateway_runtime"),
        ]

        #: The chat's conversations: the turns of each, in the order in which they were begun.
        self.conversations = {}

        #: Whether the records of exchanges are to be had.
        self.has_records = True
        self.models = list(data.MODELS)

        #: The API's address, as the console's server knows it.
        self.api_url = None

        #: A script that is not served, and one that is served empty.
        self.missing = self.broken = None

        #: What rotations of keys were asked for with.
        self.rotations = []

        #: What the person may do; anything else is refused, and noted.
        self.actions = list(data.WHO["actions"])
        self.refused = []
        self.left = threading.Event()
        fake = self
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"fake": fake}))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def turns(self):
        """The turns of the latest conversation."""
        return list(self.conversations.values())[-1] if self.conversations else []

    @turns.setter
    def turns(self, turns):
        self.conversations["c1"] = turns

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def add(self, **how):
        event = data.event(**how)
        self.events.insert(0, event)
        return event

    def summary(self, query):
        since = query.get("since") or self.events[-1]["time"]
        until, size = data.stamp(data.now()), 1800
        events = [] if self.state == "empty" else [one for one in self.events if one["time"][:19] >= since[:19]]
        def tally(part):
            counts = dict.fromkeys([*DECISIONS.values(), "flagged", "refused", "failed", "cancelled"], 0)
            for one in part:
                counts[decision(one)] += 1
            usage = [one.get("usage", {}) for one in part]
            return counts | {
                "input_tokens": sum(one.get("input_tokens", 0) for one in usage),
                "output_tokens": sum(one.get("output_tokens", 0) for one in usage),
            }
        buckets = {}
        for one in events:
            moment = time.mktime(time.strptime(one["time"][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
            buckets.setdefault(int(moment // size * size), []).append(one)
        return {
            "since": since, "until": until, "bucket_seconds": size, "total": tally(events),
            "cost": [{"currency": "USD", "micros": sum(one.get("cost", {}).get("micros", 0) for one in events)}],
            "buckets": [
                {"start": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(start)), "tally": tally(part)} for start, part in sorted(buckets.items())
            ],
        }

    def page(self, query):
        wanted = set(filter(None, query.get("decision", "").split(",")))
        text, model = query.get("q", "").lower(), query.get("model", "")
        rows = [] if self.state == "empty" else [
            one for one in self.events
            if (not wanted or decision(one) in wanted) and (not model or one["model"] == model)
            and query.get("request_id", one["request_id"]) == one["request_id"]
            and text in f"{one['id']} {one['request_id']} {one['key_id']} {one.get('reason_code', '')}".lower()
        ]
        start = int(query.get("cursor") or 0)
        end = start + int(query.get("limit", 50))
        return {"events": rows[start:end]} | ({"next_cursor": str(end)} if end < len(rows) else {})


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fake: Fake

    def log_message(self, *_):
        pass

    def answer(self, status, body, kind="application/json", **headers):
        body = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        plain = {"Content-Type": kind, "Content-Length": str(len(body)), "Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff",
                 "Referrer-Policy": "same-origin", "Cache-Control": "no-store", "Cross-Origin-Opener-Policy": "same-origin"}
        for name, value in plain.items():
            self.send_header(name, value)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def fail(self, status, code, message, hint=None, param=None):
        detail = {"type": "x", "code": code, "message": message, "hint": hint, "param": param, "request_id": "req_01KFAKE"}
        self.answer(status, {"error": detail})

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if url.path.startswith("/assets/"):
            return self.asset(url.path)
        if url.path == "/sign-in":
            values = {"next": query.get("next", ""), "error": query.get("error"), "code": query.get("code"), "console": "/" if self.fake.app == "chat" else None,
                      "app": "Chat" if self.fake.app == "chat" else None}
            return self.html("shared/sign-in.mustache", values)
        if url.path.startswith("/api/"):
            return self.api("GET", url.path[5:], query)
        self.html(f"{self.fake.app}/shell.mustache", {})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith("/api/"):
            if self.headers.get("X-Keeptrusts-Request") != "1" or not self.headers.get("Origin"):
                return self.fail(403, "csrf.refused", "This call does not come from a page of this server.")
            return self.api("POST", self.path[5:], {}, json.loads(body or b"{}"))
        form = dict(urllib.parse.parse_qsl(body.decode()))
        if self.path == "/sign-in" and form.get("password") == "right horse battery":
            self.fake.state = "ok"
            return self.answer(303, "", Location=form.get("next") or "/")
        if self.path == "/sign-in":
            return self.html("shared/sign-in.mustache", {"error": "E-mail or password is wrong.", "email": form.get("email")}, 401)
        self.answer(303, "", Location="/sign-in")

    def do_DELETE(self):
        self.api("DELETE", self.path[5:], {})

    def html(self, name, values, status=200):
        assets = "/assets/fake"
        modules = sorted(f"{assets}/{path.relative_to(WEB)}" for part in ("shared", self.fake.app) for path in (WEB / part).rglob("*.js"))
        modules = [path for path in modules if not path.endswith(("theme-boot.js", "console/console.js", "chat/chat.js"))]
        common = {"assets": assets, "icon": "data:,", "modules": modules, "api": self.fake.api_url, "name": data.USER["name"], "initials": "MK",
                  "chat": "/chat-would-be-here" if self.fake.app == "console" else None, "console": "/console-would-be-here" if self.fake.app == "chat" else None}
        self.answer(status, render((WEB / name).read_text(), common | values), "text/html; charset=utf-8")

    def asset(self, path):
        file = (WEB / path.split("/", 3)[3]).resolve()
        name = path.split("/", 3)[3]
        if WEB not in file.parents or file.suffix not in TYPES or not file.is_file() or name == self.fake.missing:
            return self.fail(404, "http.no_such_route", "There is nothing at this address.")
        self.answer(200, b"" if name == self.fake.broken else file.read_bytes(), TYPES[file.suffix])

    def api(self, method, path, query, body=None):
        time.sleep(self.fake.delay)
        state = self.fake.state
        if state == "down":
            return self.fail(503, "control_plane.unavailable", "The control plane cannot be reached.")
        if state == "forbidden" and path != "whoami":
            return self.fail(403, "auth.forbidden", "This needs the permission 'events:read'.")
        if state == "expired":
            return self.fail(401, "auth.session_expired", "The session has ended.")
        parts = [urllib.parse.unquote(part) for part in path.split("/")]
        needed = f"{parts[0]}:{'read' if method == 'GET' else 'write'}"
        if parts[0] in ("events", "gateways", "tokens", "users") and needed not in self.fake.actions:
            self.fake.refused.append(path)
            return self.fail(403, "auth.forbidden", f"This needs the permission '{needed}'.")
        handler = getattr(self, f"{method}_{parts[0]}".replace("-", "_"), None)
        if not handler:
            return self.fail(404, "http.no_such_route", "There is nothing at this address.")
        handler(parts[1:], query, body)

    def GET_whoami(self, *_):
        self.answer(200, data.WHO | {"actions": self.fake.actions})

    def GET_users(self, *_):
        self.answer(200, {"users": [data.USER]})

    def GET_gateways(self, *_):
        gateways = [] if self.fake.state == "empty" else self.fake.gateways
        if self.fake.state == "unloaded":
            gateways = [gateways[0] | {"status": "degraded", "config_failure": data.CONFIG_FAILURE}, *gateways[1:]]
        self.answer(200, {"gateways": gateways})

    def GET_events(self, parts, query, _):
        if not parts:
            return self.answer(200, self.fake.page(query))
        if parts[0] == "summary":
            return self.answer(200, self.fake.summary(query))
        event = next((one for one in self.fake.events if one["id"] == parts[0]), None)
        if not event:
            return self.fail(404, "event.not_found", "There is no such event.")
        self.answer(200, event)

    def GET_tokens(self, _, query, __):
        rows = [] if self.fake.state == "empty" else [one for one in self.fake.tokens if one["purpose"] in query.get("purpose", one["purpose"]).split(",")]
        self.answer(200, {"tokens": rows})

    def POST_tokens(self, parts, _, body):
        if parts:
            token = next(one for one in self.fake.tokens if one["id"] == parts[0])
            self.fake.rotations.append(body)
            return self.answer(200, {"token": token, "secret": "kt_gk_rotated_secret"})
        token = data.token(**body)
        self.fake.tokens.insert(0, token)
        self.answer(201, {"token": token, "secret": "kt_gk_new_secret"})

    def DELETE_tokens(self, parts, *_):
        for token in self.fake.tokens:
            if token["id"] == parts[0]:
                token["status"] = "revoked"
        self.answer(204, "")

    def POST_account(self, parts, _, body):
        if body.get("current_password") == "wrong wrong wrong":
            return self.fail(422, "auth.wrong_password", "The current password is not right.", param="current_password")
        self.answer(204, "")

    def GET_chat(self, parts, *_):
        if parts[0] == "decisions":
            if not self.fake.has_records:
                return self.fail(503, "control_plane.unavailable", "The control plane cannot be reached.")
            event = next((one for one in self.fake.events if one["request_id"] == parts[1]), None)
            return self.answer(200, {"event": event, "segment": 0}) if event else self.answer(204, "")
        if parts == ["models"]:
            return self.answer(200, {"models": [] if self.fake.state == "empty" else self.fake.models})
        if parts == ["conversations"]:
            entries = [{"id": name, "title": turns[0]["text"], "model": turns[-1]["model"]} for name, turns in self.fake.conversations.items() if turns]
            return self.answer(200, {"conversations": entries[::-1]})
        turns = self.fake.conversations.get(parts[1])
        if turns is None:
            return self.fail(404, "chat.no_such_conversation", "This conversation was deleted.")
        self.answer(200, {"id": parts[1], "turns": turns, "running": any(one.get("running") for one in turns)})

    def DELETE_chat(self, parts, *_):
        self.fake.conversations.pop(parts[1])
        self.answer(204, "")

    def POST_chat(self, _, __, body):
        """One turn. Its text says what happens: "ignore all" is blocked, an e-mail address is redacted, and so on."""
        text, place = body["text"], body.get("conversation") or f"c{len(self.fake.conversations) + 1}"
        if "conversation" in body and place not in self.fake.conversations:
            return self.fail(404, "chat.no_such_conversation", "This conversation was deleted.")
        if "too large" in text:
            return self.fail(413, "http.body_too_large", "The body is too large.")
        turns = self.fake.conversations.setdefault(place, [])
        segment, said = 2 * len(turns), [*(one["text"] for one in turns), text]
        verdict = "block" if "ignore all" in text.lower() else "escalate" if "legal advice" in text else "redact" if "@" in "".join(said) else "allow"
        event = self.fake.add(verdict=verdict, model=body["model"])
        if "@" in text:
            for finding in event["findings"]:
                finding["segment"] = segment
        turn = {"text": text, "model": body["model"], "answer": "", "state": "cut", "request_id": event["request_id"], "segment": segment, "running": True}
        turns.append(turn)
        self.send_response(200)
        for name, value in {"Content-Type": "text/event-stream", "Connection": "close", "Cache-Control": "no-store"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = True
        try:
            self.news("conversation", {"id": place, "turn": len(turns) - 1})
            self.turn(text, event, turn, segment)
        except (BrokenPipeError, ConnectionResetError):
            turn["state"] = "stopped"
            self.fake.left.set()
        finally:
            turn["running"] = False

    def news(self, name, value):
        self.wfile.write(f"event: {name}\ndata: {json.dumps(value)}\n\n".encode())
        self.wfile.flush()

    def refuse(self, turn, status, kind, code, message, **more):
        turn["refusal"] = {"status": status, "type": kind, "code": code, "message": message, **more}
        self.news("refused", turn["refusal"])

    def decide(self, event, turn, segment):
        turn["running"] = False
        if not self.fake.has_records:
            time.sleep(self.fake.record_delay)
            return self.news("undecided", {"request_id": event["request_id"]})
        turn |= {"decision": event, "segment": segment}
        self.news("decision", {"event": event, "segment": segment})

    def turn(self, text, event, turn, segment):
        if "too fast" in text:
            return self.refuse(turn, 429, "rate_limit", "rate_limited", "Too many requests.", retry_after=2)
        if "suspended" in text:
            return self.refuse(turn, 401, "unauthenticated", "auth.access_ended", "Your access to the chat has ended.", hint="Sign in again.")
        if "over the limit" in text:
            return self.refuse(turn, 413, "validation_error", "body_too_large", "The request's body exceeds 1000 bytes (size_limits.max_body_bytes).")
        if event["verdict"] in ("block", "escalate"):
            kind = "policy_violation" if event["verdict"] == "block" else "escalation_required"
            message = "The text tries to override the instructions." if event["verdict"] == "block" else "A reviewer must look at it first."
            self.refuse(turn, 409, kind, event["reason_code"], message, policy=event["policy"])
            return self.decide(event, turn, segment)
        turn["verdict"] = event["verdict"]
        self.news("started", {"request_id": event["request_id"], "verdict": event["verdict"], "flagged": False, "segment": segment})
        answer = self.fake.answer
        for i in range(0, len(answer), 5):
            turn["answer"] += answer[i : i + 5]
            self.news("delta", {"text": answer[i : i + 5]})
            time.sleep(self.fake.chunk_delay)
            if "withhold" in text and i > 200:
                turn["answer"] = ""
                self.refuse(turn, 409, "policy_violation", "dlp.card", "The answer held a card number.", phase="response", policy="dlp-filter")
                return self.decide(event, turn, segment)
            if "break off" in text and i > 100:
                self.refuse(turn, 200, "upstream_error", "upstream_cut", "The provider broke off.", phase="response")
                return self.decide(event, turn, segment)
        turn["state"] = "stop"
        self.news("ended", {"reason": "stop"})
        self.decide(event, turn, segment)


if __name__ == "__main__":
    for app in ("console", "chat"):
        print(app, Fake(app).url, flush=True)
    threading.Event().wait()
