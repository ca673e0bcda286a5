"""Claim 8: on Ising inputs fields localise, too, and not on their Gaussian control."""

from __future__ import annotations

from functools import partial

from cumulode.theory import Ising, Problem
from cumulode.validation.receptive_fields.localised import MEDIAN_LOCALISED
from cumulode.validation.reproduction.claim import Claim, Data, Effort, Judgement, Parts
from cumulode.validation.reproduction.networks import networks
from cumulode.validation.reproduction.units import against_control, draw_against_control, final_median

T_PLUS, T_MINUS = 0.7, 0.3


def parts(effort: Effort) -> Parts:
    """Networks on Ising inputs and on their Gaussian control."""
    problem = Problem(plus=Ising(t=T_PLUS), minus=Ising(t=T_MINUS), size=effort.size, bias=-1.0)
    return {
        "ising": networks("network-ising", problem, effort.seeds),
        "control": networks("network-ising-control", problem.gaussian_control(), effort.seeds),
    }


def judge(data: Data, effort: Effort) -> Judgement:
    """IPR x D of both halves on both kinds of inputs."""
    here = [final_median(data["ising"], -1, above=MEDIAN_LOCALISED), final_median(data["ising"], +1)]
    return [*here, *against_control(data, "ising", "Ising")], (
        f"{effort.seeds} networks of 8 units, Ising rings of t = {T_PLUS} and {T_MINUS}, D = {effort.size}, t = 300. "
        "Without a criterion: what the units of b > 0 do, which on NLGP inputs oscillate."
    )


CLAIM = Claim(
    8,
    "ising",
    "On Ising inputs, too, units of b < 0 localise, and neither half does on their Gaussian control",
    parts,
    judge,
    partial(draw_against_control, name="ising", words="Ising"),
)
