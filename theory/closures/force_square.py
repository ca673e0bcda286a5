"""Averages of the squared force over Pearson's law, which make the covariance of one step (theory.md section 7).

With ``G = F^2``, ``x = lam/sqrt(k2)`` and the orthogonal polynomials ``p_n(x)`` of Pearson's law, the input given the
preactivation has the mean ``u p_1 + T p_3/h_3``, where ``u = C w/sqrt(k2)``, ``T = [K(w,w,w) - (k4/k2) C w] /
k2^(3/2)`` and ``h_3 = E[p_3^2]``. Its covariance varies along ``p_2`` only, as K(w,w) says, so that

    E[G x x^T] = g_0 C + g_2 [2 u u^T + K(w,w)/k2] + g_4 (u T^T + T u^T) + g_6 T T^T,

    g_0 = E[G],  g_2 = E[p_2 G]/h_2,  g_4 = E[p_4 G]/h_3,  g_6 = E[(p_3^2 - h_3 - c p_2) G]/h_3^2,

(eq. (fluctuations.21, projection by parts), (fluctuations.22, fourth projection), (fluctuations.23, sixth projection)),
``c = E[p_2 p_3^2]/h_2``. Every one of these polynomials but 1 is a total derivative against the weight of the law:
averages of ``G'`` over the law with ``nu + 1`` remain, which lose no digits where the field is small, and a force that
jumps adds deltas.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import sympy as sp

from cumulode.theory.dynamics.drift import k2, k4
from cumulode.theory.equations import EquationSet, Quadrature, lam, s, square_e, square_slope_o
from cumulode.theory.neuron.gaussian import hermite

from .family import NEARLY_GAUSSIAN
from .lowering import ARGUMENTS, REACH
from .pearson import BOUNDED, Tails

x = sp.Symbol("x", real=True)
kappa = sp.Symbol("kappa", real=True)

#: From here on the terms in T are left out. At 3/2 the eighth moment of Pearson's law ends, and g_6 with it; near it
#: the tails reach so far that powers of lam overflow.
MEAN_END = sp.Rational(5, 4)
#: With heavy tails lam^7 G' is averaged.
HEAVY, HEAVY_ALONE = Tails("heavy", heavy=True, excess=3), Tails("heavy", heavy=True)

_NU = -3 / kappa - 1
_FIELD = sp.QQ.frac_field(kappa)
_m0, _g, _d1, _d3, _d5 = sp.symbols("m0 g d1 d3 d5", real=True)


def entry(averages: Any, C: Any, K: Any, u: Any, u2: Any, T: Any, T2: Any) -> Any:
    """``E[G x_i x_j]`` from C_ij, K(w,w)_ij / k2, and u and T at i and at j; eq. (fluctuations.24, squared force).

    Along w it is ``E[lam^2 G]`` of the law, eq. (fluctuations.25, noise along w).
    """
    g0, g2, g4, g6 = averages
    return g0 * C + g2 * (2 * u * u2 + K) + g4 * (u * T2 + T * u2) + g6 * T * T2


def entry_equations() -> EquationSet:
    """``entry`` as the function that kernels call."""
    averages = sp.symbols("g0 g2 g4 g6", real=True)
    others = sp.symbols("C K u_i u_j T_i T_j", real=True)
    doc = "E[F^2 x_i x_j] of one class from averages over the preactivation's law."
    return EquationSet("squared_entry", doc, (*averages, *others), (entry(averages, *others),))


def step(n: int, further: int = 0) -> sp.Expr:
    """``beta_n`` of ``p_(n+1) = x p_n - beta_n p_(n-1)`` over the law with ``nu + further``, in ``x = lam/sqrt(k2)``.

    The polynomials are Gegenbauer's of index ``nu + further - 1`` in ``lam/S``, ``S^2 = 2 nu k2``; in kappa.
    """
    a = _NU + further - 1
    return sp.cancel(2 * _NU * n * (n + 2 * a - 1) / (4 * (n + a) * (n + a - 1)))


@lru_cache(maxsize=4)
def polynomials(further: int = 0) -> tuple[sp.Poly, ...]:
    """``p_0 .. p_6``, monic in ``x``, of the law with ``nu + further``."""
    p = [sp.Poly(1, x, domain=_FIELD), sp.Poly(x, x, domain=_FIELD)]
    for n in range(1, 6):
        p.append(p[1] * p[n] - p[n - 1].mul_ground(step(n, further)))
    return tuple(p)


def norm(n: int) -> sp.Expr:
    """``h_n = E[p_n^2]`` over the law with ``nu``."""
    return sp.factor(sp.prod([step(j) for j in range(1, n + 1)]))


def from_slope(polynomial: sp.Poly) -> sp.Poly:
    """``R(x)`` with ``E_nu[P G] = E_(nu+1)[R dG/dx]`` for every ``G``; ``P`` even, of degree 6 and average 0.

    By ``E_nu[p_n G] = (2 nu - 1)/(n + 2 nu - 2) E_(nu+1)[q_(n-1) dG/dx]``, ``q`` the polynomials of the law with
    ``nu + 1``, eq. (fluctuations.21, projection by parts).
    """
    rest, result = polynomial, sp.Poly(0, x, domain=_FIELD)
    for n in (6, 4, 2):
        part = rest.coeff_monomial(x**n)
        rest = rest - polynomials()[n].mul_ground(part)
        result += polynomials(1)[n - 1].mul_ground(sp.cancel(part * (2 * _NU - 1) / (n + 2 * _NU - 2)))
    assert rest.is_zero, "the polynomial has an average over the law"
    return result


@lru_cache(maxsize=1)
def slope_polynomials() -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """What multiplies ``dG/dx`` over the law with ``nu + 1`` in g_2, g_4 and g_6; in ``x`` and ``kappa``."""
    p, h2, h3 = polynomials(), norm(2), norm(3)
    c = (norm(4) + h3**2 / h2 - h3) / h2  # E[p_2 p_3^2]/h_2, as p_3^2 = p_3 (x p_2 - beta_2 x)
    six = p[3] ** 2 - p[0].mul_ground(h3) - p[2].mul_ground(sp.cancel(c))
    rows = ((from_slope(p[2]), h2), (from_slope(p[4]), h3), (from_slope(six), h3**2))
    return tuple(  # type: ignore[return-value]
        sum((sp.factor(c / h) * x**n for (n,), c in row.terms()), sp.Integer(0)) for row, h in rows
    )


def _averages() -> tuple[sp.Expr, ...]:
    """``g_0 .. g_6`` from the sums over the law with ``nu + 1``."""
    sums = {1: _d1, 3: _d3, 5: _d5}
    rows = [sum(c * sums[n] for (n,), c in sp.Poly(row, x).terms()) / _m0 for row in slope_polynomials()]
    return (_g / _m0, *rows)


def _sums() -> dict[sp.Symbol, sp.Expr]:
    """``g_0`` as eq. (closures.21, Pearson average) has it, with ``1/(2 nu)`` in kappa; and ``x^n dG/dx``."""
    inverse = -kappa / (2 * (3 + kappa))
    powers = {d: lam**n / k2 ** ((n - 1) // 2) * square_slope_o for d, n in ((_d1, 1), (_d3, 3), (_d5, 5))}
    return {_m0: sp.Integer(1), _g: square_e + inverse * lam * square_slope_o, **powers}


def branches() -> list[tuple[float, EquationSet, bool]]:
    """``(end in kappa, equations of g_0 g_2 g_4 g_6, whether the law is Pearson's)``, in increasing kappa."""
    edge, end = NEARLY_GAUSSIAN, float(MEAN_END)
    return [
        (-edge, _equations("bounded", _pearson(BOUNDED)), True),
        (edge, _equations("gaussian", _nearly_gaussian(kappa)), True),
        (end, _equations("heavy", _pearson(HEAVY)), True),
        (3.0, _equations("heavier", _pearson(HEAVY_ALONE), kept=2), True),
        (float("inf"), _equations("beyond", _nearly_gaussian(sp.Integer(0)), kept=2), False),
    ]


def _equations(name: str, law: tuple[tuple, Quadrature], kept: int = 4) -> EquationSet:
    before, quadrature = law
    excess = sp.Integer(0) if name == "beyond" else k4 / k2**2
    results = tuple(_averages()[:kept]) + (sp.Integer(0),) * (4 - kept)
    doc = f"g_0, g_2, g_4, g_6 of the squared force over Pearson's law, {name}, at one label"
    return EquationSet(f"square_{name}", doc, ARGUMENTS, results, ((kappa, excess), *before), (quadrature,))


def _pearson(tails: Tails) -> tuple[tuple, Quadrature]:
    return tails.before, tails.quadrature(_sums())


def _nearly_gaussian(excess: sp.Expr) -> tuple[tuple, Quadrature]:
    """The law with ``nu + 1`` to first order in kappa: ``1 + kappa (He_4/24 + He_2/6)`` times a Gaussian."""
    z, width = REACH * s, sp.sqrt(k2)
    weight = sp.exp(-(z**2) / 2) * (1 + excess * (hermite(4, z) / 24 + hermite(2, z) / 6))
    return (), Quadrature(
        lam=width * z,
        s_of_lam=lam / (REACH * width),
        weight=weight,
        jacobian=REACH,
        dlam_dtheta=width,
        reach=width * REACH,
        shift=sp.Integer(0),
        sums=tuple(_sums().items()),
    )
