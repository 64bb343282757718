"""Trains the classifier of prompt-injection and writes it to packs/models/prompt-injection.model. See README.md."""
import base64
import os

import numpy as np

import corpus
import learning
from features import GRAM_BITS, WORD_BITS

ROOT = os.path.join(corpus.HERE, "..", "..")
MODEL = os.path.join(ROOT, "packs", "models", "prompt-injection.model")
SCORES = os.path.join(ROOT, "Tests", "Fixtures", "injection", "scores.txt")
VERSION = 2


def quantised(weights):
    """The weights as signed bytes, and the scale that they are multiplied with. The few largest are cut."""
    scale = float(np.quantile(np.abs(weights), 0.9995)) / 127
    return np.clip(np.rint(weights / scale), -127, 127).astype(np.int8), scale


def write(weights, path):
    """Writes a model file, in the form that LinearModel.swift reads."""
    words, word_scale = quantised(weights[:1 << WORD_BITS])
    grams, gram_scale = quantised(weights[1 << WORD_BITS:-1])
    encoded = base64.b64encode(words.tobytes() + grams.tobytes()).decode()
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="ascii") as out:
        out.write("# Written by scripts/train-injection; docs/reference/models/prompt-injection.md is its card.\n")
        out.write("version: %d\nsource: trained by scripts/train-injection\n" % VERSION)
        out.write("word-scale: %.9g\ngram-scale: %.9g\nbias: %.9g\nweights:\n" % (word_scale, gram_scale, weights[-1]))
        for start in range(0, len(encoded), 120):
            out.write(encoded[start:start + 120] + "\n")


def read(path):
    """The weights of a model file, as the gateway uses them."""
    with open(path, encoding="ascii") as lines:
        head, _, data = lines.read().partition("\nweights:\n")
    values = dict(line.split(": ", 1) for line in head.splitlines() if not line.startswith("#"))
    stored = np.frombuffer(base64.b64decode(data), np.int8).astype(float)
    stored[:1 << WORD_BITS] *= float(values["word-scale"])
    stored[1 << WORD_BITS:] *= float(values["gram-scale"])
    assert len(stored) == (1 << WORD_BITS) + (1 << GRAM_BITS)
    return np.append(stored, float(values["bias"]))


def write_scores(weights, path):
    """Writes what the model says of some texts, for the test that the gateway says the same."""
    texts = [text.text for text in corpus.own()[::60]]
    texts += ["a" * 3000, "a " * 3000, "-" * 2000 + "x", "<" * 200 + " <| |> >", "one", "\u00e9\u00df" * 400, "\u00ab\u00a0\u2014\u3001x\u3002",
              "\u5ffd\u7565" * 300, "no_break\u00a0space\u2009thin \u00bfqu\u00e9?", " ".join("w%d" % number for number in range(500)),
              "x" * 24 + " " + "y" * 25 + " " + "z" * 48 + "!", "\U0001f600 \U0001f600\u200d\U0001f4bb end", "{{a}} [[b]] ##c == d| |e"]
    with open(path, "w", encoding="utf-8") as out:
        out.write("# Written by scripts/train-injection: what the model says of a text, and the text.\n")
        for text in texts:
            escaped = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\u{D}")
            out.write("%.4f %s\n" % (learning.score(text, weights), escaped))


def main():
    texts = corpus.labelled() + corpus.own()
    attacks = sum(text.attack for text in texts)
    print("learning from %d attacks and %d innocent texts" % (attacks, len(texts) - attacks))
    write(learning.learn(texts), MODEL)
    write_scores(read(MODEL), SCORES)
    print("wrote %s (%d bytes)" % (os.path.normpath(MODEL), os.path.getsize(MODEL)))


if __name__ == "__main__":
    main()
