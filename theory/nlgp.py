"""Second and fourth cumulant of the non-linear Gaussian process (theory.md section 2).

``erf(g z/sqrt 2)`` is the mean of ``sign(g z + u)``, ``u ~ N(0,1)``; so moments are those of signs with correlations
``r = q c``, ``q = g^2/(1+g^2)``. Second: the arcsine law. Fourth: Plackett's identity, with all correlations scaled
by ``tau`` in [0, 1], taken pair by pair so that no difference of moments is formed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .equations import EquationSet

PAIRS = ("ij", "ik", "il", "jk", "jl", "kl")


def arcsine(r: Any, complement: Any = None, m: Any = np) -> Any:
    """``asin r``; given ``complement = 1 - r`` without loss of digits where r is near 1."""
    if complement is None:
        return m.arcsin(r) if m is np else m.asin(r)
    return m.arctan2(r, m.sqrt(complement * (1 + r)))


def normalisation(q: Any, m: Any = np, complement: Any = None) -> Any:
    """``Z^2 = (2/pi) asin q``, the variance of ``erf(g z/sqrt 2)``."""
    return 2 / m.pi * arcsine(q, complement, m)


def second(q: Any, c: Any, m: Any = np, complements: tuple[Any, Any] = (None, None)) -> Any:
    """``C = asin(q c) / asin(q)``: the arcsine law, ``c`` the Gaussian covariance; complements: 1 - qc and 1 - q."""
    return arcsine(q * c, complements[0], m) / arcsine(q, complements[1], m)


def plackett_pair() -> EquationSet:
    """One pair's part of the Plackett integrand at scale ``tau``.

    Arguments: ``tau``, ``1 - tau``, the correlations ``r_ij .. r_kl`` at full scale and their complements ``1 - r``.
    Result: ``r_ij / sqrt(1 - tau^2 r_ij^2) [asin rho_kl|ij - asin(tau r_kl)]``. K is ``(4/pi^2)/Z^4`` times the
    integral over tau of its sum over the six pairs (ij), each with (kl) the other two.
    """
    import sympy as sp  # here: the numbers above are needed at every start, without SymPy

    from .equations import Assignment, EquationSet

    tau, tau_c = sp.symbols("tau tau_c", real=True)
    r = {p: sp.Symbol(f"r_{p}", real=True) for p in PAIRS}
    rc = {p: sp.Symbol(f"rc_{p}", real=True) for p in PAIRS}
    names = "a alpha s_k d_k s_l d_l N beta_k gamma_k beta_l gamma_l v_k v_l A B root gap near rho b_root rho_root"
    v = {n: sp.Symbol(n, real=True) for n in names.split()}
    a, alpha, rho, gap = v["a"], v["alpha"], v["rho"], v["gap"]
    b = sp.Symbol("b", real=True)
    steps: list[Assignment] = [
        (a, tau * r["ij"]),
        (alpha, tau_c + tau * rc["ij"]),  # 1 - a
        (b, tau * r["kl"]),
    ]
    for site in "kl":
        i_, j_ = f"i{site}", f"j{site}"
        sum_, difference = v[f"s_{site}"], v[f"d_{site}"]
        beta, gamma = v[f"beta_{site}"], v[f"gamma_{site}"]
        steps += [
            (sum_, tau * (r[i_] + r[j_])),
            (difference, tau * (rc[j_] - rc[i_])),  # a_i - a_j without cancellation
            (beta, tau_c + tau * rc[i_]),
            (gamma, tau_c + tau * rc[j_]),
            # the variance of one site explained by z_i, z_j, and the rest, from the 3 x 3 determinant in complements
            (v["A" if site == "k" else "B"], (sum_**2 / (1 + a) + difference**2 / alpha) / 2),
            (
                v[f"v_{site}"],
                (alpha * (2 * beta + 2 * gamma - alpha - 2 * beta * gamma) - difference**2) / (alpha * (1 + a)),
            ),
        ]
    A, B, root = v["A"], v["B"], v["root"]
    steps += [
        (v["N"], (v["s_k"] * v["s_l"] / (1 + a) + v["d_k"] * v["d_l"] / alpha) / 2),
        (root, sp.sqrt(v["v_k"] * v["v_l"])),
        (gap, (b * (A + B - A * B) / (1 + root) - v["N"]) / root),  # rho - b
        (rho, b + gap),
        (v["b_root"], sp.sqrt((tau_c + tau * rc["kl"]) * (1 + b))),
        (v["near"], (1 - rho) * (1 + rho)),
        (v["rho_root"], sp.sqrt(sp.Max(v["near"], 0))),
    ]
    b_root, rho_root = v["b_root"], v["rho_root"]
    sine = gap * (b_root + b * (rho + b) / (b_root + rho_root))  # of asin(rho) - asin(b)
    turn = sp.atan2(sine, rho_root * b_root + rho * b)
    result = r["ij"] / sp.sqrt(alpha * (1 + a)) * turn
    arguments = (tau, tau_c, *r.values(), *rc.values())
    return EquationSet(
        "plackett_pair",
        "One pair's part of the Plackett integrand of the fourth cumulant.",
        arguments,
        (result,),
        before=tuple(steps),
    )
