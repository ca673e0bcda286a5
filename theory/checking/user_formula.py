"""A user's formula for a quantity: from Python's notation, LaTeX or SymPy to our symbols, or one clear line."""

from __future__ import annotations

from typing import Any

import sympy as sp

from cumulode.theory.checking.quantities.quantity import D, eta
from cumulode.theory.checking.quantities.shapes import x
from cumulode.theory.user_input.arguments import InvalidArgument
from cumulode.theory.user_input.formulas import read_formula

from .latex_input import looks_like_latex, read_latex
from .quantities import Quantity

_FUNCTIONS = {
    **{n: getattr(sp, n) for n in ("erf", "erfc", "exp", "log", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan")},
    **{n: getattr(sp, n) for n in ("sinh", "cosh", "tanh", "asinh", "gamma", "Abs", "Max", "Min", "Heaviside", "pi")},
    "Rational": sp.Rational,
    "arcsin": sp.asin,
    "arctan": sp.atan,
    "E": sp.E,
}
#: How symbols are spelt in LaTeX, and other names for them in Python.
_LATEX = {
    "k2": ("k_2",),
    "k4": ("k_4",),
    "Cw": ("(Cw)_i", "(C w)_i"),
    "Kwww": ("K(w,w,w)_i", "K(w, w, w)_i"),
    "kappa": (r"\kappa",),
    "Cplus": (r"\hat C_+", r"\hat{C}_+", "C_+"),
    "Cminus": (r"\hat C_-", r"\hat{C}_-", "C_-"),
    "tau": (r"\tau",),
    "eta": (r"\eta",),
    "xi": (r"\xi",),
    "xiplus": (r"\xi_+",),
    "ximinus": (r"\xi_-",),
    "aplus": ("a_+",),
    "aminus": ("a_-",),
    "kappa4": (r"\kappa_4",),
    "u": ("u", r"\lambda"),
    "p": ("p", "p_+"),
    "nu": (r"\nu",),
    "kurtosis": (r"\kappa",),
    **{f"g{i}": (f"g_{i}",) for i in range(4)},
    **{f"F{n}": (f"F_y^{{({n})}}(0)", "F_y" + "'" * n + "(0)", "F" + "'" * n + "(0)") for n in range(1, 20)},
}
_ALIASES = {"k_2": "k2", "k_4": "k4", "arcsin": "asin", "Cp": "Cplus", "Cm": "Cminus"}


def read_mine(mine: Any, target: Quantity) -> sp.Expr:
    """The formula in the quantity's symbols and shorthands.

    Raises
    ------
    ValueError
        Naming ``mine``: not to be read, or with symbols that the quantity does not have.
    """
    names = _names(target)
    allowed = f"a formula for {target.name} in " + (_listed(target) or "numbers")
    if isinstance(mine, sp.Expr):
        expr = _by_name(mine, names, allowed)
    elif isinstance(mine, str) and looks_like_latex(mine):
        spellings = {spelling: s for n, s in names.items() for spelling in _LATEX.get(n, (_in_latex(n),))}
        expr = read_latex(mine, spellings)
    elif isinstance(mine, str):
        also = {alias: names[n] for alias, n in _ALIASES.items() if n in names}
        expr = read_formula("mine", mine, {**_FUNCTIONS, **names, **also}, allowed, lazily=True, longest=2000)
    else:
        raise InvalidArgument("mine", mine, "a string or a SymPy expression")
    if expr.replace(sp.Integral, lambda f, *limits: f).has(sp.I, sp.oo, -sp.oo, sp.zoo, sp.nan):
        raise InvalidArgument("mine", mine, "a real and finite formula")
    return expr


def read_ansatz(ansatz: Any) -> sp.Expr:
    """A profile in ``x`` with positive parameters a, s; ValueError naming ``ansatz``."""
    allowed = "a profile in x with parameters a, s > 0 that falls off, such as exp(-x**2/(2*s**2)) or a/cosh(x/s)"
    names = {"x": x, "s": sp.Symbol("s", positive=True), "a": sp.Symbol("a", positive=True)}
    if isinstance(ansatz, str):
        expr = read_formula("ansatz", ansatz, {**_FUNCTIONS, **names}, allowed, lazily=True)
    elif isinstance(ansatz, sp.Expr):
        expr = _by_name(ansatz, names, allowed, "ansatz")
    else:
        raise InvalidArgument("ansatz", ansatz, allowed)
    far = sp.Abs(expr.subs({names["s"]: 1, names["a"]: 1}).subs(x, sp.Float(200)))
    if not expr.has(x) or not far.is_number or not sp.N(far) < sp.Float("1e-3"):
        raise InvalidArgument("ansatz", ansatz, allowed)
    return expr


def _names(target: Quantity) -> dict[str, sp.Symbol]:
    symbols = {*target.symbols, *target.shorthands, *target.expr.free_symbols}
    if target.rate or target.name.startswith("ipr"):
        symbols.add(D)
    if target.rate:
        symbols.add(eta)
    return {s.name: s for s in symbols}


def _listed(target: Quantity) -> str:
    known = [f"{s} ({what})" if what else str(s) for s, what in target.symbols.items()]
    short = [f"{s} = {e}" if sp.count_ops(e) < 8 else str(s) for s, e in target.shorthands.items()]
    return ", ".join((*known, *short))


def _in_latex(name: str) -> str:
    """c_ij as LaTeX writes it: c_{ij}; other names are their own spelling."""
    head, _, index = name.partition("_")
    return f"{head}_{{{index}}}" if len(index) > 1 else name


def _by_name(expr: sp.Expr, names: dict[str, sp.Symbol], allowed: str, argument: str = "mine") -> sp.Expr:
    unknown = sorted(s.name for s in expr.free_symbols if s.name not in names)
    if unknown:
        raise InvalidArgument(argument, expr, f"{allowed} (not known: {', '.join(name[:40] for name in unknown[:5])})")
    return expr.xreplace({s: names[s.name] for s in expr.free_symbols})
