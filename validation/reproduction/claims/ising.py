"""Claim 8: on Ising inputs both halves of the units localise, and not on their Gaussian control."""

from __future__ import annotations

from functools import partial

from cumulode.theory import Ising, Problem
from cumulode.validation.reproduction import criteria
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
    here = [final_median(data["ising"], sign, "", **criteria.LOCALISES) for sign in (-1, +1)]
    return [*here, *against_control(data, "ising", "Ising")], (
        f"{effort.seeds} networks of 8 units, Ising rings of t = {T_PLUS} and {T_MINUS}, D = {effort.size}, t = 300. "
        "On NLGP inputs the units of b > 0 oscillate; here both halves localise."
    )


CLAIM = Claim(
    8,
    "ising",
    "On Ising inputs both halves localise, and neither does on their Gaussian control",
    parts,
    judge,
    partial(draw_against_control, name="ising", words="Ising"),
)
