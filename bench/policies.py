#!/usr/bin/env python3
"""CPU time of the policies on clean prompts and streams, and on texts that are meant to be slow.

All times are those of `kt policy bench`: the processor's time of the judging thread, the median of several rounds. The
clean texts are prose without digits, prose with digits, and German; before anything is timed, nothing may be found in them.
The bars are for prose; the others show what digits and letters beyond ASCII add. Ends with 1 when a bar is missed.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import texts

SIZE, LARGE = 10_000, 100_000

# Kinds that are patterns and validators, with settings that make them judge; each by itself has the bar of packs.
PACKS = {
    "pii-detector": {}, "pii-detector_all": {"pci_mode": True, "healthcare_mode": True}, "dlp-filter": {},
    "dlp-filter_restricted": {"sensitivity_level": "restricted"}, "hipaa-phi-detector": {}, "student-privacy": {}, "case-privacy": {},
    "legal-privilege": {}, "mnpi-filter": {}, "itar-ear-filter": {}, "code-sanitizer": {}, "gdpr-compliance": {}, "eu-ai-act": {},
    "safety-filter": {"mode": "critical_infrastructure"}, "safety-filter_automotive": {"mode": "automotive"},
    "safety-filter_education": {"mode": "education"}, "safety-filter_police": {"mode": "law_enforcement"},
    "entity-list-filter": {"blocked_entities": ["Orlov Marine Trading LLC", "Vector Dynamics GmbH"]},
    "dual-use-filter": {"blocked_terms": ["maraging steel", "flow-forming machine"]},
    "bias-monitor": {}, "human-oversight": {"require_human_for": [
        "medical", "legal", "financial", "employment", "credit", "public_services", "education", "law_enforcement", "crisis",
        "safety_critical", "payments"]},
    "financial-compliance": {}, "healthcare-compliance": {}, "upl-filter": {},
}
CLASSIFIER = {"prompt-injection": {}}

# Kinds that look at other things or compute scores: no bar of their own, but no text may make them slow.
OTHERS = {
    "quality-scorer": {}, "citation-verifier": {}, "language-validator": {}, "response-rewriter": {}, "tool-security": {},
    "tool-validation": {}, "tool-budget": {}, "agent-firewall": {}, "document-analyzer": {}, "bot-detector": {}, "audit-logger": {},
}
TEN = ["prompt-injection", "pii-detector", "dlp-filter", "hipaa-phi-detector", "student-privacy", "case-privacy", "legal-privilege",
       "mnpi-filter", "itar-ear-filter", "safety-filter"]

# Ten that judge answers as they come.
TEN_OF_STREAMS = ["pii-detector", "dlp-filter", "hipaa-phi-detector", "student-privacy", "case-privacy", "legal-privilege", "mnpi-filter",
                  "itar-ear-filter", "code-sanitizer", "entity-list-filter"]
SETTINGS = PACKS | CLASSIFIER | OTHERS

# Microseconds; the last is how often a text may take what a clean one of its size takes.
BARS = {"packs": 30, "classifier": 150, "ten": 250, "event": 5, "ratio": 100}


class Bench:
    """Runs `kt policy bench` on texts of ours."""

    def __init__(self, kt, folder):
        self.kt, self.folder, self.rows = kt, folder, None

    def config(self, ids):
        path = self.folder / "config.yaml"
        path.write_text(json.dumps({
            "pack": {"name": "bench", "version": "1.0.0"},
            "providers": {"targets": [{"id": "demo", "provider": "demo", "model": "demo"}]},
            "policies": {"chain": [{"id": id, "kind": id.split("_")[0]} for id in ids]},
            "policy": {id: SETTINGS[id] for id in ids if SETTINGS[id]},
        }))
        return path

    def call(self, command, ids, rows, *arguments):
        path = self.folder / "rows.jsonl"
        if rows is not self.rows:
            path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
            self.rows = rows
        result = subprocess.run(
            [self.kt, "policy", command, "--policy-config", self.config(ids), "--input", path, *arguments],
            capture_output=True, text=True)
        if result.returncode != 0:
            sys.exit(f"kt policy {command} failed: {result.stderr or result.stdout}")
        return result.stdout

    def measure(self, ids, rows, rounds, *arguments):
        """What each row costs, by its name: the chain's costs, and each policy's by id."""
        report = json.loads(self.call("bench", ids, rows, "--rounds", str(rounds), "--json", *arguments))
        return {text["name"]: text for text in report["texts"]}

    def prove_clean(self, rows):
        """Nothing is found in the clean texts, so that they show what clean text costs."""
        for phase in ("request", "response"):
            out = self.folder / "found.jsonl"
            self.call("scan", [*PACKS, *CLASSIFIER], [row | {"phase": phase} for row in rows], "--output", str(out))
            for line in out.read_text().splitlines():
                row = json.loads(line)
                if row["labels"] or row["blocked"]:
                    sys.exit(f"the benchmark proves nothing: in '{row['id']}' ({phase}), {row['labels'] or 'something'} is found")


class Table:
    """Prints figures beside their bars, and notes which bars are missed."""

    def __init__(self):
        self.missed, self.facts = [], {}

    def head(self, *columns):
        print(f"\n{columns[0]:34}" + "".join(f"{column:>14}" for column in columns[1:]))

    def row(self, name, figures, bar):
        bad = bar is not None and figures[0] is not None and figures[0] > bar
        cells = "".join(f"{'-' if figure is None else format(figure, '.1f'):>14}" for figure in figures)
        print(f"{name:34}{cells}" + ("" if bar is None else f"   bar {bar}") + (" MISSED" if bad else ""))
        self.facts[name] = [None if figure is None else round(figure, 2) for figure in figures]
        if bad:
            self.missed.append(name)


def rows_of(named, **fields):
    return [{"id": name, "text": text, **fields} for name, text in named]


def clean(bench, table, rounds):
    named = [(name, make(SIZE)) for name, make in texts.CLEAN.items()]
    bench.prove_clean(rows_of(named))
    table.head(f"{SIZE} bytes, us", *texts.CLEAN)
    alone = bench.measure([*PACKS, *CLASSIFIER, *OTHERS], rows_of(named), rounds)
    for number, id in enumerate(SETTINGS):
        bar = BARS["packs"] if id in PACKS else BARS["classifier"] if id in CLASSIFIER else None
        table.row(id, [alone[name]["policies"][number]["microseconds"] for name in texts.CLEAN], bar)
    ten = bench.measure(TEN, rows_of(named), rounds)
    table.row("chain of ten", [ten[name]["chain"]["microseconds"] for name in texts.CLEAN], BARS["ten"])
    table.row("one bare pass of Hyperscan", [ten[name]["bare_us"] for name in texts.CLEAN], None)


def streams(bench, table, rounds):
    rows = [{"id": name, "text": text, "chunks": texts.events(text), "phase": "response"}
            for name, text in ((name, make(SIZE)) for name, make in texts.CLEAN.items())]
    table.head("event of a stream (4 words), us", *texts.CLEAN)
    found = bench.measure(TEN_OF_STREAMS, rows, rounds)
    for number, id in enumerate(TEN_OF_STREAMS):
        table.row(f"{id}, event", [found[name]["policies"][number]["event_us"] for name in texts.CLEAN], BARS["event"])
    table.row("chain of ten, event", [found[name]["chain"]["event_us"] for name in texts.CLEAN], BARS["event"])


def slow(bench, table, options):
    """How many times what clean prose of the size takes the worst texts take, for each policy and for chains."""
    named = list(texts.adversarial(LARGE, options.thorough))
    rows = rows_of([("clean", texts.CLEAN["prose"](LARGE)), *named])
    table.head(f"{LARGE} bytes, times clean prose", "clean, us", "worst, us", "times")
    # One policy at a time, so that nothing is measured but what is shown.
    for name, ids in ({id: [id] for id in SETTINGS} | {"chain of ten": TEN}).items():
        found = bench.measure(ids, rows, 1, "--chain-only")
        worst(table, name, {text: (costs["chain"]["microseconds"], costs["bare_us"]) for text, costs in found.items()})
    rows = [row | {"phase": "response", "chunks": texts.events(row["text"], words=40, longest=256)} for row in rows]
    found = bench.measure(TEN_OF_STREAMS, rows, 1, "--chain-only")
    worst(table, "streamed chain of ten", {
        name: (text["chain"]["event_us"] * text["events"], text["bare_us"]) for name, text in found.items()})


def worst(table, id, costs):
    """Costs are (microseconds, those of a bare pass), by text. A kind that hardly reads texts is compared with the bare pass."""
    base = max(costs["clean"])
    name, (time, _) = max(costs.items(), key=lambda item: item[1][0])
    table.facts[f"{id}, worst"] = {"text": name, "us": round(time, 1), "times": round(time / base, 2)}
    bad = time > base * BARS["ratio"]
    print(f"{id:34}{costs['clean'][0]:14.1f}{time:14.1f}{time / base:14.1f}   {name}" + (" MISSED" if bad else ""))
    if bad:
        table.missed.append(f"{id}, {name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--kt", default=".build/release/kt", help="the program to measure")
    parser.add_argument("--rounds", type=int, default=9, help="the median of so many counts (default: 9)")
    parser.add_argument("--thorough", action="store_true", help="also one slow text for each rule of the packs")
    parser.add_argument("--part", choices=["clean", "streams", "slow"], action="append", help="only this part")
    options = parser.parse_args()
    load_before, table = os.getloadavg()[0], Table()
    print(f"processor time of the policies, medians of {options.rounds} rounds")
    with tempfile.TemporaryDirectory(prefix="kt-bench-") as folder:
        bench = Bench(options.kt, pathlib.Path(folder))
        for name, part in {"clean": clean, "streams": streams, "slow": slow}.items():
            if name in (options.part or [name]):
                part(bench, table, options if part is slow else options.rounds)
    print(json.dumps({"bench": "policies", **table.facts, "missed": table.missed, "load_average": round(load_before, 2)}))
    if table.missed:
        sys.exit("missed: " + "; ".join(table.missed))


if __name__ == "__main__":
    main()
