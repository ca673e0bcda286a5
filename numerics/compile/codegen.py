"""Writes theory's equation sets as Python source that numba compiles.

The writer adds loops and branches, never a formula. One module an activation: its force, then for each closure
the coefficients ``(A, B, flag)`` and, for gradient closures, the potential.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sympy as sp
from sympy.printing.pycode import PythonCodePrinter

from cumulode.theory.closures.force_square import branches as square_branches
from cumulode.theory.closures.force_square import entry_equations
from cumulode.theory.closures.lowering import Branch, conditional_means, lower, vanishing
from cumulode.theory.closures.names import CLOSURES
from cumulode.theory.closures.remainders import ORDERS, SLOPES, f_1, left_out, near_the_bias, phi_0
from cumulode.theory.closures.third_norm import third_norm_equations
from cumulode.theory.closures.tree_drift import tree_equations
from cumulode.theory.cumulants.plackett import plackett_layer, plackett_pair
from cumulode.theory.dynamics.committee import network_equations
from cumulode.theory.equations import EquationSet, Quadrature, d_4, d_e, d_o, f_e, f_o, phi_e, square_e, square_slope_o
from cumulode.theory.neuron.activations import Activation, h, parse
from cumulode.theory.neuron.activations import y as label
from cumulode.theory.neuron.losses import loss_equations
from cumulode.theory.problem.problem import SHIPPED_ACTIVATIONS

from .quadrature import MOST_PANELS, panel_length, panel_limit

HEADER = '''"""{doc}

Written from cumulode.theory; do not edit: `python -m cumulode.numerics.compile.codegen`.
"""

import math

import numpy as np

from cumulode.numerics.compile.jit import kernel
'''

#: Below this k2 nothing changes but with kappa; powers of it are floats.
LEAST = 1e-40
#: k2 is small below this, and Taylor's series taken up to so far from the bias, where the force varies over one.
SMALL, NEAR = 0.001, 0.05
#: A panel is so long where the force varies over one.
UNIT_PANEL = 4.0
#: What a kernel of a closure returns before its flag.
COEFFICIENTS = ("A", "B", "c6", "c6_k2", "c6_k4")
#: What averages of the squared force are called.
SQUARE = ("g0", "g2", "g4", "g6")

CONDITIONAL = '''@kernel
def conditional_coefficients(mean, variance, y, b, rule):
    """E[F] and E[F'] of a Gaussian preactivation of that mean and variance."""
    return conditional(mean, max(variance, 1e-60), y, b{rule})
'''


class _Printer(PythonCodePrinter):
    """Python's math functions; minima and piecewise expressions as numba takes them."""

    def _print_Min(self, expr: sp.Expr) -> str:
        return "min(" + ", ".join(self._print(a) for a in expr.args) + ")"

    def _print_Max(self, expr: sp.Expr) -> str:
        return "max(" + ", ".join(self._print(a) for a in expr.args) + ")"

    def _print_log(self, expr: sp.Expr) -> str:
        """log(c cosh x) as log(c/2) + |x| + log1p(exp(-2 |x|)), which does not overflow (softplus)."""
        coefficient, rest = expr.args[0].as_coeff_Mul()
        if not isinstance(rest, sp.cosh) or not coefficient.is_positive:
            return f"math.log({self._print(expr.args[0])})"
        size = f"abs({self._print(rest.args[0])})"
        constant = "" if coefficient == 2 else self._print(sp.log(coefficient / 2)) + " + "
        return f"({constant}{size} + math.log1p(math.exp(-2.0*{size})))"

    def _print_Rational(self, expr: sp.Rational) -> str:
        return f"{expr.p}.0/{expr.q}.0" if expr.p >= 0 else f"({expr.p}.0/{expr.q}.0)"


_printer = _Printer({"fully_qualified_modules": True, "allow_unknown_functions": False})


def show(expr: sp.Expr) -> str:
    """An expression as Python source."""
    return str(_printer.doprint(sp.sympify(expr)))


def _assignments(pairs: list[tuple[Any, sp.Expr]], indent: str) -> list[str]:
    return [f"{indent}{symbol} = {show(e)}" for symbol, e in pairs]


def _shared(exprs: list[sp.Expr], prefix: str, indent: str) -> tuple[list[str], list[str]]:
    """Lines computing common subexpressions, and the printed results."""
    names = sp.numbered_symbols(prefix)
    subs, reduced = sp.cse(exprs, symbols=names, optimizations=None)
    return _assignments(subs, indent), [show(e) for e in reduced]


def write_function(equations: EquationSet, kinks: int = 0) -> str:
    """Source of one kernel ``name(arguments..., rule)`` returning a float or a tuple of floats."""
    arguments = ", ".join(map(str, equations.arguments))
    rule = ", rule" if equations.quadratures else ""
    lines = ["@kernel", f"def {equations.name}({arguments}{rule}):", f'    """{equations.doc}"""']
    remainder = f_1 in equations.given
    if remainder:
        lines.append(f"    near, {', '.join(map(str, SLOPES))} = around(k2, y, b)")
        lines += ["    phi_0 = 0.0"] if phi_0 in equations.given else []
    elif equations.given:
        lines.append("    phi_0 = functions(b, y)[0]")
    lines += _assignments(list(equations.before), "    ")
    for i, quadrature in enumerate(equations.quadratures):
        lines += _quadrature(quadrature, f"q{i}_", kinks, remainder)
    lines += _assignments(list(equations.after), "    ")
    shared, results = _shared(list(equations.results), "r", "    ")
    return "\n".join([*lines, *shared, "    return " + ", ".join(results)]) + "\n"


def _quadrature(q: Quadrature, prefix: str, kinks: int, remainder: bool) -> list[str]:
    """Loops over segments (between kinks), panels and nodes, adding up the sums; then the deltas at the kinks.

    ``remainder``: without the part of the potential that ``theory.closures.remainders`` leaves out.
    """
    sums = [symbol for symbol, _ in q.sums]
    lines = [f"    {symbol} = 0.0" for symbol in sums]
    lines.append(f"    centre = {show(sp.Symbol('b') + q.shift)}")
    if not kinks:
        lines += ["    low = 0.0", "    width = 1.0"]
        return lines + _panels(q, prefix, "    ", remainder)
    lines += [f"    edges = np.empty({kinks + 2})", "    edges[0] = 0.0", f"    edges[{kinks + 1}] = 1.0"]
    for k in range(kinks):
        lines += [f"    lam = abs(KINKS[{k}] - centre)", f"    edges[{k + 1}] = min(1.0, {show(q.s_of_lam)})"]
    lines += [
        "    edges.sort()",
        f"    for segment in range({kinks + 1}):",
        "        low = edges[segment]",
        "        width = edges[segment + 1] - low",
        "        if width <= 0.0:",
        "            continue",
    ]
    lines += _panels(q, prefix, "        ", remainder)
    return lines + (_deltas(q) if any(map(q.needs, (d_e, d_4, d_o, square_slope_o))) else [])


def _panels(q: Quadrature, prefix: str, pad: str, remainder: bool) -> list[str]:
    # a potential saturates where its force does: its average needs no more panels
    known = "" if q.needs(phi_e) and not q.needs(d_e) else " if count <= PANELS else math.nan"
    lines = [
        f"{pad}count = width * ({show(q.reach)}) / PANEL",
        f"{pad}panels = 1 + int(min(count, {MOST_PANELS:.0f}))",
        f"{pad}step = width / panels{known}",
        f"{pad}for panel in range(panels):",
        f"{pad}    for node in range(rule.shape[1]):",
        f"{pad}        s = low + (panel + rule[0, node]) * step",
    ]
    inner = pad + "        "
    shared, (lam_s, weight_s) = _shared([q.lam, q.weight * q.jacobian], prefix, inner)
    lines += [*shared, f"{inner}lam = {lam_s}", f"{inner}weight = {weight_s} * rule[1, node] * step"]
    lines += _remainders(q, inner) if remainder else _node_values(q, inner)
    shared, integrands = _shared([e for _, e in q.sums], prefix + "i", inner)
    return (
        lines
        + shared
        + [f"{inner}{symbol} += weight * ({e})" for (symbol, _), e in zip(q.sums, integrands, strict=True)]
    )


#: How the values at a node are computed from Phi, F and F' at both preactivations.
VALUES = {
    phi_e: "0.5 * (phi_up + phi_down)",
    f_e: "0.5 * (f_up + f_down)",
    f_o: "0.5 * (f_up - f_down)",
    d_e: "0.5 * (d_up + d_down)",
    d_4: "0.5 * (d_up + d_down)",
    d_o: "0.5 * (d_up - d_down)",
    square_e: "0.5 * (f_up * f_up + f_down * f_down)",
    square_slope_o: "f_up * d_up - f_down * d_down",
}


def _node_values(q: Quadrature, pad: str, less: dict[sp.Symbol, sp.Expr] | None = None) -> list[str]:
    """The values at a node that the sums need, ``less`` what is left out of them."""
    used = [v for v in VALUES if q.needs(v)]
    if not used:
        return []
    lines = [
        f"{pad}phi_up, f_up, d_up = functions(centre + lam, y)",
        f"{pad}phi_down, f_down, d_down = functions(centre - lam, y)",
    ]
    minus = {v: f" - ({show(part)})" for v, part in (less or {}).items()}
    return lines + [f"{pad}{v} = {VALUES[v]}{minus.get(v, '')}" for v in used]


def _remainders(q: Quadrature, pad: str) -> list[str]:
    """The same without what cancels: near the bias by Taylor's series, elsewhere by the difference."""
    series = [(v, e) for v, e in near_the_bias().items() if q.needs(v)]
    lines = [f"{pad}if lam < near:", *_assignments(series, pad + "    "), f"{pad}else:"]
    return [*lines, *_node_values(q, pad + "    ", left_out())]


def _deltas(q: Quadrature) -> list[str]:
    """Each jump of the force or of its square, times the density of lam there; half, as the integral is over lam >= 0.

    The square's slope is odd: it counts with the sign of lam at the kink.
    """
    if q.needs(d_o):
        raise ValueError("an odd average of a force that jumps has no rule here")
    squared = q.needs(square_slope_o)
    lines = [
        f"    jumps = {'square_jumps' if squared else 'force_jumps'}(y)",
        "    for k in range(len(KINKS)):",
        "        lam = abs(KINKS[k] - centre)",
        f"        s = {show(q.s_of_lam)}",
        "        if s < 1.0:",
        f"            density = {show(q.weight)} / ({show(q.dlam_dtheta)})",
    ]
    if squared:
        lines.append("            density = math.copysign(density, KINKS[k] - centre)")
    slopes = (square_slope_o,) if squared else (d_e, d_4)
    return lines + [
        f"            {symbol} += 0.5 * jumps[k] * density * ({show(sum(sp.diff(e, slope) for slope in slopes))})"
        for symbol, e in q.sums
        if e.has(*slopes)
    ]


def write_dispatch(
    name: str,
    branches: list[Branch],
    potential: bool,
    small: float = 0.0,
    names: tuple[str, ...] = COEFFICIENTS,
    kinks: int = 0,
) -> str:
    """Source choosing the branch by kappa: ``name(k2, k4, y, b, rule) -> (A, B, flag)``, or ``-> Psi``.

    flag: 0; 1 where another closure stands in; 2 where kappa < -2 was clamped; 4 where it is not defined. What a branch
    has no expression for, but another has, is zero. Coefficients are taylor's where k2 is below ``small`` and no kink
    within nine standard deviations.
    """
    names = names[: max(len(branch.coefficients.results) for branch in branches)]
    public = f"{name}_psi" if potential else f"{name}_coefficients"
    lines = [
        "@kernel",
        f"def {public}(k2, k4, y, b, rule):",
        f'    """{"Psi" if potential else ", ".join(names) + " and flag"} of closure {name}."""',
        f"    if k2 < {LEAST!r}:  # the same kappa: there the coefficients are those of any smaller k2",
        f"        k4 = k4 / k2 / k2 * {LEAST**2!r} if k2 > 0.0 else 0.0",
        f"        k2 = {LEAST!r}",
    ]
    if len(branches) == 1:
        return "\n".join([*lines, *_branch(branches[0], potential, names, "    ", "0")]) + "\n"
    if small and not potential:
        lines += [
            f"    if k2 < {small!r}{''.join(f' and 81.0*k2 < (KINKS[{k}] - b)**2' for k in range(kinks))}:",
            "        A, B = taylor(k2, k4, y, b)",
            f"        return A, B, {'0.0, ' * (len(names) - 2)}0",
        ]
    lines += ["    flag = 0", "    kappa = k4 / (k2 * k2)"]
    if branches[0].low == -2.0:
        lines += [
            "    if kappa < -2.0 * (1.0 - 1e-12):",
            "        flag = 2 if kappa < -2.0 - 1e-6 else 0",
            "        kappa = -2.0 * (1.0 - 1e-12)",
            "        k4 = kappa * k2 * k2",
        ]
    for branch in branches:
        lines.append(f"    if kappa < {branch.high!r}:".replace("inf", "math.inf"))
        lines += _branch(
            branch, potential, names, "        ", "flag" if branch.own else "(flag | 1 if kappa > 1e-8 else flag)"
        )
    # reached with kappa NaN (the weights overflowed), or beyond the last branch
    beyond = 0 if math.isinf(branches[-1].high) else 4
    lines.append("    return math.nan" if potential else "    return " + "math.nan, " * len(names) + str(beyond))
    return "\n".join(lines) + "\n"


def _branch(branch: Branch, potential: bool, names: tuple[str, ...], pad: str, flag: str) -> list[str]:
    """The lines that return what one branch says."""
    equations = branch.potential if potential else branch.coefficients
    assert equations is not None
    call = f"{equations.name}(k2, k4, y, b{', rule' if equations.quadratures else ''})"
    if potential:
        return [f"{pad}return {call}"]
    known = names[: len(equations.results)]
    zeros = ["0.0"] * (len(names) - len(known))
    return [f"{pad}{', '.join(known)} = {call}", f"{pad}return {', '.join([*known, *zeros, flag])}"]


def write_apart(report: Callable[[str], None], activation: str, closures: tuple[str, ...]) -> str:
    """The module of an activation as text; see ``within_budget``."""
    report("writing its kernels")
    return write_activation(parse(activation), closures)


def write_activation(activation: Activation, closures: tuple[str, ...]) -> str:
    """Source of the module of one activation with the given closures."""
    basics = _basics(activation)
    namespace: dict[str, Any] = {"kernel": lambda f: f}
    exec("import math\n" + basics, namespace)
    kinks = [float(c) for c in activation.kinks]
    panel, most = panel_length(namespace["functions"], kinks), panel_limit(namespace["functions"], kinks)
    parts = [
        HEADER.format(doc=f"Activation {activation.name}: force, closures."),
        f"ACTIVATION = {activation.name!r}\nCLOSURES = {closures!r}\n"
        f"PANEL = {panel!r}  # length in h over which 40 nodes resolve the force\n"
        f"PANELS = {'math.inf' if math.isinf(most) else most}  # averages over more are not resolved: NaN\n" + basics,
        _around(activation, panel / UNIT_PANEL),
    ]
    written: set[str] = set()
    for name in closures:
        if name == "conditional":
            means = conditional_means(activation)
            rule = ", rule" if means.quadratures else ""
            parts += [write_function(means, len(activation.kinks)), CONDITIONAL.format(rule=rule)]
            continue
        branches = lower(activation, name)
        tag = name.replace("-", "_")
        for potential in (False, True):
            sets = [br.potential if potential else br.coefficients for br in branches]
            if any(e is None for e in sets):
                continue
            for equations in sets:
                assert equations is not None
                if equations.name not in written:
                    parts.append(write_function(equations, len(activation.kinks)))
                    written.add(equations.name)
            parts.append(write_dispatch(tag, branches, potential, vanishing(name), kinks=len(activation.kinks)))
    if closures == CLOSURES:
        parts += _force_square(len(activation.kinks))
    return "\n\n".join(parts)


def _force_square(kinks: int) -> list[str]:
    """Sources of the averages of the squared force: one function a branch, and the choice among them."""
    branches = [Branch(math.nan, end, equations, None, own) for end, equations, own in square_branches()]
    branches[0] = dataclasses.replace(branches[0], low=-2.0)
    dispatch = write_dispatch("square", branches, False, names=SQUARE)
    return [*(write_function(branch.coefficients, kinks) for branch in branches), dispatch]


def _basics(activation: Activation) -> str:
    """Kinks, and functions at one preactivation: potential and force, the activation and its derivatives, jumps."""
    kinks = ", ".join(repr(float(c)) for c in activation.kinks) + ("," if len(activation.kinks) == 1 else "")
    labelled = f"{h}, {label}"
    potential, force, slope = (
        activation.join(p)
        for p in (activation.potential_pieces(), activation.force_pieces(), activation.force_pieces(1))
    )
    derivatives = [activation.join(activation.derivative_pieces(n)) for n in range(7)]
    of_all = "Phi, F and F' (without deltas) at preactivation h and label y."
    functions = [
        _pointwise("functions", labelled, of_all, [potential, force, slope]),
        _pointwise("force", labelled, "F_y(h).", [force]),
        _pointwise("sigma", str(h), "The activation.", [activation.expr]),
        _pointwise("response", str(h), "The activation and its derivative.", [activation.expr, derivatives[1]]),
        _pointwise(
            "slopes", str(h), "The activation and its derivatives (between the kinks) up to the sixth.", derivatives
        ),
    ]
    if activation.kinks:
        for name, what, power in (("force_jumps", "F_y", 1), ("square_jumps", "F_y^2", 2)):
            jumps = ", ".join(show(j) for j in activation.force_jumps(power)) + ","
            lines = [
                "@kernel",
                f"def {name}({label}):",
                f'    """Jumps of {what} at the kinks."""',
                f"    return ({jumps})",
            ]
            functions.append("\n".join(lines))
    return f"KINKS = ({kinks})\n\n\n" + "\n\n\n".join(functions) + "\n"


def _around(activation: Activation, scale: float) -> str:
    """Source of what a closure at a small k2 leaves out, and up to which distance from the bias."""
    slopes = [activation.join(activation.force_products(n)) for n in ORDERS]
    nearest = [f"    near = min(near, abs(KINKS[{k}] - b))" for k in range(len(activation.kinks))]
    lines = [
        "@kernel",
        "def around(k2, y, b):",
        '    """How far from the bias the series reaches; Phi and odd derivatives of F there: 0 if k2 is large."""',
        f"    if k2 >= {SMALL * scale**2!r}:",
        "        return 0.0, functions(b, y)[0], 0.0, 0.0, 0.0, 0.0",
        f"    near = {NEAR * scale!r}",
        *nearest,
        "    f_1, f_3, f_5, f_7 = odd_slopes(b, y)",
        "    return near, functions(b, y)[0], f_1, f_3, f_5, f_7",
    ]
    doc = "F', F^(3), F^(5) and F^(7) at preactivation h, between the kinks."
    return _pointwise("odd_slopes", f"{h}, {label}", doc, slopes) + "\n\n\n" + "\n".join(lines) + "\n"


def _pointwise(name: str, arguments: str, doc: str, expressions: list[sp.Expr]) -> str:
    """Source of a kernel of these expressions, which share what they have in common."""
    shared, values = _shared(expressions, "x", "    ")
    lines = ["@kernel", f"def {name}({arguments}):", f'    """{doc}"""', *shared, "    return " + ", ".join(values)]
    return "\n".join(lines)


def write_nlgp() -> str:
    """Source of the Plackett integrand."""
    functions = [write_function(equations) for equations in (plackett_pair(), plackett_layer())]
    return "\n\n".join([HEADER.format(doc="Fourth cumulant of the NLGP."), *functions])


def write_pearson() -> str:
    """Source of the norms of Pearson's law whatever the activation."""
    return HEADER.format(doc="Norms of Pearson's law.") + "\n\n" + write_function(third_norm_equations())


def write_tree() -> str:
    """Source of the tree closure's drift whatever the activation."""
    functions = map(write_function, tree_equations())
    return "\n\n".join([HEADER.format(doc="The tree closure: Q, its drift and its potential."), *functions])


def write_noise() -> str:
    """Source of the second moments of force times input whatever the activation."""
    return HEADER.format(doc="The noise of SGD.") + "\n\n" + write_function(entry_equations())


def write_losses() -> str:
    """Source of the losses of networks and their residuals."""
    parts = [HEADER.format(doc="Losses of networks."), *map(write_function, loss_equations())]
    return "\n\n".join(parts)


def write_network() -> str:
    """Source of the averages over two neurons of a committee, whatever the activation."""
    functions = [write_function(equations) for equations in network_equations()]
    return "\n\n".join([HEADER.format(doc="Two neurons of a committee: averages to third order in w."), *functions])


def write_all() -> dict[str, str]:
    """Every committed file of ``generated`` by name, as it should stand."""
    files = {f"{name}.py": write_activation(parse(name), CLOSURES) for name in SHIPPED_ACTIVATIONS}
    others = {
        "nlgp": write_nlgp,
        "pearson": write_pearson,
        "tree": write_tree,
        "losses": write_losses,
        "noise": write_noise,
        "network": write_network,
    }
    return files | {f"{name}.py": write() for name, write in others.items()}


def main() -> None:
    """Rewrite ``generated``."""
    for name, text in write_all().items():
        (Path(__file__).parent / "generated" / name).write_text(text)


if __name__ == "__main__":
    main()
