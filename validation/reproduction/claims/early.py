"""Claim 5: the early phase knows second cumulants only; then Gaussian equivalence breaks, in the preactivation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cumulode.validation.reproduction import criteria
from cumulode.validation.reproduction.claim import Arrays, Claim, Data, Effort, Judgement, Parts, over_seeds
from cumulode.validation.reproduction.drawing import CONTROL, LOW, band, legend
from cumulode.validation.reproduction.networks import TESTS, nlgp
from cumulode.validation.reproduction.units import chosen, last

from . import control

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: "Early" is this time, "late" the end.
EARLY = 5.0


def parts(effort: Effort) -> Parts:
    """Networks on both kinds of inputs from the same starts."""
    return control.parts(effort)


def _overlap(data: Data) -> np.ndarray:
    """Cosine between a unit's weights on the two kinds of inputs, b < 0, mean over units, (n, T)."""
    pair = [data[name]["w"][:, :, chosen(data[name], -1)] for name in ("nlgp", "control")]
    a, b = (w / np.linalg.norm(w, axis=-1, keepdims=True) for w in pair)
    return np.asarray(np.sum(a * b, axis=-1).mean(axis=-1))


def _as_if(run: Arrays) -> np.ndarray:
    """Final excess kurtosis of the preactivation on NLGP inputs, whatever a run was trained on, (n,)."""
    from cumulode.numerics import preactivation_cumulants

    w = last(run, -1)
    k2, k4 = preactivation_cumulants(nlgp(w.shape[-1]), w)
    return np.asarray(np.median((k4 / k2**2)[..., 0], axis=-1))


def _kurtosis(run: Arrays) -> np.ndarray:
    """Excess kurtosis of the preactivation in the class plus, b < 0, median over units, (n, T)."""
    return np.asarray(np.median((run["k4"] / run["k2"] ** 2)[:, :, chosen(run, -1), 0], axis=-1))


def judge(data: Data, effort: Effort) -> Judgement:
    """Early agreement, late disagreement, and the kurtosis that moves."""
    run = data["nlgp"]
    gap = run["gaussian"] / run["own"] - 1
    first = int(np.argmax(run["t"] >= EARLY))
    cosine, moved, others = _overlap(data), _kurtosis(run), _as_if(data["control"])
    numbers = [
        over_seeds(f"cosine of weights, NLGP and control, t = {EARLY:g}", cosine[:, first], **criteria.ALIKE),
        over_seeds("cosine of weights, NLGP and control, t = 300", cosine[:, -1], **criteria.APART),
        over_seeds(f"loss on Gaussian over own inputs - 1, t = {EARLY:g}", gap[:, first]),
        over_seeds("loss on Gaussian over own inputs - 1, t = 300", gap[:, -1], **criteria.POSITIVE),
        over_seeds("the former over the latter", gap[:, first] / gap[:, -1], **criteria.GROWS),
        over_seeds("change of the preactivation's excess kurtosis, class plus", moved[:, -1] - moved[:, 0]),
        over_seeds(
            "its end less that of the control's weights on the same inputs", _as_if(run) - others, **criteria.NEGATIVE
        ),
    ]
    return numbers, (
        f"{effort.seeds} networks of 8 units, D = {effort.size}, on NLGP inputs and on the control from the same "
        f"starts; units of b < 0; losses on {TESTS} fresh inputs of each kind."
    )


def draw(figure: Figure, data: Data, effort: Effort) -> None:
    """Cosine of the weights, losses on both kinds of inputs, kurtosis of the preactivation."""
    cosine, loss, kurtosis = figure.subplots(1, 3)
    t = data["nlgp"]["t"]
    band(cosine, t, _overlap(data), LOW, "$b<0$, mean and sd over networks")
    cosine.set(ylabel="cosine of weights, NLGP and control")
    band(loss, t, data["nlgp"]["own"], LOW, "trained on NLGP, loss on NLGP")
    band(loss, t, data["nlgp"]["gaussian"], CONTROL, "the same network, loss on Gaussian inputs", "--")
    loss.set(ylabel="loss on fresh inputs")
    band(kurtosis, t, _kurtosis(data["nlgp"]), LOW, "NLGP, $b<0$")
    band(kurtosis, t, _kurtosis(data["control"]), CONTROL, "control, $b<0$")
    kurtosis.set(ylabel="excess kurtosis of $w \\cdot x$, class plus")
    for ax in (cosine, loss, kurtosis):
        ax.set(xlabel="time (learning rate x steps)", xscale="symlog")
        legend(ax)


CLAIM = Claim(
    5,
    "early",
    "The early phase knows second cumulants only; then Gaussian equivalence breaks, in the preactivation",
    parts,
    judge,
    draw,
    (12.0, 3.9),
)
