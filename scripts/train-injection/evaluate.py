"""Says how well the classifier does on texts whose like it has not seen: grouped cross-validation. See README.md.

Each source of the labelled sets, and each family of this folder's own attacks, is left out once; a model of all the rest
scores it. Views of an evaded text are not made here, so evasions are left out. With `--fast`, sources only.
"""
import sys

import numpy as np

import corpus
import learning

# Sources that are left out together: attacks of a source are scored beside innocent texts of the same fold.
FOLDS = [
    {"own-A", "microsoft/BIPIA train context", "microsoft/BIPIA train"},
    {"wild", "teknium1/GPTeacher roleplay", "teknium1/GPTeacher"},
    {"teknium1/GPTeacher codegen", "Portkey-AI/gateway", "lm-sys/FastChat MT-bench", "Helicone/ai-gateway"},
    {"teknium1/GPTeacher seedprompts", "f/awesome-chatgpt-prompts", "envoyproxy/ai-gateway",
     "envoyproxy/ai-gateway and microsoft/presidio docs"},
]
APART = ("near_miss_quoted", "indirect_bipia", "evasion")


def auc(innocent, attacks):
    """The chance that an attack scores higher than an innocent text."""
    both = np.sort(innocent)
    below = np.searchsorted(both, attacks, "left") + np.searchsorted(both, attacks, "right")
    return below.sum() / 2 / len(attacks) / len(innocent)


def recall(innocent, attacks, share):
    """The share of attacks found where so large a share of innocent texts is found, too."""
    threshold = np.sort(innocent)[::-1][int(share * len(innocent))]
    return float((attacks > threshold).mean()), float(threshold)


def report(name, innocent, attacks):
    found = [recall(innocent, attacks, share) for share in (0.01, 0.02)]
    print("%-34s %5d attacks: AUC %.3f, recall %.3f at 1 %%, %.3f at 2 %% (odds %.1f)" % (
        name, len(attacks), auc(innocent, attacks), found[0][0], found[1][0], found[1][1]), flush=True)


def leave_out_sources(labelled, own):
    """The score of each labelled row by a model that saw nothing of its source."""
    scores = {}
    everything = [row for row in corpus.rows("injection.dev.jsonl") if row["slice"] not in APART]
    for fold in FOLDS:
        weights = learning.learn([text for text in labelled if text.group not in fold] + own)
        for row in everything:
            if corpus.source(row) in fold:
                scores[row["id"]] = learning.score(row["text"], weights)
    return everything, scores


def main():
    labelled, own = corpus.labelled(), corpus.own()
    rows, scores = leave_out_sources(labelled, own)
    innocent = np.array([scores[row["id"]] for row in rows if row["label"] == "benign"])
    attacks = [row for row in rows if row["label"] != "benign"]
    report("sources left out, all", innocent, np.array([scores[row["id"]] for row in attacks]))
    for name in sorted({row["slice"] for row in attacks}):
        report("  " + name, innocent, np.array([scores[row["id"]] for row in attacks if row["slice"] == name]))
    threshold = 1.0
    for name in sorted({row["slice"] for row in rows if row["label"] == "benign"}):
        part = [scores[row["id"]] for row in rows if row["slice"] == name]
        print("  %-32s %5d innocent: %.3f at odds of %.1f" % (name, len(part), np.mean(np.array(part) >= threshold), threshold))
    if "--fast" in sys.argv:
        return
    for family in sorted({text.group for text in own if text.attack and not text.group.startswith("grammar")}):
        weights = learning.learn([text for text in labelled + own if text.group != family])
        part = [learning.score(text.text, weights) for text in own if text.group == family]
        report("left out: " + family, innocent, np.array(part))


if __name__ == "__main__":
    main()
