"""Runs made up for tests of figures: a bump that grows, on a ring and on a torus."""

from __future__ import annotations

import numpy as np

from cumulode.numerics.networks.result import NetworkResult
from cumulode.numerics.result import Result
from cumulode.validation.receptive_fields import metrics, symmetry

TIMES = np.array([0.0, 0.5, 1.0, 3.0, 10.0, 40.0])
D = 12
TORUS_TIMES = np.array([0.0, 1.0, 2.0, 5.0, 10.0])
L = 8


def trajectory(centre: float, seed: int | None = None, n: int = 0, gaussian: bool = False) -> Result:
    """A bump that grows at ``centre``: one run, or n noisy ones, each translated, reflected and reversed at random."""
    d = np.mod(np.arange(D) - centre + D / 2, D) - D / 2
    shape = np.exp(-(d**2) / 4) * (1 + 0.2 * d)  # not symmetric
    w = np.tanh(TIMES / 5 + 0.1)[:, None] * shape
    if n:
        rng = np.random.default_rng(seed)
        noisy = w + 0.02 * rng.standard_normal((n, *w.shape))
        w = np.stack([rng.choice([-1, 1]) * np.roll(x[:, :: rng.choice([-1, 1])], rng.integers(D), -1) for x in noisy])
    k2 = np.stack([np.sum(w**2, -1), 0.5 * np.sum(w**2, -1)], -1)
    kurtosis = 0.0 if gaussian else np.array([-1.0, -0.3]) * metrics.ipr(w)[..., None]
    end = "reached the end"
    bias = np.zeros(w.shape[:-1])
    return Result(TIMES, w, bias, k2, kurtosis * k2**2, np.zeros(max(n, 1), int), (end,) * max(n, 1), end, {})


def comparison() -> dict[str, Result]:
    """Theory, control and seeds of both."""
    return {
        "theory": trajectory(3.2),
        "control": trajectory(8.0, gaussian=True),
        "sgd": trajectory(3.2, seed=1, n=5),
        "control_sgd": trajectory(8.0, seed=2, n=3, gaussian=True),
    }


def network(n: int | None = None) -> Result:
    """Four units, two of them with a bias below 0, in one run or in n."""
    w = np.random.default_rng(0).standard_normal((*(() if n is None else (n,)), len(TIMES), 4, D))
    bias = np.broadcast_to([-1.0, 1.0, -0.5, 0.0], w.shape[:-1])
    k = np.ones((*w.shape[:-1], 2))
    return NetworkResult(TIMES, w, bias, k, k, np.zeros(n or 1, int), ("",) * (n or 1), "", {})


def on_torus(n=0, gaussian=False, known=True):
    """A lopsided bump that grows at (2, 6): one run, or n of them moved by random symmetries of the torus."""
    rng = np.random.default_rng(n)
    d = [np.mod(np.arange(L) - a + L / 2, L) - L / 2 for a in (2, 6)]
    bump = np.exp(-(d[0][:, None] ** 2 + d[1] ** 2) / 3) * (1 + 0.2 * d[0][:, None] + 0.05 * d[1])
    w = np.tanh(TORUS_TIMES / 3 + 0.1)[:, None] * bump.ravel()
    if n:
        moves = zip(rng.integers(0, L, (n, 2)), rng.integers(0, 8, n), rng.choice([-1.0, 1.0], n), strict=True)
        w = np.stack([symmetry.transform(w, symmetry.TorusSymmetry(*map(np.asarray, move))) for move in moves])
    k2 = np.stack([np.sum(w**2, -1), 0.5 * np.sum(w**2, -1)], -1)
    kurtosis = 0.0 if gaussian else np.array([-1.0, -0.3]) * metrics.ipr(w)[..., None]
    provenance = {"problem": {"size": [L, L]}} if known else {}
    end, bias, statuses = "reached the end", np.zeros(w.shape[:-1]), np.zeros(max(n, 1), int)
    return Result(TORUS_TIMES, w, bias, k2, kurtosis * k2**2, statuses, (end,) * max(n, 1), end, provenance)
