"""The integrand of Plackett's identity for the fourth cumulant of the NLGP, in forms in which no digits cancel.

``plackett_pair`` keeps the digits of a small cumulant, ``plackett_layer`` those of sites whose signs are nearly one.
"""

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


def plackett_layer() -> EquationSet:
    """The same part of the integrand where signs of the four sites are nearly equal (eq. (nlgp.42, both given)).

    All is formed from complements, each difference from the two that are nearest: the rest keeps its digits however
    close sites are. Of i and j, i is the one nearer to k or l. Small cumulants of far sites lose theirs: only to
    rounding of the integrand.
    """
    tau, tau_c = sp.symbols("tau tau_c", real=True)
    r = {p: sp.Symbol(f"r_{p}", real=True) for p in PAIRS}
    rc = {p: sp.Symbol(f"rc_{p}", real=True) for p in PAIRS}
    names = "a b alpha beta_k beta_l gamma_k gamma_l delta v_k v_l shared root left b_root"
    a, b, alpha, beta_k, beta_l, gamma_k, gamma_l, delta, v_k, v_l, shared, root, left, b_root = (
        sp.Symbol(n, real=True) for n in names.split()
    )
    complements = zip((alpha, beta_k, beta_l, gamma_k, gamma_l, delta), PAIRS, strict=True)
    given_two = alpha * (1 + a)  # 1 - a^2
    steps = [
        (a, tau * r["ij"]),
        (b, tau * r["kl"]),
        *((bar, tau_c + tau * rc[p]) for bar, p in complements),
        (v_k, sp.Max(0, spread(alpha, beta_k, gamma_k) / given_two)),
        (v_l, sp.Max(0, spread(alpha, beta_l, gamma_l) / given_two)),
        (root, sp.sqrt(v_k * v_l)),
        (
            shared,
            given_one(beta_k, beta_l, delta)
            - given_one(alpha, beta_k, gamma_k) * given_one(alpha, beta_l, gamma_l) / given_two,
        ),
        (left, sp.sqrt(sp.Max(0, (root - shared) * (root + shared)))),
        (b_root, sp.sqrt(delta * (1 + b))),
    ]
    turn = sp.atan2(shared * b_root - b * left, left * b_root + shared * b)
    return EquationSet(
        "plackett_layer",
        "One pair's part of the Plackett integrand where signs are nearly equal.",
        (tau, tau_c, *r.values(), *rc.values()),
        (r["ij"] / sp.sqrt(given_two) * turn,),
        before=tuple(steps),
    )


def spread(x: sp.Expr, y: sp.Expr, z: sp.Expr) -> sp.Expr:
    """Determinant of three unit Gaussians from the complements of their correlations (eq. (nlgp.41, spread)).

    ``2 s (m + l) - (l - m)^2 - s^2 - 2 s m l`` for the smallest, middle and largest complement s, m, l.
    """
    small, large = sp.Min(x, y, z), sp.Max(x, y, z)
    middle = sp.Max(sp.Min(x, y), sp.Min(sp.Max(x, y), z))
    return spread_in_order(small, middle, large)


def spread_in_order(small: sp.Expr, middle: sp.Expr, large: sp.Expr) -> sp.Expr:
    """``spread`` of complements in increasing order; the value does not depend on it, the rounding does."""
    return small * (2 * (middle + large) - small - 2 * middle * large) - (large - middle) ** 2


def given_one(x: sp.Expr, y: sp.Expr, z: sp.Expr) -> sp.Expr:
    """Covariance of two unit Gaussians given a third, to which their complements are x, y, with z that of the two."""
    return sp.Min(x, y) + (sp.Max(x, y) - z) - x * y
