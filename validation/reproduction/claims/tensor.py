"""Claim 7: the fourth cumulant's factor is localised, with a width of the order of xi; learned fields come to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cumulode.theory import NLGP
from cumulode.validation.plots.roles import TIME
from cumulode.validation.receptive_fields.metrics import ipr
from cumulode.validation.reproduction import criteria
from cumulode.validation.reproduction.claim import Arrays, Claim, Data, Effort, Judgement, Part, Parts
from cumulode.validation.reproduction.drawing import CONTROL, HIGH, IPR, LOW, SINUSOID, band, legend
from cumulode.validation.reproduction.findings import Number, over_seeds
from cumulode.validation.reproduction.units import chosen

from . import control

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

XI, SIZE = 4.0, 40
#: Samples of a set, sets, random starts on each, iterations of a start.
MEASURED = {"samples": 20_000, "sets": 8, "starts": 3, "iterations": 60}
LENGTHS = (2.0, 3.0, 4.0, 6.0, 8.0)


def _gains(effort: Effort) -> list[float]:
    return [float(g) for g in np.geomspace(0.1, 10.0, effort.gains)]


def parts(effort: Effort) -> Parts:
    """Factors from samples and of the exact cumulant at every gain, the latter at every xi; networks."""
    gains = _gains(effort)
    return {
        "measured": tuple(
            Part(f"tensor-measured-{i}", _measured, {**MEASURED, "gain": g, "xi": XI, "size": SIZE})
            for i, g in enumerate(gains)
        ),
        "exact": (Part("tensor-exact", _exact, {"laws": [[g, XI] for g in gains]}),),
        "lengths": (Part("tensor-lengths", _exact, {"laws": [[3.0, xi] for xi in LENGTHS]}),),
        "factor": (Part("tensor-factor", _factor, {"law": [3.0, XI]}),),
        **control.parts(effort),
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


def _factor(settings: dict[str, Any], progress: bool) -> Arrays:
    """Rank-one convolutional factor of a law, (1, sites about 0)."""
    from cumulode.numerics import convolutional_cp

    return {"factor": np.array(convolutional_cp(NLGP(*settings["law"]), 1).factors[:1])}


def overlap(w: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Largest |cosine| of fields (..., D) with the translations of a factor on sites about 0 (odd length), (...)."""
    size, reach = w.shape[-1], factor.size // 2
    ring = np.zeros(size)
    np.add.at(ring, np.arange(-reach, reach + 1) % size, factor)
    cosines = np.fft.irfft(np.fft.rfft(w) * np.conj(np.fft.rfft(ring)), size)
    return np.asarray(np.abs(cosines).max(axis=-1) / (np.linalg.norm(w, axis=-1) * np.linalg.norm(ring)))


def _learned(data: Data, name: str) -> np.ndarray:
    """Overlap of the fields, b < 0, with the exact factor of the class plus, median of a network, (n, T)."""
    run = data[name]
    return np.asarray(np.median(overlap(run["w"][:, :, chosen(run, -1)], data["factor"]["factor"][0]), axis=-1))


def judge(data: Data, effort: Effort) -> Judgement:
    """The exact factor, what of it samples show, its width, and how the fields of networks come to it."""
    exact, lengths, factor = data["exact"], data["lengths"], data["factor"]["factor"][0]
    ratios = lengths["width"] / lengths["xi"]
    seen = np.median(overlap(data["measured"]["factors"], factor), axis=-1)
    participation = np.median(ipr(data["measured"]["factors"]) * SIZE, axis=-1)
    learned, control = _learned(data, "nlgp"), _learned(data, "control")
    numbers = [
        Number("IPR x D of the exact factor, smallest over the gains", float(exact["ipr"].min()), **criteria.LOCALISES),
        Number("width over xi of the exact factor, gain 3, smallest", float(ratios.min()), **criteria.WIDE_AS),
        Number("the same, largest", float(ratios.max()), **criteria.NARROW_AS),
        Number("largest over smallest", float(ratios.max() / ratios.min()), **criteria.IN_PROPORTION),
        Number("its relative error, largest", float(lengths["error"].max())),
        Number("|K| at gain 10 over |K| at gain 0.1", float(exact["norm"][-1] / exact["norm"][0])),
        over_seeds("overlap of factors from samples with the exact one, gain 0.1", seen[0]),
        over_seeds("the same, gain 10", seen[-1], **criteria.OVERLAPS),
        over_seeds("the latter less the former", seen[-1] - seen[0], **criteria.POSITIVE),
        over_seeds("IPR x D of factors from samples, gain 0.1", participation[0]),
        over_seeds("IPR x D of factors from samples, gain 10", participation[-1]),
        over_seeds("overlap of learned fields with the exact factor, b < 0, t = 0", learned[:, 0]),
        over_seeds("the same, t = 300", learned[:, -1], **criteria.OVERLAPS),
        over_seeds("the latter less the former", learned[:, -1] - learned[:, 0], **criteria.POSITIVE),
        over_seeds("the same at t = 300, less the control's", learned[:, -1] - control[:, -1], **criteria.POSITIVE),
    ]
    return numbers, (
        f"Exact: the rank-one convolutional factor of the cumulant of a line. From samples: {MEASURED['samples']} of a "
        f"ring of {SIZE}, {MEASURED['sets']} sets, {MEASURED['starts']} random starts each, xi = {XI:g}; at small gain "
        "the cumulant is small, and what they show is the samples' noise. Learned: the fields of "
        f"{effort.seeds} networks, D = {effort.size}, with the factor of the class plus (gain 3), after the best "
        "translation and sign. exp(-d^2/xi^2) has width xi/2."
    )


def draw(figure: Figure, data: Data, effort: Effort) -> None:
    """Factors from samples; IPR against the gain; width against xi; overlap of the fields over time."""
    factors, over, lengths, learned = figure.subplots(1, 4)
    _draw_factors(factors, data["measured"])
    _draw_gains(over, data)
    lengths.plot(data["lengths"]["xi"], data["lengths"]["width"], "s", color=HIGH, label="exact factor, gain 3")
    line = np.array([0.0, max(LENGTHS)])
    lengths.plot(line, line / 2, color="0.5", linewidth=1, label=r"$\xi/2$: the width of $e^{-d^2/\xi^2}$")
    lengths.set(xlabel=r"correlation length $\xi$ (sites)", ylabel="width of the factor (sites)")
    for name, colour, words in (("nlgp", LOW, "NLGP, $b<0$"), ("control", CONTROL, "control, $b<0$")):
        band(learned, data[name]["t"], _learned(data, name), colour, words)
    learned.set(xlabel=TIME, ylabel="overlap of fields with the exact factor", xscale="symlog", ylim=(0, 1))
    for ax in (factors, over, lengths, learned):
        legend(ax)


def _draw_factors(ax: Axes, measured: Arrays) -> None:
    picked = (0, len(measured["gain"]) // 2, len(measured["gain"]) - 1)
    for i, colour in zip(picked, (CONTROL, HIGH, LOW), strict=True):
        row = measured["factors"][i, 0, 0]
        ax.plot(row * np.sign(row.sum()), color=colour, label=f"from samples, gain {measured['gain'][i]:.2g}")
    ax.set(xlabel="site", ylabel="factor (norm 1)")


def _draw_gains(ax: Axes, data: Data) -> None:
    measured, exact = data["measured"], data["exact"]
    values = np.median(ipr(measured["factors"]) * SIZE, axis=-1)
    error = values.std(axis=-1, ddof=1) / np.sqrt(values.shape[-1])
    words = f"from {MEASURED['samples']} samples"
    ax.errorbar(measured["gain"], values.mean(axis=-1), error, fmt="o-", color=LOW, label=words)
    ax.plot(exact["gain"], exact["ipr"], "s--", color=HIGH, label="exact")
    ax.axhline(SINUSOID, color="0.3", linestyle=":", linewidth=1, label="a sinusoid")
    ax.set(xlabel="gain", ylabel=f"{IPR} of the factor", xscale="log")
    ax.set_ylim(bottom=0)


CLAIM = Claim(
    7,
    "tensor",
    "The fourth cumulant's factor is localised, samples show it as the gain grows, and learned fields come to it",
    parts,
    judge,
    draw,
    (15.0, 3.9),
)
