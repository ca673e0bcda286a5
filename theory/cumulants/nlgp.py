"""Second and fourth cumulant of the non-linear Gaussian process (theory.md section 2).

``erf(g z/sqrt 2)`` is the mean of ``sign(g z + u)``, ``u ~ N(0,1)``; so moments are those of signs with correlations
``r = q c``, ``q = g^2/(1+g^2)``. Second: the arcsine law. Fourth: Plackett's identity, with all correlations scaled
by ``tau`` in [0, 1], taken pair by pair so that no difference of moments is formed. At infinite gain x is a sign and
``K_iikl = -2 C_ik C_il`` (eq. (nlgp.40, coinciding signs)).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cumulode.theory.user_input.arguments import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cumulode.theory.equations import Assignment, EquationSet

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
    """``C = asin(q c) / asin(q)``, ``c`` the Gaussian covariance (eq. (nlgp.6, arcsine law)).

    ``complements``, 1 - qc and 1 - q, save digits where q is near 1.
    """
    return arcsine(q * c, complements[0], m) / arcsine(q, complements[1], m)


def small_gain_second(q: Any, c: Any) -> Any:
    """C to second order in ``q`` (eq. (nlgp.26, small gain second)).

    ``C = c + q^2 (c^3 - c)/6``, first neglected: ``q^4``. With ``q = g^2 - g^4 + ..`` the correction is of order
    ``g^4`` and the first neglected one in the gain alone ``g^6``, if ``q`` itself is cut at ``g^2``.

    Parameters
    ----------
    q : number or symbol in (0, 1], small
        ``g^2/(1+g^2)``.
    c : number, array or symbol in [-1, 1]
        Gaussian covariance of the two sites.
    """
    return c + q**2 * (c**3 - c) / 6


def small_gain_fourth(q: Any, c: Mapping[str, Any], order: int = 2) -> Any:
    """K to first or second order in ``q`` (eq. (nlgp.31, small gain fourth)).

    ``K = -q sum_i prod_(j != i) c_ij + (q^2/2) sum_(i<j) c_ij^2 (c_ik c_jl + c_il c_jk)``, first neglected: ``q^3``;
    with ``order=1`` the first sum alone, first neglected ``q^2``, that is ``g^4``.

    Parameters
    ----------
    q : number or symbol in (0, 1], small
        ``g^2/(1+g^2)``.
    c : numbers, arrays or symbols by pair, ``PAIRS``
        Gaussian covariances of the four sites i, j, k, l.
    order : 1 or 2
    """
    if order not in (1, 2):
        raise InvalidArgument("order", order, "1 or 2")

    def pair(x: str, y: str) -> Any:
        return c[min(x, y) + max(x, y)]

    sites, total = "ijkl", 0
    for x in sites:
        a, b, d = (pair(x, y) for y in sites if y != x)
        total = total - q * a * b * d
    if order == 1:
        return total
    for p in PAIRS:
        x, y = p[0], p[1]
        u, v = (site for site in sites if site not in (x, y))
        total = total + q**2 / 2 * pair(x, y) ** 2 * (pair(x, u) * pair(y, v) + pair(x, v) * pair(y, u))
    return total


def plackett_pair() -> EquationSet:
    """One pair's part of the Plackett integrand at scale ``tau`` (eq. (nlgp.18, Plackett bracket)).

    Arguments: ``tau``, ``1 - tau``, the correlations ``r_ij .. r_kl`` at full scale and their complements ``1 - r``.
    Result: ``r_ij / sqrt(1 - tau^2 r_ij^2) [asin rho_kl|ij - asin(tau r_kl)]``. K is ``(4/pi^2)/Z^4`` times the
    integral over tau of its sum over the six pairs (ij), each with (kl) the other two.
    """
    import sympy as sp  # here: the numbers above are needed at every start, without SymPy

    from cumulode.theory.equations import EquationSet

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
    import sympy as sp

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
