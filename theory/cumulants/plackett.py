"""The integrand of Plackett's identity for the fourth cumulant of the NLGP, in a form in which no digits cancel."""

from __future__ import annotations

from typing import Any

import sympy as sp

from cumulode.theory.equations import Assignment, EquationSet

from .nlgp import PAIRS


def plackett_pair() -> EquationSet:
    """One pair's part of the Plackett integrand at scale ``tau`` (eq. (nlgp.18, Plackett bracket)).

    Arguments: ``tau``, ``1 - tau``, the correlations ``r_ij .. r_kl`` at full scale and their complements ``1 - r``.
    Result: ``r_ij / sqrt(1 - tau^2 r_ij^2) [asin rho_kl|ij - asin(tau r_kl)]``. K is ``(4/pi^2)/Z^4`` times the
    integral over tau of its sum over the six pairs (ij), each with (kl) the other two.
    """
    tau, tau_c = sp.symbols("tau tau_c", real=True)
    r = {p: sp.Symbol(f"r_{p}", real=True) for p in PAIRS}
    rc = {p: sp.Symbol(f"rc_{p}", real=True) for p in PAIRS}
    names = "a alpha b s_k d_k s_l d_l N beta_k gamma_k beta_l gamma_l v_k v_l A B root gap near rho b_root rho_root"
    v = {n: sp.Symbol(n, real=True) for n in names.split()}
    steps = [*_explained(tau, tau_c, r, rc, v), *_partial(tau, tau_c, rc, v)]
    b, b_root, rho, rho_root = v["b"], v["b_root"], v["rho"], v["rho_root"]
    sine = v["gap"] * (b_root + b * (rho + b) / (b_root + rho_root))  # of asin(rho) - asin(b)
    turn = sp.atan2(sine, rho_root * b_root + rho * b)
    return EquationSet(
        "plackett_pair",
        "One pair's part of the Plackett integrand of the fourth cumulant.",
        (tau, tau_c, *r.values(), *rc.values()),
        (r["ij"] / sp.sqrt(v["alpha"] * (1 + v["a"])) * turn,),
        before=tuple(steps),
    )


def _explained(tau: Any, tau_c: Any, r: dict[str, Any], rc: dict[str, Any], v: dict[str, Any]) -> list[Assignment]:
    """What ``z_i, z_j`` explain of each other site's variance (A, B), and what is left of it (v_k, v_l)."""
    a, alpha = v["a"], v["alpha"]
    steps = [
        (a, tau * r["ij"]),
        (alpha, tau_c + tau * rc["ij"]),  # 1 - a
        (v["b"], tau * r["kl"]),
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
    return steps


def _partial(tau: Any, tau_c: Any, rc: dict[str, Any], v: dict[str, Any]) -> list[Assignment]:
    """The partial correlation ``rho`` of k and l as ``b`` and a gap, and the cosines of the two arcsines."""
    A, B, b, root, gap, rho = (v[n] for n in ("A", "B", "b", "root", "gap", "rho"))
    return [
        (v["N"], (v["s_k"] * v["s_l"] / (1 + v["a"]) + v["d_k"] * v["d_l"] / v["alpha"]) / 2),
        (root, sp.sqrt(v["v_k"] * v["v_l"])),
        (gap, (b * (A + B - A * B) / (1 + root) - v["N"]) / root),  # rho - b
        (rho, b + gap),
        (v["b_root"], sp.sqrt((tau_c + tau * rc["kl"]) * (1 + b))),
        (v["near"], (1 - rho) * (1 + rho)),
        (v["rho_root"], sp.sqrt(sp.Max(v["near"], 0))),
    ]
