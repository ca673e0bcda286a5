"""Claim 2: on Gaussian inputs of the same covariance neither half of the units localises."""

from __future__ import annotations

from functools import partial

from cumulode.validation.reproduction.claim import Claim, Data, Effort, Judgement, Parts
from cumulode.validation.reproduction.networks import networks, nlgp
from cumulode.validation.reproduction.units import against_control, draw_against_control, localised_share

from . import tiling


def parts(effort: Effort) -> Parts:
    """The same networks, from the same starts, on the two kinds of inputs."""
    control = networks("network-control", nlgp(effort.size).gaussian_control(), effort.seeds)
    return {**tiling.plain_parts(effort), "control": control}


def judge(data: Data, effort: Effort) -> Judgement:
    """IPR x D of both halves on Gaussian inputs, and how much larger NLGP inputs make it."""
    shares = [localised_share(data["control"], sign, "control, ") for sign in (-1, +1)]
    return [*against_control(data, "nlgp", "NLGP"), *shares], (
        f"{effort.seeds} networks of 8 units, D = {effort.size}, t = 300; the control has the second cumulants of the "
        "NLGP inputs. Both from the same starts."
    )


CLAIM = Claim(
    2,
    "control",
    "Trained on Gaussian inputs of the same covariance, neither half of the units localises",
    parts,
    judge,
    partial(draw_against_control, name="nlgp", words="NLGP"),
)
