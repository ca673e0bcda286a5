"""Averages over Pearson's symmetric law of given second and fourth cumulant (theory.md section 3).

With ``kappa = k4/k2^2``, ``nu = -3/kappa - 1`` and ``S^2 = 2 nu k2``, ``lam = S u`` with density proportional to
``(1-u^2)^(nu-3/2)`` on [-1, 1] (``kappa < 0``), or ``lam = a v``, ``a^2 = -S^2``, with ``(1+v^2)^(nu-3/2)``,
Student's t
(``kappa > 0``). All averages below are over the law with ``nu + 1``, whose density never has an end-point singularity:
with ``u = sin x`` its weight is ``cos(x)^(2 nu)``, with ``v = sinh x`` it is ``cosh(x)^(2 nu)``. The potential needs

    E_nu[Phi] = E_(nu+1)[Phi + lam F / (2 nu)],         eq. (closures.21, Pearson average)

and the Stein rule ``E_nu[lam F] = k2 E_(nu+1)[F']`` gives ``dPsi/dk2`` at fixed ``nu``.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from cumulode.theory.dynamics.drift import k2, k4
from cumulode.theory.equations import Quadrature, d_e, f_o, lam, phi_e, s

from .remainders import phi_0

nu = sp.Symbol("nu", real=True)
bias = sp.Symbol("b", real=True)
upper = sp.Symbol("upper", positive=True)  # end of the range of x
scale = sp.Symbol("scale", positive=True)  # S or a

#: The range of x ends where the weight (with heavy tails: times lam^(2 excess)) has fallen to exp(-36), 2e-16.
_FALL = 18
#: Where |h| is larger the force of any shipped activation hardly varies, and nodes may be sparse.
_REACH = 10


@dataclass(frozen=True)
class Tails:
    """One sign of the kurtosis: how ``lam`` runs with the quadrature variable, and its weight.

    ``excess``: half the power of ``lam`` that is averaged; with heavy tails the range of the angle depends on it.
    """

    name: str
    heavy: bool
    excess: int = 1

    @property
    def x(self) -> sp.Expr:
        """The angle at ``s`` in [0, 1]; where the weight may end as a fractional power the end is spread out."""
        return upper * s if self.heavy else upper * s * (2 - s)

    @property
    def weight(self) -> sp.Expr:
        """Weight of the law with ``nu + 1`` in the angle."""
        return (sp.cosh(self.x) if self.heavy else sp.cos(self.x)) ** (2 * nu)

    @property
    def lam(self) -> sp.Expr:
        """Preactivation at the quadrature variable ``s`` in [0, 1]."""
        return scale * (sp.sinh(self.x) if self.heavy else sp.sin(self.x))

    @property
    def s_of_lam(self) -> sp.Expr:
        """The inverse: where in [0, 1] the preactivation is ``lam``."""
        if self.heavy:
            return sp.asinh(lam / scale) / upper
        return 1 - sp.sqrt(1 - sp.Min(sp.asin(sp.Min(lam / scale, 1)) / upper, 1))

    @property
    def reach(self) -> sp.Expr:
        """Length in ``lam`` that the panels share: the slope of ``lam`` where the force varies, times the range."""
        if self.heavy:
            return upper * sp.sqrt(scale**2 + (_REACH + sp.Abs(bias)) ** 2)
        return scale * sp.sin(upper)

    @property
    def before(self) -> tuple[tuple[sp.Symbol, sp.Expr], ...]:
        """``nu``, the scale and the range of the angle from ``k2`` and ``k4``."""
        fall = sp.exp(-_FALL / (-nu - self.excess if self.heavy else nu))
        return (
            (nu, -3 * k2**2 / k4 - 1),
            (scale, sp.sqrt((-2 if self.heavy else 2) * nu * k2)),
            (upper, sp.acosh(1 / fall) if self.heavy else sp.acos(fall)),
        )

    def quadrature(self, sums: dict[sp.Symbol, sp.Expr]) -> Quadrature:
        """The given sums over this law."""
        slope = scale * (sp.cosh(self.x) if self.heavy else sp.cos(self.x))
        return Quadrature(
            lam=self.lam,
            weight=self.weight,
            jacobian=sp.diff(self.x, s),
            s_of_lam=self.s_of_lam,
            dlam_dtheta=slope,
            reach=self.reach,
            shift=sp.Integer(0),
            sums=tuple(sums.items()),
        )


BOUNDED = Tails("bounded", heavy=False)
HEAVY = Tails("heavy", heavy=True)

_m0, _d0, _p = sp.symbols("m0 d0 p", real=True)
_m0_nu, _p_nu = sp.symbols("m0_nu p_nu", real=True)


def potential_integrand() -> sp.Expr:
    """``Phi - Phi(0) + lam F / (2 nu)``: ``Psi - Phi(0)`` is its mean over nu + 1.

    Eq. (closures.21, Pearson average).
    """
    return phi_e - phi_0 + lam * f_o / (2 * nu)


def potential_sums() -> tuple[dict[sp.Symbol, sp.Expr], sp.Expr]:
    """Sums and, from them, ``Psi(k2, k4)``."""
    return {_m0: sp.Integer(1), _p: potential_integrand()}, phi_0 + _p / _m0


def gradient_sums(tails: Tails) -> tuple[dict[sp.Symbol, sp.Expr], sp.Expr, sp.Expr]:
    """Sums and, from them, ``A = 2 dPsi/dk2`` and ``B = 4 dPsi/dk4``, by the chain rule over (S^2, nu).

    In ``nu`` at fixed ``lam`` SymPy differentiates the integrand and its weight; in ``S^2`` at fixed ``nu`` Stein's
    rule gives ``dPsi/dk2 = E_(nu+1)[F'] / 2``, which holds for forces that jump, too (``F'`` then has deltas).
    """
    nu_of = -3 * k2**2 / k4 - 1
    weight_nu = sp.simplify(sp.diff(tails.weight, nu) / tails.weight)
    sums = {
        _m0: sp.Integer(1),
        _d0: d_e,
        _p: potential_integrand(),
        _m0_nu: weight_nu,
        _p_nu: weight_nu * potential_integrand() + sp.diff(potential_integrand(), nu),
    }
    psi_nu = (_p_nu - _p / _m0 * _m0_nu) / _m0  # d/dnu at fixed S^2
    psi_k2 = _d0 / _m0 / 2  # d/dk2 at fixed nu; as S^2 = 2 nu k2, d/dS^2 = psi_k2 / (2 nu)
    square_of = 2 * nu_of * k2
    dk2 = psi_nu * sp.diff(nu_of, k2) + psi_k2 / (2 * nu) * sp.diff(square_of, k2)
    dk4 = psi_nu * sp.diff(nu_of, k4) + psi_k2 / (2 * nu) * sp.diff(square_of, k4)
    return sums, 2 * dk2, 4 * dk4


_m2, _m4, _d2 = sp.symbols("m2 m4 d2", real=True)


def regression_sums(tails: Tails) -> tuple[dict[sp.Symbol, sp.Expr], sp.Expr, sp.Expr]:
    """Sums and, from them, ``A`` and ``B`` of the regression of x on the first and third orthogonal polynomial.

    ``c1 = E[F']``, ``c3 = E[(lam^2 - M2) F'] / (3 (M4 - M2^2))`` over nu + 1, eq. (closures.23, Pearson Stein rule);
    the drift is ``c1 C w + c3 [K(w,w,w) - (k4/k2) C w]``, eq. (closures.26, regression coefficients). The moments M2,
    M4 are summed over the same nodes, so that a constant F' gives no c3; with heavy tails their sums converge too
    slowly and the closed forms are taken.
    """
    sums = {_m0: sp.Integer(1), _d0: d_e, _d2: lam**2 * d_e}
    if tails.heavy:
        square = 2 * nu * k2
        M2, M4 = square / (2 * (nu + 1)), 3 * square**2 / (4 * (nu + 1) * (nu + 2))
    else:
        sums |= {_m2: lam**2, _m4: lam**4}
        M2, M4 = _m2 / _m0, _m4 / _m0
    c1 = _d0 / _m0
    c3 = (_d2 / _m0 - M2 * c1) / (3 * (M4 - M2**2))
    return sums, c1 - c3 * k4 / k2, c3
