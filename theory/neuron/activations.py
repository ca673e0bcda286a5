"""Activations as SymPy expressions in the preactivation ``h``, smooth or with kinks.

An activation is kept as smooth pieces between its kinks, so that the force ``F = (y - sigma) sigma'``, its
derivative and its jumps at the kinks are exact (a ReLU's ``F'`` has a delta function: theory.md section 3).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sympy as sp
from sympy.core.relational import Relational

from cumulode.theory.user_input.arguments import InvalidArgument
from cumulode.theory.user_input.budget import OutOfBudget, refused, within_budget

from .activation_input import ALLOWED, SHIPPED, check_real, h, known, plain, read

y = sp.Symbol("y", real=True)


@dataclass(frozen=True)
class Activation:
    """A continuous activation: smooth ``pieces`` (expressions in ``h``) between increasing ``kinks``."""

    name: str
    kinks: tuple[sp.Expr, ...]
    pieces: tuple[sp.Expr, ...]

    @property
    def expr(self) -> sp.Expr:
        """The activation as one expression in ``h``."""
        return self.join(self.pieces)

    @property
    def smooth(self) -> bool:
        """Whether there are no kinks."""
        return not self.kinks

    @property
    def intervals(self) -> tuple[tuple[sp.Expr, sp.Expr], ...]:
        """Where each piece holds: from kink to kink, the first and the last without end."""
        return tuple(itertools.pairwise((-sp.oo, *self.kinks, sp.oo)))

    @property
    def last_varying(self) -> int:
        """Index of the last piece that is not constant."""
        return max(i for i, piece in enumerate(self.pieces) if piece.has(h))

    def join(self, pieces: tuple[sp.Expr, ...]) -> sp.Expr:
        """One expression, equal to each of ``pieces`` in its interval between the kinks."""
        if self.smooth:
            return pieces[0]
        cases = [(p, h < c) for p, c in zip(pieces, self.kinks, strict=False)]
        return sp.Piecewise(*cases, (pieces[-1], True))

    def derivative_pieces(self, order: int) -> tuple[sp.Expr, ...]:
        """``sigma^(order)(h)`` between the kinks."""
        return tuple(_derivative(s, order) for s in self.pieces)

    def potential_pieces(self) -> tuple[sp.Expr, ...]:
        """``Phi_y(h) = -(y - sigma(h))^2 / 2`` between the kinks."""
        return tuple(-((y - s) ** 2) / 2 for s in self.pieces)

    def force_pieces(self, order: int = 0) -> tuple[sp.Expr, ...]:
        """Derivative of the given order of ``F_y(h) = (y - sigma) sigma'`` (eq. (flow.1, force)) between the kinks."""
        return tuple(force_derivative(s, order) for s in self.pieces)

    def force_products(self, order: int) -> tuple[sp.Expr, ...]:
        """``force_pieces`` as Leibniz' sum of products of the activation's derivatives: shorter for a high order."""
        of_each = ([_derivative(s, n) for n in range(order + 2)] for s in self.pieces)
        return tuple(_leibniz(derivatives, order) for derivatives in of_each)

    def force_jumps(self, power: int = 1) -> tuple[sp.Expr, ...]:
        """Jump of ``F_y^power`` across each kink: the weight of the delta function in its derivative."""
        f = [piece**power for piece in self.force_pieces()]
        return tuple(sp.simplify((f[i + 1] - f[i]).subs(h, c)) for i, c in enumerate(self.kinks))


@lru_cache(maxsize=256)
def force_derivative(sigma: sp.Expr, order: int) -> sp.Expr:
    """Derivative in h of ``(y - sigma) sigma'``, order >= 0."""
    if order == 0:
        return (y - sigma) * tidy(sp.diff(sigma, h))
    return tidy(sp.diff(force_derivative(sigma, order - 1), h))


def _leibniz(sigma: list[sp.Expr], order: int) -> sp.Expr:
    """``d^order/dh^order (y - sigma) sigma'`` from the derivatives of sigma."""
    products = (sp.binomial(order, j) * sigma[j] * sigma[order + 1 - j] for j in range(order + 1))
    return y * sigma[order + 1] - sum(products, sp.S.Zero)


def _derivative(sigma: sp.Expr, order: int) -> sp.Expr:
    """``sigma^(order)``, tidied at each step."""
    return sigma if order == 0 else tidy(sp.diff(_derivative(sigma, order - 1), h))


def tidy(derivative: sp.Expr) -> sp.Expr:
    """Let sinh/cosh become tanh: the quotient would overflow where the result is 1."""
    if not derivative.has(sp.sinh):
        return derivative
    return derivative.replace(sp.sinh, lambda z: sp.tanh(z) * sp.cosh(z))


def parse(activation: Any) -> Activation:
    """The activation named or written by ``activation``.

    Parameters
    ----------
    activation : str or SymPy expression
        ``"erf"`` is ``erf(h/sqrt 2)``; ``"tanh"``, ``"relu"``, ``"softplus"``; or an expression whose only
        variable is ``h``.

    Raises
    ------
    ValueError
        When it cannot be read, has other variables, is constant, discontinuous or not real.
    """
    if isinstance(activation, Activation):
        return activation
    if not isinstance(activation, (str, sp.Expr)):
        raise InvalidArgument("activation", activation, ALLOWED)
    return _parse(activation)


@lru_cache(maxsize=64)
def _parse(activation: str | sp.Expr) -> Activation:
    if isinstance(activation, str) and activation in SHIPPED:
        return _from_expression(activation, SHIPPED[activation])
    if isinstance(activation, str) and not plain(activation):
        _try_apart(activation)
    return _read(activation)


def _try_apart(text: str) -> None:
    """Refuse a text that takes too long, found by a second process; this one then reads it, too."""
    try:
        within_budget(f"{__name__}:tried", text)
    except OutOfBudget as error:
        raise refused("activation", text, error) from None


def tried(report: Callable[[str], None], text: str) -> None:
    """Read an activation and take the derivatives that closures need; see ``within_budget``."""
    report("reading it")
    activation = _read(text)
    report("deriving it")
    activation.force_pieces(5)


def _read(activation: str | sp.Expr) -> Activation:
    expr = read(activation) if isinstance(activation, str) else known(activation)
    if expr.free_symbols != {h}:
        raise InvalidArgument("activation", activation, ALLOWED)
    for name, shipped in SHIPPED.items():  # the same kernels, however it was written
        if expr == shipped:
            return _parse(name)
    return _from_expression(str(expr), expr)


def _from_expression(name: str, expr: sp.Expr) -> Activation:
    kinks = _kinks(name, expr)
    pieces = tuple(_resolve(expr, at) for at in _midpoints(kinks))
    _check(name, kinks, pieces)
    return Activation(name, kinks, pieces)


def _kinks(name: str, expr: sp.Expr) -> tuple[sp.Expr, ...]:
    """Where a branch changes, in increasing order."""
    found: set[sp.Expr] = set()
    for relation in expr.rewrite(sp.Piecewise).atoms(Relational):
        gap = sp.expand(relation.lhs - relation.rhs)
        if not gap.has(h):
            continue
        if not gap.is_polynomial(h) or sp.degree(gap, h) != 1:
            raise InvalidArgument(
                "activation", name, "kinks where a linear function of h vanishes, as in Max(0, h - 1)"
            )
        found.add(sp.solve(gap, h)[0])
    return tuple(sorted(found, key=float))


def _midpoints(kinks: tuple[sp.Expr, ...]) -> list[sp.Expr]:
    if not kinks:
        return [sp.Integer(0)]
    inner = [(a + b) / 2 for a, b in itertools.pairwise(kinks)]
    return [kinks[0] - 1, *inner, kinks[-1] + 1]


def _resolve(expr: sp.Expr, at: sp.Expr) -> sp.Expr:
    """``expr`` with every branch decided as it is at ``h = at``."""

    def decide(*cases: Any) -> sp.Expr:
        return next(e for e, condition in cases if bool(sp.sympify(condition).subs(h, at)))

    return (
        expr.rewrite(sp.Piecewise).replace(sp.Piecewise, decide)
        if expr.has(sp.Piecewise, sp.Max, sp.Min, sp.Abs, sp.Heaviside, sp.sign)
        else expr
    )


def _check(name: str, kinks: tuple[sp.Expr, ...], pieces: tuple[sp.Expr, ...]) -> None:
    for i, c in enumerate(kinks):
        if abs(complex(sp.N((pieces[i + 1] - pieces[i]).subs(h, c)))) > 1e-12:
            raise InvalidArgument(
                "activation", name, "a continuous expression (this one jumps at h = " + f"{float(c):g})"
            )
    for piece, (low, high) in zip(pieces, itertools.pairwise((-sp.oo, *kinks, sp.oo)), strict=True):
        check_real(name, piece, low, high)
    if all(sp.diff(p, h) == 0 for p in pieces):
        raise InvalidArgument("activation", name, "an expression that varies with h")
