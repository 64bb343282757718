"""Policy configurations for tests. They are written as JSON, which is YAML too."""

import json

#: The chain of the issue's promises. Every one of its policies has compiled patterns.
CHAIN = ["prompt-injection", "pii-detector", "dlp-filter", "audit-logger"]

POLICY = {
    "dlp-filter": {"detect_patterns": ["PROJECT-[A-Z]{3}-[0-9]{4}"], "blocked_terms": ["operation bluebird"]},
}

#: Where the tests' gateways find the key of their callers and the credential for their upstream.
KEY_VARIABLE, UPSTREAM_VARIABLE = "KT_TEST_KEY", "KT_TEST_UPSTREAM_KEY"

KEY = "kt_gk_test"
UPSTREAM_KEY = "sk-upstream-4Zr8WbQ2canary"

ENVIRONMENT = {KEY_VARIABLE: KEY, UPSTREAM_VARIABLE: UPSTREAM_KEY}

#: Two dollars and fifty cents, and ten dollars, for a million tokens.
PRICING = {"input": 2.50, "output": 10.00, "currency": "USD"}


def target(base_url, id="main", model="gpt-4o", provider="openai", **more):
    return {
        "id": id, "provider": provider, "model": model, "base_url": base_url,
        "secret_key_ref": {"env": UPSTREAM_VARIABLE}, "pricing": PRICING, **more,
    }


def policy_config(*targets, chain=CHAIN, policy=None, providers=None, keys=True, version="1.0.0", **sections):
    """A whole configuration for these targets."""
    used = {entry if isinstance(entry, str) else entry.get("kind", entry.get("id")) for entry in chain}
    config = {
        "pack": {"name": "tests", "version": version, "enabled": True},
        "policies": {"chain": list(chain)},
        "policy": {name: block for name, block in POLICY.items() if name in used} if policy is None else policy,
        "providers": {"targets": list(targets), **(providers or {})},
        **sections,
    }
    if keys:
        config.setdefault("consumer_groups", [{"name": "tests", "key_ref": {"env": KEY_VARIABLE}}])
    return {name: section for name, section in config.items() if section not in ({}, None)}


def write(path, config):
    path.write_text(json.dumps(config, indent=2) + "\n")
    return path
