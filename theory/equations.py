"""The one object that crosses from theory to numerics: assignments, quadratures, results.

An ``EquationSet`` is a function written as SymPy assignments; ``cumulode.numerics.compile.codegen`` writes it out as
Python source for numba. A ``Quadrature`` is a set of integrals over a half line that share their nodes.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

s = sp.Symbol("s", nonnegative=True)  # quadrature variable in [0, 1]
lam = sp.Symbol("lam", nonnegative=True)  # preactivation w.x at a node

# Values at a node: potential Phi, force F, derivative F' at h = bias + shift +- lam, even and odd in lam.
phi_e, f_e, f_o, d_e, d_o = sp.symbols("phi_e f_e f_o d_e d_o", real=True)
d_4 = sp.Symbol("d_4", real=True)  # d_e; at a small k2 without its parabola (closures.remainders)
# The squared force, even, and its derivative, odd.
square_e, square_slope_o = sp.symbols("square_e square_slope_o", real=True)
NODE_VALUES = (phi_e, f_e, f_o, d_e, d_4, d_o, square_e, square_slope_o)

Assignment = tuple[sp.Symbol, sp.Expr]


@dataclass(frozen=True)
class Quadrature:
    """Integrals ``int_0^1 ds jacobian weight integrand`` sharing the map ``lam(s)``.

    Attributes
    ----------
    lam, s_of_lam : expressions in s and in lam
        The preactivation along the path and its inverse (needed where the activation has kinks).
    weight, jacobian : expressions in s
        Weight of the law, and d(theta)/ds of the variable theta in which the law is written.
    dlam_dtheta : expression in s
        Slope of lam in theta, by which a delta function of F' is divided.
    reach : expression
        Length in lam that equal panels in s share.
    shift : expression
        Added to the bias: the preactivation is ``h = b + shift +- lam``.
    sums : ((symbol, integrand), ...)
        Integrands in ``lam`` and the node values above.
    """

    lam: sp.Expr
    s_of_lam: sp.Expr
    weight: sp.Expr
    jacobian: sp.Expr
    dlam_dtheta: sp.Expr
    reach: sp.Expr
    shift: sp.Expr
    sums: tuple[Assignment, ...]

    def needs(self, value: sp.Symbol) -> bool:
        """Whether any integrand uses the node value (phi_e, f_o, ...)."""
        return any(e.has(value) for _, e in self.sums)


@dataclass(frozen=True)
class EquationSet:
    """A function: ``arguments -> results`` by ``before``, then ``quadratures``, then ``after``, each in order."""

    name: str
    doc: str
    arguments: tuple[sp.Symbol, ...]
    results: tuple[sp.Expr, ...]
    before: tuple[Assignment, ...] = ()
    quadratures: tuple[Quadrature, ...] = ()
    after: tuple[Assignment, ...] = ()
    given: tuple[sp.Symbol, ...] = ()  # symbols the writer provides: Phi at lam = 0, F' there

    def __post_init__(self) -> None:
        known = {*self.arguments, *self.given}
        for symbol, expr in self.before:
            self._check(known, expr)
            known.add(symbol)
        for q in self.quadratures:
            self._check(known | {s, lam, *NODE_VALUES}, *(expr for _, expr in q.sums))
            self._check(known | {s}, q.lam, q.weight, q.jacobian, q.dlam_dtheta, q.reach, q.shift)
            self._check(known | {lam}, q.s_of_lam)
            known |= {symbol for symbol, _ in q.sums}
        for symbol, expr in self.after:
            self._check(known, expr)
            known.add(symbol)
        self._check(known, *self.results)

    def _check(self, known: set[sp.Symbol], *exprs: sp.Expr) -> None:
        """Refuse expressions in symbols that are not known where they stand."""
        for expr in exprs:
            unknown = sp.sympify(expr).free_symbols - known
            if unknown:
                raise ValueError(f"{self.name}: {sorted(map(str, unknown))} used before being assigned")

    def operation_count(self) -> int:
        """Arithmetic operations of one call, quadrature loops counted once a node."""
        exprs = [e for _, e in (*self.before, *self.after)] + list(self.results)
        for q in self.quadratures:
            exprs += [q.lam, q.weight, *(e for _, e in q.sums)]
        return int(sum(sp.count_ops(e) for e in exprs))

    def __str__(self) -> str:
        lines = [f"{self.name}({', '.join(map(str, self.arguments))})"]
        lines += [f"    {symbol} = {expr}" for symbol, expr in self.before]
        for q in self.quadratures:
            lines.append(f"    over s in [0, 1]: lam = {q.lam}, weight = {q.weight * q.jacobian}")
            lines += [f"        {symbol} = integral of {expr}" for symbol, expr in q.sums]
        lines += [f"    {symbol} = {expr}" for symbol, expr in self.after]
        return "\n".join([*lines, "    return " + ", ".join(map(str, self.results))])
