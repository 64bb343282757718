"""The policy author's tools, as a shell calls them: results, `--json`, and each exit code."""

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path

import jsonschema
import pytest
import yaml

import configs
from processes import REPOSITORY, kt_binary, run_kt, without_patience
from raw_http import eventually

CONFIG = """\
pack: {name: tools, version: 1.0.0}
policies: {chain: [pii-detector, dlp-filter, audit-logger]}
policy:
  dlp-filter: {action: block, blocked_terms: [bluebird]}
providers: {targets: [{id: main, provider: demo, model: demo}]}
"""
ROWS = """\
{"id":"a","text":"é jane@example.com"}
{"id":2,"text":"the bluebird"}
{"id":"c","text":"nothing"}
{"id":"d","text":"to jane@example.com","chunks":["to ja","ne@exam","ple.com"]}
{"id":"e","tool":"send","arguments":{"to":"jane@example.com"}}
"""
CASES = """\
- name: an address is masked
  input: {messages: [{role: user, content: "I am jane@example.com"}]}
  expected: {verdict: redact, categories: [EMAIL], lacks: [jane]}
- name: the bird ends it
  input: {messages: [{role: user, content: "hi"}], upstream_response: "a bluebird"}
  expected: {verdict: block, policy: dlp-filter}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "policy-config.yaml").write_text(CONFIG)
    (tmp_path / "rows.jsonl").write_text(ROWS)
    return tmp_path


@pytest.fixture
def kt(folder):
    """Runs `kt` in the folder: (exit status, standard output, standard error)."""
    return lambda *arguments: run_kt(*arguments, folder=folder)


def lines(path):
    with open(path) as file:
        return [json.loads(line) for line in file]


def commands(*path):
    """The commands below a command, by their own help: each a list of words."""
    status, output, _ = run_kt(*path, "--help")
    assert status == 0
    listed = output.partition("SUBCOMMANDS:\n")[2].partition("\n\n")[0]
    names = [line.split()[0] for line in listed.splitlines() if re.match(r"  \S", line)]
    return [command for name in names for command in commands(*path, name)] if names else [path]


def test_every_command_is_documented():
    pages = [REPOSITORY / "README.md", *(REPOSITORY / "docs" / "reference").rglob("*.md")]
    text = "\n".join(page.read_text() for page in pages)

    known = [" ".join(["kt", *command]) for command in commands()]

    assert len(known) >= 18
    assert [command for command in known if not re.search(rf"{command}\b", text)] == []


@pytest.mark.parametrize("words, hint", [
    (["policy", "lint", "b.yaml"], "a file goes to --policy-config: say '--policy-config b.yaml'"),
    (["gateway", "run", "b.yaml"], "a file goes to --policy-config: say '--policy-config b.yaml'"),
    (["gateway", "run", "--policy", "b.yaml"], "did you mean '--policy-config'?"),
    (["policy", "test", "b.yaml"], "a file goes to --policy-config: say '--policy-config b.yaml'"),
    (["policy", "scan", "--input", "a", "--output", "b", "rows.jsonl"], "a file goes to --input: say '--input rows.jsonl'"),
    (["policy", "lint", "--policy", "b.yaml"], "did you mean '--policy-config'?"),
    (["policy", "test", "--dir", "b"], "did you mean '--pack-dir'?"),
    (["policy", "lnt"], "did you mean 'lint'?"),
    (["lint", "b.yaml"], "say 'kt policy lint'"),
    (["gatway", "run"], "did you mean 'gateway'?"),
])
def test_an_argument_that_nothing_expects_is_explained(tmp_path, words, hint):
    status, output, errors = run_kt(*words, folder=tmp_path)

    assert (status, output) == (2, "")
    assert errors.splitlines()[1] == f"  hint: {hint}"


# scan


def test_scan_writes_a_prediction_for_each_row(kt, folder):
    status, output, errors = kt("policy", "scan", "--input", "rows.jsonl", "--output", "out.jsonl")

    assert (status, errors) == (0, "")
    assert output.startswith("5 rows: 4 with findings, 3 redacted, 1 blocked; 1 in pieces, 0 of them judged otherwise")
    predictions = lines(folder / "out.jsonl")
    assert [prediction["id"] for prediction in predictions] == ["a", 2, "c", "d", "e"]
    assert [(label["type"], label["start"], label["end"]) for label in predictions[0]["labels"]] == [("EMAIL", 2, 18)]
    assert [prediction["blocked"] for prediction in predictions] == [False, True, False, False, False]
    assert [prediction["score"] for prediction in predictions] == [1, 1, 0, 1, 1]
    assert predictions[3]["labels"][0]["start"] == 3


def test_scan_with_options(kt, folder):
    status, output, _ = kt(
        "policy", "scan", "--policy-config", "policy-config.yaml", "--input", "rows.jsonl", "--output", "out.jsonl",
        "--kind", "pii-detector", "--redacted", "--json",
    )

    assert status == 0
    assert json.loads(output)["rows"] == 5 and json.loads(output)["blocked"] == 0
    assert [row["redacted"] for row in lines(folder / "out.jsonl")] == [
        "é [EMAIL_REDACTED]", "the bluebird", "nothing", "to [EMAIL_REDACTED]", '{"to":"[EMAIL_REDACTED]"}',
    ]


def test_scan_reads_and_writes_the_standard_streams(folder):
    result = subprocess.run(
        [kt_binary(), "policy", "scan", "--input", "-", "--output", "-"], input=ROWS, capture_output=True, text=True,
        cwd=folder, env={"PATH": os.environ["PATH"], "HOME": str(folder)}, timeout=30,
    )

    assert result.returncode == 0
    assert len(result.stdout.splitlines()) == 5
    assert without_patience(result.stderr).startswith("5 rows")


def test_scan_names_the_lines_that_are_no_rows(kt, folder):
    (folder / "bad.jsonl").write_bytes(ROWS.encode() + b'{"id":1}\n\xff\n' + b'{"id":9,"text":"last"}')

    status, _, errors = kt("policy", "scan", "--input", "bad.jsonl", "--output", "out.jsonl")

    assert status == 2
    assert errors.splitlines()[0] == "bad.jsonl:6: error: it has no 'text'"
    assert errors.splitlines()[1].startswith("bad.jsonl:7: error: it is not JSON")
    assert [row["id"] for row in lines(folder / "out.jsonl")] == ["a", 2, "c", "d", "e", 9]


@pytest.mark.parametrize("arguments, status, words", [
    (["--input", "absent.jsonl", "--output", "out.jsonl"], 2, "absent.jsonl"),
    (["--input", "rows.jsonl", "--output", "/proc/none/out.jsonl"], 1, "/proc/none/out.jsonl"),
    (["--input", "rows.jsonl", "--output", "rows.jsonl"], 2, "rows.jsonl"),
    (["--input", "rows.jsonl", "--output", "out.jsonl", "--kind", "pii-detectr"], 2, "did you mean 'pii-detector'"),
    (["--input", "rows.jsonl", "--output", "out.jsonl", "--policy-config", "absent.yaml"], 2, "absent.yaml"),
    (["--input", "rows.jsonl"], 2, "--output"),
])
def test_scan_says_what_is_wrong(kt, folder, arguments, status, words):
    result = kt("policy", "scan", *arguments)

    assert result[0] == status
    assert words in result[2]
    assert (folder / "rows.jsonl").read_text() == ROWS


def test_scan_takes_a_hundred_thousand_rows_in_constant_memory(folder):
    with open(folder / "many.jsonl", "w") as rows:
        for number in range(100_000):
            rows.write(json.dumps({"id": number, "text": f"Order {number} came in late, said jane{number}@example.com."}) + "\n")
    # The shell's own resources are those of the largest child.
    script = (
        "import resource, subprocess, sys; code = subprocess.call(sys.argv[1:]);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(code)"
    )
    result = subprocess.run(
        ["python3", "-c", script, kt_binary(), "policy", "scan", "--input", "many.jsonl", "--output", "out.jsonl"],
        capture_output=True, text=True, cwd=folder, env={"PATH": os.environ["PATH"], "HOME": str(folder)}, timeout=120,
    )

    assert result.returncode == 0, result.stderr
    assert "100000 rows: 100000 with findings" in result.stdout
    assert int(result.stdout.splitlines()[-1]) < 100_000  # KiB
    with open(folder / "out.jsonl") as out:
        assert sum(1 for _ in out) == 100_000


#: The labelled sets beside the repository.
SETS = Path(os.environ.get("KT_EVAL_DIR", REPOSITORY.parent / "shared" / "eval"))
NAMES = ["pii", "secrets", "injection", "safety", "toolcalls", "citations"]


@pytest.mark.parametrize("kind", ["pii-detector", "dlp-filter", "prompt-injection"])
@pytest.mark.parametrize("name", NAMES)
def test_scan_judges_every_row_of_the_labelled_sets(kt, folder, name, kind):
    rows = SETS / f"{name}.dev.jsonl"
    if not rows.exists():
        pytest.skip(f"KT_EVAL_DIR has no labelled sets: {rows}")
    (folder / "one.yaml").write_text(CONFIG.replace("[pii-detector, dlp-filter, audit-logger]", f"[{kind}]").replace(
        "policy:\n  dlp-filter: {action: block, blocked_terms: [bluebird]}\n", ""))

    status, output, errors = kt("policy", "scan", "--policy-config", "one.yaml", "--input", rows, "--output", "out.jsonl")
    scored = subprocess.run(
        [sys.executable, SETS / "score.py", "--gold", rows, "--pred", folder / "out.jsonl", "--require-all"],
        capture_output=True, text=True, timeout=60,
    )

    assert (status, errors) == (0, ""), output
    assert scored.returncode == 0, scored.stderr
    texts = {row["id"]: row for row in lines(rows)}
    predictions = lines(folder / "out.jsonl")
    assert [prediction["id"] for prediction in predictions] == list(texts)
    for prediction in predictions:
        length = len(json.dumps(texts[prediction["id"]].get("arguments"))) + len(texts[prediction["id"]]["text"])
        assert all(0 <= label["start"] < label["end"] <= length for label in prediction["labels"])
        assert 0 <= prediction["score"] <= 1


# explain


def test_explain_tells_what_each_policy_saw(kt):
    status, output, errors = kt("policy", "explain", "a bluebird for jane@example.com")

    assert (status, errors) == (0, "")
    assert "ran: redact (pii_detector.redacted)" in output
    assert "EMAIL at 15..<31, confidence 1.0, read plain" in output
    assert "ran: block (dlp_filter.detected)" in output
    assert "verdict: block by dlp-filter" in output
    assert "jane" not in output


def test_explain_says_once_that_patterns_take_long(tmp_path):
    (tmp_path / "policy-config.yaml").write_text(CONFIG.replace("[pii", "[prompt-injection, pii"))
    kept = tmp_path / "patterns"

    def explain():
        return subprocess.run(
            [kt_binary(), "policy", "explain", "hello", "--json"], capture_output=True, text=True, cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "KEEPTRUSTS_PATTERN_DIR": str(kept)}, timeout=120,
        )

    cold, warm = explain(), explain()

    assert cold.returncode == 0 and json.loads(cold.stdout)["verdict"] == "allow"
    assert cold.stderr == f"compiling patterns, which may take some seconds; they are kept in {kept} for the next time\n"
    assert warm.returncode == 0 and warm.stderr == ""


def test_what_kt_keeps_is_in_the_home_that_the_environment_names(folder):
    home = folder / "home"

    status, _, errors = run_kt(
        "policy", "explain", "hello", folder=folder, timeout=120,
        environment={"HOME": str(home), "KEEPTRUSTS_PATTERN_DIR": ""})

    assert status == 0, errors
    assert list((home / ".keeptrusts" / "patterns").iterdir()) != []


def test_explain_as_json_and_from_a_file(kt, folder):
    (folder / "text.txt").write_text("nothing for you")

    status, output, _ = kt("policy", "explain", "--file", "text.txt", "--role", "tool", "--json")

    report = json.loads(output)
    assert status == 0
    assert (report["phase"], report["role"], report["verdict"]) == ("tool_result", "tool", "allow")
    assert [policy["id"] for policy in report["policies"]] == ["pii-detector", "dlp-filter", "audit-logger"]
    assert all(policy["ran"] for policy in report["policies"])
    assert all(policy["microseconds"] >= 0 for policy in report["policies"])


@pytest.mark.parametrize("arguments, status", [
    ([], 2), (["a", "--file", "policy-config.yaml"], 2), (["--file", "absent"], 2), (["a", "--role", "robot"], 2),
    (["a", "--policy-config", "broken.yaml"], 1),
])
def test_explain_says_what_is_wrong(kt, folder, arguments, status):
    (folder / "broken.yaml").write_text(CONFIG.replace("pii-detector", "pii-detectr"))

    result = kt("policy", "explain", *arguments)

    assert result[0] == status
    assert result[2]


# test


def test_test_plays_files_and_suites(kt, folder):
    (folder / "tests").mkdir()
    (folder / "tests" / "all.yaml").write_text(CASES)
    (folder / "tests" / "one.json").write_text(json.dumps({
        "name": "plain", "input": {"messages": [{"role": "user", "content": "hello"}]}, "expected": {"verdict": "allow"},
    }))
    (folder / "tests" / "notes.txt").write_text("not a test")
    inline = "testing: {suites: [{name: s, cases: [{name: inline, input: {messages: [{role: user, content: x}]}, expected: {verdict: allow}}]}]}\n"
    (folder / "policy-config.yaml").write_text(CONFIG + inline)

    status, output, errors = kt("policy", "test", "--junit", "results.xml")

    assert (status, errors) == (0, "")
    assert "4 of 4 passed" in output
    assert "policies: 3 of 3 covered" in output
    results = xml.etree.ElementTree.parse(folder / "results.xml").getroot()
    assert (results.get("tests"), results.get("failures")) == ("4", "0")
    assert {case.get("name") for case in results.iter("testcase")} == {
        "inline", "an address is masked", "the bird ends it", "plain",
    }


def test_test_fails_with_what_was_expected(kt, folder):
    (folder / "pack" / "tests").mkdir(parents=True)
    (folder / "pack" / "policy-config.yaml").write_text(CONFIG)
    (folder / "pack" / "tests" / "all.yaml").write_text(CASES.replace("verdict: redact", "verdict: block"))

    human = kt("policy", "test", "--pack-dir", "pack")
    status, output, _ = kt("policy", "test", "--pack-dir", "pack", "--json")

    assert human[0] == 1 and "expected the verdict 'block', got 'redact (pii_detector.redacted)'" in human[1]
    report = json.loads(output)
    assert status == 1
    assert report["ok"] is False and (report["passed"], report["failed"]) == (1, 1)
    assert report["results"][0]["file"] == "pack/tests/all.yaml"


@pytest.mark.parametrize("files, status, words", [
    ({}, 1, "there are no tests"), ({"tests/bad.yaml": "name: x\n"}, 1, "tests/bad.yaml:1:1: error"),
    ({"policy-config.yaml": "pack: 1\n"}, 1, "policy-config.yaml:1:7: error"),
])
def test_test_says_what_is_wrong(kt, folder, files, status, words):
    (folder / "tests").mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)

    result = kt("policy", "test")

    assert result[0] == status
    assert words in result[2]


def test_test_needs_a_config_that_is_there(kt):
    assert kt("policy", "test", "--pack-dir", "absent")[0] == 2
    assert kt("policy", "test", "--nothing")[0] == 2


# bench


def test_bench_measures_each_policy(kt, folder):
    (folder / "mine.txt").write_text("A text of mine.")

    status, output, _ = kt("policy", "bench", "--rounds", "3")
    json_status, report, _ = kt("policy", "bench", "--rounds", "3", "--file", "mine.txt", "--json")

    assert (status, json_status) == (0, 0)
    assert "1 KB, 1000 bytes" in output and "10 KB, 10000 bytes" in output
    assert "one bare pass of Hyperscan" in output
    text = json.loads(report)["texts"][0]
    assert (text["name"], text["bytes"]) == ("mine.txt", 15)
    assert text["bare_us"] > 0 and text["chain"]["microseconds"] > 0 and text["chain"]["ratio"] > 0
    assert text["events"] == 1 and text["chain"]["event_us"] > 0
    assert [policy["id"] for policy in text["policies"]] == ["pii-detector", "dlp-filter", "audit-logger"]


def test_bench_measures_rows_and_their_chunks(kt, folder):
    rows = [{"id": "whole", "text": "A text."}, {"id": "cut", "text": "A text.", "chunks": ["A ", "te", "xt."]}]
    (folder / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    status, report, _ = kt("policy", "bench", "--rounds", "3", "--input", "mine.jsonl", "--json")

    texts = json.loads(report)["texts"]
    assert status == 0
    assert [(text["name"], text["bytes"], text["events"]) for text in texts] == [("whole", 7, 0), ("cut", 7, 3)]
    assert "event_us" not in texts[0]["chain"] and texts[1]["chain"]["event_us"] > 0


@pytest.mark.parametrize("arguments, status", [
    (["--file", "absent"], 2), (["--rounds", "0"], 2), (["--policy-config", "absent.yaml"], 2),
    (["--input", "absent"], 2), (["--input", "policy-config.yaml"], 2),
    (["--policy-config", "rows.jsonl"], 1),
])
def test_bench_says_what_is_wrong(kt, arguments, status):
    assert kt("policy", "bench", *arguments)[0] == status


# lint


def test_lint_reports_all_mistakes_with_codes(kt, folder):
    (folder / "broken.yaml").write_text(
        CONFIG.replace("version: 1.0.0", "version: one").replace("[bluebird]", "[bluebird, ' ']").replace("demo}]}", "demo, x: 1}]}")
    )

    status, output, errors = kt("policy", "lint", "--file", "broken.yaml")
    _, report, _ = kt("policy", "lint", "--file", "broken.yaml", "--json")

    assert status == 1
    assert output == "broken.yaml: 3 errors\n"
    found = [line for line in errors.splitlines() if line.startswith("broken.yaml:")]
    assert [line.split(" ")[-1] for line in found] == ["[E006]", "[E006]", "[E002]"]
    assert [error["code"] for error in json.loads(report)["errors"]] == ["E006", "E006", "E002"]
    assert [error["line"] for error in json.loads(report)["errors"]] == [1, 4, 5]


def test_lint_is_strict_about_warnings_when_asked(kt, folder):
    (folder / "policy-config.yaml").write_text(CONFIG.replace("[pii-detector, dlp-filter", "[dlp-filter"))
    (folder / "policy-config.yaml").write_text(CONFIG.replace("  dlp-filter:", "  pii-detector: {}\n  prompt-injection: {}\n  dlp-filter:"))

    status, output, errors = kt("policy", "lint")
    strict, _, _ = kt("policy", "lint", "--strict")
    report = json.loads(kt("policy", "lint", "--json")[1])

    assert (status, strict) == (0, 1)
    assert output.splitlines()[1].startswith("streaming: window")
    assert errors.startswith("policy-config.yaml:5:3: warning: 'policy.prompt-injection' has no effect")
    assert errors.splitlines()[0].endswith("[W003]")
    assert [warning["code"] for warning in report["warnings"]] == ["W003"]


def test_lint_takes_the_config_as_the_other_commands_do(kt, folder):
    (folder / "other.yaml").write_text(CONFIG.replace("name: tools", "name: other"))

    status, output, _ = kt("policy", "lint", "--policy-config", "other.yaml")

    assert status == 0 and output.startswith("other.yaml: ok: other 1.0.0")


def test_lint_needs_a_file(kt):
    assert kt("policy", "lint", "--file", "absent.yaml")[0] == 2


# init


def test_init_lists_templates(kt):
    status, output, _ = kt("init", "--list")
    names = [template["name"] for template in json.loads(kt("init", "--list", "--json")[1])["templates"]]

    assert status == 0
    assert [line.split()[0] for line in output.splitlines()] == names
    assert {"minimal", "finance", "healthcare", "legal", "government", "education", "eu-ai-act", "rag", "agents", "zero-retention"} <= set(names)


@pytest.mark.parametrize("template", sorted(path.name for path in (REPOSITORY / "packs" / "templates").iterdir()))
def test_init_writes_a_config_that_lints_and_tests(tmp_path, template):
    status, output, errors = run_kt("init", "--template", template, folder=tmp_path)
    lint = run_kt("policy", "lint", "--strict", folder=tmp_path)
    test = run_kt("policy", "test", folder=tmp_path)

    assert (status, errors) == (0, "")
    assert output.startswith("wrote policy-config.yaml\nwrote tests/")
    assert lint[0] == 0, lint[2]
    assert test[0] == 0, test[1] + test[2]


def test_init_writes_nothing_over(kt, folder):
    status, output, errors = kt("init")
    absent = kt("init", "--output", "new/policy.yaml")
    (folder / "new").mkdir()
    other = kt("init", "--output", "new/policy.yaml", "--json")

    assert (status, output) == (1, "")
    assert "policy-config.yaml" in errors and "there already" in errors
    assert (folder / "policy-config.yaml").read_text() == CONFIG
    assert absent[0] == 1 and absent[2] == "error: 'new/policy.yaml' cannot be written: there is no folder 'new'\n"
    assert other[0] == 0
    for name in json.loads(other[1])["files"]:
        assert (folder / name).exists()


def test_init_prints_a_config_and_knows_no_other_template(kt):
    status, output, _ = kt("init", "--template", "minimal", "--output", "-")
    unknown = kt("init", "--template", "finanse")
    report = json.loads(kt("init", "--template", "minimal", "--output", "-", "--json")[1])

    assert status == 0 and output == (REPOSITORY / "packs/templates/minimal/policy-config.yaml").read_text()
    assert report == {"config": output}
    assert unknown[0] == 2 and "did you mean 'finance'" in unknown[2]


# config


class Loader(yaml.SafeLoader):
    """Reads YAML 1.2, in which `on` is a text."""

    yaml_implicit_resolvers = {
        letter: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":bool") or letter in "tTfF"]
        for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def test_schema_is_one_that_the_examples_satisfy(kt):
    status, output, _ = kt("config", "schema")
    schema = json.loads(output)

    assert status == 0
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["properties"]["record"]["properties"]["mode"]["enum"] == ["async", "strict"]
    assert "strict" in schema["properties"]["record"]["properties"]["mode"]["description"]
    validator = jsonschema.Draft202012Validator(schema)
    configs = [*(REPOSITORY / "examples").glob("*.yaml"), *(REPOSITORY / "packs/templates").glob("*/policy-config.yaml")]
    assert len(configs) > 10
    for path in configs:
        assert list(validator.iter_errors(yaml.load(path.read_text(), Loader))) == [], path
    assert list(validator.iter_errors(yaml.load(CONFIG.replace("action: block", "action: blok"), Loader)))


def blocks(page):
    """The parts of a config that a page shows, each made whole."""
    whole = yaml.load(CONFIG.replace("policy:\n  dlp-filter: {action: block, blocked_terms: [bluebird]}\n", ""), Loader)
    for text in re.findall(r"^```yaml\n(.*?)^```", page.read_text(), re.S | re.M):
        part = yaml.load(text, Loader)
        config = {**whole, **part}
        for section in ("policies", "providers", "pack"):
            config[section] = {**whole[section], **(part.get(section) or {})}
        yield text, config


def test_schema_is_one_that_the_pages_satisfy(kt):
    validator = jsonschema.Draft202012Validator(json.loads(kt("config", "schema")[1]))
    pages = [REPOSITORY / "README.md", *(REPOSITORY / "docs/reference").rglob("*.md")]
    found = [(page.name, text, config) for page in pages for text, config in blocks(page)]

    assert len(found) > 50
    for page, text, config in found:
        assert [error.message for error in validator.iter_errors(config)] == [], (page, text)


@pytest.mark.parametrize("input, good", [
    ({"messages": [{"role": "user"}]}, True), ({"request": {}}, True), ({}, False), ({"headers": {}}, False),
])
def test_schema_wants_messages_or_a_request_of_a_case(kt, input, good):
    validator = jsonschema.Draft202012Validator(json.loads(kt("config", "schema")[1]))
    case = {"name": "a", "input": input, "expected": {"verdict": "allow"}}
    config = {**yaml.load(CONFIG, Loader), "testing": {"suites": [{"name": "s", "cases": [case]}]}}

    assert validator.is_valid(config) == good


def test_diff_names_what_differs(kt, folder):
    (folder / "new.yaml").write_text(CONFIG.replace("1.0.0", "1.1.0").replace("bluebird", "redbird"))
    (folder / "same.yaml").write_text("# a comment\n" + CONFIG)

    status, output, _ = kt("config", "diff", "policy-config.yaml", "new.yaml")
    report = json.loads(kt("config", "diff", "policy-config.yaml", "new.yaml", "--json")[1])
    same = kt("config", "diff", "policy-config.yaml", "same.yaml")

    assert status == 1
    assert '~ pack.version: "1.0.0" -> "1.1.0"' in output
    assert [change["path"] for change in report["changes"]] == ["pack.version", "policy.dlp-filter.blocked_terms"]
    assert same[:2] == (0, "no difference\n")
    assert kt("config", "diff", "policy-config.yaml", "absent.yaml")[0] == 2
    assert kt("config", "diff", "policy-config.yaml")[0] == 2


def test_effective_says_where_values_come_from(kt, folder):
    (folder / "over.yaml").write_text("pack: {version: 2.0.0}\n")
    layers = ["--policy-config", "policy-config.yaml", "--config", "over.yaml"]

    status, output, _ = kt("config", "effective", *layers)
    plain = kt("config", "effective", *layers, "--no-origins")[1]
    report = json.loads(kt("config", "effective", *layers, "--json")[1])

    assert status == 0
    assert '  version: "2.0.0"  # over.yaml:1' in output.splitlines() and "# over.yaml" not in plain
    assert (report["version"], report["config"]["pack"]["version"]) == ("2.0.0", "2.0.0")
    assert report["origins"]["pack.version"] == "over.yaml:1" and report["origins"]["pack.name"] == "policy-config.yaml:1"
    assert kt("config", "effective", "--config", "absent.yaml")[0] == 2


# replay


def test_replay_judges_texts_by_both_configs(kt, folder):
    (folder / "new.yaml").write_text(CONFIG.replace("blocked_terms: [bluebird]", "blocked_terms: [nothing]"))
    (folder / "cases.yaml").write_text(CASES)

    status, output, _ = kt("policy", "replay", "--events", "rows.jsonl", "--config", "new.yaml")
    report = json.loads(kt("policy", "replay", "--events", "rows.jsonl", "--config", "new.yaml", "--json")[1])
    cases = kt("policy", "replay", "--events", "cases.yaml", "--config", "new.yaml")
    same = kt("policy", "replay", "--events", "rows.jsonl", "--config", "policy-config.yaml")

    assert status == 1
    assert output.splitlines() == [
        "2  block -> allow", '"c"  allow -> block  by dlp-filter', "5 judged: 2 would change, 3 would not",
    ]
    assert (report["judged"], report["changed"]) == (5, 2)
    assert cases[0] == 1 and "the bird ends it  block -> allow" in cases[1]
    assert same[0] == 0


@pytest.mark.parametrize("arguments, status, words", [
    (["--config", "policy-config.yaml"], 2, "--since"),
    (["--events", "rows.jsonl"], 2, "--config"),
    (["--events", "absent", "--config", "policy-config.yaml"], 2, "absent"),
    (["--events", "policy-config.yaml.txt", "--config", "policy-config.yaml"], 2, "no decision event"),
    (["--events", "page.jsonl", "--config", "policy-config.yaml"], 2, "page.jsonl:1: error: a whole answer of GET /v1/events"),
    (["--events", "page.json", "--config", "policy-config.yaml"], 2, "a whole answer of GET /v1/events: write one event a line"),
    (["--since", "7d", "--config", "policy-config.yaml"], 2, "KEEPTRUSTS_API_TOKEN"),
    (["--since", "soon", "--config", "policy-config.yaml"], 2, "--since must be an age such as 30m, 24h or 7d"),
    (["--events", "rows.jsonl", "--config", "broken.yaml"], 1, "broken.yaml:1:7: error"),
])
def test_replay_says_what_is_wrong(kt, folder, arguments, status, words):
    (folder / "policy-config.yaml.txt").write_text(CONFIG)
    (folder / "broken.yaml").write_text("pack: 1\n")
    for name in ("page.json", "page.jsonl"):
        (folder / name).write_text('{"events":[],"next_cursor":"a"}\n')

    result = kt("policy", "replay", *arguments)

    assert result[0] == status
    assert words in result[2]


def test_replay_of_what_gateways_recorded(stacks, simulator, tmp_path):
    """A trial that only observed is put in force: what it would have blocked is known, though no text is."""
    trial = {"id": "trial", "kind": "dlp-filter", "mode": "observe"}
    stack = stacks(configs.policy_config(
        configs.target(simulator.base_url()), chain=["pii-detector", trial, "audit-logger"],
        policy={"trial": {"action": "block", "blocked_terms": ["bluebird"]}},
    ))
    old = stack.gateway.config_path
    (tmp_path / "new.yaml").write_text(old.read_text().replace("observe", "enforce"))
    assert stack.chat("a bluebird").status == stack.chat("nothing").status == 200
    eventually(lambda: len(stack.events()) == 2)
    (tmp_path / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in stack.events()))

    def replay(*source, token=None):
        return run_kt(
            "policy", "replay", *source, "--config", "new.yaml", "--policy-config", old, folder=tmp_path,
            environment={"KEEPTRUSTS_API_TOKEN": token} if token else {},
        )

    from_file = replay("--events", "events.jsonl")
    elsewhere = run_kt(
        "policy", "replay", "--events", "events.jsonl", "--config", old, "--policy-config", "new.yaml", folder=tmp_path)
    _, integration = stack.api.make_token("replay", "integration", roles=["viewer"])
    from_api = replay("--since", "7d", "--api-url", stack.api.url, token=integration)
    refused = replay("--since", "7d", "--api-url", stack.api.url, token="kt_wrong")
    of_a_caller = replay("--since", "7d", "--api-url", stack.api.url, token=stack.key)
    nowhere = replay("--since", "7d", "--api-url", "http://127.0.0.1:9", token="kt_wrong")

    for status, output, errors in (from_file, from_api):
        assert status == 1, output + errors
        assert "allow -> block  by trial" in output
        assert output.endswith("2 judged: 1 would change, 1 would not\n")
    assert elsewhere[0] == 1 and elsewhere[1].startswith("0 judged") and "nothing could be judged" in elsewhere[2]
    assert refused[0] == of_a_caller[0] == 3
    assert "'events:read'" in refused[2] and "Integration" in refused[2]
    assert "is a key for callers of the gateway" in of_a_caller[2] and "'events:read'" in of_a_caller[2]
    assert nowhere[0] == 1 and "The control plane at http://127.0.0.1:9 cannot be reached." in nowhere[2]
