"""Claim 7: factors of the fourth cumulant's decomposition localise as the gain grows, with a width about xi."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cumulode.theory import NLGP
from cumulode.validation.receptive_fields.localised import MEDIAN_LOCALISED
from cumulode.validation.receptive_fields.metrics import ipr, width
from cumulode.validation.reproduction.claim import Arrays, Claim, Data, Effort, Judgement, Part, Parts
from cumulode.validation.reproduction.drawing import CONTROL, HIGH, IPR, LOW, SINUSOID, legend
from cumulode.validation.reproduction.findings import Number, over_seeds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

XI, SIZE = 4.0, 40
#: Samples of a set, sets, random starts on each, iterations of a start.
MEASURED = {"samples": 20_000, "sets": 8, "starts": 3, "iterations": 60}
LENGTHS = (2.0, 3.0, 4.0, 6.0, 8.0)


def _gains(effort: Effort) -> list[float]:
    return [float(g) for g in np.geomspace(0.1, 10.0, effort.gains)]


def parts(effort: Effort) -> Parts:
    """Factors of the cumulant measured from samples and of the exact one, at every gain; the latter at every xi."""
    gains = _gains(effort)
    return {
        "measured": tuple(
            Part(f"tensor-measured-{i}", _measured, {**MEASURED, "gain": g, "xi": XI, "size": SIZE})
            for i, g in enumerate(gains)
        ),
        "exact": (Part("tensor-exact", _exact, {"laws": [[g, XI] for g in gains]}),),
        "lengths": (Part("tensor-lengths", _exact, {"laws": [[3.0, xi] for xi in LENGTHS]}),),
    }


def _measured(settings: dict[str, Any], progress: bool) -> Arrays:
    """Leading symmetric factors of the measured cumulant, (1, sets, starts, D), from random starts."""
    starts, iterations = settings["starts"], settings["iterations"]
    sets = [leading_factors(_draw(settings, seed), starts, seed, iterations) for seed in range(settings["sets"])]
    return {"gain": np.array([settings["gain"]]), "factors": np.array([sets])}


def _draw(settings: dict[str, Any], seed: int) -> np.ndarray:
    """Samples (n, D)."""
    from cumulode.validation.sampling.sampler import sampler
    from cumulode.validation.sgd.network.held_out import draw_held_out

    size = settings["size"]
    draws = sampler(NLGP(settings["gain"], settings["xi"]), (size,))
    return draw_held_out(draws, draws, 0.5, size, settings["samples"], np.random.SeedSequence(seed)).inputs


def leading_factors(x: np.ndarray, starts: int, seed: int, iterations: int) -> np.ndarray:
    """Unit vectors (starts, D) at which -K(u,u,u,u) of the samples (n, D) has a maximum: the best rank-one terms.

    Shifted symmetric power iteration (Kolda and Mayo 2011) from random starts; K is negative for an NLGP.
    """
    covariance = x.T @ x / len(x)
    u = np.random.default_rng(seed).standard_normal((starts, x.shape[1]))
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    for _ in range(iterations):
        cu = u @ covariance
        cubic = ((u @ x.T) ** 3) @ x / len(x) - 3 * np.sum(u * cu, axis=1, keepdims=True) * cu
        u = np.abs(np.sum(u * cubic, axis=1, keepdims=True)) * u - cubic
        u /= np.linalg.norm(u, axis=1, keepdims=True)
    return np.asarray(u)


def _exact(settings: dict[str, Any], progress: bool) -> Arrays:
    """Rank-one convolutional factor of each law: its width, IPR x SIZE, and the norm of K."""
    from cumulode.numerics import convolutional_cp

    fits = [(law, convolutional_cp(NLGP(*law), 1)) for law in settings["laws"]]
    rows = [(*law, cp.widths[0], ipr(cp.factors[0]) * SIZE, cp.norm, cp.error) for law, cp in fits]
    return dict(zip(("gain", "xi", "width", "ipr", "norm", "error"), np.array(rows).T, strict=True))


def judge(data: Data, effort: Effort) -> Judgement:
    """IPR x D at the ends of the gains, and the width in units of xi."""
    factors = data["measured"]["factors"]
    participation = np.median(ipr(factors) * SIZE, axis=-1)
    lengths = data["lengths"]["width"] / data["lengths"]["xi"]
    widths = np.median(width(factors[-1]), axis=-1)
    exact = data["exact"]
    numbers = [
        over_seeds("IPR x D of measured factors, gain 0.1", participation[0], below=MEDIAN_LOCALISED),
        over_seeds("IPR x D of measured factors, gain 10", participation[-1], above=MEDIAN_LOCALISED),
        over_seeds("width of measured factors over xi, gain 10: more than", widths / XI, above=0.25),
        over_seeds("the same: less than", widths / XI, below=1.0),
        Number("width over xi of the exact rank-one factor, gain 3, smallest", float(lengths.min()), above=0.25),
        Number("the same, largest", float(lengths.max()), below=1.0),
        Number("largest over smallest: in proportion to xi", float(lengths.max() / lengths.min()), below=1.05),
        Number("its relative error, largest", float(data["lengths"]["error"].max())),
        Number("IPR x D of the exact factor, gain 0.1", float(exact["ipr"][0])),
        Number("|K| at gain 10 over |K| at gain 0.1", float(exact["norm"][-1] / exact["norm"][0])),
    ]
    return numbers, (
        f"Cumulant measured from {MEASURED['samples']} samples, {MEASURED['sets']} sets, {MEASURED['starts']} random "
        f"starts each, xi = {XI:g}, D = {SIZE}. "
        "At small gain it is mostly the noise of the samples: the exact cumulant's factor is localised at every gain, "
        "but its norm is small there. "
        "exp(-d^2/xi^2) has width xi/2."
    )


def draw(figure: Figure, data: Data, effort: Effort) -> None:
    """Measured factors at three gains; IPR against the gain; width against xi."""
    factors, over, lengths = figure.subplots(1, 3)
    measured, exact = data["measured"], data["exact"]
    picked = (0, len(measured["gain"]) // 2, len(measured["gain"]) - 1)
    for i, colour in zip(picked, (CONTROL, HIGH, LOW), strict=True):
        row = measured["factors"][i, 0, 0]
        factors.plot(row * np.sign(row.sum()), color=colour, label=f"gain {measured['gain'][i]:.2g}")
    factors.set(xlabel="site", ylabel="factor of the measured cumulant (norm 1)")
    values = np.median(ipr(measured["factors"]) * SIZE, axis=-1)
    error = values.std(axis=-1, ddof=1) / np.sqrt(values.shape[-1])
    over.errorbar(
        measured["gain"],
        values.mean(axis=-1),
        error,
        fmt="o-",
        color=LOW,
        label=f"measured, {MEASURED['samples']} samples",
    )
    over.plot(exact["gain"], exact["ipr"], "s--", color=HIGH, label="exact, convolutional, rank one")
    over.axhline(SINUSOID, color="0.3", linestyle=":", linewidth=1)
    over.set(xlabel="gain", ylabel=f"{IPR} of the factor", xscale="log")
    over.set_ylim(bottom=0)
    lengths.plot(
        data["lengths"]["xi"], data["lengths"]["width"], "s", color=HIGH, label="exact, convolutional, rank one, gain 3"
    )
    line = np.array([0.0, max(LENGTHS)])
    lengths.plot(line, line / 2, color="0.5", linewidth=1, label=r"$\xi/2$: the width of $e^{-d^2/\xi^2}$")
    lengths.set(xlabel=r"correlation length $\xi$ (sites)", ylabel="width of the factor (sites)")
    for ax in (factors, over, lengths):
        legend(ax)


CLAIM = Claim(
    7,
    "tensor",
    "Factors of the measured fourth cumulant localise as the gain grows, with a width of the order of xi",
    parts,
    judge,
    draw,
    (12.0, 3.9),
)
