"""From a closure and an activation to functions of numbers: the ``EquationSet``s that numerics compiles.

``GaussianMean`` becomes its closed form where there is one, otherwise a quadrature of ``F'`` against Hermite
polynomials (so that no derivative beyond the first is needed and a force that jumps is no exception).
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from cumulode.theory.dynamics.drift import k2, k4
from cumulode.theory.equations import EquationSet, Quadrature, d_4, d_e, d_o, f_e, lam, phi_e, s
from cumulode.theory.neuron.activations import Activation
from cumulode.theory.neuron.activations import y as label
from cumulode.theory.neuron.gaussian import GaussianMean, closed_form, hermite, mean, variance

from . import pearson, tree
from .family import NEARLY_GAUSSIAN, Closure, b, closure, taylor_coefficient
from .remainders import f_1

ARGUMENTS = (k2, k4, label, b)
#: Half range of the Gaussian quadrature in standard deviations: the density is 2e-16 of its peak there.
REACH = sp.Rational(17, 2)
#: A bimodal law this close to a Gaussian (in kappa) is replaced by edgeworth, before 1/m^3 costs digits.
BIMODAL_END = 1e-8
#: Below this k2 bimodal's B, a difference over k2^(3/2), loses more digits than taylor's is wrong by.
VANISHING = 3e-6


@dataclass(frozen=True)
class Branch:
    """Coefficients ``(A, B)`` and potential ``Psi`` for ``kappa`` in [low, high); ``own`` is False where another
    closure stands in. Of ``tree`` the coefficients are ``(A, B, c6, dc6/dk2, dc6/dk4)``, the last three zero where they
    are left out, and the potential depends on more than k2 and k4.
    """

    low: float
    high: float
    coefficients: EquationSet
    potential: EquationSet | None
    own: bool = True


def lower(activation: Activation, name: str) -> list[Branch]:
    """The branches of a closure for one activation, in increasing kappa.

    Near a Gaussian bimodal and Pearson's law pass to edgeworth; bimodal's first difference from it is that of
    eq. (closures.13, bimodal limit).
    """
    law = closure(name)
    if name == "tree":
        return _tree_branches(activation)
    if name == "regression":
        return _pearson_branches(activation, regression=True)
    if name == "pearson":
        return _pearson_branches(activation, regression=False)
    if name == "bimodal":
        ends = (-2.0, -BIMODAL_END)
        return [_family_branch(activation, law, *ends), _edgeworth(activation, ends[1], float("inf"), own=False)]
    return [_family_branch(activation, law, -float("inf"), float("inf"))]


def vanishing(name: str) -> float:
    """The k2 below which ``taylor`` stands in for a closure, with which it agrees to first order; 0 if nowhere.

    For bimodal, whose law splits in two; where the law reaches a kink it stays itself.
    """
    return VANISHING if name == "bimodal" else 0.0


def _edgeworth(activation: Activation, low: float, high: float, own: bool = True) -> Branch:
    branch = _family_branch(activation, closure("edgeworth"), low, high)
    return Branch(low, high, branch.coefficients, branch.potential, own)


def _family_branch(activation: Activation, law: Closure, low: float, high: float) -> Branch:
    assert law.potential is not None
    name = law.name.replace("-", "_")
    cut = law.name == "taylor-activation"
    doc = f"{law.title}: A, B at one label"
    coefficients = _equations(activation, name, doc, law.coefficients(), cut)
    potential = _equations(activation, name + "_potential", f"{law.title}: Psi", (law.potential,), cut, whole=True)
    return Branch(low, high, coefficients, potential)


def conditional_means(activation: Activation) -> EquationSet:
    """``E[F]`` and ``E[F']`` of ``lam`` Gaussian with given mean and variance, for the conditional closure."""
    exprs = tuple(GaussianMean(n, b + mean, variance) for n in (0, 1))
    doc = "lam Gaussian: E[F], E[F'] at one label"
    return _equations(activation, "conditional", doc, exprs, False, arguments=(mean, variance, label, b))


def _equations(
    activation: Activation,
    name: str,
    doc: str,
    exprs: tuple[sp.Expr, ...],
    cut: bool,
    *,
    closed: int = 20,
    whole: bool = False,
    arguments: tuple[sp.Symbol, ...] = ARGUMENTS,
) -> EquationSet:
    """Replace every GaussianMean by closed form (up to ``F^(closed)``), Taylor coefficient or quadrature.

    ``whole``: no part is left out at a small k2 (of a potential, which is no difference).
    """
    values: dict[sp.Expr, sp.Expr] = {}
    quadratures: list[Quadrature] = []
    open_means: dict[tuple[sp.Expr, sp.Expr], list[sp.Expr]] = {}
    for found in sorted(set().union(*(e.atoms(GaussianMean) for e in exprs)), key=sp.default_sort_key):
        n, m, v = found.args
        form = None if v == 0 or n > closed else closed_form(activation, int(n))
        if v == 0:
            values[found] = taylor_coefficient(activation, int(n), cut)
        elif form is not None:
            values[found] = form.subs({mean: m, variance: v}, simultaneous=True)
        else:
            open_means.setdefault((m, v), []).append(found)
    remainder = not whole and bool(open_means) and all((m, v) == (b, k2) for m, v in open_means)
    for i, ((m, v), means) in enumerate(open_means.items()):
        quadrature, averages = _gaussian_quadrature(i, m, v, means, remainder)
        quadratures.append(quadrature)
        values |= averages
    results = tuple(e.xreplace(values) for e in exprs)
    return EquationSet(name, doc, arguments, results, quadratures=tuple(quadratures), given=(f_1,) if remainder else ())


def _gaussian_quadrature(
    i: int, m: sp.Expr, v: sp.Expr, means: list[sp.Expr], remainder: bool
) -> tuple[Quadrature, dict[sp.Expr, sp.Expr]]:
    width = sp.sqrt(v)
    total = sp.Symbol(f"g{i}_m0", positive=True)
    sums, values = [(total, sp.Integer(1))], {}
    for found in means:
        n = int(found.args[0])
        symbol = sp.Symbol(f"g{i}_{n}".replace("-", "m"), real=True)
        sums.append((symbol, _hermite_integrand(n, width)))
        values[found] = symbol / total + (f_1 if remainder and n == 1 else 0)
    z = REACH * s
    quadrature = Quadrature(
        lam=width * z,
        s_of_lam=lam / (REACH * width),
        weight=sp.exp(-(z**2) / 2),
        jacobian=REACH,
        dlam_dtheta=width,
        reach=width * REACH,
        shift=m - b,
        sums=tuple(sums),
    )
    return quadrature, values


def _hermite_integrand(n: int, width: sp.Expr) -> sp.Expr:
    """Integrand whose Gaussian average is E[F^(n)]: for n >= 1, ``He_(n-1)(z) F' / width^(n-1)``.

    From He_4 on the parabola of F' averages to nothing and may be left out (``d_4``).
    """
    if n < 1:
        return phi_e if n == -1 else f_e
    return hermite(n - 1, lam / width) / width ** (n - 1) * ((d_e if n < 5 else d_4) if n % 2 else d_o)


def _pearson_branches(activation: Activation, regression: bool) -> list[Branch]:
    edge = NEARLY_GAUSSIAN
    return [
        _pearson_branch(pearson.BOUNDED, -2.0, -edge, regression),
        _edgeworth(activation, -edge, edge),
        _pearson_branch(pearson.HEAVY, edge, 3.0, regression),
        # Pearson's law ends at kappa = 3; a field that decays passes it where k4 no longer matters
        _edgeworth(activation, 3.0, float("inf"), own=False),
    ]


def _pearson_branch(tails: pearson.Tails, low: float, high: float, regression: bool) -> Branch:
    sums, A, B = pearson.regression_sums(tails) if regression else pearson.gradient_sums(tails)
    given = (f_1,) if regression else (pearson.phi_0, f_1)
    name = f"{'regression' if regression else 'pearson'}_{tails.name}"
    coefficients = EquationSet(
        name,
        f"Pearson's law, {tails.name} branch: A, B at one label",
        ARGUMENTS,
        (A + f_1, B),
        tails.before,
        (tails.quadrature(sums),),
        given=given,
    )
    if regression:
        return Branch(low, high, coefficients, None)
    sums, psi = pearson.potential_sums()
    potential = EquationSet(
        name + "_potential",
        f"Pearson's law, {tails.name} branch: Psi",
        ARGUMENTS,
        (psi,),
        tails.before,
        (tails.quadrature(sums),),
        given=(pearson.phi_0,),
    )
    return Branch(low, high, coefficients, potential)


def _tree_branches(activation: Activation) -> list[Branch]:
    """Pearson's branches with ``c6`` and its slopes; beyond ``tree.END`` pearson alone."""
    edge, end = NEARLY_GAUSSIAN, float(tree.END)
    near = (*closure("edgeworth").coefficients(), *tree.nearly_gaussian())
    doc = "tree near a Gaussian: A, B, c6, dc6/dk2, dc6/dk4 at one label"
    # in closed form what edgeworth has so; higher derivatives would fill pages
    gaussian = _equations(activation, "tree_gaussian", doc, near, False, closed=5)
    heavy = pearson.Tails("heavy", heavy=True, excess=tree.EXCESS)
    alone = _pearson_branch(pearson.HEAVY, end, 3.0, regression=False)
    return [
        Branch(-2.0, -edge, _tree_equations(pearson.BOUNDED), None),
        Branch(-edge, edge, gaussian, None),
        Branch(edge, end, _tree_equations(heavy), None),
        Branch(end, 3.0, alone.coefficients, None, own=False),
        Branch(3.0, float("inf"), _edgeworth(activation, 3.0, float("inf")).coefficients, None, own=False),
    ]


def _tree_equations(tails: pearson.Tails) -> EquationSet:
    """One quadrature for pearson's coefficients and tree's."""
    own, A, B = pearson.gradient_sums(tails)
    sixth, more = tree.coefficient_sums(tails)
    return EquationSet(
        f"tree_{tails.name}",
        f"tree, {tails.name} branch: A, B, c6, dc6/dk2, dc6/dk4 at one label",
        ARGUMENTS,
        (A + f_1, B, *more),
        tails.before,
        (tails.quadrature(own | sixth),),
        given=(pearson.phi_0, f_1),
    )
