"""Logistic regression over windows of texts, where an attack needs to show in some windows of its text only."""
import numpy as np
import scipy.optimize
import scipy.sparse

from features import FEATURES, windows

# How much the data counts against small weights.
STRENGTH = 2.0
# Rounds in which an attack keeps only its strongest windows, and what share of them.
ROUNDS, KEPT = 2, 0.3
# What a strongest window loses for each time that the number of windows grows by the factor e.
LENGTH = 0.3

_rows = {}


def matrix(text):
    """One row for each window of the text."""
    if text not in _rows:
        found = windows(text) or [(np.zeros(0, int), np.zeros(0))]
        indices = np.concatenate([index for index, _ in found])
        values = np.concatenate([value for _, value in found]).astype(np.float32)
        starts = np.cumsum([0] + [len(index) for index, _ in found])
        _rows[text] = scipy.sparse.csr_matrix((values, indices, starts), shape=(len(found), FEATURES))
    return _rows[text]


def stack(texts, weights):
    """Windows, labels and how much each counts; of attacks, those that `weights` find strongest."""
    parts, labels, counts = [], [], []
    for text in texts:
        part = matrix(text.text)
        if text.attack and weights is not None and part.shape[0] > 1:
            order = np.argsort(-(part @ weights[:-1]), kind="stable")
            part = part[np.sort(order[:int(np.ceil(len(order) * KEPT))])]
        parts.append(part)
        labels += [text.attack] * part.shape[0]
        counts += [text.weight / np.sqrt(part.shape[0])] * part.shape[0]
    return scipy.sparse.vstack(parts).tocsr(), np.array(labels, float), np.array(counts)


def fit(texts, weights=None, most=150):
    """The weights of all features, and the bias behind them."""
    x, y, counts = stack(texts, weights)
    transposed = x.T.tocsr()

    def loss(w):
        z = x @ w[:-1] + w[-1]
        cost = counts @ np.where(y > 0, np.logaddexp(0, -z), np.logaddexp(0, z))
        slope = counts * (1 / (1 + np.exp(-z)) - y)
        gradient = np.append(STRENGTH * (transposed @ slope) + w[:-1], STRENGTH * slope.sum())
        return STRENGTH * cost + w[:-1] @ w[:-1] / 2, gradient

    start = np.zeros(FEATURES + 1) if weights is None else weights
    return scipy.optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": most}).x


def learn(texts):
    """Weights that find an attack by its strongest windows."""
    weights = None
    for turn in range(ROUNDS + 1):
        weights = fit(texts, weights, most=150 if turn == ROUNDS else 60)
    return weights


def score(text, weights):
    """What the strongest window of the text scores, as a logarithm of odds; less where it is the strongest of many."""
    found = matrix(text)
    return float((found @ weights[:-1]).max() + weights[-1] - LENGTH * np.log(found.shape[0]))
