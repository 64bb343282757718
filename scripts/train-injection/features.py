"""What the classifier of prompt-injection sees of a text. The same, byte for byte, as the Swift scorer.

A text is its UTF-8 bytes. Letters, digits and bytes from 0x80 on make words; two or more of `<>[]{}|#*=` in a row make one,
too; everything else parts them, as do the signs of Latin-1 (C2 xx) and general and CJK punctuation (E2 80 xx, E3 80 xx).
Bit 0x20 is set in every byte of a word, which makes ASCII, Latin-1, and half of Greek and Cyrillic lower case. A word ends
after 24 bytes; what follows begins another.

A block is 24 words that are all different: a word that its block has already is passed over. A window is two blocks in a
row, or the only one. A window's features are its words, its pairs of neighbours, and every five bytes of its words with one
blank around each; the sum of the weights of each sort is divided by the square root of how many there are.
"""
import numpy as np

WORD_BITS = 15
GRAM_BITS = 15
FEATURES = (1 << WORD_BITS) + (1 << GRAM_BITS)
BLOCK = 24
LONGEST_WORD = 24
MASK = (1 << 64) - 1
K1 = 0x9E3779B97F4A7C15
K2 = 0xC2B2AE3D27D4EB4F

LETTER, MARK = 1, 2
CLASS = bytearray(256)
for _byte in range(256):
    if _byte >= 0x80 or chr(_byte).isalnum():
        CLASS[_byte] = LETTER
for _byte in b"<>[]{}|#*=":
    CLASS[_byte] = MARK

_hashes = {}


def word_hash(word):
    """The hash of a word whose bytes are folded already: eight bytes a step, the first in the lowest place."""
    known = _hashes.get(word)
    if known is None:
        known = K2
        for start in range(0, len(word), 8):
            known = ((known ^ int.from_bytes(word[start:start + 8], "little")) * K1) & MASK
            known ^= known >> 32
        _hashes[word] = known
    return known


def words(data):
    """The words of the bytes `data`, in their order."""
    found = []
    at, end = 0, len(data)
    while at < end:
        byte = data[at]
        kind = CLASS[byte]
        step = gap(data, at)
        if step or not kind:
            at += step or 1
            continue
        start = at
        while at < end and CLASS[data[at]] == kind and at - start < LONGEST_WORD and not gap(data, at):
            at += 1
        if kind == LETTER or at - start >= 2:
            found.append(bytes(byte | 0x20 for byte in data[start:at]))
    return found


def gap(data, at):
    """How many bytes of a sign beyond ASCII that parts words stand at `at`; 0 for none."""
    byte = data[at]
    if byte == 0xC2:
        return min(2, len(data) - at)
    if byte in (0xE2, 0xE3) and at + 1 < len(data) and data[at + 1] == 0x80:
        return min(3, len(data) - at)
    return 0


def blocks(text):
    """Of each block of the text: the indices of its word features, and those of its grams."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    result = []
    seen = set()
    last = 0
    before = 0x20
    for word in words(data):
        hashed = word_hash(word)
        pair = (((last << 17) | (last >> 47)) & MASK) ^ hashed
        last = hashed
        after = int.from_bytes((before.to_bytes(5, "big") + word + b" ")[-5:], "big")
        if not result or (hashed not in seen and len(seen) == BLOCK):
            seen = set()
            result.append(([], []))
        if hashed not in seen:
            seen.add(hashed)
            result[-1][0].append(((hashed * K2) & MASK) >> (64 - WORD_BITS))
            result[-1][0].append(((pair * K1) & MASK) >> (64 - WORD_BITS))
            run = before.to_bytes(5, "big") + word + b" "
            for end in range(6, len(run) + 1):
                gram = int.from_bytes(run[end - 5:end], "big")
                result[-1][1].append((((gram << 24) * K1) & MASK) >> (64 - GRAM_BITS))
        before = after
    return result


def windows(text):
    """Of each window of the text: indices and values of its features. None for a text without words."""
    parts = blocks(text)
    joined = [(a[0] + b[0], a[1] + b[1]) for a, b in zip(parts, parts[1:])] or parts
    rows = []
    for words_, grams in joined:
        index = np.array(words_ + [g + (1 << WORD_BITS) for g in grams])
        value = np.concatenate([np.full(len(words_), len(words_) ** -0.5), np.full(len(grams), len(grams) ** -0.5)])
        rows.append((index, value))
    return rows
