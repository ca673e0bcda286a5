"""Errors of K, of K(w,w,w) and of trajectories over gains and correlation lengths, against the sorted list."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from cumulode.numerics import solve
from cumulode.numerics.compile.jit import compiled
from cumulode.numerics.contraction.form import Form, contract, contract_sig, fourth_form
from cumulode.theory import NLGP, Ising, Problem
from cumulode.theory.problem.laws import Law

from .flows import TIME, _start
from .timing import table

GAINS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, math.inf)
LENGTHS = (0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0)
BONDS = (0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95)
SIZE = 100


def fields(size: int) -> dict[str, np.ndarray]:
    """Random, localised, one-site, sinusoidal and constant weights."""
    i = np.arange(size)
    return {
        "random": np.random.default_rng(size).standard_normal(size),
        "localised": np.exp(-((i - size / 3) ** 2) / 4.0),
        "one site": np.eye(size)[2],
        "sinusoid": np.cos(2 * np.pi * i / size + 0.3),
        "constant": np.ones(size),
    }


def apply(form: Form, w: np.ndarray) -> np.ndarray:
    """K(w,w,w) by a form."""
    out = np.empty(w.size)
    compiled(contract, contract_sig)(w, out, form.tables, form.scratch())
    return out


@lru_cache(maxsize=2)
def _exact(law: Law) -> dict[str, np.ndarray]:
    """K(w,w,w) by the list of all entries."""
    form = fourth_form(law, (SIZE,), 0.0, "sorted-list")
    return {name: apply(form, w) for name, w in fields(SIZE).items()}


def relative(law: Law, tolerance: float) -> tuple[str, float, dict[str, float]]:
    """Method, stated error of K and relative error of K(w,w,w) for every field."""
    form, exact = fourth_form(law, (SIZE,), tolerance), _exact(law)
    wrong = {
        name: float(np.linalg.norm(apply(form, w) - exact[name]) / np.linalg.norm(exact[name]))
        for name, w in fields(SIZE).items()
    }
    return form.method, form.error, wrong


def cumulants() -> str:
    """The worst over gains at each correlation length, as fractions of the tolerance given, D = 100."""
    rows = []
    laws: list[tuple[str, list[Law]]] = [(f"NLGP, xi = {xi:g}", [NLGP(g, xi) for g in GAINS]) for xi in LENGTHS]
    laws.append(("Ising, t = 0.1 .. 0.95", [Ising(t) for t in BONDS]))
    for name, group in laws:
        found: dict[float, list[tuple[str, float, dict[str, float]]]] = {1e-3: [], 1e-8: []}
        for law in group:
            for tolerance, kept in found.items():
                kept.append(relative(law, tolerance))
        for tolerance, kept in found.items():
            methods = ", ".join(dict.fromkeys(k[0] for k in kept))
            worst = [max(k[2][field] for k in kept) / tolerance for field in kept[0][2]]
            rows.append(
                [name, f"{tolerance:g}", methods, *(f"{x:.2g}" for x in (max(k[1] for k in kept) / tolerance, *worst))]
            )
    return table(["law", "tolerance", "method", "K (Frobenius)", *fields(4)], rows)


def trajectories() -> str:
    """Weights at tolerance 1e-3 against those at 1e-8 from the same starts, relative, rtol 1e-8.

    The larger error of t = 15, while the field forms, and t = 150; no translation is taken out.
    """
    rows = []
    for plus, minus, gain in ((4.0, 1.0, 3.0), (4.0, 1.0, 30.0), (2.0, 0.5, 10.0), (10.0, 1.0, 3.0), (4.0, 1.0, 0.5)):
        problem = Problem(NLGP(gain, plus), NLGP(gain, minus), SIZE)
        starts = np.array([_start(SIZE, seed) for seed in range(12)])
        rough, fine = (solve(problem, starts, [0.0, 15.0, TIME], tolerance=t, rtol=1e-8) for t in (1e-3, 1e-8))
        difference = np.linalg.norm(rough.w - fine.w, axis=-1) / np.linalg.norm(fine.w, axis=-1)
        worst = difference[:, 1:].max(axis=1)
        rows.append([f"{plus:g}/{minus:g}", f"{gain:g}", len(starts), f"{np.median(worst):.1e}", f"{worst.max():.1e}"])
    return table(["xi", "gain", "starts", "median", "worst"], rows)
